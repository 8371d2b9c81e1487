//! The row of a player: both windows summed and divided, in column order.

use std::ops::Add;
use std::sync::LazyLock;

use chrono::NaiveDate;

use super::log::Makes;
use super::{GAMES, LONGER, Shooter, ShotGame};
use crate::nba::cells::how_many;
use crate::nba::data_hash::HashedColumns;
use crate::nba::formulas::round;
use crate::nba::raw::Zone;
use crate::nba::{Completeness, Finals, Shots, ZoneShots, tables};
use crate::table::{Row, Value};

/// The reason for unknown rates.
pub(super) const NO_SHOT_DATA: &str = "no game of the window has shot data";

/// Minimum number of games with shot data in the longer window.
const FEWEST_OF_LONGER: usize = 15;

/// The sums of a window over its games with shot data.
struct Sample {
    games: usize,
    shots: ZoneShots,
}

/// The row of a player with enough games.
pub(super) fn row(shooter: &Shooter, date: NaiveDate, finals: &Finals) -> Row {
    static HASHED: LazyLock<HashedColumns> =
        LazyLock::new(|| HashedColumns::new(tables::player_shot_zone_business()));
    let table = tables::player_shot_zone();
    let window = shooter.games.newest(GAMES, date);
    let longer = shooter.games.newest(LONGER, date);
    let (ten, twenty) = (Sample::of(window), Sample::of(longer));
    let id = window.last().and_then(|game| game.universal_player_id.as_deref());

    let mut row = Row::with_capacity(table.columns.len());
    row.extend([shooter.player.as_str().into(), id.into(), date.into()]);
    row.extend(ten.rates());
    row.extend([how_many(ten.games), quality(ten.games, GAMES).into()]);
    row.extend(ten.fractions());
    row.extend(ten.per_game());
    row.extend(twenty.paint_if_enough());
    row.extend([how_many(twenty.games), quality(twenty.games, LONGER).into()]);
    row.extend(creation(window));
    row.extend([Value::Null, ten.primary_zone().into(), tier(ten.games).into()]);
    row.push(
        format!(
            "shot data of {} of the last {GAMES} games, of {} of the last {}",
            ten.games,
            twenty.games,
            longer.len()
        )
        .into(),
    );
    let completeness = ten.completeness(window, longer.len(), date, finals);
    completeness.end_row(row, date, finals, &HASHED, table)
}

impl Sample {
    fn of(window: &[ShotGame]) -> Self {
        let shots = || window.iter().filter_map(|game| game.shots);
        Self {
            games: shots().count(),
            shots: shots().sum(),
        }
    }

    /// Shares of the three zones, and the total number of shots.
    fn rates(&self) -> [Value; 4] {
        [
            self.shots.rate(Zone::Paint).into(),
            self.shots.rate(Zone::MidRange).into(),
            self.shots.rate(Zone::Three).into(),
            (self.games > 0).then(|| i64::from(self.shots.attempts())).into(),
        ]
    }

    fn fractions(&self) -> [Value; 3] {
        self.zones().map(|shots| fraction(shots).into())
    }

    #[allow(clippy::cast_precision_loss, reason = "a window has 20 games at most")]
    fn per_game(&self) -> [Value; 3] {
        self.zones().map(|shots| {
            let per_game = || round(f64::from(shots.attempts) / self.games as f64, 1);
            (self.games > 0).then(per_game).into()
        })
    }

    fn paint_if_enough(&self) -> [Value; 2] {
        if self.games < FEWEST_OF_LONGER {
            return [Value::Null, Value::Null];
        }
        let paint = self.shots.from(Zone::Paint);
        [self.shots.rate(Zone::Paint).into(), fraction(paint).into()]
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

    fn zones(&self) -> [Shots; Zone::COUNT] {
        [Zone::Paint, Zone::MidRange, Zone::Three].map(|zone| self.shots.from(zone))
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
fn creation(window: &[ShotGame]) -> [Value; 2] {
    let games = window.iter().filter(|game| game.shots.is_some());
    let makes = games
        .filter_map(|game| game.makes)
        .fold(Makes::default(), Add::add);
    [makes.assisted, makes.unassisted].map(|part| {
        let percent = || round(100.0 * f64::from(part) / f64::from(makes.all), 2);
        (makes.all > 0).then(percent).into()
    })
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
