//! What a table is: columns, types, key, partition, rows, and the DDL and the page made from them.
//! This room knows neither basketball nor any warehouse connection.

mod admit;
mod column;
mod compare;
mod ddl;
mod definition;
mod digest;
mod fields;
#[cfg(test)]
pub(crate) mod fixture;
mod markdown;
mod part;
mod value;

pub use admit::{Admitted, Quarantined, admit, admit_on};
pub use column::{Column, ColumnType, Stamp};
pub use compare::{Changed, Comparison, compare, row_name};
pub use ddl::{bigquery_table, sqlite_index, sqlite_table, text_literal};
pub use definition::TableDef;
pub use digest::digest;
pub use fields::{FieldError, Fields};
pub use markdown::markdown;
pub use part::Part;
pub use value::{Row, Value, rows_on};
