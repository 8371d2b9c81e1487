//! The row of a team: the opponent's numbers from the defending side.

use std::sync::LazyLock;

use crate::nba::cells::count;
use crate::nba::data_hash::HashedColumns;
use crate::nba::games::{Making, Side};
use crate::nba::ids::SeasonYear;
use crate::nba::quality::Quality;
use crate::nba::raw::{Feed, Zone};
use crate::nba::shot_chart::{Charted, ShotChart};
use crate::nba::tables;
use crate::table::{Row, RowBuilder};

/// No feed has these kinds of points.
const KINDS_OF_POINTS: &[&str] = &["second_chance_points_allowed", "fast_break_points_allowed"];

/// No feed has absent players or referees.
const ABSENT: &[&str] = &["players_inactive", "starters_inactive", "referee_crew_id"];

pub(super) fn row(side: Side<'_>, making: Making, chart: &ShotChart<'_>) -> Row {
    static HASHED: LazyLock<HashedColumns> =
        LazyLock::new(|| HashedColumns::new(tables::team_defense::BUSINESS));
    let (faced, own_shots) = (chart.team(side.opponent), chart.team(side.team));
    let mut row = RowBuilder::new(tables::team_defense());
    push_identity(&mut row, side);
    push_box_score(&mut row, side);
    push_zones(&mut row, faced);
    let threes = side.other.line.three_pt_makes;
    row.push("three_pt_points_allowed", count(threes.map(|makes| 3 * makes)));
    row.push_nulls(KINDS_OF_POINTS);
    let blocks = |zone| count(own_shots.and_then(|shots| shots.blocks(zone)));
    row.push("blocks_paint", blocks(Zone::Paint));
    row.push("blocks_mid_range", blocks(Zone::MidRange));
    row.push("blocks_three_pt", blocks(Zone::Three));
    row.push("steals", count(side.own.line.steals));
    row.push("defensive_rebounds", count(side.own.line.defensive_rebounds));
    row.push("defensive_rating", side.other.rating());
    row.push("opponent_pace", side.other.pace());
    row.push("opponent_ts_pct", side.other.true_shooting());
    let margin = side.margin();
    row.push("home_game", side.at_home());
    row.push("win_flag", (margin != 0).then_some(margin > 0));
    row.push("margin_of_victory", margin);
    row.push("overtime_periods", count(side.own.overtimes()));
    row.push_nulls(ABSENT);
    quality(side, making, faced.is_some()).end_row(row, &HASHED)
}

fn push_identity(row: &mut RowBuilder, side: Side<'_>) {
    let date = side.game.id.date();
    row.push("game_id", side.game.id.to_string());
    row.push("game_date", date);
    row.push("defending_team_abbr", side.team.as_str());
    row.push("opponent_team_abbr", side.opponent.as_str());
    row.push("season_year", SeasonYear::of(date).year());
}

fn push_box_score(row: &mut RowBuilder, side: Side<'_>) {
    let line = &side.other.line;
    row.push("points_allowed", count(Some(side.other.points)));
    row.push("opp_fg_attempts", count(line.fg_attempts));
    row.push("opp_fg_makes", count(line.fg_makes));
    row.push("opp_three_pt_attempts", count(line.three_pt_attempts));
    row.push("opp_three_pt_makes", count(line.three_pt_makes));
    row.push("opp_ft_attempts", count(line.ft_attempts));
    row.push("opp_ft_makes", count(line.ft_makes));
    row.push("opp_rebounds", count(line.rebounds));
    row.push("opp_assists", count(line.assists));
    row.push("turnovers_forced", count(line.turnovers));
    row.push("fouls_committed", count(side.own.line.personal_fouls));
}

fn push_zones(row: &mut RowBuilder, faced: Option<Charted>) {
    let attempts = |zone| count(faced.map(|shots| shots.attempts(zone)));
    let makes = |zone| faced.map(|shots| shots.makes(zone));
    let points = |zone| count(makes(zone).map(|makes| 2 * makes));
    row.push("opp_paint_attempts", attempts(Zone::Paint));
    row.push("opp_paint_makes", count(makes(Zone::Paint)));
    row.push("opp_mid_range_attempts", attempts(Zone::MidRange));
    row.push("opp_mid_range_makes", count(makes(Zone::MidRange)));
    row.push("points_in_paint_allowed", points(Zone::Paint));
    row.push("mid_range_points_allowed", points(Zone::MidRange));
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
