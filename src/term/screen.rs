//! The screen: what a presenter draws on. It belongs to the thread that entered it.

use std::io::{self, Write};

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::DisableMouseCapture;
use crossterm::execute;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Size;
use ratatui::{Frame, Terminal};
use rustix::process::{Signal, getpid, kill_process};

use super::attention::Attention;
use super::guard::{self, TermGuard};
use super::output::FrameBuffer;

/// Asks for the wheel and for buttons, in the notation without limits. Not crossterm's own, which asks for every move of the
/// mouse too: a slow line would be full of them.
const TAKE_MOUSE: &[u8] = b"\x1b[?1000h\x1b[?1006h";

/// The full screen; the terminal is restored when it is dropped, and earlier if this thread panics.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal<CrosstermBackend<FrameBuffer>>,
    frame: FrameBuffer,
    bytes: u64,
    has_mouse: bool,
    _guard: TermGuard,
}

impl Screen {
    /// Takes the terminal and its whole screen.
    ///
    /// # Errors
    /// Standard input or output is not a terminal, a screen is already open, or the terminal refused.
    pub fn enter() -> io::Result<Self> {
        let guard = TermGuard::enter()?;
        let frame = FrameBuffer::new();
        let terminal = Terminal::new(CrosstermBackend::new(frame.clone()))?;
        Ok(Self {
            terminal,
            frame,
            bytes: 0,
            has_mouse: false,
            _guard: guard,
        })
    }

    /// Draws a frame: computes what changed since the last one and sends it as one write.
    ///
    /// # Errors
    ///
    /// The terminal is gone (a hang-up shows here as an I/O error), or the screen is already closed: stop drawing.
    pub fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        if guard::holder().is_none() {
            return Err(io::Error::new(
                io::ErrorKind::NotConnected,
                "the screen is already closed",
            ));
        }
        self.terminal.draw(render)?;
        self.bytes += self.frame.send(&mut io::stdout().lock())? as u64;
        Ok(())
    }

    /// Makes the next frame start from an empty screen. Costs a whole frame: only for what others may have spoilt
    /// (a resize, Ctrl-L, a resume). Nothing is sent until that frame is, so the screen does not flash.
    ///
    /// # Errors
    /// The size of the terminal cannot be read.
    pub fn clear(&mut self) -> io::Result<()> {
        // Not `Terminal::clear`: that one asks the terminal for the cursor and waits for the answer.
        let size = self.size()?;
        self.terminal.resize(size.into())
    }

    /// Asks the terminal to put a text into the clipboard (OSC 52). Terminals may refuse, and none says so.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(io::stdout().lock(), CopyToClipboard::to_clipboard_from(text))
    }

    /// Has wheel and clicks come here, or leaves them to the terminal, which selects text with them. Holds until the screen
    /// is left; after a stop it holds again.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn take_mouse(&mut self, take: bool) -> io::Result<()> {
        self.has_mouse = take;
        if guard::holder().is_none() {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        if take {
            out.write_all(TAKE_MOUSE)?;
            return out.flush();
        }
        execute!(out, DisableMouseCapture)
    }

    /// Calls for an operator who looks elsewhere; nothing on the screen changes.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn call(&mut self, how: Attention, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(how.sequence(text).as_bytes())?;
        out.flush()
    }

    /// Columns and rows right now.
    ///
    /// # Errors
    /// The terminal cannot be asked.
    pub fn size(&self) -> io::Result<Size> {
        self.terminal.size()
    }

    /// Bytes sent by all frames so far.
    #[must_use]
    pub fn bytes_sent(&self) -> u64 {
        self.bytes
    }

    /// Restores the terminal and stops the whole process, work included, as Ctrl-Z would. Returns when it is
    /// continued; draw again only after [`Screen::resume`], on [`super::Signal::Continue`].
    ///
    /// # Errors
    /// The terminal could not be restored (the process is stopped all the same), or the process not stopped.
    pub fn suspend(&mut self) -> io::Result<()> {
        let restored = guard::leave();
        // Not TSTP: once it is listened to, that one no longer stops anything.
        kill_process(getpid(), Signal::STOP)?;
        restored
    }

    /// Takes the terminal again after a stop, of our own or from outside; the next frame is drawn whole.
    ///
    /// # Errors
    /// The terminal refused: it is gone.
    pub fn resume(&mut self) -> io::Result<()> {
        guard::retake()?;
        if self.has_mouse {
            self.take_mouse(true)?;
        }
        self.clear()
    }
}
