//! The state of the runbook: a pure function of ledger data, shared by the console, `status` and the report. This
//! module records nothing and knows no engine or warehouse.

mod condition;
mod facts;
mod item;
mod manual;

pub use facts::Facts;
pub use item::{Item, ItemState, derive};
pub use manual::may_tick;

#[cfg(test)]
mod tests;
