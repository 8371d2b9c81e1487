//! The play-by-play feed: shots of the charted games. Assists and blocks are NULL, because the box scores don't
//! attribute them to shots.

use std::sync::Arc;

use chrono::NaiveDate;

use super::league::{League, Person, Shot};
use crate::nba::ids::GameId;
use crate::nba::tables;
use crate::table::{Row, RowBuilder};

/// Since this date the source puts the league's player number before the key.
const NUMBERED_SINCE: Option<NaiveDate> = NaiveDate::from_ymd_opt(2024, 10, 1);

/// The rows of `nba_raw.bigdataball_play_by_play`, ordered by date.
pub fn rows(league: &Arc<League>) -> impl Iterator<Item = Row> + Send + use<> {
    let league = Arc::clone(league);
    (0..league.shots.len()).filter_map(move |at| {
        let shot = &league.shots[at];
        Some(row(&league, league.game(shot.game)?, shot))
    })
}

fn row(league: &League, game: GameId, shot: &Shot) -> Row {
    let shooter = shot.shooter.map(|at| &league.people[at as usize]);
    let mut row = RowBuilder::new(tables::bigdataball_play_by_play());
    row.push("game_id", game.to_string());
    row.push("game_date", game.date());
    row.push("home_team_abbr", game.home().as_str());
    row.push("away_team_abbr", game.away().as_str());
    row.push("period", shot.period.map(i64::from));
    row.push("event_type", "shot");
    row.push("event_subtype", subtype(league, shot));
    row.push("player_1_lookup", shooter.map(|person| key(person, game.date())));
    row.push("player_1_team_abbr", shot.team.as_str());
    row.push_nulls(&["player_2_lookup", "player_2_role", "player_2_team_abbr"]);
    row.push("shot_made", shot.made);
    row.push("shot_type", if shot.three { "3PT" } else { "2PT" });
    row.push("shot_distance", shot.distance.map(f64::from));
    row.finish()
}

fn subtype(league: &League, shot: &Shot) -> Option<String> {
    let action = shot
        .action
        .map(|at| league.actions[usize::from(at)].to_lowercase());
    match (shot.three, action) {
        (true, Some(action)) => Some(format!("3pt {action}")),
        (true, None) => Some("3pt".to_owned()),
        (false, action) => action,
    }
}

fn key(person: &Person, date: NaiveDate) -> String {
    match person.number {
        Some(number) if NUMBERED_SINCE.is_some_and(|since| since <= date) => {
            format!("{number}{}", person.lookup)
        }
        _ => person.lookup.clone(),
    }
}
