//! A run of the past, shown again: its facts read from `events.jsonl`, and a deck that plays them. This room gives no
//! orders and knows no terminal; the clock is handed in.

mod deck;
mod read;
mod runs;

pub use deck::{Deck, Standing};
pub use read::{Recording, ReplayError, list, read};
pub use runs::Recorded;
