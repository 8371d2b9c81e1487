//! The rule of stage `team_defense_zone`: the shots each team allowed by zone over its last 15 games.

mod league;
mod row;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;

use self::league::LeagueRates;
use super::ids::TeamCode;
use super::stored::Extracts;
use super::{DateOutcome, Finals, Notes};

/// Increment this when the same feeds give different rows; stored rows then show as outdated.
pub const VERSION: u32 = 1;

/// Length of the window, and the minimum number of games played.
pub const GAMES: usize = 15;

/// The teams that need a row for the date: those with enough finished games in the season strictly before it.
pub fn expected(date: NaiveDate, finals: &Finals) -> impl Iterator<Item = TeamCode> {
    TeamCode::all().filter(move |&team| finals.before(team, date) >= GAMES)
}

/// Computes a date.
#[must_use]
pub fn team_defense_zone(date: NaiveDate, extracts: &Extracts) -> DateOutcome {
    let (finals, logs) = (&extracts.finals, &extracts.defense);
    let league = LeagueRates::before(date, logs);
    let mut made = DateOutcome::default();
    let mut notes = Notes::default();
    for team in expected(date, finals) {
        made.expected += 1;
        let window = logs.of(team).newest(GAMES, date);
        if window.is_empty() {
            let played = finals.before(team, date);
            made.missing.push(format!(
                "{team}: none of its {played} games is in the table of team defence"
            ));
            continue;
        }
        if window.iter().all(|game| game.shots.is_none()) {
            notes.add(row::NO_SHOT_DATA.to_owned());
        }
        made.rows.push(row::row(team, date, window, finals, &league));
    }
    for _ in TeamCode::all().skip(made.expected as usize) {
        notes.add(format!(
            "INSUFFICIENT_DATA: a team has played fewer than {GAMES} games"
        ));
    }
    made.notes = notes.lines();
    made
}
