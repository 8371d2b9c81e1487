//! Reads a file of rows, CSV or JSON lines, for import into a table: finds its columns, infers or applies their types,
//! and converts every value or rejects its row with a reason. Must not know a warehouse, a plan or the command line.

mod cell;
mod csv_rows;
mod error;
mod file;
mod format;
mod infer;
mod json_fields;
mod json_rows;
mod quotes;
mod rows;
mod types;

pub use error::{ImportError, RejectedRows};
pub use file::{ImportFile, Pass};
pub use format::FileFormat;
pub use infer::inferred;
pub use rows::{CheckedFile, ImportRows, check};

/// Most columns of an imported table. `SQLite` allows 2,000.
pub const MAX_COLUMNS: usize = 1_000;

/// Most bytes of a row in the file. A quote that is never closed takes the rest of the file for one row.
pub const MAX_ROW_BYTES: u64 = 16 * 1024 * 1024;
