//! What the operator does to the run: pausing, leaving, the questions before a rerun. Shared by panes and pages, which it
//! doesn't know.

pub mod confirm;
pub mod leave;
pub mod question;
pub mod run;
