//! The inputs of the four scores as JSON. Keys are in alphabetical order, as in the existing tables.

use serde::Serialize;

use super::row::{Circumstances, Scores};
use crate::nba::rounding::round;
use crate::nba::stored::{Appearance, PrimaryZone};
use crate::nba::workload::Workload;
use crate::table::RowBuilder;

/// Usage isn't known before a game.
const USAGE: &str = r#"{"projected_usage_rate":null,"star_teammates_out":null}"#;

#[derive(Serialize)]
struct FatigueContext {
    avg_minutes_pg_last_7: Option<f64>,
    back_to_back: bool,
    back_to_backs_last_14: usize,
    days_rest: Option<i64>,
    games_last_7: usize,
    minutes_last_7: f64,
    player_age: (),
}

#[derive(Serialize)]
struct ShotZoneContext {
    mid_range_rate: Option<f64>,
    opponent: &'static str,
    opponent_mid_range_vs_league: Option<f64>,
    opponent_paint_vs_league: Option<f64>,
    opponent_three_pt_vs_league: Option<f64>,
    paint_rate: Option<f64>,
    player_primary_zone: Option<&'static str>,
    three_pt_rate: Option<f64>,
}

#[derive(Serialize)]
struct PaceContext {
    opponent: &'static str,
    opponent_pace_last_10: Option<f64>,
    pace_differential: Option<f64>,
    team_pace_last_10: Option<f64>,
}

pub(super) fn push_contexts(
    row: &mut RowBuilder,
    appearance: &Appearance<'_>,
    load: &Workload,
    known: &Circumstances<'_>,
    scores: &Scores,
) {
    let zones = known.zones.copied().unwrap_or_default();
    let opponent = appearance.opponent().as_str();
    let rounded = |number: Option<f64>| number.map(|number| round(number, 1));
    let fatigue = FatigueContext {
        avg_minutes_pg_last_7: rounded(load.week.minutes_per_game()),
        back_to_back: load.is_back_to_back(),
        back_to_backs_last_14: load.back_to_backs,
        days_rest: load.days_rest,
        games_last_7: load.week.games,
        minutes_last_7: round(load.week.minutes, 1),
        player_age: (),
    };
    let shot_zones = ShotZoneContext {
        mid_range_rate: zones.mid_range,
        opponent,
        opponent_mid_range_vs_league: known.defense.and_then(|defense| defense.mid_range),
        opponent_paint_vs_league: known.defense.and_then(|defense| defense.paint),
        opponent_three_pt_vs_league: known.defense.and_then(|defense| defense.three_pt),
        paint_rate: zones.paint,
        player_primary_zone: zones.primary.map(PrimaryZone::as_str),
        three_pt_rate: zones.three_pt,
    };
    let pace = PaceContext {
        opponent,
        opponent_pace_last_10: rounded(known.opponent_pace),
        pace_differential: scores.pace_difference,
        team_pace_last_10: rounded(known.pace),
    };
    row.push("fatigue_context_json", json(&fatigue));
    row.push("shot_zone_context_json", json(&shot_zones));
    row.push("pace_context_json", json(&pace));
    row.push("usage_context_json", USAGE);
}

/// These types have nothing that JSON can't express.
fn json(context: &impl Serialize) -> Option<String> {
    serde_json::to_string(context).ok()
}
