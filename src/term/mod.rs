//! The terminal: the only code that accesses the tty. It handles screen, keys and signals, and doesn't know about
//! backfills.
//!
//! A presenter uses it in this order: [`panic_hook::install`] once; [`Screen::enter`]; [`TermInput::start`];
//! [`Signals::for_screen`]; then frames as needed. For Ctrl-Z: [`TermInput::pause`], [`Screen::suspend`], and on
//! [`Signal::Continue`] [`Screen::resume`] and [`TermInput::resume`].

mod attention;
mod caps;
mod guard;
mod input;
mod keys;
mod output;
pub mod panic_hook;
mod screen;
mod signals;
mod size;
mod supervisor;
mod tty;

pub use attention::{Attention, Way};
pub use caps::Caps;
pub use input::TermInput;
pub use keys::{KeyStream, TermEvent};
pub use screen::Screen;
pub use signals::{Signal, Signals};
pub use size::size;
pub use supervisor::{Ended, ProcessRole, Supervisor, is_worker_process, supervisor};
pub use tty::{PATIENCE, Tty, print};
