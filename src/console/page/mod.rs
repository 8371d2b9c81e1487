//! The pages: one file each, with its keys, its text to copy and its drawing. A page is drawn over the panes and receives
//! every key while it is open; its state is in the model.

mod about;
pub mod breakdown;
pub mod causes;
mod confirm;
pub mod cost;
pub mod detail;
mod failing_dates;
pub mod gaps;
mod help;
mod leave;
pub mod overview;
mod question;
pub mod runbook;
pub mod sample;
pub mod sources;
mod take_control;
