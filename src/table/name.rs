//! Names of datasets, tables and columns: which are valid, and how they are quoted. Every name in a statement goes
//! through here, so that reserved words are usable as names.

use crate::escape::quoted;

/// Prefix of the names backcourt uses within its own statements.
pub const RESERVED: &str = "_backcourt_";

/// Prefixes of pseudo-columns: backcourt's, and those `BigQuery` reserves.
const PSEUDO_COLUMNS: [&str; 8] = [
    RESERVED,
    "_TABLE_",
    "_FILE_",
    "_PARTITION",
    "_ROW_TIMESTAMP",
    "__ROOT__",
    "_COLIDENTIFIER",
    "_CHANGE_",
];

/// The dataset of the leases.
const OWN_DATASET: &str = "backcourt";

/// Quotes a name in backticks, which both warehouses accept. `SQLite` reads a misspelled name in double quotes as a
/// text.
#[must_use]
pub fn sql_name(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A comma-separated list of quoted names.
#[must_use]
pub fn sql_names<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> String {
    let names: Vec<String> = (names.into_iter()).map(|name| sql_name(name.as_ref())).collect();
    names.join(", ")
}

/// The schema name a dataset's file is attached as: the dataset's own, unless `SQLite` reserves it.
#[must_use]
pub fn sqlite_schema(dataset: &str) -> String {
    if ["main", "temp"].contains(&dataset.to_ascii_lowercase().as_str()) {
        format!("{RESERVED}{dataset}")
    } else {
        dataset.to_owned()
    }
}

/// The quoted path of a table in the embedded warehouse.
#[must_use]
pub fn sqlite_path(dataset: &str, table: &str) -> String {
    format!("{}.{}", sql_name(&sqlite_schema(dataset)), sql_name(table))
}

/// Whether it consists of ASCII letters, digits and underscores and doesn't start with a digit. Both warehouses accept
/// such names for anything, and they are safe in paths and statements.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let is_start = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
    name.starts_with(is_start) && (name.chars()).all(|letter| is_start(letter) || letter.is_ascii_digit())
}

/// Splits `dataset.table`, if a stage may fill or read it.
///
/// # Errors
/// When it isn't two valid names, or one of them is reserved; returns a message that says by what.
pub fn table_path(path: &str) -> Result<(&str, &str), String> {
    let Some((dataset, table)) =
        (path.split_once('.')).filter(|(dataset, table)| is_name(dataset) && is_name(table))
    else {
        return Err(format!(
            "{} is not a valid table; write dataset.table with ASCII letters, digits and underscores, for example \
             shop.orders",
            quoted(path)
        ));
    };
    if begins(dataset, OWN_DATASET) && dataset.len() == OWN_DATASET.len() {
        return Err(format!(
            "table '{path}': dataset {OWN_DATASET} is reserved for backcourt's leases; choose another dataset"
        ));
    }
    for (name, start, owner) in [
        (dataset, RESERVED, "backcourt's own datasets"),
        (table, RESERVED, "backcourt's own tables"),
        (table, "sqlite_", "SQLite's own tables"),
    ] {
        if begins(name, start) {
            return Err(format!(
                "table '{path}': '{name}' starts with {start}, which is reserved for {owner}; choose another name"
            ));
        }
    }
    Ok((dataset, table))
}

/// Checks the name of a table that a stage reads: `dataset.table`, after the project if it is in another one. A wildcard
/// ends with `*`.
///
/// # Errors
/// When it is none of these, or a name is reserved.
pub fn readable_path(path: &str) -> Result<(), String> {
    let refused = || {
        format!(
            "{} is not a valid table; write dataset.table, project.dataset.table or a wildcard such as raw.events_*",
            quoted(path)
        )
    };
    let (rest, table) = path.rsplit_once('.').ok_or_else(refused)?;
    let (project, dataset) = rest
        .rsplit_once('.')
        .map_or((None, rest), |(project, dataset)| (Some(project), dataset));
    // A project may belong to a domain, as in example.com:project.
    let is_of_project = |c: char| c.is_ascii_alphanumeric() || ['-', '.', ':'].contains(&c);
    if project.is_some_and(|project| project.is_empty() || !project.chars().all(is_of_project)) {
        return Err(refused());
    }
    let table = match table.strip_suffix('*') {
        Some("") => "every",
        Some(start) => start,
        None => table,
    };
    if is_name(dataset) && is_name(table) {
        table_path(&format!("{dataset}.{table}")).map(drop)
    } else {
        Err(refused())
    }
}

/// Refuses a name that can't be a column in both warehouses.
///
/// # Errors
/// Returns what is wrong with the name.
pub fn refuse_column_name(name: &str) -> Result<(), String> {
    if !is_name(name) {
        return Err(format!(
            "{} is not a valid name; use ASCII letters, digits and underscores, not starting with a digit",
            quoted(name)
        ));
    }
    match (PSEUDO_COLUMNS.into_iter()).find(|start| begins(name, start)) {
        None => Ok(()),
        Some(start) => Err(format!(
            "'{name}' starts with {start}, which is reserved for columns that the warehouse adds; choose another name"
        )),
    }
}

/// Whether a name starts with `start`, ignoring case as `SQLite` does.
fn begins(name: &str, start: &str) -> bool {
    (name.get(..start.len())).is_some_and(|begins| begins.eq_ignore_ascii_case(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_in_names_are_escaped() {
        assert_eq!(sql_name("order"), "`order`");
        assert_eq!(sql_name("a`b"), "`a``b`");
        assert_eq!(sql_names(["date", "group"]), "`date`, `group`");
    }

    #[test]
    fn every_dataset_has_its_own_schema() {
        assert_eq!(sqlite_path("order", "select"), "`order`.`select`");
        assert_eq!(sqlite_path("main", "t"), "`_backcourt_main`.`t`");
        assert_eq!(sqlite_schema("TEMP"), "_backcourt_TEMP");
    }

    #[test]
    fn reserved_words_are_valid_names_and_reserved_prefixes_are_refused() {
        for path in [
            "order.group",
            "select.from",
            "main.t",
            "temp.t",
            "sqlite_x.t",
            "_a.b1",
        ] {
            assert!(table_path(path).is_ok(), "{path}");
        }
        for (path, said) in [
            ("tides", "is not a valid table"),
            ("a.b.c", "is not a valid table"),
            ("hafen.fl\u{fc}ge", "is not a valid table"),
            ("a.two words", "is not a valid table"),
            ("a.1st", "is not a valid table"),
            ("Backcourt.t", "is reserved for backcourt's leases"),
            (
                "d.SQLite_t",
                "starts with sqlite_, which is reserved for SQLite's own tables",
            ),
            ("d._backcourt_t", "reserved for backcourt's own tables"),
        ] {
            let refusal = table_path(path).unwrap_err();
            assert!(refusal.contains(said), "{refusal}");
        }
        for path in ["a.b", "a.b_*", "a.*", "my-project.a.b", "example.com:p.a.b_*"] {
            assert_eq!(readable_path(path), Ok(()), "{path}");
        }
        for path in ["b", "a.b*c", "a.b_**", ".a.b", "a b.c.d", "p.a.", "a.b$20240101"] {
            assert!(
                readable_path(path).unwrap_err().contains("is not a valid table"),
                "{path}"
            );
        }
        assert!(readable_path("backcourt.ledger").is_err());
        for name in ["date", "order", "rowid", "index", "_x", "x_backcourt_"] {
            assert_eq!(refuse_column_name(name), Ok(()));
        }
        for name in [
            "",
            "1st",
            "two words",
            "gr\u{f6}\u{df}e",
            "a`b",
            "_PARTITIONTIME",
            "_backcourt_asked",
            "_file_name",
        ] {
            refuse_column_name(name).unwrap_err();
        }
    }
}
