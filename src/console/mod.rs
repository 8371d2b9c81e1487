//! The screen as pure functions: a model, messages that change it, and a view that draws it. This module knows the
//! engine's snapshots, events and commands, but no terminal, no clock and no NBA data.
//!
//! A presenter passes every message to [`update()`], runs the effects it returns, and draws with [`draw`] if
//! [`Model::take_dirty`] requests it. It sends a [`Msg::Tick`] after the interval given by [`Model::heartbeat`].

mod calendar;
mod command;
mod dirty;
mod effect;
mod glyphs;
pub mod keymap;
mod layout;
mod model;
mod msg;
mod page;
mod preferences;
mod text;
mod theme;
mod timescale;
mod update;
mod view;

pub(crate) use dirty::Dirty;
pub use effect::{Effect, Play};
pub(crate) use layout::MIN_SIZE;
pub use model::Model;
pub use model::control::Control;
pub(crate) use model::control::ControlAccess;
pub use model::observation::{LeaseHolder, Observation, ReadFailure};
pub(crate) use model::recording::ReplayStatus;
pub use msg::Msg;
pub use preferences::Preferences;
pub use text::count;
pub(crate) use text::to_go;
pub use theme::{Palette, Theme};
pub use update::update;
pub use view::draw;

// Benches and tests include the fixtures from outside the crate too, so they refer to it by name.
#[cfg(test)]
use crate as backcourt;
#[cfg(test)]
pub(crate) mod fixture;
