//! The screen as pure functions: a model, messages that change it, and a view that draws it. This room knows the
//! engine's pictures, facts and commands; it knows no terminal, no clock and no basketball.
//!
//! A presenter feeds every message to [`update()`], does the effects it returns, and draws with [`draw`] when
//! [`Model::take_dirty`] says so. It sends a [`Msg::Tick`] as often as [`Model::heartbeat`] wants one.

mod calendar;
mod dirty;
mod effect;
mod glyphs;
pub mod keymap;
mod layout;
mod model;
mod msg;
mod preferences;
mod text;
mod theme;
mod update;
mod view;

pub use dirty::Dirty;
pub use effect::{Effect, Play};
pub use layout::LEAST;
pub use model::Model;
pub use model::control::{Control, Reach};
pub use model::observation::{LeaseHolder, Observation, ReadFailure};
pub use model::recording::Recording;
pub use msg::Msg;
pub use preferences::Preferences;
pub use text::{count, sanitised, to_go};
pub use theme::{Palette, Theme};
pub use update::update;
pub use view::draw;

// The fixtures are also compiled into the bench, from outside; so they name this crate as outsiders do.
#[cfg(test)]
use crate as backcourt;
#[cfg(test)]
pub(crate) mod fixture;
