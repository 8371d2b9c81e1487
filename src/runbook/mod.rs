//! How the operator's list of items stands: one pure function from the facts of the ledger, shared by the console,
//! `status` and the report. This room decides nothing and records nothing; it knows no engine and no warehouse.

mod condition;
mod facts;
mod item;
mod manual;

pub use facts::Facts;
pub use item::{Item, ItemState, derive};
pub use manual::may_tick;

#[cfg(test)]
mod tests;
