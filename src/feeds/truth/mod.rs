//! The proof of the whole: what the rules make of the feeds of five seasons, clean or as bad as in January 2026, equals
//! what is known from elsewhere.

mod player_game;
mod team_defense;
mod team_offense;

use std::collections::HashMap;
use std::iter::Peekable;
use std::sync::LazyLock;

use chrono::NaiveDate;

use super::league::{Stat, TeamLine};
use super::*;
use crate::nba::DateOutcome;
use crate::nba::raw::Feeds;
use crate::table::{TableDef, Value};

static LEAGUE: LazyLock<Arc<League>> = LazyLock::new(|| Arc::new(league::shipped().unwrap()));

/// Game id and team, or game id and player.
type Key = (String, String);

/// A feed read the way a warehouse reads it: some columns, one date at a time.
struct Reading {
    feed: Feed,
    positions: Vec<usize>,
    rows: Peekable<Box<dyn Iterator<Item = Row> + Send>>,
}

impl Reading {
    fn new(feed: Feed, faults: &Arc<Profile>) -> Self {
        let positions = feed
            .columns()
            .iter()
            .map(|column| feed.table().position(column).unwrap())
            .collect();
        Self {
            feed,
            positions,
            rows: filling(feed, &LEAGUE, faults).rows.peekable(),
        }
    }

    fn on(&mut self, date: NaiveDate, feeds: &mut Feeds) {
        let mut read = Vec::new();
        let at = self.positions[0];
        while let Some(row) = self.rows.next_if(|row| row[at].as_date() == Some(date)) {
            read.push(
                self.positions
                    .iter()
                    .map(|&position| row[position].clone())
                    .collect(),
            );
        }
        feeds.put(self.feed, read);
    }
}

/// Every game date with its feeds.
fn dates(profile: &str) -> impl Iterator<Item = (NaiveDate, Feeds)> {
    let faults = Arc::new(Profile::open(profile).unwrap());
    let mut readings = Feed::ALL.map(|feed| Reading::new(feed, &faults));
    let mut dates: Vec<NaiveDate> = LEAGUE.schedule().iter().map(|(_, game)| game.date()).collect();
    dates.dedup();
    dates.into_iter().map(move |date| {
        let mut feeds = Feeds::default();
        for reading in &mut readings {
            reading.on(date, &mut feeds);
        }
        (date, feeds)
    })
}

/// The named columns of a row, by name.
struct Cells<'a> {
    table: &'static TableDef,
    row: &'a Row,
}

impl Cells<'_> {
    fn get(&self, column: &str) -> &Value {
        &self.row[self.table.position(column).unwrap()]
    }

    fn key(&self, other: &str) -> Key {
        (self.get("game_id").to_string(), self.get(other).to_string())
    }
}

fn cells<'a>(table: &'static TableDef, outcome: &'a DateOutcome) -> impl Iterator<Item = Cells<'a>> {
    outcome.rows.iter().map(move |row| Cells { table, row })
}

/// The official totals, which no reconstruction sees.
fn official() -> HashMap<Key, &'static TeamLine> {
    LEAGUE
        .teams
        .iter()
        .map(|line| {
            (
                (LEAGUE.game(line.game).unwrap().to_string(), line.team.to_string()),
                line,
            )
        })
        .collect()
}

fn known(line: &TeamLine, stat: Stat) -> Value {
    line.counts.get(stat).map(i64::from).into()
}
