//! The state of the runbook: a pure function of ledger data, shared by the console, `status` and the report. This
//! module records nothing and knows no engine or warehouse.

mod condition;
mod facts;
mod item;
mod manual;
mod state;

pub use facts::RunbookFacts;
pub use item::{Item, derive};
pub use manual::may_tick;
pub use state::ItemState;

#[cfg(test)]
mod tests;
