//! The row of a player: the four scores, their inputs, and what was missing.

use std::sync::LazyLock;

use super::contexts::push_contexts;
use super::{fatigue, mismatch};
use crate::nba::completeness::Completeness;
use crate::nba::data_hash::HashedColumns;
use crate::nba::rounding::round;
use crate::nba::stored::{Appearance, DefenseZones, FORM, PlayerGame, PlayerZones};
use crate::nba::workload::Workload;
use crate::nba::{Finals, GameLog, tables};
use crate::table::{Row, RowBuilder};

/// Scores that aren't computed.
const DEFERRED: [&str; 4] = [
    "referee_favorability_score",
    "look_ahead_pressure_score",
    "travel_impact_score",
    "opponent_strength_score",
];

/// What is known about a player's game before it starts.
pub(super) struct Circumstances<'a> {
    /// The player's game log.
    pub(super) log: &'a GameLog<PlayerGame>,
    /// The player's shot zones.
    pub(super) zones: Option<&'a PlayerZones>,
    /// The opponent's defence.
    pub(super) defense: Option<&'a DefenseZones>,
    /// The own team's mean pace over its last games.
    pub(super) pace: Option<f64>,
    /// The opponent's mean pace over its last games.
    pub(super) opponent_pace: Option<f64>,
}

/// The scores, rounded as stored, so that they add up to the stored total.
pub(super) struct Scores {
    fatigue: i64,
    mismatch: Option<f64>,
    pub(super) pace_difference: Option<f64>,
    pace: Option<f64>,
    total: f64,
}

impl Scores {
    #[allow(clippy::cast_precision_loss, reason = "fatigue is at most 100")]
    fn of(load: &Workload, known: &Circumstances<'_>) -> Self {
        let fatigue = fatigue::score(load);
        let mismatch = known
            .zones
            .zip(known.defense)
            .and_then(|(zones, defense)| mismatch::score(zones, defense));
        let pace_difference = known
            .opponent_pace
            .zip(known.pace)
            .map(|(opponent, own)| round(opponent - own, 2));
        let pace = pace_difference.map(|difference| round((difference / 2.0).clamp(-3.0, 3.0), 1));
        let total = (fatigue as f64 - 100.0) / 20.0 + mismatch.unwrap_or_default() + pace.unwrap_or_default();
        Self {
            fatigue,
            mismatch,
            pace_difference,
            pace,
            total: round(total, 2),
        }
    }

    fn warnings(&self) -> Vec<&'static str> {
        [
            (self.fatigue < 50, "EXTREME_FATIGUE"),
            (
                self.mismatch.is_some_and(|score| score.abs() > 8.0),
                "EXTREME_MATCHUP",
            ),
            (self.total.abs() > 12.0, "EXTREME_ADJUSTMENT"),
        ]
        .into_iter()
        .filter_map(|(holds, warning)| holds.then_some(warning))
        .collect()
    }
}

/// The four inputs: the column that says whether each is present, its missing-data field, and whether it is.
fn upstreams(load: &Workload, known: &Circumstances<'_>) -> [(&'static str, &'static str, bool); 4] {
    let has_zones = |defense: &DefenseZones| {
        defense.paint.is_some() && defense.mid_range.is_some() && defense.three_pt.is_some()
    };
    let shots = known.zones.is_some_and(|zones| zones.primary.is_some());
    let defense = known.defense.is_some_and(has_zones);
    let pace = known.pace.is_some() && known.opponent_pace.is_some();
    [
        ("upstream_player_shot_ready", "player_shot_zone", shots),
        ("upstream_team_defense_ready", "team_defense_zone", defense),
        (
            "upstream_player_context_ready",
            "days_rest",
            load.days_rest.is_some(),
        ),
        ("upstream_team_context_ready", "pace_differential", pace),
    ]
}

pub(super) fn row(appearance: &Appearance<'_>, known: &Circumstances<'_>, finals: &Finals) -> Row {
    static HASHED: LazyLock<HashedColumns> =
        LazyLock::new(|| HashedColumns::new(tables::player_composite::BUSINESS));
    let date = appearance.game.date();
    let load = Workload::of(known.log, date);
    let scores = Scores::of(&load, known);
    let upstreams = upstreams(&load, known);
    let unready = upstreams.iter().filter(|(_, _, is_ready)| !is_ready);
    let unready: Vec<&str> = unready.map(|(_, field, _)| *field).collect();
    // There are no usage projections for past games.
    let missing = [&["projected_usage_rate"], &unready[..]].concat();
    let mut row = appearance.begin_row(tables::player_composite());
    row.push("game_id", appearance.game.to_string());
    row.push("analysis_date", date);
    row.push("fatigue_score", scores.fatigue);
    row.push("shot_zone_mismatch_score", scores.mismatch.unwrap_or_default());
    row.push("pace_score", scores.pace.unwrap_or_default());
    row.push("usage_spike_score", 0.0);
    for deferred in DEFERRED {
        row.push(deferred, 0.0);
    }
    row.push("total_composite_adjustment", scores.total);
    push_contexts(&mut row, appearance, &load, known, &scores);
    row.push("calculation_version", "v1_4factors");
    push_gaps(&mut row, &missing);
    let warnings = scores.warnings();
    row.push("has_warnings", !warnings.is_empty());
    row.push("warning_details", joined(&warnings, "; "));
    for (column, _, is_ready) in upstreams {
        row.push(column, is_ready);
    }
    row.push("all_upstreams_ready", unready.is_empty());
    let games = known.log.before(date);
    let completeness = Completeness {
        expected: finals.in_last_days(7, games, date),
        actual: load.week.games,
        issues: missing.iter().map(|field| format!("missing_{field}")).collect(),
        early_season: games.len() < FORM,
        insufficient: (!unready.is_empty()).then(|| format!("unknown: {}", unready.join(", "))),
    };
    completeness.end_row(row, date, finals, &HASHED)
}

/// The share of the five fields that is known, in percent, and the names of the missing ones.
fn push_gaps(row: &mut RowBuilder, missing: &[&str]) {
    let known = 5 - u32::try_from(missing.len()).unwrap_or(5);
    row.push("data_completeness_pct", f64::from(20 * known));
    row.push("missing_data_fields", joined(missing, ", "));
}

/// The words in one text; `None` without words.
fn joined(words: &[&str], separator: &str) -> Option<String> {
    (!words.is_empty()).then(|| words.join(separator))
}
