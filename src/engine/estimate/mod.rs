//! Estimates a run's cost with dry runs before its first query. What can't be known yet is reported as unknown, never
//! as zero. Independent of the ledger.

mod recording_warehouse;
mod shape;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::stored::stored_rows;
use super::{Fills, Meter, Stage};
use crate::figures::{bytes, counted};
use crate::table::TableDef;
use crate::warehouse::{Asking, Dates, DryRun, Question, Read, Warehouse};
use recording_warehouse::{Days, RecordedQuery, RecordingWarehouse};
use shape::{Shape, shapes};

/// Maximum number of dry runs in flight.
const ABREAST: usize = 8;

/// Dates per batch before batches grow.
const FIRST_BATCH: usize = 4;

/// What a run is about to do.
#[derive(Debug)]
pub struct Planned {
    /// Its stages, in order.
    pub stages: Vec<PlannedStage>,
    /// Queries that belong to no stage, as `(name, SQL)`: raw-data checks.
    pub sources: Vec<(String, String)>,
    /// Workers at the start.
    pub workers: usize,
    /// Maximum number of dates per batch.
    pub largest_batch: usize,
    /// The source the stages read.
    pub source: String,
}

/// What a run is about to do in a stage.
#[derive(Debug)]
pub struct PlannedStage {
    /// The stage.
    pub stage: Arc<dyn Stage>,
    /// Dates that may be due.
    pub dates: Vec<NaiveDate>,
    /// Queries of the checks and breakdowns that will run, as `(check, SQL)`.
    pub checks: Vec<(String, String)>,
}

/// The estimated cost of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// By stage, in order.
    pub stages: Vec<StageEstimate>,
    /// Of the raw-data checks.
    #[serde(alias = "aside")]
    pub sources: Expected,
}

/// The estimated cost of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageEstimate {
    /// Stage name.
    pub stage: String,
    /// Dates that may be due.
    pub dates: u64,
    /// For reading, and for the stage's own query if it has one. Not for writing, which a dry run can't estimate.
    pub reads: Expected,
    /// For its checks.
    pub checks: Expected,
}

/// The estimated cost of a group of jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// Bytes billed for the jobs with a known cost.
    pub bytes: u64,
    /// Number of jobs.
    pub jobs: u64,
    /// Number of jobs whose cost is unknown.
    pub unknown: u64,
    /// Why the first of these is unknown.
    pub why: Option<String>,
    /// Bytes billed for the largest job and what the job does; `None` if nothing is known.
    pub largest: Option<(u64, String)>,
}

impl Expected {
    fn join(&mut self, other: &Self) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.jobs += other.jobs;
        self.unknown += other.unknown;
        if self.why.is_none() {
            self.why.clone_from(&other.why);
        }
        let size = |largest: &Option<(u64, String)>| largest.as_ref().map(|(bytes, _)| *bytes);
        if size(&other.largest) > size(&self.largest) {
            self.largest.clone_from(&other.largest);
        }
    }

    /// The bytes as text: `> …` if some jobs are unknown, `-` without jobs.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self { jobs: 0, .. } => "-".to_owned(),
            Self { unknown: 0, .. } => bytes(self.bytes),
            Self { jobs, unknown, .. } if jobs == unknown => "unknown".to_owned(),
            _ => format!("> {}", bytes(self.bytes)),
        }
    }
}

impl StageEstimate {
    /// Reads and checks together.
    #[must_use]
    pub fn all(&self) -> Expected {
        let mut all = self.reads.clone();
        all.join(&self.checks);
        all
    }
}

impl Estimate {
    /// All stages and raw-data checks together.
    #[must_use]
    pub fn all(&self) -> Expected {
        let mut all = Expected::default();
        self.stages.iter().for_each(|stage| all.join(&stage.all()));
        all.join(&self.sources);
        all
    }

    /// The estimate in one sentence.
    #[must_use]
    pub fn message(&self) -> String {
        let all = self.all();
        let (known, unknown) = (bytes(all.bytes), all.unknown);
        match (all.jobs - unknown, unknown) {
            (known_jobs, 0) => format!("estimated cost: about {known} for {}", jobs(known_jobs)),
            (0, _) => format!("estimated cost: unknown for {}", jobs(unknown)),
            (known_jobs, _) => format!(
                "estimated cost: at least {known} for {}; unknown for {unknown} more",
                jobs(known_jobs)
            ),
        }
    }

    /// One line per stage.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let line = |name: &str, dates: Option<u64>, expected: &Expected| {
            let dates = dates.map_or_else(String::new, |dates| format!(", {}", counted(dates, "date")));
            let why = expected.why.as_ref().map_or_else(String::new, |why| {
                format!("; unknown for {}: {why}", jobs(expected.unknown))
            });
            format!(
                "{name}{dates}: {} for {}{why}",
                expected.told(),
                jobs(expected.jobs)
            )
        };
        let stages = self.stages.iter().filter(|stage| stage.all().jobs > 0);
        let mut lines: Vec<String> = stages
            .map(|stage| line(&stage.stage, Some(stage.dates), &stage.all()))
            .collect();
        if self.sources.jobs > 0 {
            lines.push(line("raw-data checks", None, &self.sources));
        }
        lines
    }
}

fn jobs(number: u64) -> String {
    counted(number, "job")
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
    /// Whether there are no dates to do.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.stages.iter().all(|stage| stage.dates.is_empty())
    }

    /// Estimates the cost of everything with dry runs. Nothing is read or written.
    pub async fn dry_run(self, warehouse: Arc<dyn Warehouse>, meter: Arc<Meter>) -> Estimate {
        let (wanted, tables) = self.wanted().await;
        let questions: BTreeSet<RecordedQuery> =
            wanted.iter().map(|one| one.shape.question.clone()).collect();
        let total = u32::try_from(questions.len()).unwrap_or(u32::MAX);
        meter.total.store(total, Ordering::Relaxed);
        let told = ask_all(questions, tables, warehouse, &meter).await;
        self.summed_up(&wanted, &told)
    }

    /// The dry runs to make, and the definitions of the tables they read.
    async fn wanted(&self) -> (Vec<Wanted>, BTreeMap<String, TableDef>) {
        let recording_warehouse = RecordingWarehouse::default();
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
                wanted.extend(
                    shapes(recording_warehouse.take())
                        .into_iter()
                        .map(|shape| Wanted {
                            stage: Some(at),
                            is_check: false,
                            what: match &shape.question {
                                RecordedQuery::Read { table, .. } => {
                                    format!("a batch of {} reads {table}", planned.stage.name())
                                }
                                RecordedQuery::Query(_) | RecordedQuery::About(..) => {
                                    format!("a query of {}", planned.stage.name())
                                }
                            },
                            shape,
                        }),
                );
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
        if !stage.runs_a_program() {
            let early = dates.len().min(self.workers * FIRST_BATCH);
            let (early, later) = dates.split_at(early);
            let batches = early.chunks(FIRST_BATCH.min(self.largest_batch.max(1)));
            for batch in batches.chain(later.chunks(self.largest_batch.max(1))) {
                drop(stage.read(recording_warehouse, batch, &self.source).await);
            }
        }
        match stage.fills() {
            Fills::Query(_, sql, Asking::AllAtOnce) => {
                drop(recording_warehouse.query_about(sql, dates).await);
            }
            Fills::Query(_, sql, Asking::DateByDate) => {
                for date in dates {
                    drop(recording_warehouse.query_about(sql, &[*date]).await);
                }
            }
            Fills::Computed(_) | Fills::Counted(_) | Fills::Nothing => {}
        }
    }

    fn summed_up(
        &self,
        wanted: &[Wanted],
        told: &BTreeMap<RecordedQuery, Result<DryRun, String>>,
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
            let expected = expected(one, told.get(&one.shape.question), is_filled);
            match one.stage {
                None => estimate.sources.join(&expected),
                Some(at) if one.is_check => estimate.stages[at].checks.join(&expected),
                Some(at) => estimate.stages[at].reads.join(&expected),
            }
        }
        estimate
    }
}

/// The estimated cost of a shape's jobs.
fn expected(wanted: &Wanted, told: Option<&Result<DryRun, String>>, is_filled: bool) -> Expected {
    let shape = &wanted.shape;
    let unknown = |why: &str| Expected {
        jobs: shape.jobs,
        unknown: shape.jobs,
        why: Some(why.to_owned()),
        ..Expected::default()
    };
    match told {
        None => unknown("its dry run was aborted"),
        Some(Err(why)) => unknown(why),
        Some(Ok(DryRun { bytes: 0, .. })) if is_filled => unknown("this run fills its inputs"),
        Some(Ok(dry_run)) => {
            let least = if dry_run.bytes == 0 { 0 } else { dry_run.least };
            let billed = times(dry_run.bytes, shape.share).max(least.saturating_mul(shape.jobs));
            let largest = times(dry_run.bytes, shape.largest).max(least);
            Expected {
                bytes: billed,
                jobs: shape.jobs,
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
async fn ask_all(
    questions: BTreeSet<RecordedQuery>,
    tables: BTreeMap<String, TableDef>,
    warehouse: Arc<dyn Warehouse>,
    meter: &Meter,
) -> BTreeMap<RecordedQuery, Result<DryRun, String>> {
    let tables = Arc::new(tables);
    let abreast = Arc::new(Semaphore::new(ABREAST));
    // Dropping this future aborts its tasks.
    let mut tasks = JoinSet::new();
    for question in questions {
        let (warehouse, tables, abreast) = (warehouse.clone(), tables.clone(), abreast.clone());
        tasks.spawn(async move {
            // The semaphore is never closed. Without a permit there would only be more queries at once.
            let _turn = abreast.acquire().await;
            let told = dry_run(&question, &tables, warehouse.as_ref()).await;
            (question, told)
        });
    }
    let mut told = BTreeMap::new();
    while let Some(joined) = tasks.join_next().await {
        meter.done.fetch_add(1, Ordering::Relaxed);
        // A dry run that panicked has no result, so its cost stays unknown.
        told.extend(joined.ok());
    }
    told
}

async fn dry_run(
    question: &RecordedQuery,
    tables: &BTreeMap<String, TableDef>,
    warehouse: &dyn Warehouse,
) -> Result<DryRun, String> {
    let names: Vec<&str>;
    let question = match question {
        RecordedQuery::Query(sql) => Question::Query(sql),
        RecordedQuery::About(sql, dates) => Question::About(sql, dates),
        RecordedQuery::Read { table, columns, days } => {
            names = columns.iter().map(String::as_str).collect();
            let Some(table) = tables.get(table) else {
                return Err(format!("unknown table {table}"));
            };
            Question::Read(Read {
                table,
                columns: &names,
                dates: match days {
                    Days::Only(dates) => Dates::Only(dates),
                    Days::Between(from, to) => Dates::Between(*from, *to),
                },
            })
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

    const fn told(mib: u64, tables: u64) -> DryRun {
        DryRun {
            bytes: mib * MIB,
            least: 10 * MIB * tables,
        }
    }

    // Three jobs that process 400 MiB 1.75 times; then jobs that process almost nothing and are billed the minimum.
    #[rstest]
    #[case(told(400, 1), (3, 1.75, 1.0), 700, 400)]
    #[case(told(400, 1), (4, 1.0, 0.25), 400, 100)]
    #[case(told(1, 1), (3, 1.75, 1.0), 30, 10)]
    #[case(told(1, 2), (1, 1.0, 1.0), 20, 20)]
    #[case(told(0, 1), (3, 1.75, 1.0), 0, 0)]
    fn jobs_are_billed_by_their_share_with_a_minimum_per_job(
        #[case] told: DryRun,
        #[case] (jobs, share, largest): (u64, f64, f64),
        #[case] billed: u64,
        #[case] most: u64,
    ) {
        let expected = expected(&wanted(jobs, share, largest), Some(&Ok(told)), false);
        assert_eq!((expected.bytes, expected.unknown), (billed * MIB, 0));
        assert_eq!(expected.largest.map(|(bytes, _)| bytes), Some(most * MIB));
    }

    #[rstest]
    #[case(Some(Err("no such table".to_owned())), false, "no such table")]
    #[case(Some(Ok(told(0, 1))), true, "this run fills its inputs")]
    #[case(None, false, "its dry run was aborted")]
    fn jobs_without_an_estimate_are_unknown_and_not_zero(
        #[case] told: Option<Result<DryRun, String>>,
        #[case] is_filled: bool,
        #[case] why: &str,
    ) {
        let expected = expected(&wanted(3, 1.0, 1.0), told.as_ref(), is_filled);
        assert_eq!((expected.bytes, expected.jobs, expected.unknown), (0, 3, 3));
        assert_eq!(expected.why.as_deref(), Some(why));
        assert_eq!((expected.told().as_str(), expected.largest), ("unknown", None));
    }

    #[rstest]
    #[case(0, 0, 0, "-")]
    #[case(700, 3, 0, "700 MiB")]
    #[case(0, 3, 0, "0 B")]
    #[case(700, 3, 1, "> 700 MiB")]
    #[case(0, 3, 3, "unknown")]
    fn partial_figures_are_marked(
        #[case] mib: u64,
        #[case] jobs: u64,
        #[case] unknown: u64,
        #[case] text: &str,
    ) {
        let expected = Expected {
            bytes: mib * MIB,
            jobs,
            unknown,
            ..Expected::default()
        };
        assert_eq!(expected.told(), text);
    }

    #[rstest]
    #[case(700, 3, 0, "estimated cost: about 700 MiB for 3 jobs")]
    #[case(700, 3, 2, "estimated cost: at least 700 MiB for 1 job; unknown for 2 more")]
    #[case(0, 3, 3, "estimated cost: unknown for 3 jobs")]
    fn the_summary_shows_estimated_and_unknown_jobs(
        #[case] mib: u64,
        #[case] jobs: u64,
        #[case] unknown: u64,
        #[case] text: &str,
    ) {
        let sources = Expected {
            bytes: mib * MIB,
            jobs,
            unknown,
            ..Expected::default()
        };
        let estimate = Estimate {
            stages: Vec::new(),
            sources,
        };
        assert_eq!(estimate.message(), text);
    }
}
