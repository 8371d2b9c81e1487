//! Tests of the rule with hand-computed results, on [`fixtures`](super::super::games::fixtures).

mod from_players;
mod from_team_box;

use super::*;
use crate::nba::games::fixtures::*;
use crate::nba::raw::Feed;
use crate::nba::tables;
use crate::table::{Row, Value};

const RECONSTRUCT: Source = Source::Reconstruct { forced: false };

fn compute(source: Source, filled: impl IntoIterator<Item = (Feed, Vec<Row>)>) -> DateOutcome {
    team_offense(date(), source, &feeds(filled))
}

/// One column of a team's row.
fn value(outcome: &DateOutcome, team: &str, column: &str) -> Value {
    cell(outcome, tables::team_offense(), ("team_abbr", team), column)
}
