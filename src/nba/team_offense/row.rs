//! The rows of a game: the formulas applied, in the order of the table's columns.

use std::sync::LazyLock;

use super::played::{PlayedGame, Totals};
use crate::nba::data_hash::HashedColumns;
use crate::nba::formulas::{Possessions, true_shooting};
use crate::nba::ids::{SeasonYear, TeamCode};
use crate::nba::quality::Quality;
use crate::nba::{TeamMinutes, tables};
use crate::table::{Row, Value};

/// Columns from the paint to second chances, which need shots and not box scores.
const SHOT_ZONES: usize = 6;

/// Columns about absent players and referees, which no feed tells.
const PEOPLE: usize = 3;

/// Columns of the two feeds nobody tracks in a backfill.
const SOURCE_TRACKING: usize = 8;

/// Scores outside are not believed.
const BELIEVABLE_POINTS: std::ops::RangeInclusive<u32> = 50..=200;

/// How the totals of a row were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Making {
    /// Taken from the team box score.
    TeamBox,
    /// Added up from the players.
    Rebuilt,
    /// Added up from the players because the environment said so.
    Forced,
}

impl Making {
    const fn primary_source(self) -> &'static str {
        match self {
            Self::TeamBox => "nbac_team_boxscore",
            Self::Rebuilt => "reconstructed_team_from_players",
            Self::Forced => "reconstructed_team_from_players (forced by env var)",
        }
    }

    const fn score(self) -> f64 {
        match self {
            Self::TeamBox => 100.0,
            Self::Rebuilt | Self::Forced => 85.0,
        }
    }

    const fn issues(self) -> &'static [&'static str] {
        match self {
            Self::TeamBox => &[],
            Self::Rebuilt => &["backup_source_used", "reconstructed"],
            Self::Forced => &["forced_reconstruction"],
        }
    }
}

/// Both rows of a game, in alphabetical order of the teams.
pub(super) fn rows(game: &PlayedGame<'_>, making: Making) -> [Row; 2] {
    let away = row(game, game.id.away(), making);
    let home = row(game, game.id.home(), making);
    if game.id.away() < game.id.home() {
        [away, home]
    } else {
        [home, away]
    }
}

fn row(game: &PlayedGame<'_>, team: TeamCode, making: Making) -> Row {
    static HASHED: LazyLock<HashedColumns> =
        LazyLock::new(|| HashedColumns::new(tables::team_offense_business()));
    let (own, opponent, other) = if team == game.id.home() {
        (&game.home, game.id.away(), &game.away)
    } else {
        (&game.away, game.id.home(), &game.home)
    };
    let mut row = Row::with_capacity(tables::team_offense().columns.len());
    row.extend(identity(game, team, opponent));
    row.extend(box_score(own));
    row.extend([const { Value::Null }; SHOT_ZONES]);
    row.extend(rates(own));
    row.extend(result(own, other, team == game.id.home()));
    row.extend([const { Value::Null }; PEOPLE]);
    let data_hash = HASHED.digest(&row);
    row.extend([false.into(), Value::Null]);
    row.extend([const { Value::Null }; SOURCE_TRACKING]);
    row.extend(quality(game, own, making).into_values(data_hash));
    row
}

fn identity(game: &PlayedGame<'_>, team: TeamCode, opponent: TeamCode) -> [Value; 6] {
    let id = game.id.to_string();
    [
        id.clone().into(),
        game.nba_game_id.map_or(id, str::to_owned).into(),
        game.id.date().into(),
        team.as_str().into(),
        opponent.as_str().into(),
        SeasonYear::of(game.id.date()).year().into(),
    ]
}

fn box_score(own: &Totals) -> [Value; 11] {
    let line = &own.line;
    [
        Some(own.points),
        line.fg_attempts,
        line.fg_makes,
        line.three_pt_attempts,
        line.three_pt_makes,
        line.ft_attempts,
        line.ft_makes,
        line.rebounds,
        line.assists,
        line.turnovers,
        line.personal_fouls,
    ]
    .map(count)
}

fn rates(own: &Totals) -> [Value; 4] {
    let possessions = possessions(own);
    [
        possessions
            .and_then(|possessions| possessions.offensive_rating(own.points))
            .into(),
        possessions
            .zip(own.length)
            .map(|(possessions, length)| possessions.pace(length))
            .into(),
        possessions.map(Possessions::whole).into(),
        shooting(own).into(),
    ]
}

fn result(own: &Totals, other: &Totals, at_home: bool) -> [Value; 4] {
    let margin = i64::from(own.points) - i64::from(other.points);
    [
        at_home.into(),
        (margin > 0).into(),
        margin.into(),
        count(own.length.map(TeamMinutes::overtimes)),
    ]
}

fn count(count: Option<u32>) -> Value {
    count.map(i64::from).into()
}

fn possessions(own: &Totals) -> Option<Possessions> {
    let line = &own.line;
    Some(Possessions::estimate(
        line.fg_attempts?,
        line.ft_attempts?,
        line.turnovers?,
        line.offensive_rebounds?,
    ))
}

fn shooting(own: &Totals) -> Option<f64> {
    true_shooting(own.points, own.line.fg_attempts?, own.line.ft_attempts?)
}

fn quality(game: &PlayedGame<'_>, own: &Totals, making: Making) -> Quality {
    let mut issues: Vec<String> = making.issues().iter().map(ToString::to_string).collect();
    issues.push("shot_zones_unavailable".to_owned());
    let unknown = own.line.attack().into_iter().filter(|(_, count)| count.is_none());
    issues.extend(unknown.map(|(name, _)| format!("missing_{name}")));
    if own.length.is_none() {
        issues.push("missing_minutes".to_owned());
    }
    let plausible = issues.len();
    if own.contradict_their_shots() {
        issues.push("points_contradict_shots".to_owned());
    }
    if !BELIEVABLE_POINTS.contains(&own.points) {
        issues.push("points_out_of_range".to_owned());
    }
    Quality {
        score: making.score(),
        implausible: issues.len() > plausible,
        issues,
        data_sources: vec![game.feed.label().to_owned()],
        primary_source: making.primary_source(),
    }
}
