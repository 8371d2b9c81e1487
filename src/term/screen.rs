//! The screen a presenter draws on. It belongs to the thread that entered it.

use std::io;

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::DisableMouseCapture;
use crossterm::queue;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Size;
use ratatui::{Frame, Terminal};
use rustix::process::{Signal, getpid, kill_process};

use super::attention::Attention;
use super::guard::{self, TermGuard};
use super::output::FrameBuffer;
use super::tty::Tty;

/// Enables wheel and button events with SGR coordinates. crossterm's own command also enables motion events, which
/// would flood a slow link.
const TAKE_MOUSE: &[u8] = b"\x1b[?1000h\x1b[?1006h";

/// The full screen. The terminal is restored on drop, or earlier if this thread panics.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal<CrosstermBackend<FrameBuffer>>,
    frame: FrameBuffer,
    tty: Tty,
    bytes: u64,
    has_mouse: bool,
    _guard: TermGuard,
}

impl Screen {
    /// Takes the terminal and its full screen.
    ///
    /// # Errors
    /// Standard input or output isn't a terminal, a screen is already open, or the terminal refused.
    pub fn enter() -> io::Result<Self> {
        let tty = Tty::stdout()?;
        let guard = TermGuard::enter(&tty)?;
        let frame = FrameBuffer::new();
        let terminal = Terminal::new(CrosstermBackend::new(frame.clone()))?;
        Ok(Self {
            terminal,
            frame,
            tty,
            bytes: 0,
            has_mouse: false,
            _guard: guard,
        })
    }

    /// Whether the terminal has read the last frame. Until then, frames are skipped: they would queue up unread.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.tty.unwritten() == 0
    }

    /// Waits until the terminal reads again. May return early.
    pub async fn moved(&self) {
        self.tty.moved().await;
    }

    /// Waits until the terminal has read everything.
    ///
    /// # Errors
    /// It is gone, or has read nothing for [`super::PATIENCE`].
    pub fn drain(&self) -> io::Result<()> {
        self.tty.drain()
    }

    /// Draws a frame: computes the changes since the last one and hands them to the thread that writes.
    ///
    /// # Errors
    ///
    /// The terminal is gone (a hang-up appears here as an I/O error of the last frame), or the screen is already closed:
    /// stop drawing.
    pub fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        if guard::holder().is_none() {
            return Err(io::Error::new(
                io::ErrorKind::NotConnected,
                "the screen is already closed",
            ));
        }
        self.terminal.draw(render)?;
        let frame = self.frame.take();
        self.bytes += frame.len() as u64;
        self.tty.send(frame)
    }

    /// Makes the next frame start from an empty screen. Costs a full frame, so use it only if the screen may be
    /// corrupted (a resize, Ctrl-L, a resume). Nothing is sent before that frame, so the screen doesn't flash.
    ///
    /// # Errors
    /// The size of the terminal can't be read.
    pub fn clear(&mut self) -> io::Result<()> {
        // Not `Terminal::clear`, which queries the cursor position and waits for the reply.
        let size = self.size()?;
        self.terminal.resize(size.into())
    }

    /// Asks the terminal to copy a text to the clipboard (OSC 52). Terminals may ignore it without an error.
    ///
    /// # Errors
    /// The terminal is gone, or the text doesn't fit into the buffer of a terminal that isn't read.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        let mut sequence = Vec::new();
        queue!(sequence, CopyToClipboard::to_clipboard_from(text))?;
        self.tty.send(sequence)
    }

    /// Captures or releases the mouse. While released, the terminal uses it to select text. Applies until the screen is
    /// closed, and again after a suspend.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn take_mouse(&mut self, take: bool) -> io::Result<()> {
        self.has_mouse = take;
        if guard::holder().is_none() {
            return Ok(());
        }
        let mut sequence = Vec::new();
        if take {
            sequence.extend_from_slice(TAKE_MOUSE);
        } else {
            queue!(sequence, DisableMouseCapture)?;
        }
        self.tty.send(sequence)
    }

    /// Notifies the operator through the terminal; the screen doesn't change.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn call(&mut self, how: Attention, text: &str) -> io::Result<()> {
        self.tty.send(how.sequence(text).into_bytes())
    }

    /// The current size.
    ///
    /// # Errors
    /// The size of the terminal can't be read.
    pub fn size(&self) -> io::Result<Size> {
        self.terminal.size()
    }

    /// Bytes sent by all frames so far.
    #[must_use]
    pub fn bytes_sent(&self) -> u64 {
        self.bytes
    }

    /// Restores the terminal and stops the whole process, workers included, as Ctrl-Z would. Returns when it is
    /// continued; draw again only after [`Screen::resume`], on [`super::Signal::Continue`].
    ///
    /// # Errors
    /// The terminal couldn't be restored (the process is stopped anyway), or the process couldn't be stopped.
    pub fn suspend(&mut self) -> io::Result<()> {
        let restored = guard::leave();
        // Not TSTP, which no longer stops the process once it has a handler.
        kill_process(getpid(), Signal::STOP)?;
        restored
    }

    /// Takes the terminal again after the process was stopped; the next frame is drawn in full.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn resume(&mut self) -> io::Result<()> {
        guard::retake(&self.tty)?;
        if self.has_mouse {
            self.take_mouse(true)?;
        }
        self.clear()
    }
}
