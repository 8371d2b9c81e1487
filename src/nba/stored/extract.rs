//! What rules that look back read: extracts of the schedule and of stored tables, for a batch of dates.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;

use super::{
    Appearance, Cached, DefenseLogs, DefenseZones, Factors, PlayerLogs, PlayerZones, ShotLogs, TeamLogs,
};
use crate::nba::ids::TeamCode;
use crate::nba::raw::{BadRow, ScheduleRow};
use crate::nba::{Finals, tables};
use crate::table::{Row, TableDef, rows_on};

/// Some columns of a table, of the season before a date or of the date itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extract {
    /// The finished games of the season.
    Finals,
    /// The players' shots of the season.
    ShotLogs,
    /// The teams' defence of the season.
    DefenseLogs,
    /// The players' games of the season.
    PlayerLogs,
    /// The teams' games of the season.
    TeamLogs,
    /// The games of the date.
    Schedule,
    /// The players with a game on the date.
    Appearances,
    /// The players' form on the date.
    Cached,
    /// The players' scores on the date.
    Factors,
    /// The players' shot zones on the date.
    PlayerZones,
    /// The teams' defence by zone on the date.
    DefenseZones,
}

impl Extract {
    /// The table it is read from.
    #[must_use]
    pub fn table(self) -> &'static TableDef {
        match self {
            Self::Finals | Self::Schedule => tables::schedule(),
            Self::ShotLogs | Self::PlayerLogs | Self::Appearances => tables::player_game(),
            Self::DefenseLogs => tables::team_defense(),
            Self::TeamLogs => tables::team_offense(),
            Self::Cached => tables::player_daily_cache(),
            Self::Factors => tables::player_composite(),
            Self::PlayerZones => tables::player_shot_zone(),
            Self::DefenseZones => tables::team_defense_zone(),
        }
    }

    /// The columns to read, in the required order; the date is always first.
    #[must_use]
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Finals | Self::Schedule => ScheduleRow::COLUMNS,
            Self::ShotLogs => ShotLogs::COLUMNS,
            Self::DefenseLogs => DefenseLogs::COLUMNS,
            Self::PlayerLogs => PlayerLogs::COLUMNS,
            Self::TeamLogs => TeamLogs::COLUMNS,
            Self::Appearances => Appearance::COLUMNS,
            Self::Cached => Cached::COLUMNS,
            Self::Factors => Factors::COLUMNS,
            Self::PlayerZones => PlayerZones::COLUMNS,
            Self::DefenseZones => DefenseZones::COLUMNS,
        }
    }

    /// Whether it is of the season before a date, not of the date itself.
    #[must_use]
    pub const fn is_of_season(self) -> bool {
        matches!(
            self,
            Self::Finals | Self::ShotLogs | Self::DefenseLogs | Self::PlayerLogs | Self::TeamLogs
        )
    }
}

/// The extracts of a batch of dates. Those that weren't added are empty. A clone shares the seasons.
#[derive(Debug, Clone, Default)]
pub struct Extracts {
    /// The finished games of the season.
    pub finals: Arc<Finals>,
    pub(in crate::nba) shots: Arc<ShotLogs>,
    pub(in crate::nba) defense: Arc<DefenseLogs>,
    pub(in crate::nba) players: Arc<PlayerLogs>,
    pub(in crate::nba) teams: Arc<TeamLogs>,
    pub(in crate::nba) schedule: Vec<Row>,
    pub(in crate::nba) appearances: Vec<Row>,
    pub(in crate::nba) cached: Vec<Row>,
    pub(in crate::nba) factors: Vec<Row>,
    pub(in crate::nba) player_zones: Vec<Row>,
    pub(in crate::nba) defense_zones: Vec<Row>,
}

impl Extracts {
    /// Adds an extract: rows of [`Extract::columns`], ordered by date. Those of a season are parsed here, once for all
    /// dates.
    ///
    /// # Errors
    /// If a row of the season has an invalid field.
    pub fn put(&mut self, extract: Extract, rows: Vec<Row>) -> Result<(), BadRow> {
        match extract {
            Extract::Finals => self.finals = Finals::read(&rows).into(),
            Extract::ShotLogs => self.shots = ShotLogs::read(&rows)?.into(),
            Extract::DefenseLogs => self.defense = DefenseLogs::read(&rows)?.into(),
            Extract::PlayerLogs => self.players = PlayerLogs::read(&rows)?.into(),
            Extract::TeamLogs => self.teams = TeamLogs::read(&rows)?.into(),
            Extract::Schedule => self.schedule = rows,
            Extract::Appearances => self.appearances = rows,
            Extract::Cached => self.cached = rows,
            Extract::Factors => self.factors = rows,
            Extract::PlayerZones => self.player_zones = rows,
            Extract::DefenseZones => self.defense_zones = rows,
        }
        Ok(())
    }

    pub(in crate::nba) fn appearances(&self, date: NaiveDate) -> Result<Vec<Appearance<'_>>, BadRow> {
        let rows = rows_on(&self.appearances, date).iter();
        rows.map(Appearance::parse).collect()
    }

    pub(in crate::nba) fn cached(&self, date: NaiveDate) -> Result<HashMap<&str, Cached>, BadRow> {
        rows_on(&self.cached, date).iter().map(Cached::parse).collect()
    }

    pub(in crate::nba) fn factors(&self, date: NaiveDate) -> Result<HashMap<&str, Factors>, BadRow> {
        rows_on(&self.factors, date).iter().map(Factors::parse).collect()
    }

    pub(in crate::nba) fn player_zones(&self, date: NaiveDate) -> Result<HashMap<&str, PlayerZones>, BadRow> {
        let rows = rows_on(&self.player_zones, date).iter();
        rows.map(PlayerZones::parse).collect()
    }

    pub(in crate::nba) fn defense_zones(
        &self,
        date: NaiveDate,
    ) -> Result<HashMap<TeamCode, DefenseZones>, BadRow> {
        let rows = rows_on(&self.defense_zones, date).iter();
        rows.map(DefenseZones::parse).collect()
    }
}
