//! Collects ratatui's output for a frame and sends it in one write, as a synchronized update (mode 2026), so that
//! neither a slow link nor the terminal ever shows half a frame.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

/// Initial capacity. A full frame of a 200 by 60 screen is 49 kB; more than twice that fits without growing.
const CAPACITY: usize = 128 * 1024;

/// The frame being collected. Clones share it: ratatui writes to one, the other sends.
#[derive(Debug, Clone)]
pub(super) struct FrameBuffer(Rc<RefCell<Vec<u8>>>);

impl FrameBuffer {
    pub(super) fn new() -> Self {
        Self(Rc::new(RefCell::new(Vec::with_capacity(CAPACITY))))
    }

    /// Sends the collected bytes, if any, and returns their number. The buffer is empty afterwards, even after an
    /// error: half a frame is useless for the next one.
    pub(super) fn send(&self, tty: &mut impl Write) -> io::Result<usize> {
        let mut frame = self.0.borrow_mut();
        if frame.is_empty() {
            return Ok(0);
        }
        frame.extend_from_slice(END);
        let sent = tty.write_all(&frame).and_then(|()| tty.flush());
        let bytes = frame.len();
        frame.clear();
        sent.map(|()| bytes)
    }
}

impl Write for FrameBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut frame = self.0.borrow_mut();
        if frame.is_empty() {
            frame.extend_from_slice(BEGIN);
        }
        frame.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// Does nothing: ratatui also flushes within a frame (when it moves the cursor); only `send` knows its end.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records each write separately, as the kernel would see it.
    #[derive(Default)]
    struct Wire(Vec<Vec<u8>>);

    impl Write for Wire {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_frame_is_one_synchronized_write() {
        let buffer = FrameBuffer::new();
        let mut writer = buffer.clone();
        let mut wire = Wire::default();
        writer.write_all(b"cells").unwrap();
        writer.flush().unwrap();
        writer.write_all(b" cursor").unwrap();
        let bytes = buffer.send(&mut wire).unwrap();
        assert_eq!(wire.0, [b"\x1b[?2026hcells cursor\x1b[?2026l".to_vec()]);
        assert_eq!(bytes, wire.0[0].len());
    }

    #[test]
    fn an_empty_frame_writes_nothing() {
        let mut wire = Wire::default();
        assert_eq!(FrameBuffer::new().send(&mut wire).unwrap(), 0);
        assert!(wire.0.is_empty());
    }

    #[test]
    fn a_failed_frame_is_not_retried() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::other("gone"))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let buffer = FrameBuffer::new();
        buffer.clone().write_all(b"cells").unwrap();
        assert!(buffer.send(&mut Gone).is_err());
        assert_eq!(buffer.send(&mut Wire::default()).unwrap(), 0);
    }
}
