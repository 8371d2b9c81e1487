//! The row of a team: its window summed and divided.

use std::sync::LazyLock;

use chrono::NaiveDate;

use super::GAMES;
use super::league::LeagueRates;
use crate::nba::averages::mean;
use crate::nba::cells::how_many;
use crate::nba::data_hash::HashedColumns;
use crate::nba::ids::TeamCode;
use crate::nba::raw::Zone;
use crate::nba::rounding::{round, rounded};
use crate::nba::stored::DefendedGame;
use crate::nba::{Completeness, Finals, ZoneShots, tables};
use crate::table::{Row, RowBuilder};

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
    league: &LeagueRates,
) -> Row {
    static HASHED: LazyLock<HashedColumns> =
        LazyLock::new(|| HashedColumns::new(tables::team_defense_zone::BUSINESS));
    let allowed = Allowed::over(window);
    let mut row = RowBuilder::new(tables::team_defense_zone());
    row.push("team_abbr", team.as_str());
    row.push("analysis_date", date);
    allowed.push_zones(&mut row, league);
    allowed.push_averages(&mut row);
    row.push("games_in_sample", how_many(window.len()));
    row.push("strongest_zone", allowed.least(|above| above, league));
    row.push("weakest_zone", allowed.least(|above| -above, league));
    row.push("data_quality_tier", allowed.tier());
    row.push("calculation_notes", allowed.notes(league));
    let completeness = allowed.completeness(team, date, finals, league);
    completeness.end_row(row, date, finals, &HASHED)
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

    fn push_zones(&self, row: &mut RowBuilder, league: &LeagueRates) {
        let fraction = |zone| {
            self.shots
                .from(zone)
                .fraction()
                .map(|fraction| round(fraction, 3))
        };
        let attempts = |zone| per_game(self.shots.from(zone).attempts, self.games);
        let blocks = |zone| per_game(self.blocks[zone as usize], self.games_with_blocks);
        // Adding 0.0 turns a rounded −0.0 into 0.0.
        let above = |zone| self.above(zone, league).map(|points| round(points, 2) + 0.0);
        let paint_points = per_game(2 * self.shots.from(Zone::Paint).makes, self.games);
        row.push("paint_pct_allowed_last_15", fraction(Zone::Paint));
        row.push("paint_attempts_allowed_per_game", attempts(Zone::Paint));
        row.push("paint_points_allowed_per_game", paint_points);
        row.push("paint_blocks_per_game", blocks(Zone::Paint));
        row.push("paint_defense_vs_league_avg", above(Zone::Paint));
        row.push("mid_range_pct_allowed_last_15", fraction(Zone::MidRange));
        row.push("mid_range_attempts_allowed_per_game", attempts(Zone::MidRange));
        row.push("mid_range_blocks_per_game", blocks(Zone::MidRange));
        row.push("mid_range_defense_vs_league_avg", above(Zone::MidRange));
        row.push("three_pt_pct_allowed_last_15", fraction(Zone::Three));
        row.push("three_pt_attempts_allowed_per_game", attempts(Zone::Three));
        row.push("three_pt_blocks_per_game", blocks(Zone::Three));
        row.push("three_pt_defense_vs_league_avg", above(Zone::Three));
    }

    /// Percentage points above the league; positive is a worse defence.
    fn above(&self, zone: Zone, league: &LeagueRates) -> Option<f64> {
        let fraction = self.shots.from(zone).fraction()?;
        Some(100.0 * (fraction - league.fraction(zone)))
    }

    /// Averages that don't depend on zones.
    fn push_averages(&self, row: &mut RowBuilder) {
        let average = |value: fn(&DefendedGame) -> Option<f64>, digits| {
            rounded(mean(self.window.iter().filter_map(value)), digits)
        };
        let points = |game: &DefendedGame| game.points.map(f64::from);
        row.push("defensive_rating_last_15", average(|game| game.rating, 2));
        row.push("opponent_points_per_game", average(points, 1));
        row.push("opponent_pace", average(|game| game.pace, 1));
    }

    /// The zone where this rank of the points above the league is least. On a tie, the one nearer to the basket.
    fn least(&self, rank: fn(f64) -> f64, league: &LeagueRates) -> Option<&'static str> {
        let zones = [
            (Zone::Paint, "paint"),
            (Zone::MidRange, "mid_range"),
            (Zone::Three, "perimeter"),
        ];
        let known = zones
            .iter()
            .filter_map(|(zone, name)| Some((rank(self.above(*zone, league)?), *name)));
        let least = known.min_by(|(one, _), (two, _)| one.total_cmp(two));
        least.map(|(_, name)| name)
    }

    const fn tier(&self) -> &'static str {
        match self.games {
            GAMES.. => "high",
            10.. => "medium",
            _ => "low",
        }
    }

    fn notes(&self, league: &LeagueRates) -> String {
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
        league: &LeagueRates,
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
