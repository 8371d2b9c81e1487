//! A plan as recorded in its warehouse, for a console on another machine. Reads into a ledger in memory.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::board::{StageBoard, check_views};
use super::elsewhere::Elsewhere;
use super::handover::{HandoverError, take_over};
use super::snapshot::judged;
use super::{CheckView, ElsewhereView, Progress, RunView, Snapshot, StageState, StageView};
use crate::ledger::{Coverage, Ledger, LedgerError, RunRecord, RunState, Target};
use crate::plan::{Plan, StageSpec};
use crate::runbook::{RunbookFacts, derive};
use crate::warehouse::{Holder, Warehouse};

#[derive(Debug)]
pub struct Observer {
    plan: Arc<Plan>,
    warehouse: Arc<dyn Warehouse>,
    ledger: Ledger,
    target: Target,
    host: Option<String>,
    heartbeat: Option<Heartbeat>,
    /// The revision of the progress that was imported, and when.
    imported: Option<(String, Instant)>,
}

/// How long a revision is trusted. Finding it is free, while a query of the progress is billed.
const MAX_REVISION_AGE: Duration = Duration::from_mins(5);

/// The latest heartbeat of the lease holder. Compared by its numbers, since the clocks of two hosts differ.
#[derive(Debug, Clone, Copy)]
struct Heartbeat {
    epoch: i64,
    number: i64,
    seen_at: DateTime<Utc>,
}

/// The latest run of a plan, as recorded in its warehouse.
#[derive(Debug, Clone)]
pub struct Observed {
    pub run: RunRecord,
    pub host: String,
    /// The process that holds the plan's lease, if any.
    pub holder: Option<Holder>,
    /// When its latest heartbeat was first seen here.
    pub heard_at: DateTime<Utc>,
    pub at: DateTime<Utc>,
}

impl Observer {
    /// Creates an observer that has read nothing yet.
    pub fn new(plan: Arc<Plan>, warehouse: Arc<dyn Warehouse>) -> Result<Self, LedgerError> {
        let mut ledger = Ledger::in_memory()?;
        let target = ledger.target(&plan.name, &warehouse.name())?;
        Ok(Self {
            plan,
            warehouse,
            ledger,
            target,
            host: None,
            heartbeat: None,
            imported: None,
        })
    }

    /// Reads the record. Returns `None` if no run of the plan has been recorded.
    pub async fn read(&mut self) -> Result<Option<Observed>, HandoverError> {
        let (plan, warehouse) = (Arc::clone(&self.plan), Arc::clone(&self.warehouse));
        self.import().await?;
        let (Some(host), Some(run)) = (self.host.clone(), self.ledger.last_run(&plan.name)?) else {
            return Ok(None);
        };
        let lease = match warehouse.leases() {
            Some(leases) => leases.look(&plan.name).await?,
            None => None,
        };
        let at = Utc::now();
        let before = self.heartbeat.take();
        if let Some(lease) = &lease {
            let is_known = |known: &Heartbeat| (known.epoch, known.number) == (lease.epoch, lease.heartbeat);
            self.heartbeat = before.filter(is_known).or(Some(Heartbeat {
                epoch: lease.epoch,
                number: lease.heartbeat,
                seen_at: at,
            }));
        }
        Ok(Some(Observed {
            run,
            host,
            holder: lease.and_then(|lease| lease.holder),
            heard_at: self.heartbeat.map_or(at, |heartbeat| heartbeat.seen_at),
            at,
        }))
    }

    /// Imports the record, unless it is unchanged since the last import. All of it: a commit in flight numbers its
    /// entries first, so they can appear below known ones.
    async fn import(&mut self) -> Result<(), HandoverError> {
        // The revision comes first: what is added during the import belongs to the next one.
        let revision = match self.warehouse.records() {
            Some(records) => records.revision().await?,
            None => None,
        };
        let is_current = |(known, at): &(String, Instant)| {
            Some(known) == revision.as_ref() && at.elapsed() < MAX_REVISION_AGE
        };
        if self.imported.as_ref().is_some_and(is_current) {
            return Ok(());
        }
        let (plan, warehouse) = (self.plan.as_ref(), self.warehouse.as_ref());
        let mut ledger = Ledger::in_memory()?;
        let target = ledger.target(&plan.name, &warehouse.name())?;
        self.host = take_over(&mut ledger, target, plan, warehouse).await?.host;
        (self.ledger, self.target) = (ledger, target);
        self.imported = revision.map(|revision| (revision, Instant::now()));
        Ok(())
    }

    /// The snapshot for a console. Workers, rates and costs are not recorded, so they are missing.
    pub fn snapshot(&self, observed: &Observed, version: u64) -> Result<Snapshot, LedgerError> {
        let (ledger, target, plan) = (&self.ledger, self.target, self.plan.as_ref());
        let is_alive = observed.holder.is_some();
        let mut checks = check_views(plan, plan.checks.iter(), ledger, target)?;
        let stages = (plan.stages.iter())
            .map(|stage| self.stage(stage, &checks, is_alive))
            .collect::<Result<Vec<_>, _>>()?;
        for check in &mut checks {
            let stage = stages.iter().find(|stage| stage.name == check.stage);
            let spec = plan.check(&check.name);
            check.coverage = (stage.zip(spec))
                .filter(|(_, spec)| Coverage::is_known(spec, check.state))
                .map(|(stage, _)| stage.counts.coverage());
        }
        Ok(Snapshot {
            version,
            run: RunView {
                elsewhere: self.elsewhere()?,
                ..self.run(observed, &stages)
            },
            stages,
            checks,
            runbook: Arc::new(derive(plan, &RunbookFacts::gather(ledger, target, plan)?)),
            sources: check_views(plan, plan.sources.iter(), ledger, target)?,
            ..Snapshot::blank(&observed.run.id, observed.at)
        })
    }

    fn elsewhere(&self) -> Result<ElsewhereView, LedgerError> {
        let is_here = |stage: &str, date| {
            let known = self.plan.stage(stage);
            known.is_some_and(|stage| stage.range.contains(date))
        };
        Ok(Elsewhere::read(&self.ledger, self.target, &self.plan, &|_| true, &is_here)?.view())
    }

    fn run(&self, observed: &Observed, stages: &[StageView]) -> RunView {
        let (plan, run) = (self.plan.as_ref(), &observed.run);
        let open = |stage: &StageView| stage.units.iter().filter(|unit| unit.state.is_open()).count() as u64;
        let total = stages.iter().map(|stage| stage.counts.total).sum();
        let until = run.ended_at.unwrap_or(observed.at);
        RunView {
            plan: plan.name.clone(),
            // The values of the run's variables are not in the record, and those given here may be others.
            title: plan.written_title.clone(),
            environment: plan.environment.clone(),
            warehouse: run.warehouse.clone(),
            source: plan.shown_source(&run.source),
            first_month: plan.first_month,
            pid: run.pid,
            state: if observed.holder.is_some() || run.state.has_ended() {
                run.state
            } else {
                RunState::Interrupted
            },
            active_seconds: (until - run.started_at).as_seconds_f64().max(0.0),
            progress: Progress {
                total,
                done: total - stages.iter().map(open).sum::<u64>(),
                ..Progress::default()
            },
            workers: usize::try_from(run.workers).unwrap_or(usize::MAX),
            ending: run.ending.clone().filter(|_| run.ended_at.is_some()),
            ..Snapshot::blank(&run.id, observed.at).run
        }
    }

    pub fn into_ledger(self) -> Ledger {
        self.ledger
    }

    fn stage(
        &self,
        spec: &StageSpec,
        checks: &[CheckView],
        is_alive: bool,
    ) -> Result<StageView, LedgerError> {
        let dates: Vec<_> = spec.range.partitions().collect();
        let mut board = StageBoard::new(&spec.name, spec.table.clone(), &dates);
        for unit in self.ledger.current_units(self.target, spec)?.units {
            board.show(&unit);
        }
        for (date, gaps) in self.ledger.gaps(self.target, &spec.name)? {
            board.show_gaps(date, &gaps);
        }
        board.state = state(&board, checks, is_alive);
        Ok(StageView {
            seconds: self.ledger.stage_seconds(self.target, &spec.name)?,
            ..board.view()
        })
    }
}

/// The state of a stage from its units and checks. Whether checks are running is not recorded.
fn state(board: &StageBoard, checks: &[CheckView], is_alive: bool) -> StageState {
    let counts = board.counts();
    let is_open = board.units().iter().any(|unit| unit.state.is_open());
    let at_gate = (checks.iter())
        .filter(|check| check.stage == board.name)
        .map(CheckView::at_gate);
    let is_begun = counts.pending < counts.total;
    match judged(board.units(), at_gate) {
        StageState::Passed if !is_open => StageState::Passed,
        _ if is_begun && is_open && is_alive => StageState::Running,
        StageState::Failed if is_begun => StageState::Failed,
        _ => StageState::Waiting,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::engine::handover::tests::{commit, day, warehouse};
    use crate::ledger::UnitState;
    use crate::partition::Partition;
    use crate::plan::load;

    #[tokio::test]
    async fn a_slow_commit_is_seen_although_later_numbers_are_known() {
        let (dir, plan) = (tempfile::tempdir().unwrap(), load("shop").unwrap());
        let warehouse = Arc::new(warehouse(dir.path(), &plan).await);
        let records = warehouse.records().unwrap();
        let mut observer = Observer::new(Arc::new(plan.clone()), warehouse.clone()).unwrap();
        for (number, date, expected) in [(2, day(1), 1), (1, day(2), 2)] {
            records.append(&plan.name, &[commit(number, date)]).await.unwrap();
            observer.import().await.unwrap();
            let units = observer.ledger.units(observer.target, "events").unwrap();
            assert_eq!(units.len(), expected);
        }
    }

    #[tokio::test]
    async fn the_title_does_not_have_values_of_the_observer() {
        let dir = tempfile::tempdir().unwrap();
        let plan = Plan {
            title: "Users of FR".to_owned(),
            written_title: "Users of ${country}".to_owned(),
            ..load("shop").unwrap()
        };
        let warehouse = Arc::new(warehouse(dir.path(), &plan).await);
        let observer = Observer::new(Arc::new(plan.clone()), warehouse).unwrap();
        let at = Utc::now();
        let run = RunRecord {
            id: "r".to_owned(),
            plan: plan.name,
            warehouse: "w".to_owned(),
            pid: 1,
            state: RunState::Finished,
            source: String::new(),
            workers: 1,
            dates: Vec::new(),
            started_at: at,
            ended_at: Some(at),
            ending: None,
            version: None,
        };
        let observed = Observed {
            run,
            host: "bastion-2".to_owned(),
            holder: None,
            heard_at: at,
            at,
        };
        let snapshot = observer.snapshot(&observed, 1).unwrap();
        assert_eq!(snapshot.run.title, "Users of ${country}");
    }

    #[rstest]
    #[case([UnitState::Pending, UnitState::Pending], true, StageState::Waiting)]
    #[case([UnitState::Ok, UnitState::Pending], true, StageState::Running)]
    #[case([UnitState::Ok, UnitState::Pending], false, StageState::Waiting)]
    #[case([UnitState::Failed, UnitState::Pending], false, StageState::Failed)]
    #[case([UnitState::Ok, UnitState::Failed], true, StageState::Failed)]
    #[case([UnitState::Ok, UnitState::Skipped], true, StageState::Passed)]
    fn the_stage_state_follows_from_its_dates(
        #[case] units: [UnitState; 2],
        #[case] is_alive: bool,
        #[case] expected: StageState,
    ) {
        let dates = [Partition::MIN, Partition::MAX];
        let mut board = StageBoard::new("s", None, &dates);
        for (date, state) in dates.into_iter().zip(units) {
            board.change(date, |unit| unit.state = state);
        }
        assert_eq!(state(&board, &[], is_alive), expected);
    }
}
