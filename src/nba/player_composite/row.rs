//! The row of a player: the four scores, their inputs, and what was missing.

use std::sync::LazyLock;

use serde_json::json;

use super::{fatigue, mismatch};
use crate::nba::completeness::Completeness;
use crate::nba::data_hash::HashedColumns;
use crate::nba::formulas::round;
use crate::nba::stored::{Appearance, DefenseZones, FORM, PlayerGame, PlayerZones, PrimaryZone};
use crate::nba::workload::Workload;
use crate::nba::{Finals, GameLog, tables};
use crate::table::{Row, Value};

/// Number of scores that aren't computed: referees, schedule, travel and opponent.
const DEFERRED: usize = 4;

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
struct Scores {
    fatigue: i64,
    mismatch: Option<f64>,
    pace_difference: Option<f64>,
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

/// Which of the four inputs are present, in column order.
struct Ready([bool; 4]);

impl Ready {
    /// The missing-data field for each input.
    const FIELDS: [&str; 4] = [
        "player_shot_zone",
        "team_defense_zone",
        "days_rest",
        "pace_differential",
    ];

    fn of(load: &Workload, known: &Circumstances<'_>) -> Self {
        let zones = |defense: &DefenseZones| {
            defense.paint.is_some() && defense.mid_range.is_some() && defense.three_pt.is_some()
        };
        Self([
            known.zones.is_some_and(|zones| zones.primary.is_some()),
            known.defense.is_some_and(zones),
            load.days_rest.is_some(),
            known.pace.is_some() && known.opponent_pace.is_some(),
        ])
    }

    fn missing(&self) -> Vec<&'static str> {
        let fields = Self::FIELDS.into_iter().zip(self.0);
        fields
            .filter_map(|(field, ready)| (!ready).then_some(field))
            .collect()
    }
}

pub(super) fn row(appearance: &Appearance<'_>, known: &Circumstances<'_>, finals: &Finals) -> Row {
    static HASHED: LazyLock<HashedColumns> =
        LazyLock::new(|| HashedColumns::new(tables::player_composite_business()));
    let date = appearance.game.date();
    let load = Workload::of(known.log, date);
    let scores = Scores::of(&load, known);
    let ready = Ready::of(&load, known);
    let unready = ready.missing();
    // There are no usage projections for past games.
    let missing = [&["projected_usage_rate"], &unready[..]].concat();
    let mut row = Row::with_capacity(tables::player_composite().columns.len());
    row.extend(appearance.identity());
    row.extend([appearance.game.to_string().into(), date.into()]);
    row.extend([
        scores.fatigue.into(),
        scores.mismatch.unwrap_or_default().into(),
        scores.pace.unwrap_or_default().into(),
        0.0.into(),
    ]);
    row.extend([const { Value::Float(0.0) }; DEFERRED]);
    row.push(scores.total.into());
    row.extend(contexts(appearance, &load, known, &scores));
    row.push("v1_4factors".into());
    row.extend(gaps(&missing));
    row.extend(warnings(&scores.warnings()));
    row.extend(ready.0.map(Value::from));
    row.push(unready.is_empty().into());
    let games = known.log.before(date);
    let completeness = Completeness {
        expected: finals.in_last_days(7, games, date),
        actual: load.week.games,
        issues: missing.iter().map(|field| format!("missing_{field}")).collect(),
        early_season: games.len() < FORM,
        insufficient: (!unready.is_empty()).then(|| format!("unknown: {}", unready.join(", "))),
    };
    completeness.end_row(row, date, finals, &HASHED, tables::player_composite())
}

fn contexts(
    appearance: &Appearance<'_>,
    load: &Workload,
    known: &Circumstances<'_>,
    scores: &Scores,
) -> [Value; 4] {
    let zones = known.zones.copied().unwrap_or_default();
    let opponent = appearance.opponent().as_str();
    let pace = |pace: Option<f64>| pace.map(|pace| round(pace, 1));
    [
        json!({
            "days_rest": load.days_rest,
            "back_to_back": load.is_back_to_back(),
            "games_last_7": load.week.games,
            "minutes_last_7": round(load.week.minutes, 1),
            "avg_minutes_pg_last_7": load.week.minutes_per_game().map(|minutes| round(minutes, 1)),
            "back_to_backs_last_14": load.back_to_backs,
            "player_age": null,
        }),
        json!({
            "player_primary_zone": zones.primary.map(PrimaryZone::as_str),
            "opponent": opponent,
            "paint_rate": zones.paint,
            "mid_range_rate": zones.mid_range,
            "three_pt_rate": zones.three_pt,
            "opponent_paint_vs_league": known.defense.and_then(|defense| defense.paint),
            "opponent_mid_range_vs_league": known.defense.and_then(|defense| defense.mid_range),
            "opponent_three_pt_vs_league": known.defense.and_then(|defense| defense.three_pt),
        }),
        json!({
            "opponent": opponent,
            "team_pace_last_10": pace(known.pace),
            "opponent_pace_last_10": pace(known.opponent_pace),
            "pace_differential": scores.pace_difference,
        }),
        json!({ "projected_usage_rate": null, "star_teammates_out": null }),
    ]
    .map(|context| context.to_string().into())
}

/// The share of the five fields that is known, in percent, and the names of the missing ones.
fn gaps(missing: &[&str]) -> [Value; 2] {
    let known = 5 - u32::try_from(missing.len()).unwrap_or(5);
    [
        f64::from(20 * known).into(),
        (!missing.is_empty()).then(|| missing.join(", ")).into(),
    ]
}

fn warnings(warnings: &[&str]) -> [Value; 2] {
    [
        (!warnings.is_empty()).into(),
        (!warnings.is_empty()).then(|| warnings.join("; ")).into(),
    ]
}
