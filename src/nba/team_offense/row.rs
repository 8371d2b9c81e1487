//! The row of a team: formulas applied.

use std::sync::LazyLock;

use crate::nba::cells::count;
use crate::nba::data_hash::HashedColumns;
use crate::nba::formulas::Possessions;
use crate::nba::games::{Making, Side, TeamTotals};
use crate::nba::ids::SeasonYear;
use crate::nba::quality::Quality;
use crate::nba::tables;
use crate::table::{Row, RowBuilder, Value};

/// They need shots, which box scores don't have.
const SHOT_ZONES: &[&str] = &[
    "team_paint_attempts",
    "team_paint_makes",
    "team_mid_range_attempts",
    "team_mid_range_makes",
    "points_in_paint_scored",
    "second_chance_points_scored",
];

/// No feed has absent players or referees.
const ABSENT: &[&str] = &["players_inactive", "starters_inactive", "referee_crew_id"];

pub(super) fn row(side: Side<'_>, making: Making) -> Row {
    static HASHED: LazyLock<HashedColumns> =
        LazyLock::new(|| HashedColumns::new(tables::team_offense::BUSINESS));
    let mut row = RowBuilder::new(tables::team_offense());
    push_identity(&mut row, side);
    push_box_score(&mut row, side.own);
    row.push_nulls(SHOT_ZONES);
    row.push("offensive_rating", side.own.rating());
    row.push("pace", side.own.pace());
    row.push("possessions", side.own.possessions().map(Possessions::whole));
    row.push("ts_pct", side.own.true_shooting());
    let margin = side.margin();
    row.push("home_game", side.at_home());
    row.push("win_flag", margin > 0);
    row.push("margin_of_victory", margin);
    row.push("overtime_periods", count(side.own.overtimes()));
    row.push_nulls(ABSENT);
    row.push("shot_zones_available", false);
    row.push("shot_zones_source", Value::Null);
    quality(side, making).end_row(row, &HASHED)
}

fn push_identity(row: &mut RowBuilder, side: Side<'_>) {
    let id = side.game.id.to_string();
    let date = side.game.id.date();
    let nba_game_id = side.game.nba_game_id.map_or_else(|| id.clone(), str::to_owned);
    row.push("game_id", id);
    row.push("nba_game_id", nba_game_id);
    row.push("game_date", date);
    row.push("team_abbr", side.team.as_str());
    row.push("opponent_team_abbr", side.opponent.as_str());
    row.push("season_year", SeasonYear::of(date).year());
}

fn push_box_score(row: &mut RowBuilder, own: &TeamTotals) {
    let line = &own.line;
    row.push("points_scored", count(Some(own.points)));
    row.push("fg_attempts", count(line.fg_attempts));
    row.push("fg_makes", count(line.fg_makes));
    row.push("three_pt_attempts", count(line.three_pt_attempts));
    row.push("three_pt_makes", count(line.three_pt_makes));
    row.push("ft_attempts", count(line.ft_attempts));
    row.push("ft_makes", count(line.ft_makes));
    row.push("rebounds", count(line.rebounds));
    row.push("assists", count(line.assists));
    row.push("turnovers", count(line.turnovers));
    row.push("personal_fouls", count(line.personal_fouls));
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
