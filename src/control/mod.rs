//! The control socket of a run: a server in the run's process, and the clients of `ctl` and `attach`. It relays
//! snapshots, events and commands; it makes no decisions and knows no terminal.

mod attach;
mod client;
mod control_lock;
mod lines;
mod parse;
mod place;
mod run;
mod server;
mod session;
mod showing;
mod spoken;
mod update;
mod wire;
pub mod words;

pub use attach::{Attached, attach};
pub use client::{ClientError, Silence, ask};
pub use control_lock::{Client, ControlLock};
pub use parse::parse;
pub use place::{FILE, PlaceError, Socket};
pub use run::RunAccess;
pub use server::ControlServer;
pub use spoken::text;
pub use update::SnapshotUpdate;
pub use wire::{ControlView, Message, Payload, Request, RequestMessage, SCHEMA};
