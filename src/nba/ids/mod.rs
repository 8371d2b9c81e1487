//! Ids of games, teams, seasons and players. Each id is built and parsed in one place only.

mod game_id;
mod player_lookup;
mod season_year;
mod team_code;

pub use game_id::{GameId, Matchup};
pub use player_lookup::PlayerLookup;
pub use season_year::SeasonYear;
pub use team_code::TeamCode;
