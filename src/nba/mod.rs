//! Basketball: ids, minutes, the tables and the rules that fill them.
//! Pure: this room reads no file, no clock and no warehouse; it turns rows into rows.

mod completeness;
mod data_hash;
mod finals;
pub mod formulas;
pub mod ids;
mod minutes;
mod notes;
mod outcome;
mod quality;
pub mod raw;
mod refused;
mod slate;
pub mod tables;
pub mod team_offense;
mod window;

pub use completeness::Completeness;
pub use finals::Finals;
pub use minutes::{Minutes, TeamMinutes};
pub use notes::Notes;
pub use outcome::DateOutcome;
pub use refused::Refused;
pub use slate::{ScheduledGame, Slate};
pub use window::{Dated, GameLog, Played};
