//! Queries: their tables are found and renamed, and they are translated to `SQLite` or refused in words.

use std::cell::OnceCell;
use std::time::Duration;

use backcourt::sql;
use backcourt::warehouse::sqlite::{SqliteWarehouse, understands};
use backcourt::warehouse::{ErrorClass, Warehouse};
use proptest::prelude::*;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use super::in_words;
use super::target::FuzzTarget;

const TARGET: FuzzTarget = FuzzTarget {
    name: "sql",
    nested: &[
        ["SELECT ", "(", ")", ""],
        ["SELECT ", "NOT ", "", ""],
        ["SELECT ", "- ", "", ""],
        ["SELECT ", "ABS(", ")", ""],
        ["SELECT ", "[", "]", ""],
        ["SELECT ", "STRUCT(", ")", ""],
        ["SELECT ", "CASE WHEN TRUE THEN ", " END", ""],
        ["SELECT ", "a = 1 OR ", "", ""],
        ["SELECT ", "'a' || ", "", ""],
        ["SELECT ", "1 UNION ALL SELECT ", "", ""],
        ["SELECT a", "[0]", "", ""],
        ["SELECT * FROM ", "(SELECT * FROM ", ")", ""],
        ["SELECT * FROM d.t", " JOIN d.t", "", ""],
        ["SELECT CAST(1 AS ", "ARRAY<STRUCT<a ", ">>", ")"],
        ["", "WITH a AS (", ")", " SELECT 1"],
    ],
    cases: 400,
    bound: Duration::from_secs(10),
    run,
};

/// An empty warehouse; its queries only read.
struct EmptyWarehouse {
    warehouse: SqliteWarehouse,
    runtime: Runtime,
    _folder: TempDir,
}

thread_local! {
    static EMPTY: OnceCell<EmptyWarehouse> = const { OnceCell::new() };
}

impl EmptyWarehouse {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            warehouse: SqliteWarehouse::open(folder.path()).unwrap(),
            runtime: Builder::new_current_thread().enable_all().build().unwrap(),
            _folder: folder,
        }
    }
}

fn run(input: &[u8]) -> Result<(), TestCaseError> {
    let text = String::from_utf8_lossy(input);
    names(&text)?;
    if let Err(refusal) = understands(&text) {
        return in_words(&refusal.message);
    }
    // Translated SQL must parse in SQLite, even if its tables are missing.
    EMPTY.with(|empty| {
        let empty = empty.get_or_init(EmptyWarehouse::new);
        if let Err(error) = empty.runtime.block_on(empty.warehouse.query(&text)) {
            prop_assert!(!error.message.contains("syntax error"), "{text}\n{error}");
            prop_assert!(error.class != ErrorClass::Unknown, "{error}");
        }
        Ok(())
    })
}

/// The tables of a query are the same before and after a rename, and nothing else changes.
fn names(text: &str) -> Result<(), TestCaseError> {
    let tables = match sql::tables(text) {
        Ok(tables) => tables,
        Err(refusal) => {
            prop_assert!(!refusal.is_empty());
            return Ok(());
        }
    };
    let same = sql::renamed(text, |_| None);
    prop_assert_eq!(same.as_deref(), Ok(text));
    // Spaces, because two names in backticks beside each other are one name to the tokenizer.
    let moved = sql::renamed(text, |table| table.path().map(|_| " `p.other.place` ".to_owned())).unwrap();
    let found = sql::tables(&moved);
    prop_assert!(found.is_ok(), "{} became {}", text, moved);
    let found = found.unwrap();
    // What is no query may contain the pieces of a name.
    if understands(text).is_err() {
        return Ok(());
    }
    prop_assert_eq!(found.len(), tables.len(), "{} became {}", text, moved);
    for (before, after) in tables.iter().zip(&found) {
        prop_assert!(
            before.path().is_none() || after.covers("other.place"),
            "{} became {}",
            text,
            moved
        );
    }
    Ok(())
}

#[test]
fn queries() {
    TARGET.fuzz();
}

/// The nesting would overflow the stack without a limit.
#[test]
fn deeply_nested_sql_is_refused() {
    for (open, close) in [
        ("(", ")"),
        ("NOT ", ""),
        ("ABS(", ")"),
        ("CASE WHEN TRUE THEN ", " END"),
    ] {
        let sql = format!("SELECT {}1{}", open.repeat(50_000), close.repeat(50_000));
        assert!(understands(&sql).is_err(), "{open}");
    }
}
