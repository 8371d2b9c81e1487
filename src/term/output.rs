//! Collects ratatui's output for a frame, as a synchronized update (mode 2026), so that neither a slow link nor the
//! terminal ever shows half a frame.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

/// Initial capacity. A full frame of a 200 by 60 screen is 49 kB; more than twice that fits without growing.
const CAPACITY: usize = 128 * 1024;

/// The frame being collected. Clones share it: ratatui writes to one, the other takes it.
#[derive(Debug, Clone)]
pub(super) struct FrameBuffer(Rc<RefCell<Vec<u8>>>);

impl FrameBuffer {
    pub(super) fn new() -> Self {
        Self(Rc::new(RefCell::new(Vec::with_capacity(CAPACITY))))
    }

    /// Takes the collected bytes; none if nothing has changed.
    pub(super) fn take(&self) -> Vec<u8> {
        let mut frame = self.0.borrow_mut();
        if !frame.is_empty() {
            frame.extend_from_slice(END);
        }
        std::mem::replace(&mut frame, Vec::with_capacity(CAPACITY))
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

    /// Does nothing: ratatui also flushes within a frame (when it moves the cursor); only `take` knows its end.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_one_synchronized_update() {
        let buffer = FrameBuffer::new();
        let mut writer = buffer.clone();
        writer.write_all(b"cells").unwrap();
        writer.flush().unwrap();
        writer.write_all(b" cursor").unwrap();
        assert_eq!(buffer.take(), b"\x1b[?2026hcells cursor\x1b[?2026l");
        assert!(buffer.take().is_empty(), "nothing has changed since");
    }
}
