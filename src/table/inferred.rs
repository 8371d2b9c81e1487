//! The columns of a table that a query fills, where the plan doesn't declare them: those the query returns, with the type
//! and NOT NULL of the existing column where there is one.

use std::borrow::Cow;

use super::schema::turns_into;
use super::{Column, ColumnType, Returned, Schema, StoredColumn, StoredType, refuse_column_name};

/// The columns of a table, from what its query returns and from the table, if it exists.
///
/// # Errors
/// Every column that can't be one, a sentence each.
pub fn inferred_columns(returned: &[Returned], held: Option<&Schema>) -> Result<Vec<Column>, Vec<String>> {
    let mut columns: Vec<Column> = Vec::with_capacity(returned.len());
    let mut problems = Vec::new();
    let names: Vec<&str> = returned.iter().map(|returned| returned.name.as_str()).collect();
    for (at, returned) in returned.iter().enumerate() {
        let earlier = &names[..at];
        let is_same = |name: &str| name.eq_ignore_ascii_case(&returned.name);
        let stored = held.and_then(|held| held.columns.iter().find(|stored| is_same(&stored.name)));
        if earlier.iter().any(|name| is_same(name)) {
            problems.push(format!(
                "the query returns column '{}' twice; give one of them another alias",
                returned.name
            ));
            continue;
        }
        match column(at, returned, stored) {
            Ok(column) => columns.push(column),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(columns)
    } else {
        Err(problems)
    }
}

/// The columns of an existing table.
///
/// # Errors
/// Names a column whose type backcourt doesn't know.
pub fn stored_columns(held: &Schema) -> Result<Vec<Column>, String> {
    let column = |stored: &StoredColumn| {
        let kind = stored.kind.column_type();
        let kind = kind.ok_or_else(|| format!("column '{}' as '{}'", stored.name, stored.kind))?;
        Ok(of(&stored.name, kind, stored.nullable))
    };
    held.columns.iter().map(column).collect()
}

fn column(at: usize, returned: &Returned, stored: Option<&StoredColumn>) -> Result<Column, String> {
    let name = &returned.name;
    if is_unnamed(name) {
        return Err(format!(
            "column {} of the query has no name; give its expression an alias",
            at + 1
        ));
    }
    refuse_column_name(name).map_err(|problem| format!("the query returns column {problem}"))?;
    let nullable = stored.is_none_or(|stored| stored.nullable);
    // A table of an earlier version tells only how values are stored.
    let is_typed = |stored: &&StoredColumn| !matches!(stored.kind, StoredType::Stored(_));
    let stored = stored
        .filter(is_typed)
        .and_then(|stored| stored.kind.column_type());
    let kind = match (&returned.kind, stored) {
        (None, Some(stored)) => stored,
        (None, None) => {
            return Err(format!(
                "the type of column '{name}' doesn't follow from the query; write CAST(… AS TYPE) AS {name}, or declare \
                 'columns'"
            ));
        }
        (Some(kind), Some(stored)) if turns_into(kind, &stored) && keeps_digits(kind, &stored) => stored,
        (Some(kind), _) => kind.column_type().ok_or_else(|| {
            format!(
                "the query returns column '{name}' as {kind}, which is not supported; cast it in the query"
            )
        })?,
    };
    Ok(of(name, kind, nullable))
}

/// Whether no decimals are lost: the plan doesn't say that they may be rounded. Those of a plain NUMERIC aren't known.
fn keeps_digits(returned: &StoredType, stored: &ColumnType) -> bool {
    match (returned, stored) {
        (StoredType::Exactly(ColumnType::Numeric { scale, .. }), ColumnType::Numeric { scale: held, .. }) => {
            scale <= held
        }
        (StoredType::Exactly(ColumnType::Float64), ColumnType::Numeric { .. }) => false,
        _ => true,
    }
}

/// Both warehouses name an expression without an alias `f0_`, `f1_` and so on.
fn is_unnamed(name: &str) -> bool {
    let number = name.strip_prefix('f').and_then(|rest| rest.strip_suffix('_'));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()))
}

fn of(name: &str, kind: ColumnType, nullable: bool) -> Column {
    Column {
        name: Cow::Owned(name.to_owned()),
        kind,
        nullable,
        stamp: None,
        doc: Cow::Borrowed(""),
        part: None,
    }
}

impl StoredType {
    /// The type as a definition has it; `None` if backcourt doesn't know it.
    #[must_use]
    pub fn column_type(&self) -> Option<ColumnType> {
        match self {
            Self::Exactly(kind) => Some(kind.clone()),
            Self::Numeric => Some(ColumnType::Numeric {
                precision: 38,
                scale: 9,
            }),
            Self::Stored("INTEGER") => Some(ColumnType::Int64),
            Self::Stored("REAL") => Some(ColumnType::Float64),
            Self::Stored(_) => Some(ColumnType::String),
            Self::Other(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn returned(name: &str, kind: Option<&str>) -> Returned {
        Returned {
            name: name.to_owned(),
            kind: kind.map(|kind| StoredType::Exactly(ColumnType::parse(kind).unwrap())),
        }
    }

    fn held(columns: &[(&str, &str, bool)]) -> Schema {
        let column = |(name, kind, nullable): &(&str, &str, bool)| StoredColumn {
            name: (*name).to_owned(),
            kind: StoredType::Exactly(ColumnType::parse(kind).unwrap()),
            nullable: *nullable,
            ignores_case: false,
        };
        Schema {
            columns: columns.iter().map(column).collect(),
            ..Schema::default()
        }
    }

    fn shown(columns: &[Column]) -> Vec<String> {
        let shown = |column: &Column| {
            let null = if column.nullable { "" } else { " NOT NULL" };
            format!("{} {}{null}", column.name, column.kind)
        };
        columns.iter().map(shown).collect()
    }

    #[test]
    fn columns_of_a_new_table_are_those_of_the_query() {
        let query = [
            returned("day", Some("DATE")),
            returned("lines", Some("ARRAY<STRUCT<sku STRING, n INT64>>")),
        ];
        let columns = inferred_columns(&query, None).unwrap();
        assert_eq!(
            shown(&columns),
            ["day DATE", "lines ARRAY<STRUCT<sku STRING, n INT64>>"]
        );
    }

    /// A NUMERIC with fewer decimals would round, and the plan doesn't say that it may.
    #[test]
    fn an_existing_numeric_with_fewer_decimals_is_not_kept() {
        let table = held(&[("price", "NUMERIC(10,2)", true)]);
        for (kind, kept) in [
            ("INT64", "NUMERIC(10,2)"),
            ("NUMERIC(12,1)", "NUMERIC(10,2)"),
            ("NUMERIC(38,9)", "NUMERIC(38,9)"),
            ("FLOAT64", "FLOAT64"),
        ] {
            let columns = inferred_columns(&[returned("price", Some(kind))], Some(&table)).unwrap();
            assert_eq!(shown(&columns), [format!("price {kept}")], "{kind}");
        }
    }

    #[test]
    fn a_name_returned_twice_is_told_apart_by_another_alias() {
        let twice = [returned("i", None), returned("i", None)];
        let problems = inferred_columns(&twice, None).unwrap_err();
        let problem = "the query returns column 'i' twice; give one of them another alias";
        assert!(problems.iter().any(|found| found == problem), "{problems:?}");
    }

    #[test]
    fn an_existing_column_keeps_its_type_as_far_as_values_fit() {
        let table = held(&[
            ("Day", "DATE", false),
            ("price", "NUMERIC(10,2)", false),
            ("code", "STRING(3)", true),
            ("n", "INT64", true),
            ("more", "STRING", true),
        ]);
        let query = [
            returned("day", Some("DATE")),
            returned("price", Some("NUMERIC(31,2)")),
            returned("code", Some("STRING")),
            returned("n", Some("STRING")),
            returned("new", Some("BYTES")),
            returned("more", None),
        ];
        let columns = inferred_columns(&query, Some(&table)).unwrap();
        assert_eq!(
            shown(&columns),
            [
                "day DATE NOT NULL",
                "price NUMERIC(10,2) NOT NULL",
                "code STRING(3)",
                "n STRING",
                "new BYTES",
                "more STRING"
            ]
        );
    }

    #[test]
    fn every_faulty_column_is_named() {
        let query = [
            returned("day", Some("DATE")),
            returned("f0_", Some("INT64")),
            returned("x", None),
            returned("DAY", Some("DATE")),
            returned("_PARTITIONTIME", Some("TIMESTAMP")),
            Returned {
                name: "y".to_owned(),
                kind: Some(StoredType::Other("TOKENLIST".to_owned())),
            },
        ];
        let problems = inferred_columns(&query, None).unwrap_err();
        assert_eq!(problems.len(), 5, "{problems:?}");
        assert_eq!(
            problems[..3],
            [
                "column 2 of the query has no name; give its expression an alias",
                "the type of column 'x' doesn't follow from the query; write CAST(… AS TYPE) AS x, or declare 'columns'",
                "the query returns column 'DAY' twice; give one of them another alias",
            ]
        );
        assert!(problems[3].contains("reserved"), "{}", problems[3]);
        assert!(
            problems[4].contains("as TOKENLIST, which is not supported"),
            "{}",
            problems[4]
        );
    }

    #[test]
    fn only_generated_names_count_as_missing() {
        assert!(is_unnamed("f0_") && is_unnamed("f12_"));
        for name in ["f_", "f0", "fa_", "f0_x", "f1_score"] {
            assert!(!is_unnamed(name), "{name}");
        }
    }
}
