//! What an import has done, in lines.

use std::path::Path;

use crate::escape::EscapedText;
use crate::figures::counted;
use crate::import::CheckedFile;
use crate::plan::{Plan, StageSpec};
use crate::sql::tables;
use crate::table::{Column, TableDef};

pub(super) struct Done<'a> {
    pub(super) plan: &'a Plan,
    pub(super) table: &'a TableDef,
    pub(super) file: &'a Path,
    /// The columns given with `--column`.
    pub(super) declared: &'a [Column],
    /// Whether the table had rows before.
    pub(super) had_rows: bool,
    /// Whether the table was created.
    pub(super) is_new: bool,
    pub(super) checked: &'a CheckedFile,
}

impl Done<'_> {
    /// The result, the columns of a new table, and the stages that read the table if rows changed.
    pub(super) fn text(&self) -> EscapedText {
        let path = self.table.path();
        let rows = counted(self.checked.rows, "row");
        let mut text = EscapedText::of(format_args!(
            "imported {rows} into {path} from {}",
            self.file.display()
        ));
        if self.is_new {
            text.extend(self.table.columns.iter().map(|column| {
                let is_declared = self.declared.iter().any(|declared| declared.name == column.name);
                let origin = if is_declared { "declared" } else { "inferred" };
                format!("  {} {}, {origin}", column.name, column.kind)
            }));
        }
        let readers = self.readers();
        if self.had_rows && !readers.is_empty() {
            text.line(format_args!(
                "read by {}; rerun the dates whose rows changed with 'backcourt rerun --dates D..D'",
                readers.join(", ")
            ));
        }
        text
    }

    /// The rows that were left out; empty if there are none.
    pub(super) fn rejected(&self) -> EscapedText {
        let rejected = &self.checked.rejected;
        if rejected.count == 0 {
            return EscapedText::default();
        }
        let mut text = EscapedText::of(format_args!(
            "{} left out:",
            counted(rejected.count, "invalid row")
        ));
        text.extend(rejected.lines().into_iter().map(|line| format!("  {line}")));
        text
    }

    fn readers(&self) -> Vec<&str> {
        let stages = self
            .plan
            .stages
            .iter()
            .filter(|stage| reads(stage, &self.table.path()));
        stages.map(|stage| stage.name.as_str()).collect()
    }
}

fn reads(stage: &StageSpec, table: &str) -> bool {
    let mut named = stage.queries().filter_map(|sql| tables(sql).ok()).flatten();
    stage
        .reads
        .iter()
        .any(|read| read.table.eq_ignore_ascii_case(table))
        || named.any(|name| name.covers(table))
}
