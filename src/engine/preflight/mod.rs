//! Compares the plan with the warehouse before anything is written: each table's schema, owner and rows, and what each
//! query would return. Examining changes nothing. `table_changes` makes the necessary changes if nothing
//! blocks the run. The dispatcher asks the operator in between.

mod catalog;
mod claimed;
mod examine;
mod table_changes;

use std::fmt;

use crate::table::{SchemaChange, SchemaDifference, TableDef};
use crate::warehouse::{Claim, OwnedPart, Owner, OwnerRecord};

pub(super) use catalog::Catalog;
pub use claimed::invalidate_claimed;
pub use examine::Examination;
pub(super) use table_changes::{ChangedTables, TableChangeError, TableChanges};

use crate::figures::counted;

/// What the operator allows a run to do to tables that differ from the plan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Permits {
    /// Replace rows of a table that has no owner.
    pub replace_existing: bool,
    /// Take over tables of other plans.
    pub take_over: bool,
    /// Alter tables, as long as no stored value changes.
    pub migrate: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TableContents {
    pub partitions: u64,
    pub rows: u64,
}

/// The state of a table that a stage of the run fills.
#[derive(Debug, Clone, PartialEq)]
pub struct Examined {
    pub stage: String,
    pub part: OwnedPart,
    /// Its definition; `None` if another program creates it.
    pub definition: Option<TableDef>,
    /// How it differs from its definition; empty if it doesn't exist.
    pub differences: Vec<SchemaDifference>,
    /// The owners of everything that overlaps it.
    pub owners: Vec<OwnerRecord>,
    /// What it contains, if it has no owner and no run of this plan is known to have filled it.
    pub foreign: Option<TableContents>,
}

impl Examined {
    pub fn path(&self) -> &str {
        self.part.table()
    }

    /// The changes that `--migrate` makes; empty if they can't resolve everything that blocks the run.
    pub fn changes(&self) -> Vec<SchemaChange> {
        let stopping = self.differences.iter().filter(|found| found.stops());
        let mended: Option<Vec<SchemaChange>> = stopping.map(|found| found.change().cloned()).collect();
        let mut changes = mended.unwrap_or_default();
        changes.dedup();
        changes
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Findings {
    pub plan: String,
    /// Whether the warehouse records owners. One without has no other plans.
    pub has_owners: bool,
    pub tables: Vec<Examined>,
    /// Problems of queries and of the columns they fill, one sentence each.
    pub queries: Vec<String>,
}

impl Findings {
    /// Everything that blocks the run, one sentence each: problems of tables and queries, and tables of other plans.
    pub fn problems(&self, permits: Permits) -> Vec<String> {
        let mut problems = self.queries.clone();
        for table in &self.tables {
            let others = (table.owners.iter()).filter(|record| record.owner.plan != self.plan);
            for record in others.filter(|_| !permits.take_over) {
                let shared = if record.part == table.part {
                    String::new()
                } else {
                    format!(" and may have the same rows as {}", table.part)
                };
                problems.push(format!(
                    "stage {}: {} belongs to plan {}{shared}; fill another table, or take it over with \
                     'backcourt run --take-over'",
                    table.stage,
                    record.part,
                    owner_in_words(&record.owner)
                ));
            }
            let is_mended = permits.migrate && !table.changes().is_empty();
            let stopping = table.differences.iter().filter(|found| found.stops());
            let in_words = |found| format!("stage {}: table {} {found}", table.stage, table.path());
            problems.extend(stopping.filter(|_| !is_mended).map(in_words));
        }
        problems
    }

    /// Differences that don't block the run, one sentence each.
    pub fn notes(&self) -> Vec<String> {
        let harmless = |table: &Examined| -> Vec<String> {
            let found = table.differences.iter().filter(|found| !found.stops());
            found
                .map(|found| format!("stage {}: table {} {found}", table.stage, table.path()))
                .collect()
        };
        self.tables.iter().flat_map(harmless).collect()
    }

    /// Tables without an owner that contain rows not known to come from this plan, one line each.
    pub fn foreign_rows(&self) -> Vec<String> {
        let lines = self.tables.iter().filter_map(|table| {
            let TableContents { partitions, rows } = table.foreign.filter(|held| held.rows > 0)?;
            Some(format!(
                "{} of stage {} contains {} in {}",
                table.part,
                table.stage,
                counted(rows, "row"),
                counted(partitions, "partition")
            ))
        });
        lines.collect()
    }

    /// Tables that are not recorded as this plan's own, whole and alone.
    fn unowned(&self) -> impl Iterator<Item = &Examined> {
        let tables = self.tables.iter().filter(|_| self.has_owners);
        tables.filter(|table| match table.owners.as_slice() {
            [record] => record.part != table.part || record.owner.plan != self.plan,
            _ => true,
        })
    }

    /// Stages whose tables belong to this plan only from this run on: another one may have filled them since its last.
    pub fn claimed_stages(&self) -> Vec<String> {
        self.unowned().map(|table| table.stage.clone()).collect()
    }

    /// The changes needed before the first unit, in plan order.
    pub(super) fn table_changes(&self, owner: Owner) -> TableChanges {
        let claims = self
            .unowned()
            .map(|table| Claim {
                part: table.part.clone(),
                from: table.owners.clone(),
            })
            .collect();
        let changes = self.tables.iter().filter_map(|table| {
            let changes = table.changes();
            let definition = table.definition.clone().filter(|_| !changes.is_empty())?;
            Some((definition, changes))
        });
        TableChanges {
            claims,
            changes: changes.collect(),
            owner,
        }
    }
}

/// An owner for use in a sentence: the plan, and who took the table when.
pub(super) fn owner_in_words(owner: &Owner) -> impl fmt::Display + '_ {
    format!(
        "{} (taken by {} on {}, {})",
        owner.plan,
        owner.by,
        owner.host,
        owner.since.format("%Y-%m-%d %H:%M UTC")
    )
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::table::{Slice, SliceValue, Weight};

    fn owner(plan: &str) -> Owner {
        Owner {
            plan: plan.to_owned(),
            by: "ann".to_owned(),
            host: "courtside".to_owned(),
            since: DateTime::UNIX_EPOCH,
        }
    }

    fn record(path: &str, plan: &str) -> OwnerRecord {
        OwnerRecord {
            part: OwnedPart::whole(path),
            owner: owner(plan),
        }
    }

    fn difference(column: &str, weight: Weight) -> SchemaDifference {
        SchemaDifference {
            column: Some(column.to_owned()),
            what: format!("has no column '{column}' STRING"),
            statement: None,
            advice: None,
            weight,
        }
    }

    fn table(path: &str, of: Option<&str>, differences: Vec<SchemaDifference>) -> Examined {
        Examined {
            stage: "s".to_owned(),
            part: OwnedPart::whole(path),
            definition: None,
            differences,
            owners: of.map(|plan| record(path, plan)).into_iter().collect(),
            foreign: None,
        }
    }

    #[test]
    fn all_blockers_are_reported_and_each_flag_permits_its_own() {
        let add = |name: &str| difference(name, Weight::Additive(SchemaChange::Add(name.to_owned())));
        let findings = Findings {
            plan: "mine".to_owned(),
            has_owners: true,
            tables: vec![
                table(
                    "d.a",
                    Some("mine"),
                    vec![add("x"), difference("y", Weight::Harmless)],
                ),
                table("d.b", Some("theirs"), Vec::new()),
                table("d.c", None, vec![add("x"), difference("z", Weight::Stops)]),
            ],
            queries: vec!["stage q: the query fails".to_owned()],
        };
        let none = Permits::default();
        assert_eq!(findings.problems(none).len(), 5);
        assert_eq!(
            findings.problems(none)[2],
            "stage s: table d.b belongs to plan theirs (taken by ann on courtside, 1970-01-01 00:00 UTC); fill another \
             table, or take it over with 'backcourt run --take-over'"
        );
        let all = Permits {
            take_over: true,
            migrate: true,
            ..none
        };
        let left = findings.problems(all);
        assert_eq!(left.len(), 3, "what is not mended whole is not begun: {left:?}");
        assert_eq!(findings.notes().len(), 1);
        let claims = findings.table_changes(owner("mine")).claims;
        let claims: Vec<_> = claims
            .iter()
            .map(|claim| (claim.part.table(), claim.from.len()))
            .collect();
        assert_eq!(claims, [("d.b", 1), ("d.c", 0)]);
    }

    #[test]
    fn owners_of_overlapping_parts_are_named() {
        let slice = |value: &str| {
            let values = [("country".to_owned(), SliceValue::Text(value.to_owned()))];
            OwnedPart::slice_of("d.t", &Slice::new(values.into()).unwrap())
        };
        let of = |part: OwnedPart, owned: OwnedPart| Findings {
            plan: "mine".to_owned(),
            has_owners: true,
            tables: vec![Examined {
                part,
                owners: vec![OwnerRecord {
                    part: owned,
                    owner: owner("theirs"),
                }],
                ..table("d.t", None, Vec::new())
            }],
            queries: Vec::new(),
        };
        let whole = OwnedPart::whole("d.t");
        let said = |findings: Findings| findings.problems(Permits::default()).remove(0);
        let by = "(taken by ann on courtside, 1970-01-01 00:00 UTC)";
        let or = "; fill another table, or take it over with 'backcourt run --take-over'";
        assert_eq!(
            said(of(slice("DE"), slice("DE"))),
            format!("stage s: slice country=DE of table d.t belongs to plan theirs {by}{or}")
        );
        assert_eq!(
            said(of(whole.clone(), slice("DE"))),
            format!(
                "stage s: slice country=DE of table d.t belongs to plan theirs {by} and may have the same rows as table \
                 d.t{or}"
            )
        );
        let taken = of(slice("DE"), whole.clone()).table_changes(owner("mine")).claims;
        assert_eq!(
            (taken[0].part.key(), &taken[0].from[0].part),
            ("d.t [country=DE]".to_owned(), &whole)
        );
    }
}
