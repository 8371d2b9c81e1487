//! The row of a player: both windows summed and divided.

use std::ops::Add;
use std::sync::LazyLock;

use chrono::NaiveDate;

use super::{GAMES, LONGER};
use crate::nba::cells::{count, how_many};
use crate::nba::data_hash::HashedColumns;
use crate::nba::raw::Zone;
use crate::nba::rounding::round;
use crate::nba::stored::{Makes, Shooter, ShotGame};
use crate::nba::{Completeness, Finals, Shots, ZoneShots, tables};
use crate::table::{Row, RowBuilder, Value};

/// The reason for unknown rates.
pub(super) const NO_SHOT_DATA: &str = "no game of the window has shot data";

/// Minimum number of games with shot data in the longer window.
const MIN_LONGER_GAMES: usize = 15;

/// The sums of a window over its games with shot data.
struct WindowSums {
    games: usize,
    shots: ZoneShots,
}

/// The row of a player with enough games.
pub(super) fn row(shooter: &Shooter, date: NaiveDate, finals: &Finals) -> Row {
    static HASHED: LazyLock<HashedColumns> =
        LazyLock::new(|| HashedColumns::new(tables::player_shot_zone::BUSINESS));
    let window = shooter.games.newest(GAMES, date);
    let longer = shooter.games.newest(LONGER, date);
    let (ten, twenty) = (WindowSums::of(window), WindowSums::of(longer));
    let id = window.last().and_then(|game| game.universal_player_id.as_deref());

    let mut row = RowBuilder::new(tables::player_shot_zone());
    row.push("player_lookup", shooter.player.clone());
    row.push("universal_player_id", id.map(str::to_owned));
    row.push("analysis_date", date);
    ten.push_shorter(&mut row);
    twenty.push_longer(&mut row);
    push_creation(&mut row, window);
    row.push("player_position", Value::Null);
    row.push("primary_scoring_zone", ten.primary_zone());
    row.push("data_quality_tier", tier(ten.games));
    let notes = format!(
        "shot data of {} of the last {GAMES} games, of {} of the last {}",
        ten.games,
        twenty.games,
        longer.len()
    );
    row.push("calculation_notes", notes);
    let completeness = ten.completeness(window, longer.len(), date, finals);
    completeness.end_row(row, date, finals, &HASHED)
}

impl WindowSums {
    fn of(window: &[ShotGame]) -> Self {
        let shots = || window.iter().filter_map(|game| game.shots);
        Self {
            games: shots().count(),
            shots: shots().sum(),
        }
    }

    fn push_shorter(&self, row: &mut RowBuilder) {
        let [paint, mid_range, three] =
            [Zone::Paint, Zone::MidRange, Zone::Three].map(|zone| self.shots.from(zone));
        row.push("paint_rate_last_10", self.shots.rate(Zone::Paint));
        row.push("mid_range_rate_last_10", self.shots.rate(Zone::MidRange));
        row.push("three_pt_rate_last_10", self.shots.rate(Zone::Three));
        let attempts = (self.games > 0).then(|| self.shots.attempts());
        row.push("total_shots_last_10", count(attempts));
        row.push("games_in_sample_10", how_many(self.games));
        row.push("sample_quality_10", quality(self.games, GAMES));
        row.push("paint_pct_last_10", fraction(paint));
        row.push("mid_range_pct_last_10", fraction(mid_range));
        row.push("three_pt_pct_last_10", fraction(three));
        row.push("paint_attempts_per_game", self.per_game(paint));
        row.push("mid_range_attempts_per_game", self.per_game(mid_range));
        row.push("three_pt_attempts_per_game", self.per_game(three));
    }

    fn push_longer(&self, row: &mut RowBuilder) {
        let shots = if self.games < MIN_LONGER_GAMES {
            ZoneShots::default()
        } else {
            self.shots
        };
        row.push("paint_rate_last_20", shots.rate(Zone::Paint));
        row.push("paint_pct_last_20", fraction(shots.from(Zone::Paint)));
        row.push("games_in_sample_20", how_many(self.games));
        row.push("sample_quality_20", quality(self.games, LONGER));
    }

    /// Attempts per game with shot data.
    #[allow(clippy::cast_precision_loss, reason = "a window has 20 games at most")]
    fn per_game(&self, shots: Shots) -> Option<f64> {
        (self.games > 0).then(|| round(f64::from(shots.attempts) / self.games as f64, 1))
    }

    /// The zone with most of the player's shots; `None` without shots.
    fn primary_zone(&self) -> Option<&'static str> {
        let rate = |zone| self.shots.rate(zone);
        Some(
            match (rate(Zone::Paint)?, rate(Zone::MidRange)?, rate(Zone::Three)?) {
                (40.0.., _, _) => "paint",
                (_, _, 40.0..) => "perimeter",
                (_, 35.0.., _) => "mid_range",
                _ => "balanced",
            },
        )
    }

    fn completeness(
        &self,
        window: &[ShotGame],
        longer: usize,
        date: NaiveDate,
        finals: &Finals,
    ) -> Completeness {
        let mut issues = Vec::new();
        if self.games == 0 {
            issues.push("shot_zones_unavailable".to_owned());
        } else if self.games < window.len() {
            issues.push(format!("shot_zones_partial:{}/{}", self.games, window.len()));
        }
        let insufficient = match (self.games, self.shots.attempts()) {
            (0, _) => Some(NO_SHOT_DATA.to_owned()),
            (games, 0) => Some(format!("no shot in {games} games with shot data")),
            _ => None,
        };
        Completeness {
            expected: finals.alongside(window, date),
            actual: window.len(),
            issues,
            early_season: longer < LONGER,
            insufficient,
        }
    }
}

/// Makes divided by attempts, with three decimals.
fn fraction(shots: Shots) -> Option<f64> {
    shots.fraction().map(|fraction| round(fraction, 3))
}

/// Percentages of assisted and unassisted makes, over the games where both are known.
fn push_creation(row: &mut RowBuilder, window: &[ShotGame]) {
    let games = window.iter().filter(|game| game.shots.is_some());
    let makes = games
        .filter_map(|game| game.makes)
        .fold(Makes::default(), Add::add);
    let percent = |part: u32| {
        let percent = || round(100.0 * f64::from(part) / f64::from(makes.all), 2);
        (makes.all > 0).then(percent)
    };
    row.push("assisted_rate_last_10", percent(makes.assisted));
    row.push("unassisted_rate_last_10", percent(makes.unassisted));
}

/// The quality of a sample with shot data for `games` of `wanted` games.
const fn quality(games: usize, wanted: usize) -> &'static str {
    match 10 * games / wanted {
        10.. => "excellent",
        7.. => "good",
        5.. => "limited",
        _ => "insufficient",
    }
}

const fn tier(games: usize) -> &'static str {
    match games {
        GAMES.. => "high",
        7.. => "medium",
        _ => "low",
    }
}
