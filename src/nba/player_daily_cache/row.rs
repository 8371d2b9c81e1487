//! The row of a player: form, team, load, zones, and the completeness of each window.

use std::sync::LazyLock;

use chrono::NaiveDate;

use crate::nba::cells::how_many;
use crate::nba::completeness::Completeness;
use crate::nba::data_hash::HashedColumns;
use crate::nba::player_form::{LATEST, PlayerForm};
use crate::nba::rounding::{round, rounded};
use crate::nba::stored::{Appearance, Extracts, FORM, PlayerGame, PlayerZones, PrimaryZone};
use crate::nba::workload::Workload;
use crate::nba::{Finals, GameLog, tables};
use crate::table::{Row, RowBuilder, Value};

pub(super) fn row(
    appearance: &Appearance<'_>,
    log: &GameLog<PlayerGame>,
    zones: Option<&PlayerZones>,
    extracts: &Extracts,
) -> Row {
    static HASHED: LazyLock<HashedColumns> =
        LazyLock::new(|| HashedColumns::new(tables::player_daily_cache::BUSINESS));
    let date = appearance.game.date();
    let season = log.before(date);
    let form = PlayerForm::of(log, date);
    let zones = zones.copied().unwrap_or_default();
    let pace = extracts.teams.pace(appearance.team, date);
    let rating = extracts.teams.offensive_rating(appearance.team, date);
    let mut row = appearance.begin_row(tables::player_daily_cache());
    push_form(&mut row, &form);
    row.push("games_played_season", how_many(season.len()));
    row.push("team_pace_last_10", rounded(pace, 1));
    row.push("team_off_rating_last_10", rounded(rating, 2));
    row.push("player_usage_rate_season", form.usage_season);
    push_load(&mut row, &Workload::of(log, date));
    push_zones(&mut row, &zones);
    let windows = Windows::of(log, date, &extracts.finals);
    windows.push_completeness(&mut row);
    row.push("cache_version", "v1");
    let completeness = Completeness {
        issues: if zones.primary.is_some() {
            Vec::new()
        } else {
            vec!["shot_zones_unavailable".to_owned()]
        },
        early_season: season.len() < FORM,
        ..windows.last_10
    };
    completeness.end_row(row, date, &extracts.finals, &HASHED)
}

fn push_form(row: &mut RowBuilder, form: &PlayerForm) {
    row.push("points_avg_last_5", form.points_last_5);
    row.push("points_avg_last_10", form.points_last_10);
    row.push("points_avg_season", form.points_season);
    row.push("points_std_last_10", form.points_deviation);
    row.push("minutes_avg_last_10", form.minutes_last_10);
    row.push("usage_rate_last_10", form.usage_last_10);
    row.push("ts_pct_last_10", form.shooting_last_10);
}

fn push_load(row: &mut RowBuilder, load: &Workload) {
    row.push("games_in_last_7_days", how_many(load.week.games));
    row.push("games_in_last_14_days", how_many(load.fortnight.games));
    row.push("minutes_in_last_7_days", whole(load.week.minutes));
    row.push("minutes_in_last_14_days", whole(load.fortnight.minutes));
    row.push("back_to_backs_last_14_days", how_many(load.back_to_backs));
    let per_game = load.week.minutes_per_game();
    row.push("avg_minutes_per_game_last_7", rounded(per_game, 1));
    row.push("fourth_quarter_minutes_last_7", Value::Null);
}

fn push_zones(row: &mut RowBuilder, zones: &PlayerZones) {
    row.push("primary_scoring_zone", zones.primary.map(PrimaryZone::as_str));
    row.push("paint_rate_last_10", zones.paint);
    row.push("three_pt_rate_last_10", zones.three_pt);
    let assisted = zones.assisted.map(|percent| percent / 100.0);
    row.push("assisted_rate_last_10", rounded(assisted, 4));
    row.push("player_age", Value::Null);
    row.push("shot_zone_data_available", zones.primary.is_some());
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "a fortnight has some twenty thousand minutes"
)]
fn whole(minutes: f64) -> i64 {
    round(minutes, 0) as i64
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

    fn push_completeness(&self, row: &mut RowBuilder) {
        let mut all = true;
        for (window, percentage, complete) in [
            (&self.last_5, "l5_completeness_pct", "l5_is_complete"),
            (&self.last_10, "l10_completeness_pct", "l10_is_complete"),
            (&self.week, "l7d_completeness_pct", "l7d_is_complete"),
            (&self.fortnight, "l14d_completeness_pct", "l14d_is_complete"),
        ] {
            row.push(percentage, window.percentage());
            row.push(complete, window.is_production_ready());
            all &= window.is_production_ready();
        }
        row.push("all_windows_complete", all);
    }
}

fn found(actual: usize, expected: usize) -> Completeness {
    Completeness {
        expected,
        actual,
        ..Completeness::default()
    }
}
