//! What the whole league allows in each zone: what a team's defence is measured against.

use chrono::NaiveDate;

use super::DefenseLogs;
use crate::nba::ZoneShots;
use crate::nba::averages::mean;
use crate::nba::ids::TeamCode;
use crate::nba::raw::Zone;

/// How far the league is looked back on.
const DAYS: u64 = 30;

/// Games with shot data a team must have in these days to be heard.
const GAMES: usize = 10;

/// With fewer teams than this there is no average, only the standing one.
const TEAMS: usize = 10;

/// The league's fractions in a season that is too young, or has no shot data.
const STANDING: [f64; Zone::COUNT] = [0.580, 0.410, 0.355];

/// The league's fraction of shots made, by zone.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct League {
    fractions: [f64; Zone::COUNT],
    teams: Option<usize>,
}

impl League {
    /// The mean of the teams' fractions over the 30 days that end on the day before the date.
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
                fractions: STANDING,
                teams: None,
            };
        }
        let average = |zone| {
            let fractions = teams.iter().filter_map(|shots| shots.from(zone).fraction());
            mean(fractions).unwrap_or(STANDING[zone as usize])
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

    /// From how many teams it was taken; none when it is the standing one.
    pub(super) const fn teams(&self) -> Option<usize> {
        self.teams
    }
}
