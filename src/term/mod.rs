//! The terminal: the only code that touches the tty. It knows screens, keys and signals, and nothing of backfills.
//!
//! The order in which a presenter uses it:
//! [`panic_hook::install`] once; [`Screen::enter`]; [`Input::start`];
//! [`Signals::for_screen`]; then frames, whenever the presenter wants one. For Ctrl-Z: [`Input::pause`],
//! [`Screen::suspend`], and on [`Signal::Continue`] [`Screen::resume`] and [`Input::resume`].

mod attention;
mod caps;
mod guard;
mod input;
mod output;
pub mod panic_hook;
mod screen;
mod signals;
mod size;
mod supervisor;

pub use attention::{Attention, Way};
pub use caps::Caps;
pub use input::{Input, TermEvent};
pub use screen::Screen;
pub use signals::{Signal, Signals};
pub use size::size;
pub use supervisor::{Role, Supervisor, supervisor};
