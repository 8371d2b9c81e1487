//! Replay of a past run: its events, read from `events.jsonl`, and a deck that plays them. This module sends no
//! commands and knows no terminal; the caller passes the time.

mod deck;
mod read;
mod runs;

pub use deck::Deck;
pub use read::{RecordedEvents, ReplayError, list, read};
pub use runs::RecordedRun;
