//! The tables of the warehouse as far as the text of a translation depends on them: a wildcard stands for those there are,
//! and a variable must not have the name of a column.

use std::collections::BTreeMap;

use super::TableTypes;
use crate::sql::{QueryScript, TableName, tables};
use crate::table::{RESERVED, sqlite_schema};

/// The columns of each table, by the schema of its dataset and its name.
pub(in crate::warehouse::sqlite) type TableCatalog = BTreeMap<(String, String), TableTypes>;

/// One table of a wildcard.
pub(in crate::warehouse::sqlite) struct WildcardTable<'c> {
    pub(in crate::warehouse::sqlite) name: &'c str,
    /// The end of its name.
    pub(super) suffix: &'c str,
    pub(super) columns: &'c TableTypes,
}

/// Whether the translation of a query depends on the tables there are.
pub(in crate::warehouse::sqlite) fn needs_catalog(sql: &str) -> bool {
    let declares = QueryScript::of(sql).is_ok_and(|script| !script.before.is_empty());
    declares || tables(sql).is_ok_and(|tables| tables.iter().any(TableName::is_wildcard))
}

/// The tables of a dataset whose names begin with this, by name.
pub(in crate::warehouse::sqlite) fn matching<'c>(
    catalog: &'c TableCatalog,
    dataset: &str,
    prefix: &str,
) -> Vec<WildcardTable<'c>> {
    let schema = sqlite_schema(dataset);
    let is_own = |name: &str| name.starts_with(RESERVED) || name.starts_with("sqlite_");
    (catalog.iter())
        .filter(|((held, name), _)| held.eq_ignore_ascii_case(&schema) && !is_own(name))
        .filter_map(|((_, name), columns)| {
            Some(WildcardTable {
                name,
                suffix: name.strip_prefix(prefix)?,
                columns,
            })
        })
        .collect()
}
