//! The play-by-play feed: shots of the charted games. Assists and blocks are NULL, because the box scores don't
//! attribute them to shots.

use std::sync::Arc;

use chrono::NaiveDate;

use super::league::{League, Person, Shot};
use crate::nba::ids::GameId;
use crate::table::{Row, Value};

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
    vec![
        game.to_string().into(),
        game.date().into(),
        game.home().as_str().into(),
        game.away().as_str().into(),
        shot.period.map(i64::from).into(),
        "shot".into(),
        subtype(league, shot).into(),
        shooter.map(|person| key(person, game.date())).into(),
        shot.team.as_str().into(),
        Value::Null,
        Value::Null,
        Value::Null,
        shot.made.into(),
        if shot.three { "3PT" } else { "2PT" }.into(),
        shot.distance.map(f64::from).into(),
    ]
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
