//! Lexical analysis of `GoogleSQL`: tokens, parameters, and the tables a query reads. Pure and not recursive, so no
//! query is too deep. This module knows no warehouse and no plan.

mod depth;
mod limited;
mod reading;
mod reserved;
mod script;
mod tables;
mod words;

pub use depth::{Depth, on_a_deep_stack, refuse_too_deep};
pub use limited::limited;
pub use reading::refuse_writing;
pub use reserved::is_reserved;
pub use script::QueryScript;
pub use tables::{TableName, renamed, tables};
pub use words::{changed, parameters, tokens};
