//! The row of a team: the opponent's numbers from the defending side, in column order.

use std::sync::LazyLock;

use crate::nba::cells::{count, unknown};
use crate::nba::data_hash::HashedColumns;
use crate::nba::games::{Making, Side};
use crate::nba::ids::SeasonYear;
use crate::nba::quality::Quality;
use crate::nba::raw::{Feed, Zone};
use crate::nba::shot_chart::{Charted, ShotChart};
use crate::nba::tables;
use crate::table::{Row, Value};

/// Number of columns for second-chance and fast-break points, which no feed has.
const KINDS_OF_POINTS: usize = 2;

/// Number of columns about absent players and referees, which no feed has.
const PEOPLE: usize = 3;

/// Source-tracking columns of the three feeds, empty in a backfill.
const SOURCE_TRACKING: usize = 12;

pub(super) fn row(side: Side<'_>, making: Making, chart: &ShotChart<'_>) -> Row {
    static HASHED: LazyLock<HashedColumns> =
        LazyLock::new(|| HashedColumns::new(tables::team_defense_business()));
    let (faced, own_shots) = (chart.team(side.opponent), chart.team(side.team));
    let mut row = Row::with_capacity(tables::team_defense().columns.len());
    row.extend(identity(side));
    row.extend(box_score(side));
    row.extend(zones(faced));
    row.push(count(side.other.line.three_pt_makes.map(|makes| 3 * makes)));
    row.extend(unknown::<KINDS_OF_POINTS>());
    row.extend(blocks(own_shots));
    row.extend(actions(side));
    row.extend(rates(side));
    row.extend(result(side));
    row.extend(unknown::<PEOPLE>());
    let data_hash = HASHED.digest(&row);
    row.extend(unknown::<SOURCE_TRACKING>());
    row.extend(quality(side, making, faced.is_some()).into_values(data_hash));
    row
}

fn identity(side: Side<'_>) -> [Value; 5] {
    let date = side.game.id.date();
    [
        side.game.id.to_string().into(),
        date.into(),
        side.team.as_str().into(),
        side.opponent.as_str().into(),
        SeasonYear::of(date).year().into(),
    ]
}

fn box_score(side: Side<'_>) -> [Value; 11] {
    let line = &side.other.line;
    [
        Some(side.other.points),
        line.fg_attempts,
        line.fg_makes,
        line.three_pt_attempts,
        line.three_pt_makes,
        line.ft_attempts,
        line.ft_makes,
        line.rebounds,
        line.assists,
        line.turnovers,
        side.own.line.personal_fouls,
    ]
    .map(count)
}

fn zones(faced: Option<Charted>) -> [Value; 6] {
    let attempts = |zone| faced.map(|shots| shots.attempts(zone));
    let makes = |zone| faced.map(|shots| shots.makes(zone));
    let points = |zone| makes(zone).map(|makes| 2 * makes);
    [
        attempts(Zone::Paint),
        makes(Zone::Paint),
        attempts(Zone::MidRange),
        makes(Zone::MidRange),
        points(Zone::Paint),
        points(Zone::MidRange),
    ]
    .map(count)
}

fn blocks(own_shots: Option<Charted>) -> [Value; 3] {
    let blocks = |zone| own_shots.and_then(|shots| shots.blocks(zone));
    [Zone::Paint, Zone::MidRange, Zone::Three].map(|zone| count(blocks(zone)))
}

fn actions(side: Side<'_>) -> [Value; 2] {
    let line = &side.own.line;
    [line.steals, line.defensive_rebounds].map(count)
}

fn rates(side: Side<'_>) -> [Value; 3] {
    [
        side.other.rating().into(),
        side.other.pace().into(),
        side.other.true_shooting().into(),
    ]
}

fn result(side: Side<'_>) -> [Value; 4] {
    let margin = side.margin();
    [
        side.at_home().into(),
        (margin != 0).then_some(margin > 0).into(),
        margin.into(),
        count(side.own.overtimes()),
    ]
}

fn quality(side: Side<'_>, making: Making, has_zones: bool) -> Quality {
    let mut issues = making.issues();
    let mut data_sources = vec![side.game.feed.label().to_owned()];
    if has_zones {
        data_sources.push(Feed::PlayByPlay.label().to_owned());
    } else {
        issues.push("shot_zones_unavailable".to_owned());
    }
    let unknown = |(_, count): &(&str, Option<u32>)| count.is_none();
    let theirs = side.other.line.attack().into_iter().filter(unknown);
    issues.extend(theirs.map(|(name, _)| format!("missing_opp_{name}")));
    let ours = side.own.line.defence().into_iter().filter(unknown);
    issues.extend(ours.map(|(name, _)| format!("missing_{name}")));
    if side.other.length.is_none() {
        issues.push("missing_minutes".to_owned());
    }
    let faults = side.other.faults();
    Quality {
        score: making.score(),
        implausible: !faults.is_empty(),
        issues: [issues, faults].concat(),
        data_sources,
        primary_source: making.primary_source(),
    }
}
