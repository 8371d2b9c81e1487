//! Basketball: ids, minutes, the tables and the rules that fill them.
//! Pure: this room reads no file, no clock and no warehouse; it turns rows into rows.

mod data_hash;
pub mod formulas;
pub mod ids;
mod minutes;
mod notes;
mod quality;
pub mod raw;
mod refused;
mod slate;
pub mod tables;
pub mod team_offense;

pub use minutes::{Minutes, TeamMinutes};
pub use notes::Notes;
pub use refused::Refused;
pub use slate::{ScheduledGame, Slate};
