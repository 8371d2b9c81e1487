//! A game with five players per side, for the tests of all rules based on games.
//!
//! Every LAL player: 20 points on 7 of 16 (2 of 5 threes) and 4 of 5 free throws, 2 offensive of 8 rebounds, 5 assists,
//! 3 turnovers, 2 fouls, 1 steal, no block. Every GSW player has the same line with one more two-pointer made: 22
//! points. So LAL 100, GSW 110; both have 80 + 0.44·25 + 15 − 10 = 96 possessions.

use chrono::{DateTime, NaiveDate, Utc};

use crate::nba::DateOutcome;
use crate::nba::raw::{Feed, Feeds};
use crate::table::{Row, TableDef, Value};

pub const GAME: &str = "20240104_LAL_GSW";

pub fn date() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 1, 4).unwrap()
}

pub fn at(hour: i64) -> Value {
    Value::from(DateTime::<Utc>::from_timestamp(1_704_400_000 + 3600 * hour, 0).unwrap())
}

/// A feed row with the given values; the others are NULL.
pub fn row(feed: Feed, values: &[(&str, Value)]) -> Row {
    let value = |column: &&str| {
        values
            .iter()
            .find(|(name, _)| name == column)
            .map(|(_, value)| value.clone())
    };
    let mut row: Row = feed
        .columns()
        .iter()
        .map(|column| value(column).unwrap_or(Value::Null))
        .collect();
    row[0] = date().into();
    row
}

/// The row with some values replaced.
pub fn with(feed: Feed, mut row: Row, values: &[(&str, Value)]) -> Row {
    for (name, value) in values {
        let place = feed.columns().iter().position(|column| column == name).unwrap();
        row[place] = value.clone();
    }
    row
}

pub fn scheduled(away: &str, home: &str) -> Row {
    row(
        Feed::Schedule,
        &[
            ("game_status", 3.into()),
            ("home_team_tricode", home.to_owned().into()),
            ("away_team_tricode", away.to_owned().into()),
            ("nba_game_id", "0022300489".into()),
        ],
    )
}

/// Field goals made and points of a player of this team.
pub fn makes(team: &str) -> (i64, i64) {
    if team == "GSW" { (8, 22) } else { (7, 20) }
}

pub fn gamebook(team: &str, player: &str, minutes: &str) -> Row {
    let (made, points) = makes(team);
    row(
        Feed::Gamebook,
        &[
            ("player_status", "active".into()),
            ("game_id", GAME.into()),
            ("team_abbr", team.to_owned().into()),
            ("player_lookup", player.to_owned().into()),
            ("minutes", minutes.to_owned().into()),
            ("points", points.into()),
            ("field_goals_attempted", 16.into()),
            ("field_goals_made", made.into()),
            ("three_pointers_attempted", 5.into()),
            ("three_pointers_made", 2.into()),
            ("free_throws_attempted", 5.into()),
            ("free_throws_made", 4.into()),
            ("offensive_rebounds", 2.into()),
            ("total_rebounds", 8.into()),
            ("assists", 5.into()),
            ("turnovers", 3.into()),
            ("personal_fouls", 2.into()),
            ("steals", 1.into()),
            ("blocks", 0.into()),
            ("defensive_rebounds", 6.into()),
            ("processed_at", at(0)),
        ],
    )
}

/// The same player in bdl.
pub fn bdl(team: &str, player: &str, minutes: &str) -> Row {
    let official = gamebook(team, player, minutes);
    let named: Vec<(&str, Value)> = Feed::Gamebook
        .columns()
        .iter()
        .map(|&column| {
            if column == "total_rebounds" {
                "rebounds"
            } else {
                column
            }
        })
        .zip(official)
        .collect();
    row(Feed::Bdl, &named)
}

pub fn team_box(team: &str, is_home: bool) -> Row {
    let (made, points) = makes(team);
    row(
        Feed::TeamBox,
        &[
            ("game_id", GAME.into()),
            ("team_abbr", team.to_owned().into()),
            ("is_home", is_home.into()),
            ("minutes", "240:00".into()),
            ("points", (5 * points).into()),
            ("fg_attempted", 80.into()),
            ("fg_made", (5 * made).into()),
            ("three_pt_attempted", 25.into()),
            ("three_pt_made", 10.into()),
            ("ft_attempted", 25.into()),
            ("ft_made", 20.into()),
            ("offensive_rebounds", 10.into()),
            ("total_rebounds", 40.into()),
            ("assists", 25.into()),
            ("turnovers", 15.into()),
            ("personal_fouls", 10.into()),
            ("steals", 5.into()),
            ("blocks", 0.into()),
            ("defensive_rebounds", 30.into()),
            ("processed_at", at(0)),
        ],
    )
}

/// A shot in the play-by-play from this distance; `second` is the role and key of a second player.
pub fn shot(team: &str, player: &str, feet: f64, made: bool, second: Option<(&str, &str)>) -> Row {
    row(
        Feed::PlayByPlay,
        &[
            ("event_type", "shot".into()),
            ("game_id", GAME.into()),
            ("player_1_team_abbr", team.to_owned().into()),
            ("player_1_lookup", player.to_owned().into()),
            ("shot_distance", feet.into()),
            ("shot_made", made.into()),
            ("player_2_role", second.map(|(role, _)| role.to_owned()).into()),
            (
                "player_2_lookup",
                second.map(|(_, player)| player.to_owned()).into(),
            ),
        ],
    )
}

pub const PLAYERS: [&str; 5] = ["one", "two", "three", "four", "five"];

/// Five players per side, in the format of this feed.
pub fn players(player: fn(&str, &str, &str) -> Row, minutes: &str) -> Vec<Row> {
    let side =
        |team| PLAYERS.map(|number| player(team, &format!("{}{number}", str::to_lowercase(team)), minutes));
    [side("LAL"), side("GSW")].concat()
}

pub fn feeds(filled: impl IntoIterator<Item = (Feed, Vec<Row>)>) -> Feeds {
    let mut feeds = Feeds::default();
    feeds.put(Feed::Schedule, vec![scheduled("LAL", "GSW")]);
    for (feed, rows) in filled {
        feeds.put(feed, rows);
    }
    feeds
}

pub fn list(items: &[&str]) -> Value {
    Value::from(items.iter().map(ToString::to_string).collect::<Vec<_>>())
}

/// One column of the row with `key.1` in column `key.0`.
pub fn cell(outcome: &DateOutcome, table: &TableDef, key: (&str, &str), column: &str) -> Value {
    let (key_at, at) = (table.position(key.0).unwrap(), table.position(column).unwrap());
    let row = outcome
        .rows
        .iter()
        .find(|row| row[key_at] == Value::from(key.1.to_owned()));
    row.unwrap_or_else(|| panic!("{} has no row: {outcome:?}", key.1))[at].clone()
}
