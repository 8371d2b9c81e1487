//! The row of a team: formulas applied, in column order.

use std::sync::LazyLock;

use crate::nba::cells::{count, unknown};
use crate::nba::data_hash::HashedColumns;
use crate::nba::formulas::Possessions;
use crate::nba::games::{Making, Side, Totals};
use crate::nba::ids::SeasonYear;
use crate::nba::quality::Quality;
use crate::nba::tables;
use crate::table::{Row, Value};

/// Number of columns from paint to second-chance points, which need shots, not box scores.
const SHOT_ZONES: usize = 6;

/// Number of columns about absent players and referees, which no feed has.
const PEOPLE: usize = 3;

/// Source-tracking columns of the two feeds, empty in a backfill.
const SOURCE_TRACKING: usize = 8;

pub(super) fn row(side: Side<'_>, making: Making) -> Row {
    static HASHED: LazyLock<HashedColumns> =
        LazyLock::new(|| HashedColumns::new(tables::team_offense_business()));
    let mut row = Row::with_capacity(tables::team_offense().columns.len());
    row.extend(identity(side));
    row.extend(box_score(side.own));
    row.extend(unknown::<SHOT_ZONES>());
    row.extend(rates(side.own));
    row.extend(result(side));
    row.extend(unknown::<PEOPLE>());
    let data_hash = HASHED.digest(&row);
    row.extend([false.into(), Value::Null]);
    row.extend(unknown::<SOURCE_TRACKING>());
    row.extend(quality(side, making).into_values(data_hash));
    row
}

fn identity(side: Side<'_>) -> [Value; 6] {
    let id = side.game.id.to_string();
    let date = side.game.id.date();
    [
        id.clone().into(),
        side.game.nba_game_id.map_or(id, str::to_owned).into(),
        date.into(),
        side.team.as_str().into(),
        side.opponent.as_str().into(),
        SeasonYear::of(date).year().into(),
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
    [
        own.rating().into(),
        own.pace().into(),
        own.possessions().map(Possessions::whole).into(),
        own.true_shooting().into(),
    ]
}

fn result(side: Side<'_>) -> [Value; 4] {
    let margin = side.margin();
    [
        side.at_home().into(),
        (margin > 0).into(),
        margin.into(),
        count(side.own.overtimes()),
    ]
}

fn quality(side: Side<'_>, making: Making) -> Quality {
    let own = side.own;
    let mut issues = making.issues();
    issues.push("shot_zones_unavailable".to_owned());
    let counts = own.line.attack().into_iter();
    let counts = counts.chain([("personal_fouls", own.line.personal_fouls)]);
    let unknown = counts.filter(|(_, count)| count.is_none());
    issues.extend(unknown.map(|(name, _)| format!("missing_{name}")));
    if own.length.is_none() {
        issues.push("missing_minutes".to_owned());
    }
    let faults = own.faults();
    Quality {
        score: making.score(),
        implausible: !faults.is_empty(),
        issues: [issues, faults].concat(),
        data_sources: vec![side.game.feed.label().to_owned()],
        primary_source: making.primary_source(),
    }
}
