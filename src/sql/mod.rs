//! What a `GoogleSQL` text says without being run: its words, its parameters, the tables it reads. Pure, and nothing is
//! recursive, so that no query is too deep for it. This room knows no warehouse and no plan.

mod tables;
mod words;

pub use tables::{TableName, renamed, tables};
pub use words::{changed, parameters, tokens};
