//! Basketball: ids, minutes, the tables and the rules that fill them.
//! Pure: this room reads no file, no clock and no warehouse; it turns rows into rows.

pub mod formulas;
pub mod ids;
mod minutes;
mod refused;
pub mod tables;

pub use minutes::{Minutes, TeamMinutes};
pub use refused::Refused;
