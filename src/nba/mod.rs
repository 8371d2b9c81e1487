//! Basketball: ids, minutes, the tables and the rules that fill them.
//! Pure: this room reads no file, no clock and no warehouse; it turns rows into rows.

mod averages;
mod cells;
mod completeness;
mod data_hash;
mod finals;
pub mod formulas;
mod games;
pub mod ids;
mod minutes;
pub mod ml_feature_store;
mod notes;
mod outcome;
pub mod player_composite;
pub mod player_daily_cache;
mod player_form;
pub mod player_game;
pub mod player_shot_zone;
mod quality;
pub mod raw;
mod refused;
mod shot_chart;
mod slate;
pub mod stored;
pub mod tables;
pub mod team_defense;
pub mod team_defense_zone;
pub mod team_offense;
mod version;
mod window;
mod workload;
mod zone_shots;

pub use completeness::Completeness;
pub use finals::Finals;
pub use games::Source;
pub use minutes::{Minutes, TeamMinutes};
pub use notes::Notes;
pub use outcome::DateOutcome;
pub use refused::Refused;
pub use slate::{ScheduledGame, Slate};
pub use version::rules_version;
pub use window::{Dated, GameLog, Played};
pub use zone_shots::{Shots, ZoneShots};
