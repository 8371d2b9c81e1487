//! League averages per zone, the reference for a team's defence.

use chrono::NaiveDate;

use crate::nba::ZoneShots;
use crate::nba::averages::mean;
use crate::nba::ids::TeamCode;
use crate::nba::raw::Zone;
use crate::nba::stored::DefenseLogs;

/// Length of the league window, in days.
const DAYS: u64 = 30;

/// Minimum number of games with shot data in the window for a team to count.
const GAMES: usize = 10;

/// Minimum number of teams for an average. With fewer, the fixed values apply.
const TEAMS: usize = 10;

/// Fixed league fractions, for a season that is too young or has no shot data.
const FALLBACK_FRACTIONS: [f64; Zone::COUNT] = [0.580, 0.410, 0.355];

/// The league's field goal fraction by zone.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LeagueRates {
    fractions: [f64; Zone::COUNT],
    teams: Option<usize>,
}

impl LeagueRates {
    /// The mean of the teams' fractions over the 30 days ending on the day before the date.
    pub(super) fn before(date: NaiveDate, logs: &DefenseLogs) -> Self {
        let allowed = |team| {
            let games = logs
                .of(team)
                .last_days(DAYS, date)
                .iter()
                .filter_map(|game| game.shots);
            (games.clone().count() >= GAMES).then(|| games.sum())
        };
        let teams: Vec<ZoneShots> = TeamCode::all().filter_map(allowed).collect();
        if teams.len() < TEAMS {
            return Self {
                fractions: FALLBACK_FRACTIONS,
                teams: None,
            };
        }
        let average = |zone| {
            let fractions = teams.iter().filter_map(|shots| shots.from(zone).fraction());
            mean(fractions).unwrap_or(FALLBACK_FRACTIONS[zone as usize])
        };
        Self {
            fractions: [Zone::Paint, Zone::MidRange, Zone::Three].map(average),
            teams: Some(teams.len()),
        }
    }

    /// The fraction of a zone.
    pub(super) const fn fraction(&self, zone: Zone) -> f64 {
        self.fractions[zone as usize]
    }

    /// The number of teams in the average; `None` for the fixed values.
    pub(super) const fn teams(&self) -> Option<usize> {
        self.teams
    }
}
