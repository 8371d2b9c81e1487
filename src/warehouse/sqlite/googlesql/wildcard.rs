//! Wildcard tables: all tables of a dataset whose names begin alike, as one, with the rest of the name in `_TABLE_SUFFIX`.
//! As in `BigQuery`, they have the columns of one table, here the last by name; other tables have NULL in those they lack.

use sqlparser::ast::{SelectItem, SelectItemQualifiedWildcardKind, TableFactor, TableWithJoins};

use super::catalog::{WildcardTable, matching};
use super::name::{dotted, single};
use super::refusal::SqlRefusal;
use super::{SqlWriter, Written, literal};
use crate::table::{sql_name, sql_names, sqlite_path, sqlite_schema};

/// The pseudo column with the end of a table's name.
pub(super) const SUFFIX: &str = "_TABLE_SUFFIX";

/// `SQLite` takes 500 SELECTs in one UNION.
const MAX_TERMS: usize = 400;

/// The dataset and the beginning of the names, if a table's name is a wildcard.
pub(super) fn wildcard(name: &str) -> Option<(&str, &str)> {
    let (path, prefix) = name.strip_suffix('*')?.rsplit_once('.')?;
    let dataset = path.rsplit_once('.').map_or(path, |(_, dataset)| dataset);
    let is_plain = |part: &str| {
        part.bytes()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == b'_')
    };
    (!dataset.is_empty() && is_plain(dataset) && is_plain(prefix)).then_some((dataset, prefix))
}

impl SqlWriter<'_> {
    /// All tables of a wildcard as one. Without any, the name itself, which is then reported as missing.
    pub(super) fn wildcard_table(&mut self, dataset: &str, prefix: &str) -> Written {
        let tables = matching(self.catalog, dataset, prefix);
        let Some(newest) = tables.last() else {
            return Ok(sqlite_path(dataset, &format!("{prefix}*")));
        };
        let selects: Result<Vec<String>, SqlRefusal> =
            tables.iter().map(|table| one(dataset, table, newest)).collect();
        let unions: Vec<String> = selects?
            .chunks(MAX_TERMS)
            .map(|terms| terms.join(" UNION ALL "))
            .collect();
        let read: Vec<(String, String)> = (tables.iter())
            .map(|table| (sqlite_schema(dataset), table.name.to_owned()))
            .collect();
        self.read.extend(read);
        Ok(match unions.as_slice() {
            [only] => format!("({only})"),
            several => format!(
                "(SELECT * FROM ({}))",
                several.join(") UNION ALL SELECT * FROM (")
            ),
        })
    }

    /// The columns of `*` or `table.*` over a wildcard table, which `_TABLE_SUFFIX` is not one of; `None` over other tables.
    pub(super) fn wildcard_columns(
        &self,
        item: &SelectItem,
        from: &[TableWithJoins],
    ) -> Result<Option<String>, SqlRefusal> {
        let of = match item {
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(of), _) => {
                single(of).map(|of| of.value.as_str())
            }
            _ => None,
        };
        let all = from.iter().flat_map(|table| {
            std::iter::once(&table.relation).chain(table.joins.iter().map(|join| &join.relation))
        });
        let relations: Vec<(Option<&str>, Option<Vec<&str>>)> = all
            .map(|relation| self.wildcard_relation(relation))
            .filter(|(alias, _)| {
                of.is_none_or(|of| alias.is_some_and(|alias| alias.eq_ignore_ascii_case(of)))
            })
            .collect();
        match relations.as_slice() {
            [(alias, Some(columns))] => {
                let qualifier = alias.map_or_else(String::new, |alias| format!("{}.", sql_name(alias)));
                let columns = columns
                    .iter()
                    .map(|column| format!("{qualifier}{}", sql_name(column)));
                Ok(Some(columns.collect::<Vec<_>>().join(", ")))
            }
            several if several.iter().any(|(_, columns)| columns.is_some()) => Err(SqlRefusal::construct(
                "SELECT * of a wildcard table and another one",
            )),
            _ => Ok(None),
        }
    }

    /// The alias of a table in FROM, and its columns if it is a wildcard.
    fn wildcard_relation<'r>(&'r self, relation: &'r TableFactor) -> (Option<&'r str>, Option<Vec<&'r str>>) {
        let TableFactor::Table { name, alias, .. } = relation else {
            return (None, None);
        };
        let alias = alias.as_ref().map(|alias| alias.name.value.as_str());
        let whole = dotted(name).unwrap_or_default();
        let newest =
            wildcard(&whole).and_then(|(dataset, prefix)| matching(self.catalog, dataset, prefix).pop());
        let columns = newest.map(|newest| newest.columns.iter().map(|(name, _)| name.as_str()).collect());
        (alias, columns)
    }
}

/// The SELECT of one of the tables.
fn one(dataset: &str, table: &WildcardTable<'_>, newest: &WildcardTable<'_>) -> Written {
    let column = |(name, kind): &(String, Option<crate::table::ColumnType>)| {
        let held = (table.columns.iter()).find(|(held, _)| held.eq_ignore_ascii_case(name));
        match (held, kind) {
            (None, _) => Ok(format!("NULL AS {}", sql_name(name))),
            (Some((_, Some(held))), Some(kind)) if held != kind => Err(SqlRefusal::other_types(
                &format!("{dataset}.{}", table.name),
                &format!("{dataset}.{}", newest.name),
                name,
                [&held.to_string(), &kind.to_string()],
            )),
            (Some(_), _) => Ok(sql_names([name])),
        }
    };
    let columns: Result<Vec<String>, SqlRefusal> = newest.columns.iter().map(column).collect();
    Ok(format!(
        "SELECT {}, {} AS {SUFFIX} FROM {}",
        columns?.join(", "),
        literal::text(table.suffix),
        sqlite_path(dataset, table.name)
    ))
}
