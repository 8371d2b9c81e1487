//! The warehouse: whether it answers, and whether its tables are what this program reads and writes.

use crate::engine::counted;
use crate::table::TableDef;
use crate::warehouse::{Warehouse, WarehouseError};

use super::finding::{Area, Finding, Verdict};

/// Columns named in a sentence at the most.
const NAMED: usize = 6;

/// Holds every table against its definition. The raw tables come with a load, the others with a run.
pub(super) async fn findings(
    warehouse: &dyn Warehouse,
    tables: &[&TableDef],
) -> Result<Vec<Finding>, WarehouseError> {
    let mut held = Vec::with_capacity(tables.len());
    for table in tables {
        held.push((*table, warehouse.columns(table).await?));
    }
    Ok(judged(&held, "'backcourt run' makes what it fills"))
}

/// Holds the columns that tables have against their definitions; one without any is not there, and `made_by` says what
/// makes it.
pub(super) fn judged(held: &[(&TableDef, Vec<String>)], made_by: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut missing = Vec::new();
    let mut agreeing = 0;
    for (table, columns) in held {
        match difference(table, columns) {
            _ if columns.is_empty() => missing.push(table.path()),
            None => agreeing += 1,
            Some(difference) => found.push(
                Finding::new(Area::Warehouse, table.path(), Verdict::Fail, difference)
                    .next("move the table away, or name another warehouse"),
            ),
        }
    }
    if agreeing > 0 {
        let detail = format!("{} of {} as defined", agreeing, counted(held.len(), "table"));
        found.push(Finding::new(Area::Warehouse, "tables", Verdict::Ok, detail));
    }
    if !missing.is_empty() {
        let detail = format!("{} not there yet: {}", missing.len(), missing.join(", "));
        found.push(Finding::new(Area::Warehouse, "tables", Verdict::Note, detail).next(made_by));
    }
    found
}

/// How the columns of a table differ from its definition, in words.
fn difference(table: &TableDef, held: &[String]) -> Option<String> {
    let wanted: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
    if held.iter().map(String::as_str).eq(wanted.iter().copied()) {
        return None;
    }
    let lacking = wanted
        .iter()
        .filter(|name| !held.iter().any(|held| held == *name));
    let strange = held.iter().filter(|held| !wanted.contains(&held.as_str()));
    let (lacking, strange) = (
        named(&lacking.copied().collect::<Vec<_>>()),
        named(&strange.map(String::as_str).collect::<Vec<_>>()),
    );
    Some(match (lacking, strange) {
        (None, None) => "its columns stand in another order than defined".to_owned(),
        (Some(lacking), None) => format!("lacks {lacking}"),
        (None, Some(strange)) => format!("has {strange}, which is not defined"),
        (Some(lacking), Some(strange)) => format!("lacks {lacking}, and has {strange}, which is not defined"),
    })
}

fn named(columns: &[&str]) -> Option<String> {
    let more = columns.len().saturating_sub(NAMED);
    let tail = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    (!columns.is_empty()).then(|| columns[..columns.len() - more].join(", ") + &tail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::Feed;

    #[test]
    fn a_table_of_another_form_is_described_by_what_it_lacks_and_has() {
        let table = Feed::Schedule.table();
        let columns = || -> Vec<String> {
            table
                .columns
                .iter()
                .map(|column| column.name.to_string())
                .collect()
        };
        assert_eq!(difference(table, &columns()), None);
        let mut short = columns();
        short.pop();
        assert_eq!(difference(table, &short).unwrap(), "lacks data_source");
        let mut other = columns();
        other[6] = "origin".to_owned();
        assert_eq!(
            difference(table, &other).unwrap(),
            "lacks data_source, and has origin, which is not defined"
        );
        let mut turned = columns();
        turned.swap(0, 1);
        assert_eq!(
            difference(table, &turned).unwrap(),
            "its columns stand in another order than defined"
        );
        let strange = (0..8).map(|at| format!("c{at}")).collect::<Vec<_>>();
        let said = difference(table, &[columns(), strange].concat()).unwrap();
        assert_eq!(
            said,
            "has c0, c1, c2, c3, c4, c5 and 2 more, which is not defined"
        );
    }
}
