//! Tables: columns, types, keys, partitions, rows, and the DDL and docs generated from them. This module knows neither
//! basketball nor a warehouse connection.

mod admit;
mod carried_type;
mod column;
mod compare;
mod convert;
mod date_type;
mod ddl;
mod decimal;
mod definition;
mod digest;
mod fault;
mod fields;
#[cfg(test)]
pub(crate) mod fixture;
mod inferred;
mod ingestion_time;
mod markdown;
mod moment;
mod name;
mod part;
mod partition_column;
mod row_builder;
mod schema;
mod slice;
mod source_mark;
mod stored_type;
mod type_parser;
mod value;

pub use admit::{Admitted, Candidate, MAX_DESCRIBED, Quarantined, admit, admit_on, row_fault};
pub use carried_type::{CarriedType, RangeOf, StructField};
pub use column::{Column, ColumnType, Decimals, Stamp};
pub use compare::{Changed, Comparison, compare, row_name};
pub use convert::{from_answer, from_text};
pub use date_type::DateType;
pub use ddl::{bigquery_table, sqlite_index, sqlite_table, text_literal};
pub use definition::TableDef;
pub use digest::digest;
pub use fault::{FaultKind, RowFault};
pub use fields::{FieldError, FieldReader};
pub use inferred::{inferred_columns, stored_columns};
pub use ingestion_time::{PARTITION_DATE, PARTITION_TIME, partition_time};
pub use markdown::markdown;
pub use moment::{parse_datetime, parse_day, parse_moment, parse_time};
pub use name::{
    RESERVED, is_name, readable_path, refuse_column_name, sql_name, sql_names, sqlite_path, sqlite_schema,
    table_path,
};
pub use part::Part;
pub use partition_column::{
    PartitionColumn, date_literal, named_partition, partition_of, start_literal, start_type,
    timestamp_literal,
};
pub use row_builder::RowBuilder;
pub use schema::{
    Dialect, Partitioning, Returned, Schema, SchemaChange, SchemaDifference, Site, StoredColumn, Weight,
    column_mismatches, differences,
};
pub use slice::{Slice, SliceValue};
pub use source_mark::SourceMark;
pub use stored_type::StoredType;
pub use type_parser::TypeError;
pub use value::{Row, Value, rows_on};
