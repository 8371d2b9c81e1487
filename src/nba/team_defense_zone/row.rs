//! The row of a team: its window summed and divided, in column order.

use std::sync::LazyLock;

use chrono::NaiveDate;

use super::league::League;
use super::{DefendedGame, GAMES};
use crate::nba::averages::mean;
use crate::nba::cells::how_many;
use crate::nba::data_hash::HashedColumns;
use crate::nba::formulas::round;
use crate::nba::ids::TeamCode;
use crate::nba::raw::Zone;
use crate::nba::{Completeness, Finals, ZoneShots, tables};
use crate::table::{Row, Value};

/// The reason for unknown zones.
pub(super) const NO_SHOT_DATA: &str = "no game of the window has shot data";

/// What a team allowed in a window.
struct Allowed<'a> {
    window: &'a [DefendedGame],
    /// Games with shot data.
    games: usize,
    shots: ZoneShots,
    /// Games with shot data and known blocks.
    games_with_blocks: usize,
    blocks: [u32; Zone::COUNT],
}

/// The row of one team. The window must not be empty.
pub(super) fn row(
    team: TeamCode,
    date: NaiveDate,
    window: &[DefendedGame],
    finals: &Finals,
    league: &League,
) -> Row {
    static HASHED: LazyLock<HashedColumns> =
        LazyLock::new(|| HashedColumns::new(tables::team_defense_zone_business()));
    let table = tables::team_defense_zone();
    let allowed = Allowed::over(window);
    let mut row = Row::with_capacity(table.columns.len());
    row.extend([team.as_str().into(), date.into()]);
    row.extend(allowed.paint(league));
    row.extend(allowed.zone(Zone::MidRange, league));
    row.extend(allowed.zone(Zone::Three, league));
    row.extend(allowed.whole());
    row.extend(allowed.extremes(league));
    row.extend([allowed.tier().into(), allowed.notes(league).into()]);
    let completeness = allowed.completeness(team, date, finals, league);
    completeness.end_row(row, date, finals, &HASHED, table)
}

impl<'a> Allowed<'a> {
    fn over(window: &'a [DefendedGame]) -> Self {
        let shots = || window.iter().filter_map(|game| game.shots);
        let with_shots = window.iter().filter(|game| game.shots.is_some());
        let mut games_with_blocks = 0;
        let mut blocks = [0; Zone::COUNT];
        for blocked in with_shots.filter_map(|game| game.blocks) {
            games_with_blocks += 1;
            for (sum, blocked) in blocks.iter_mut().zip(blocked) {
                *sum += blocked;
            }
        }
        Self {
            window,
            games: shots().count(),
            shots: shots().sum(),
            games_with_blocks,
            blocks,
        }
    }

    /// Fraction, attempts, blocks, and difference to the league.
    fn zone(&self, zone: Zone, league: &League) -> [Value; 4] {
        let shots = self.shots.from(zone);
        [
            shots.fraction().map(|fraction| round(fraction, 3)).into(),
            per_game(shots.attempts, self.games).into(),
            per_game(self.blocks[zone as usize], self.games_with_blocks).into(),
            // Adding 0.0 turns a rounded −0.0 into 0.0.
            self.above(zone, league)
                .map(|points| round(points, 2) + 0.0)
                .into(),
        ]
    }

    /// The same for the paint, which also has points.
    fn paint(&self, league: &League) -> [Value; 5] {
        let [fraction, attempts, blocks, above] = self.zone(Zone::Paint, league);
        let points = per_game(2 * self.shots.from(Zone::Paint).makes, self.games);
        [fraction, attempts, points.into(), blocks, above]
    }

    /// Percentage points above the league; positive is a worse defence.
    fn above(&self, zone: Zone, league: &League) -> Option<f64> {
        let fraction = self.shots.from(zone).fraction()?;
        Some(100.0 * (fraction - league.fraction(zone)))
    }

    /// Values that don't depend on zones: rating, points, pace, and the number of games.
    fn whole(&self) -> [Value; 4] {
        let window = self.window.iter();
        let rating = mean(window.clone().filter_map(|game| game.rating));
        let points = mean(window.clone().filter_map(|game| game.points).map(f64::from));
        let pace = mean(window.filter_map(|game| game.pace));
        [
            rating.map(|rating| round(rating, 2)).into(),
            points.map(|points| round(points, 1)).into(),
            pace.map(|pace| round(pace, 1)).into(),
            how_many(self.window.len()),
        ]
    }

    /// The strongest and the weakest zone. On a tie, the one nearer to the basket.
    fn extremes(&self, league: &League) -> [Value; 2] {
        let zones = [
            (Zone::Paint, "paint"),
            (Zone::MidRange, "mid_range"),
            (Zone::Three, "perimeter"),
        ];
        let least = |sign: f64| {
            let above = zones
                .iter()
                .filter_map(|(zone, name)| Some((sign * self.above(*zone, league)?, *name)));
            let least = above.min_by(|(one, _), (two, _)| one.total_cmp(two));
            least.map(|(_, name)| name).into()
        };
        [least(1.0), least(-1.0)]
    }

    const fn tier(&self) -> &'static str {
        match self.games {
            GAMES.. => "high",
            10.. => "medium",
            _ => "low",
        }
    }

    fn notes(&self, league: &League) -> String {
        let mut notes = vec![format!(
            "shot data of {} of {} games",
            self.games,
            self.window.len()
        )];
        if self.games > 0 {
            let zones = [
                (Zone::Paint, "in the paint"),
                (Zone::MidRange, "from mid-range"),
                (Zone::Three, "of three"),
            ];
            let untried = zones
                .iter()
                .filter(|(zone, _)| self.shots.from(*zone).attempts == 0);
            notes.extend(untried.map(|(_, place)| format!("no attempt {place}")));
            notes.push(match league.teams() {
                Some(teams) => format!("league average of {teams} teams"),
                None => "standing league average".to_owned(),
            });
        }
        notes.join("; ")
    }

    fn completeness(
        &self,
        team: TeamCode,
        date: NaiveDate,
        finals: &Finals,
        league: &League,
    ) -> Completeness {
        let full = self.window.len() >= GAMES;
        let expected = if full {
            finals.alongside(self.window, date)
        } else {
            finals.before(team, date)
        };
        let mut issues = Vec::new();
        if self.games == 0 {
            issues.push("shot_zones_unavailable".to_owned());
        } else if self.games < self.window.len() {
            issues.push(format!("shot_zones_partial:{}/{}", self.games, self.window.len()));
        }
        if self.games > 0 && league.teams().is_none() {
            issues.push("standing_league_average".to_owned());
        }
        Completeness {
            expected,
            actual: self.window.len(),
            issues,
            early_season: !full,
            insufficient: (self.games == 0).then(|| NO_SHOT_DATA.to_owned()),
        }
    }
}

/// A sum divided by the number of games, with one decimal; `None` without games.
#[allow(clippy::cast_precision_loss, reason = "a window has 15 games at most")]
fn per_game(sum: u32, games: usize) -> Option<f64> {
    (games > 0).then(|| round(f64::from(sum) / games as f64, 1))
}
