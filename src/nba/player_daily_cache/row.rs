//! The row of a player: form, team, load, zones, and the completeness of each window.

use std::sync::LazyLock;

use chrono::NaiveDate;

use super::Inputs;
use crate::nba::cells::how_many;
use crate::nba::completeness::Completeness;
use crate::nba::data_hash::HashedColumns;
use crate::nba::formulas::round;
use crate::nba::player_form::{LATEST, PlayerForm, rounded};
use crate::nba::stored::{Appearance, FORM, PlayerGame, PlayerZones, PrimaryZone};
use crate::nba::workload::Workload;
use crate::nba::{Finals, GameLog, tables};
use crate::table::{Row, Value};

pub(super) fn row(
    appearance: &Appearance<'_>,
    log: &GameLog<PlayerGame>,
    zones: Option<&PlayerZones>,
    inputs: &Inputs,
) -> Row {
    static HASHED: LazyLock<HashedColumns> =
        LazyLock::new(|| HashedColumns::new(tables::player_daily_cache_business()));
    let date = appearance.game.date();
    let season = log.before(date);
    let form = PlayerForm::of(log, date);
    let zones = zones.copied().unwrap_or_default();
    let mut row = Row::with_capacity(tables::player_daily_cache().columns.len());
    row.extend(appearance.identity());
    row.extend([
        form.points_last_5.into(),
        form.points_last_10.into(),
        form.points_season.into(),
        form.points_deviation.into(),
        form.minutes_last_10.into(),
        form.usage_last_10.into(),
        form.shooting_last_10.into(),
        how_many(season.len()),
        rounded(inputs.teams.pace(appearance.team, date), 1).into(),
        rounded(inputs.teams.offensive_rating(appearance.team, date), 2).into(),
        form.usage_season.into(),
    ]);
    row.extend(load(&Workload::of(log, date)));
    row.extend([
        zones.primary.map(PrimaryZone::as_str).into(),
        zones.paint.into(),
        zones.three_pt.into(),
        zones.assisted.map(|percent| round(percent / 100.0, 4)).into(),
        Value::Null,
        zones.primary.is_some().into(),
    ]);
    let windows = Windows::of(log, date, &inputs.finals);
    row.extend(windows.values());
    row.push("v1".into());
    let completeness = Completeness {
        issues: if zones.primary.is_some() {
            Vec::new()
        } else {
            vec!["shot_zones_unavailable".to_owned()]
        },
        early_season: season.len() < FORM,
        ..windows.last_10
    };
    completeness.end_row(row, date, &inputs.finals, &HASHED, tables::player_daily_cache())
}

fn load(load: &Workload) -> [Value; 7] {
    [
        how_many(load.week.games),
        how_many(load.fortnight.games),
        whole(load.week.minutes),
        whole(load.fortnight.minutes),
        how_many(load.back_to_backs),
        rounded(load.week.minutes_per_game(), 1).into(),
        Value::Null,
    ]
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "a fortnight has some twenty thousand minutes"
)]
fn whole(minutes: f64) -> Value {
    (round(minutes, 0) as i64).into()
}

/// Completeness per window: games of the player among those of his team.
struct Windows {
    last_5: Completeness,
    last_10: Completeness,
    week: Completeness,
    fortnight: Completeness,
}

impl Windows {
    fn of(log: &GameLog<PlayerGame>, date: NaiveDate, finals: &Finals) -> Self {
        let games = |most: usize| {
            let games = log.newest(most, date);
            found(games.len(), finals.alongside(games, date))
        };
        let days = |days: u64| {
            let possible = finals.in_last_days(days, log.before(date), date);
            found(log.last_days(days, date).len(), possible)
        };
        Self {
            last_5: games(LATEST),
            last_10: games(FORM),
            week: days(7),
            fortnight: days(14),
        }
    }

    fn values(&self) -> [Value; 9] {
        let [l5, l10, l7d, l14d] = [&self.last_5, &self.last_10, &self.week, &self.fortnight]
            .map(|window| (window.percentage(), window.is_production_ready()));
        let all = [l5, l10, l7d, l14d].iter().all(|(_, complete)| *complete);
        [
            l5.0.into(),
            l5.1.into(),
            l10.0.into(),
            l10.1.into(),
            l7d.0.into(),
            l7d.1.into(),
            l14d.0.into(),
            l14d.1.into(),
            all.into(),
        ]
    }
}

fn found(actual: usize, expected: usize) -> Completeness {
    Completeness {
        expected,
        actual,
        ..Completeness::default()
    }
}
