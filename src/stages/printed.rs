//! Rows printed by a program: CSV with a header line. Conversion from bytes to rows of a table's types.

use std::collections::BTreeMap;
use std::io::Read;

use csv::{ByteRecord, ReaderBuilder};

use crate::escape::{decoded, quoted, quoted_bytes};
use crate::partition::Partition;
use crate::table::{
    Admitted, Candidate, Column, FaultKind, MAX_DESCRIBED, Row, RowFault, TableDef, Value, admit_on,
    from_text, partition_time,
};

/// Memory for the reason of a quarantined row, in bytes.
const REASON: usize = 200;

/// The memory that the rows of a call need, in bytes, also if they are quarantined: short rows need several times as much
/// as they have text. An error if that is more than `most`.
pub(super) fn memory(table: &TableDef, printed: impl Read, most: usize) -> Result<usize, String> {
    let mut reader = ReaderBuilder::new().from_reader(printed);
    let mut record = ByteRecord::new();
    let (mut memory, mut described) = (0, 0..MAX_DESCRIBED);
    // What can't be read is an error when it is converted.
    while let Ok(true) = reader.read_byte_record(&mut record) {
        memory += size_of::<Row>() + size_of::<Value>() * table.columns.len() + record.as_slice().len();
        memory += described.next().map_or(0, |_| REASON);
        if memory > most {
            return Err(too_much(most));
        }
    }
    Ok(memory)
}

/// The rows of each date in the table's column order, converted and validated one by one. A cell of the wrong type is a
/// fault of its row, with the line number; other rows are kept. Among several dates, a row that belongs to none of them is
/// refused: it may be the missing row of any.
///
/// # Errors
/// One sentence that says why no row can be read.
pub fn admitted(
    table: &TableDef,
    dates: &[Partition],
    printed: impl Read,
) -> Result<BTreeMap<Partition, Admitted>, String> {
    let mut reader = ReaderBuilder::new().from_reader(printed);
    let unreadable = |error: csv::Error| format!("its output is not CSV with a header: {error}");
    let header = reader.byte_headers().map_err(unreadable)?.clone();
    if header.is_empty() {
        return Ok(dates.iter().map(|date| (*date, Admitted::default())).collect());
    }
    let places = places(table, &header)?;
    // A plan has such a table only with calls for one date.
    let partition = (table.is_by_ingestion_time())
        .then(|| dates.first().map(|date| partition_time(*date)))
        .flatten();
    let row = |record: ByteRecord| -> Candidate {
        let cells = places.iter().map(|&at| record.get(at).unwrap_or_default());
        let mut read = candidate(table, cells.collect(), record.position().map(csv::Position::line));
        read.row.extend(partition.clone());
        read
    };
    let mut problem = None;
    let rows = reader.byte_records().map_while(|record| {
        let row = record.map(row).map_err(unreadable);
        row.map_err(|found| problem = Some(found)).ok()
    });
    let admitted = match dates {
        [date] => BTreeMap::from([(*date, admit_on(table, *date, rows))]),
        dates => {
            let rows = by_date(table, dates, rows)?.into_iter();
            rows.map(|(date, rows)| (date, admit_on(table, date, rows)))
                .collect()
        }
    };
    problem.map_or(Ok(admitted), Err)
}

fn by_date(
    table: &TableDef,
    dates: &[Partition],
    rows: impl Iterator<Item = Candidate>,
) -> Result<BTreeMap<Partition, Vec<Candidate>>, String> {
    let mut of_dates: BTreeMap<Partition, Vec<Candidate>> =
        dates.iter().map(|date| (*date, Vec::new())).collect();
    for row in rows {
        let date = table.partition_of(&row.row);
        match date.and_then(|date| of_dates.get_mut(&date)) {
            Some(rows) => rows.push(row),
            None => return Err(lost(table, &row)),
        }
    }
    Ok(of_dates)
}

/// The failure of a call of several dates with a row that belongs to none of them.
fn lost(table: &TableDef, row: &Candidate) -> String {
    let line = row.line.map_or_else(String::new, |line| format!("line {line}: "));
    let date = table.position(&table.date_column).and_then(|at| row.row.get(at));
    let date = date.map_or_else(String::new, ToString::to_string);
    format!(
        "{line}{} is {}, which is not a date of the call",
        table.date_column,
        quoted(&date)
    )
}

/// The failure of a call with too many rows.
pub(super) fn too_much(most: usize) -> String {
    format!(
        "it printed more than {} MiB of rows in one call; print fewer, or write to the table directly",
        most / 1024 / 1024
    )
}

/// The index of each table column in a printed row.
fn places(table: &TableDef, header: &ByteRecord) -> Result<Vec<usize>, String> {
    let wanted = || table.made_columns().map(|column| column.name.as_ref());
    let mut seen: Vec<&[u8]> = Vec::with_capacity(header.len());
    for name in header {
        if wanted().all(|known| known.as_bytes() != name) {
            let known: Vec<&str> = wanted().collect();
            return Err(format!(
                "its header has a column {}, but the table has {}",
                quoted_bytes(name),
                known.join(", ")
            ));
        }
        if seen.contains(&name) {
            return Err(format!("its header has duplicate column {}", quoted_bytes(name)));
        }
        seen.push(name);
    }
    let place = |name: &str| {
        let found = seen.iter().position(|held| *held == name.as_bytes());
        found.ok_or_else(|| format!("its header lacks column {}, which the table has", quoted(name)))
    };
    wanted().map(place).collect()
}

/// A row from its cells. If a cell is invalid, the row is kept as printed.
fn candidate(table: &TableDef, cells: Vec<&[u8]>, line: Option<u64>) -> Candidate {
    let read = table.made_columns().zip(&cells);
    match read.map(|(column, cell)| value(column, cell)).collect() {
        Ok(row) => Candidate {
            row,
            line,
            fault: None,
        },
        Err(fault) => Candidate {
            row: cells.into_iter().map(as_printed).collect(),
            line,
            fault: Some(fault),
        },
    }
}

fn value(column: &Column, cell: &[u8]) -> Result<Value, RowFault> {
    match str::from_utf8(cell) {
        Ok(text) => from_text(column, text),
        Err(_) => Err(RowFault {
            kind: FaultKind::Encoding,
            column: Some(column.name.to_string()),
            what: format!("{} is not UTF-8", quoted_bytes(cell)),
        }),
    }
}

fn as_printed(cell: &[u8]) -> Value {
    if cell.is_empty() {
        return Value::Null;
    }
    Value::from(decoded(cell))
}

#[cfg(test)]
mod tests {
    use crate::partition::{Grain, Timezone};
    use std::borrow::Cow;

    use rstest::rstest;

    use super::*;
    use crate::table::{ColumnType, Slice};

    fn rows(printed: &[u8]) -> Result<Admitted, String> {
        let date = "2024-03-01".parse().unwrap();
        super::admitted(&table(), &[date], printed).map(|mut admitted| admitted.remove(&date).unwrap())
    }

    fn admitted(printed: &[u8]) -> Admitted {
        rows(printed).unwrap()
    }

    fn table() -> TableDef {
        let decimal = ColumnType::Numeric {
            precision: 4,
            scale: 2,
        };
        TableDef {
            dataset: Cow::Borrowed("shop"),
            name: Cow::Borrowed("calls"),
            doc: Cow::Borrowed(""),
            columns: Cow::Owned(vec![
                Column::required("day", ColumnType::Date, ""),
                Column::required("ship", ColumnType::String, ""),
                Column::nullable("draught", decimal, ""),
                Column::nullable("pilots", ColumnType::Int64, ""),
            ]),
            date_column: Cow::Borrowed("day"),
            grain: Grain::Day,
            zone: Timezone::UTC,
            slice: Slice::default(),
            key: Cow::Owned(vec![Cow::Borrowed("ship")]),
            cluster: Cow::Borrowed(&[]),
            require_partition_filter: false,
        }
    }

    #[test]
    fn cells_are_matched_to_columns_in_any_order() {
        let printed = "ship,day,pilots,draught\n\"Anna, of Kiel\",2024-03-01,2,7.25\nBodil,2024-03-01,,\n";
        let day = Value::from("2024-03-01".parse::<Partition>().unwrap().first_day());
        assert_eq!(
            admitted(printed.as_bytes()).rows,
            [
                vec![day.clone(), "Anna, of Kiel".into(), 7.25.into(), 2.into()],
                vec![day, "Bodil".into(), Value::Null, Value::Null],
            ]
        );
    }

    #[test]
    fn an_invalid_cell_is_reported_with_its_line_and_original_row() {
        let printed = b"ship,day,pilots,draught\n\"An\nna\",2024-03-01,1,7\nBo,2024-03-01,two,\nCe\xe9,2024-03-01,,\nDa\0n,2024-03-01,,\nEva,,1,1\nFay,2024-03-01,1,123.4\nBo,2024-03-01,2,1\nBo,2024-03-01,3,1\nEd,2024-03-02,3,1\n";
        let admitted = admitted(printed);
        assert_eq!(admitted.rows.len(), 2);
        let told: Vec<(FaultKind, &str)> = (admitted.quarantined.iter())
            .map(|bad| (bad.kind, bad.reason.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (FaultKind::Type, "column pilots, line 4: 'two' is not an INT64"),
                (FaultKind::Encoding, r"column ship, line 5: 'Ce\xe9' is not UTF-8"),
                (
                    FaultKind::Encoding,
                    r"column ship, line 6: 'Da\0n' has a NUL byte"
                ),
                (FaultKind::NotNull, "column day, line 7: NULL is not allowed"),
                (
                    FaultKind::Range,
                    "column draught, line 8: '123.4' does not fit NUMERIC(4,2)"
                ),
                (
                    FaultKind::DuplicateKey,
                    "line 10: key (ship) = ('Bo') is a duplicate"
                ),
                (
                    FaultKind::OtherDate,
                    "column day, line 11: '2024-03-02' is not the date 2024-03-01"
                ),
            ]
        );
        assert_eq!(
            admitted.quarantined[1].row,
            [
                Value::from("2024-03-01"),
                r"Ce\xe9".into(),
                Value::Null,
                Value::Null
            ]
        );
    }

    #[test]
    fn empty_output_has_no_rows_and_unknown_columns_are_refused() {
        assert_eq!(rows(b""), Ok(Admitted::default()));
        assert_eq!(
            rows(b"day,ship,draught,pilot\n").unwrap_err(),
            "its header has a column 'pilot', but the table has day, ship, draught, pilots"
        );
        assert_eq!(
            rows(b"day,ship,draught\n").unwrap_err(),
            "its header lacks column 'pilots', which the table has"
        );
        assert_eq!(
            rows(b"day,ship,draught,ship\n").unwrap_err(),
            "its header has duplicate column 'ship'"
        );
        assert_eq!(
            rows(b"d\xe9y,ship,draught,pilots\n").unwrap_err(),
            r"its header has a column 'd\xe9y', but the table has day, ship, draught, pilots"
        );
        let short = rows(b"day,ship,draught,pilots\n2024-03-01\n").unwrap_err();
        assert!(short.starts_with("its output is not CSV"), "{short}");
    }

    #[test]
    fn rows_of_several_dates_are_separated() {
        let days = ["2024-03-01", "2024-03-02", "2024-03-03"].map(|day| day.parse().unwrap());
        let printed: &[u8] =
            b"day,ship,draught,pilots\n2024-03-03,A,,\n2024-03-01,B,,\n2024-03-01,C,deep,\n2024-03-03,D,,\n";
        let admitted = super::admitted(&table(), &days, printed).unwrap();
        let counts: Vec<_> = (admitted.values())
            .map(|of| (of.rows.len(), of.quarantined.len()))
            .collect();
        assert_eq!(counts, [(1, 1), (0, 0), (2, 0)]);
    }

    #[rstest]
    #[case::empty("", "line 3: day is 'NULL', which is not a date of the call")]
    #[case::a_time(
        "2024-03-02 00:00:00",
        "line 3: day is '2024-03-02 00:00:00', which is not a date of the call"
    )]
    #[case::another_day("2024-03-04", "line 3: day is '2024-03-04', which is not a date of the call")]
    fn a_row_of_none_of_several_dates_is_refused(#[case] day: &str, #[case] problem: &str) {
        let days = ["2024-03-01", "2024-03-02"].map(|day| day.parse().unwrap());
        let printed = format!("day,ship,draught,pilots\n2024-03-01,A,,\n{day},B,,\n2024-03-02,C,,\n");
        let refused = super::admitted(&table(), &days, printed.as_bytes()).unwrap_err();
        assert_eq!(refused, problem);
    }

    #[test]
    fn rows_that_need_too_much_memory_are_refused() {
        let printed = format!("ship,day,draught,pilots\n{}", "a,2024-03-01,,\n".repeat(1_000));
        let within = |most| memory(&table(), printed.as_bytes(), most);
        let needed = 1_000 * (size_of::<Row>() + 4 * size_of::<Value>() + 11 + REASON);
        assert_eq!(within(needed), Ok(needed));
        let refused = within(needed - 1).unwrap_err();
        assert!(refused.starts_with("it printed more than "), "{refused}");
    }
}
