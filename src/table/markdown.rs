//! The documentation page of a table, generated from its [`TableDef`].

use std::borrow::Cow;
use std::fmt::Write;

use super::{Part, TableDef};

/// A Markdown section: what a row is, key and partitioning, and every column.
#[must_use]
pub fn markdown(table: &TableDef) -> String {
    let mut page = format!("## `{}`\n\n{}\n\n", table.path(), table.doc);
    let key = if table.key.is_empty() {
        "none, a feed can contain duplicates".to_owned()
    } else {
        listed(&table.key)
    };
    let filter = if table.require_partition_filter {
        "; BigQuery refuses queries without a date filter"
    } else {
        ""
    };
    let mut facts = vec![
        format!("- Key: {key}"),
        format!("- Partitioned by: `{}`{filter}", table.date_column),
        format!("- Clustered by: {}", listed(&table.cluster)),
    ];
    for (fact, parts) in [
        ("Drill-down columns", &Part::LEVELS[..]),
        ("Source columns", &[Part::Source, Part::Feeds]),
        ("Quality columns", &[Part::Quality, Part::Issues]),
    ] {
        let columns = parts.iter().flat_map(|part| table.playing(*part));
        let names: Vec<_> = columns.map(|column| column.name.clone()).collect();
        if !names.is_empty() {
            facts.push(format!("- {fact}: {}", listed(&names)));
        }
    }
    page.push_str(&facts.join("\n"));
    page.push_str("\n\n| Column | Type | NULL | Meaning |\n|---|---|---|---|\n");
    for column in table.columns.iter() {
        let null = match (column.stamp, column.nullable) {
            (Some(_), _) => "set on write",
            (None, true) => "yes",
            (None, false) => "no",
        };
        // An unescaped bar would end the cell.
        let doc = column.doc.replace('|', "\\|");
        let written = writeln!(page, "| `{}` | {} | {null} | {doc} |", column.name, column.kind);
        debug_assert!(written.is_ok(), "a String takes every text");
    }
    page
}

fn listed(names: &[Cow<'static, str>]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Column, ColumnType, Part, Stamp};

    #[test]
    fn a_page_contains_the_whole_definition() {
        let table = TableDef::new(
            "d",
            "t",
            "One row per day.",
            vec![
                Column::required("day", ColumnType::Date, "The day."),
                Column::required("who", ColumnType::String, "Who.").playing(Part::Member),
                Column::required("what", ColumnType::String, "At what.").playing(Part::Group),
                Column::nullable(
                    "share",
                    ColumnType::Numeric {
                        precision: 5,
                        scale: 2,
                    },
                    "a | b.",
                ),
                Column::stamped("created_at", Stamp::Created, "First written."),
            ],
            "day",
        )
        .keyed_by(&["day"])
        .clustered_by(&["share", "day"])
        .requiring_filter();
        let page = "\
## `d.t`

One row per day.

- Key: `day`
- Partitioned by: `day`; BigQuery refuses queries without a date filter
- Clustered by: `share`, `day`
- Drill-down columns: `what`, `who`

| Column | Type | NULL | Meaning |
|---|---|---|---|
| `day` | DATE | no | The day. |
| `who` | STRING | no | Who. |
| `what` | STRING | no | At what. |
| `share` | NUMERIC(5,2) | yes | a \\| b. |
| `created_at` | TIMESTAMP | set on write | First written. |
";
        assert_eq!(markdown(&table), page);
    }
}
