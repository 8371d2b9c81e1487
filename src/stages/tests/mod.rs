//! Tests of the stages on an embedded warehouse.

mod look_back;
mod players;
