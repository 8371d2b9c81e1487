//! What a run is about to do, and what dry runs say about its cost. Independent of the ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::recording_warehouse::{RecordedDates, RecordedQuery, RecordingWarehouse};
use super::shape::{Shape, shapes};
use super::{Estimate, Expected, StageEstimate};
use crate::engine::stored::stored_rows;
use crate::engine::{BatchDates, Fills, Meter, Stage};
use crate::partition::Partition;
use crate::table::TableDef;
use crate::warehouse::{Asking, Dates, DryRun, DryRunQuery, MAX_DATES_OF_QUERY, Read, Warehouse};

const MAX_IN_FLIGHT: usize = 8;

/// Dates per batch before batches grow.
const FIRST_BATCH: usize = 4;

/// What a run is about to do.
#[derive(Debug)]
pub struct Planned {
    pub stages: Vec<PlannedStage>,
    /// Queries that belong to no stage, as `(name, SQL)`: raw-data checks.
    pub sources: Vec<(String, String)>,
    pub workers: usize,
    pub largest_batch: usize,
    pub source: String,
}

/// What a run is about to do in a stage.
#[derive(Debug)]
pub struct PlannedStage {
    pub stage: Arc<dyn Stage>,
    /// Dates that may be due.
    pub dates: Vec<Partition>,
    /// Queries of the checks and breakdowns that will run, as `(check, SQL)`.
    pub checks: Vec<(String, String)>,
}

/// A dry run to make, and where its cost belongs.
struct Wanted {
    /// Index of the stage; `None` if it belongs to no stage.
    stage: Option<usize>,
    is_check: bool,
    /// Names the largest job in the message that refuses it.
    what: String,
    shape: Shape,
}

impl Planned {
    pub fn is_idle(&self) -> bool {
        self.stages.iter().all(|stage| stage.dates.is_empty())
    }

    /// Estimates the cost of everything with dry runs. Nothing is read or written.
    pub async fn dry_run(self, warehouse: Arc<dyn Warehouse>, meter: Arc<Meter>) -> Estimate {
        let (wanted, tables) = self.wanted(warehouse.shares_reads()).await;
        let questions: BTreeSet<RecordedQuery> =
            wanted.iter().map(|one| one.shape.question.clone()).collect();
        let total = u32::try_from(questions.len()).unwrap_or(u32::MAX);
        meter.total.store(total, Ordering::Relaxed);
        let results = dry_run_all(questions, tables, warehouse, &meter).await;
        self.summed_up(&wanted, &results)
    }

    /// The dry runs to make, and the definitions of the tables they read.
    async fn wanted(&self, shares_reads: bool) -> (Vec<Wanted>, BTreeMap<String, TableDef>) {
        let recording_warehouse = RecordingWarehouse::new(shares_reads);
        let mut wanted = Vec::new();
        let query = |stage, name: &str, sql: &str| Wanted {
            stage,
            is_check: true,
            what: format!("check {name}"),
            shape: Shape {
                question: RecordedQuery::Query(sql.to_owned()),
                jobs: 1,
                share: 1.0,
                largest: 1.0,
            },
        };
        for (at, planned) in self.stages.iter().enumerate() {
            if !planned.dates.is_empty() {
                self.read(planned, &recording_warehouse).await;
                let (stage, recorded) = (planned.stage.name(), recording_warehouse.take());
                wanted.extend(shapes(recorded).into_iter().map(|shape| Wanted {
                    stage: Some(at),
                    is_check: false,
                    what: match &shape.question {
                        RecordedQuery::Read { table, .. } => format!("a batch of {stage} reads {table}"),
                        RecordedQuery::Query(_) | RecordedQuery::About(..) => format!("a query of {stage}"),
                    },
                    shape,
                }));
            }
            let checks = planned.checks.iter();
            wanted.extend(checks.map(|(name, sql)| query(Some(at), name, sql)));
        }
        wanted.extend(self.sources.iter().map(|(name, sql)| query(None, name, sql)));
        (wanted, recording_warehouse.into_tables())
    }

    /// Records everything a stage will ask of the warehouse. Its results, computed from empty answers, are ignored.
    async fn read(&self, planned: &PlannedStage, recording_warehouse: &RecordingWarehouse) {
        let (stage, dates) = (planned.stage.as_ref(), planned.dates.as_slice());
        drop(stage.scope(recording_warehouse, dates).await);
        drop(stored_rows(recording_warehouse, stage.fills(), dates).await);
        if stage.calls().is_none() {
            let early = dates.len().min(self.workers * FIRST_BATCH);
            let (early, later) = dates.split_at(early);
            let reader = stage.reader();
            let batches = early.chunks(FIRST_BATCH.min(self.largest_batch.max(1)));
            for batch in batches.chain(later.chunks(self.largest_batch.max(1))) {
                let batch = BatchDates {
                    dates: batch,
                    upcoming: dates,
                };
                drop(reader.read(recording_warehouse, batch, &self.source).await);
            }
        }
        match stage.fills() {
            Fills::Query(table, sql, asking) => {
                let at_once = match asking {
                    Asking::AllAtOnce => MAX_DATES_OF_QUERY,
                    Asking::DateByDate => 1,
                };
                for dates in dates.chunks(at_once) {
                    drop(recording_warehouse.query_about(sql, dates, table.zone).await);
                }
            }
            Fills::Computed(_) | Fills::Counted(_) | Fills::Nothing => {}
        }
    }

    fn summed_up(
        &self,
        wanted: &[Wanted],
        results: &BTreeMap<RecordedQuery, Result<DryRun, String>>,
    ) -> Estimate {
        let working = self.stages.iter().filter(|planned| !planned.dates.is_empty());
        let filled: BTreeSet<String> = working
            .filter_map(|planned| planned.stage.fills().path())
            .collect();
        let stage = |planned: &PlannedStage| StageEstimate {
            stage: planned.stage.name().to_owned(),
            dates: planned.dates.len() as u64,
            reads: Expected::default(),
            checks: Expected::default(),
        };
        let mut estimate = Estimate {
            stages: self.stages.iter().map(stage).collect(),
            sources: Expected::default(),
        };
        for one in wanted {
            // Tables that this run fills can't be measured yet.
            let is_filled = match (&one.shape.question, one.stage) {
                (RecordedQuery::Read { table, .. }, _) => filled.contains(table),
                (_, Some(at)) => !self.stages[at].dates.is_empty(),
                (_, None) => false,
            };
            let expected = expected(one, results.get(&one.shape.question), is_filled);
            match one.stage {
                None => estimate.sources.join(&expected),
                Some(at) if one.is_check => estimate.stages[at].checks.join(&expected),
                Some(at) => estimate.stages[at].reads.join(&expected),
            }
        }
        estimate
    }
}

fn expected(wanted: &Wanted, result: Option<&Result<DryRun, String>>, is_filled: bool) -> Expected {
    let shape = &wanted.shape;
    let unknown = |why: &str| Expected {
        jobs: shape.jobs,
        unknown: shape.jobs,
        why: Some(why.to_owned()),
        ..Expected::default()
    };
    match result {
        None => unknown("its dry run was aborted"),
        Some(Err(why)) => unknown(why),
        Some(Ok(DryRun { bytes: 0, .. })) if is_filled => unknown("this run fills its inputs"),
        Some(Ok(dry_run)) => {
            let jobs = shape.jobs.saturating_mul(dry_run.jobs);
            let least = if dry_run.bytes == 0 { 0 } else { dry_run.least };
            let billed = times(dry_run.bytes, shape.share).max(least.saturating_mul(jobs));
            let largest = times(dry_run.bytes, shape.largest)
                .div_ceil(dry_run.jobs.max(1))
                .max(least);
            Expected {
                bytes: billed,
                jobs,
                largest: Some((largest, wanted.what.clone())),
                ..Expected::default()
            }
        }
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an estimate, of a positive number"
)]
fn times(bytes: u64, share: f64) -> u64 {
    (bytes as f64 * share).round() as u64
}

/// Makes each dry run once, a few at a time.
async fn dry_run_all(
    questions: BTreeSet<RecordedQuery>,
    tables: BTreeMap<String, TableDef>,
    warehouse: Arc<dyn Warehouse>,
    meter: &Meter,
) -> BTreeMap<RecordedQuery, Result<DryRun, String>> {
    let tables = Arc::new(tables);
    let permits = Arc::new(Semaphore::new(MAX_IN_FLIGHT));
    // Dropping this future aborts its tasks.
    let mut tasks = JoinSet::new();
    for question in questions {
        let (warehouse, tables, permits) = (warehouse.clone(), tables.clone(), permits.clone());
        tasks.spawn(async move {
            // The semaphore is never closed. Without a permit there would only be more queries at once.
            let _turn = permits.acquire().await;
            let result = dry_run(&question, &tables, warehouse.as_ref()).await;
            (question, result)
        });
    }
    let mut results = BTreeMap::new();
    while let Some(joined) = tasks.join_next().await {
        meter.done.fetch_add(1, Ordering::Relaxed);
        // A dry run that panicked has no result, so its cost stays unknown.
        results.extend(joined.ok());
    }
    results
}

async fn dry_run(
    question: &RecordedQuery,
    tables: &BTreeMap<String, TableDef>,
    warehouse: &dyn Warehouse,
) -> Result<DryRun, String> {
    let (names, firsts);
    let question = match question {
        RecordedQuery::Query(sql) => DryRunQuery::Query(sql),
        RecordedQuery::About(sql, dates, zone) => DryRunQuery::About(sql, dates, *zone),
        RecordedQuery::Read { table, columns, days } => {
            names = columns.iter().map(String::as_str).collect::<Vec<_>>();
            let Some(table) = tables.get(table) else {
                return Err(format!("unknown table {table}"));
            };
            let columns = names.as_slice();
            let read = |dates| Read {
                table,
                columns,
                dates,
            };
            match days {
                RecordedDates::Only(dates) => DryRunQuery::Read(read(Dates::Only(dates))),
                RecordedDates::Between(from, to) => DryRunQuery::Read(read(Dates::Between(*from, *to))),
                RecordedDates::Months(months) => {
                    firsts = months.iter().copied().collect::<Vec<_>>();
                    DryRunQuery::Months(read(Dates::Only(&firsts)))
                }
            }
        }
    };
    warehouse.dry_run(question).await.map_err(|error| error.message)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const MIB: u64 = 1 << 20;

    fn wanted(jobs: u64, share: f64, largest: f64) -> Wanted {
        Wanted {
            stage: Some(0),
            is_check: false,
            what: "a batch of games reads raw.games".to_owned(),
            shape: Shape {
                question: RecordedQuery::Query("SELECT 1".to_owned()),
                jobs,
                share,
                largest,
            },
        }
    }

    const fn answer(mib: u64, tables: u64) -> DryRun {
        DryRun {
            bytes: mib * MIB,
            least: 10 * MIB * tables,
            jobs: 1,
        }
    }

    #[test]
    fn a_dry_run_that_takes_several_jobs_counts_as_several() {
        let result = |mib| {
            Ok(DryRun {
                jobs: 3,
                ..answer(mib, 1)
            })
        };
        let of = |mib| expected(&wanted(1, 1.0, 1.0), Some(&result(mib)), false);
        let largest = |expected: &Expected| expected.largest.as_ref().map(|(bytes, _)| *bytes);
        let (small, large) = (of(1), of(60));
        assert_eq!(
            (small.bytes, small.jobs, largest(&small)),
            (30 * MIB, 3, Some(10 * MIB))
        );
        assert_eq!(
            (large.bytes, large.jobs, largest(&large)),
            (60 * MIB, 3, Some(20 * MIB))
        );
    }

    // Three jobs that process 400 MiB 1.75 times; then jobs that process almost nothing and are billed the minimum.
    #[rstest]
    #[case(answer(400, 1), (3, 1.75, 1.0), 700, 400)]
    #[case(answer(400, 1), (4, 1.0, 0.25), 400, 100)]
    #[case(answer(1, 1), (3, 1.75, 1.0), 30, 10)]
    #[case(answer(1, 2), (1, 1.0, 1.0), 20, 20)]
    #[case(answer(0, 1), (3, 1.75, 1.0), 0, 0)]
    fn jobs_are_billed_by_their_share_with_a_minimum_per_job(
        #[case] result: DryRun,
        #[case] (jobs, share, largest): (u64, f64, f64),
        #[case] billed: u64,
        #[case] most: u64,
    ) {
        let expected = expected(&wanted(jobs, share, largest), Some(&Ok(result)), false);
        assert_eq!((expected.bytes, expected.unknown), (billed * MIB, 0));
        assert_eq!(expected.largest.map(|(bytes, _)| bytes), Some(most * MIB));
    }

    #[rstest]
    #[case(Some(Err("no such table".to_owned())), false, "no such table")]
    #[case(Some(Ok(answer(0, 1))), true, "this run fills its inputs")]
    #[case(None, false, "its dry run was aborted")]
    fn jobs_without_an_estimate_are_unknown_and_not_zero(
        #[case] result: Option<Result<DryRun, String>>,
        #[case] is_filled: bool,
        #[case] why: &str,
    ) {
        let expected = expected(&wanted(3, 1.0, 1.0), result.as_ref(), is_filled);
        assert_eq!((expected.bytes, expected.jobs, expected.unknown), (0, 3, 3));
        assert_eq!(expected.why.as_deref(), Some(why));
        assert_eq!((expected.text().as_str(), expected.largest), ("unknown", None));
    }
}
