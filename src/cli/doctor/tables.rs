//! Findings about the tables of a warehouse: whether they exist and match their definitions.

use crate::feeds::Feed;
use crate::figures::counted;
use crate::table::{Schema, SchemaDifference, TableDef, Weight};
use crate::warehouse::{Warehouse, WarehouseError};

use super::finding::{Area, Finding, Verdict};

/// Compares every table with its definition. Raw tables are created by a load, the others by a run.
pub(super) async fn findings(
    warehouse: &dyn Warehouse,
    tables: &[&TableDef],
) -> Result<Vec<Finding>, WarehouseError> {
    let mut held = Vec::with_capacity(tables.len());
    for table in tables {
        held.push((*table, warehouse.schema(&table.path()).await?));
    }
    Ok(judged(
        warehouse,
        &held,
        "'backcourt run' creates the tables it fills",
    ))
}

/// Compares existing tables with their definitions; `made_by` says what creates missing ones.
pub(super) fn judged(
    warehouse: &dyn Warehouse,
    held: &[(&TableDef, Option<Schema>)],
    made_by: &str,
) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut missing = Vec::new();
    let mut agreeing = 0;
    for (table, schema) in held {
        let Some(schema) = schema else {
            missing.push(table.path());
            continue;
        };
        let differences = warehouse.differences(table, schema, false);
        if !differences.iter().any(SchemaDifference::stops) {
            agreeing += 1;
        }
        found.extend(
            differences
                .into_iter()
                .map(|difference| of_difference(table, difference)),
        );
        found.extend(missing_partition_filter(table, schema));
    }
    if agreeing > 0 {
        let detail = format!(
            "{} of {} match their definition",
            agreeing,
            counted(held.len(), "table")
        );
        found.push(Finding::new(Area::Warehouse, "tables", Verdict::Ok, detail));
    }
    if !missing.is_empty() {
        let detail = format!("{} don't exist yet: {}", missing.len(), missing.join(", "));
        found.push(Finding::new(Area::Warehouse, "tables", Verdict::Note, detail).next(made_by));
    }
    found
}

/// A difference between a table and its definition.
fn of_difference(table: &TableDef, difference: SchemaDifference) -> Finding {
    // Raw tables belong to another program or to `load`: a run neither alters them nor commits dates to them.
    let is_raw = Feed::ALL
        .into_iter()
        .any(|feed| feed.table().path() == table.path());
    let verdict = match difference.weight {
        Weight::Scans if is_raw => Verdict::Warn,
        Weight::Additive(_) | Weight::Stops | Weight::Scans => Verdict::Fail,
        // Such a difference costs money; a column that could hold NULL costs nothing.
        Weight::Harmless if difference.column.is_none() => Verdict::Warn,
        Weight::Harmless => Verdict::Note,
    };
    let fix = if is_raw {
        difference.statement.clone()
    } else {
        difference.fix()
    };
    let finding = Finding::new(Area::Warehouse, table.path(), verdict, difference.what);
    match fix {
        Some(fix) => finding.next(fix),
        None => finding,
    }
}

/// A table that allows queries without a date filter although its definition requires one.
fn missing_partition_filter(table: &TableDef, schema: &Schema) -> Option<Finding> {
    let partition = schema.partition.as_ref()?;
    let by_date = partition.by.as_deref() == Some(table.date_column.as_ref());
    (by_date && table.require_partition_filter && !partition.requires_filter).then(|| {
        let detail = "allows queries without a date filter, which scan the whole table";
        Finding::new(Area::Warehouse, table.path(), Verdict::Note, detail)
            .next("ALTER TABLE … SET OPTIONS (require_partition_filter = TRUE)")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Partitioning, SchemaChange};

    fn schema(by: Option<&str>, requires_filter: bool) -> Schema {
        Schema {
            partition: Some(Partitioning {
                by: by.map(str::to_owned),
                span: None,
                requires_filter,
            }),
            ..Schema::default()
        }
    }

    #[test]
    fn a_difference_is_reported_with_its_severity_and_its_fix() {
        let table = crate::nba::tables::team_offense();
        let difference = |column: Option<&str>, weight| SchemaDifference {
            column: column.map(str::to_owned),
            what: "has no column 'data_source' STRING".to_owned(),
            statement: Some("ALTER TABLE t ADD COLUMN data_source STRING".to_owned()),
            advice: None,
            weight,
        };
        let add = Weight::Additive(SchemaChange::Add("data_source".to_owned()));
        let reported = of_difference(table, difference(Some("data_source"), add));
        assert_eq!(reported.state, Verdict::Fail);
        assert_eq!(reported.detail, "has no column 'data_source' STRING");
        assert_eq!(
            reported.next.as_deref(),
            Some("run ALTER TABLE t ADD COLUMN data_source STRING or 'backcourt run --migrate'")
        );
        let state = |column, weight| of_difference(table, difference(column, weight)).state;
        assert_eq!(state(None, Weight::Harmless), Verdict::Warn);
        assert_eq!(state(Some("data_source"), Weight::Harmless), Verdict::Note);
        assert_eq!(state(None, Weight::Scans), Verdict::Fail);
        let raw = of_difference(Feed::Schedule.table(), difference(None, Weight::Scans));
        assert_eq!(raw.state, Verdict::Warn, "a run only reads it");
    }

    #[test]
    fn a_table_that_can_be_read_without_a_date_filter_is_reported() {
        let table = Feed::Schedule.table();
        let date = Some(table.date_column.as_ref());
        assert!(table.require_partition_filter);
        assert_eq!(missing_partition_filter(table, &schema(date, true)), None);
        assert_eq!(
            missing_partition_filter(table, &schema(None, false)),
            None,
            "that costs more is told already"
        );
        assert_eq!(
            missing_partition_filter(table, &schema(date, false))
                .unwrap()
                .state,
            Verdict::Note
        );
    }
}
