//! Files to import: an inferred type accepts every value it was inferred from, and every row is imported or rejected
//! with a reason.

use std::fs;
use std::time::Duration;

use backcourt::import::{FileFormat, ImportError, ImportFile, ImportRows, check, inferred};
use backcourt::table::{ColumnType, TableDef};
use proptest::prelude::*;

use super::in_words;
use super::target::FuzzTarget;

const TARGET: FuzzTarget = FuzzTarget {
    name: "imported_rows",
    nested: &[
        ["{\"a\":", "[", "]", "}\n"],
        ["", "{\"a\":", "}", "\n"],
        ["a,b\n1,", "\"", "\"", "\n"],
    ],
    cases: 500,
    bound: Duration::from_secs(5),
    run,
};

fn run(input: &[u8]) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows");
    fs::write(&path, input).unwrap();
    for format in [FileFormat::Csv, FileFormat::JsonLines] {
        match imported(&ImportFile::find(&path, format).unwrap()) {
            Ok((expected, rows)) => prop_assert_eq!(expected, rows),
            Err(ImportError::Rejected { rejected, .. }) => {
                for line in rejected.lines() {
                    in_words(&line)?;
                    let of_type =
                        |word: &&str| line.contains("is not a") && line.ends_with(&format!(" {word}"));
                    prop_assert!(!ColumnType::WORDS.iter().any(of_type), "{}", line);
                    prop_assert!(!line.contains("does not fit"), "{}", line);
                }
            }
            Err(error) => in_words(&error.to_string())?,
        }
    }
    Ok(())
}

/// The number of valid rows that the check has found and the number that is imported.
fn imported(file: &ImportFile) -> Result<(u64, u64), ImportError> {
    let columns = inferred(file, &[], &mut |_, _| ())?;
    let table = TableDef::new("raw", "events", "a row", columns, "");
    let strict = check(file, &table, 0, &mut |_, _| ());
    let checked = match &strict {
        Ok(checked) => checked,
        Err(_) => &check(file, &table, u64::MAX, &mut |_, _| ())?,
    };
    let mut rows = 0;
    for row in ImportRows::open(file, &table, checked)? {
        assert_eq!(row?.len(), table.columns.len());
        rows += 1;
    }
    assert_eq!(rows, checked.rows);
    strict.map(|checked| (checked.rows, rows))
}

#[test]
fn imported_rows() {
    TARGET.fuzz();
}
