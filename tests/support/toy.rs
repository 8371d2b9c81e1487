//! A minimal stage and warehouse: two rows per date, every seventh day off.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use backcourt::engine::{
    BatchDates, BatchReader, Ceilings, Command, Ending, Engine, Event, Fact, Fills, Input, Inputs, Lineage,
    Losses, OnChange, Options, Order, Outcome, Permits, Reach, Reply, RetryPolicy, Sample, Scope, Setup,
    Snapshot, Stage, StageError, Work,
};
use backcourt::ledger::{Counts, Intent, Ledger, Target, UnitRecord, UnitState};
use backcourt::own_file::WatchedFile;
use backcourt::partition::{Grain, Partition, Timezone};
use backcourt::plan::{Plan, SampleDate, load};
use backcourt::table::{Column, ColumnType, Row, Schema, Slice, TableDef, Value};
use backcourt::warehouse::{
    Answer, Dates, Ensured, ErrorClass, Filling, Kept, Read, Refill, Refilled, Replace, Warehouse,
    WarehouseError,
};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};

const PLAN: &str = r#"
name = "toy"
title = "A toy"
from = "2021-10-19"
to = "2021-12-31"
[[stage]]
name = "toy"
table = "toy.toy"
kind = "nba"
[[stage]]
name = "beside"
table = "toy.beside"
kind = "nba"
[[stage]]
name = "after"
table = "toy.after"
kind = "nba"
needs = ["toy"]
[[check]]
name = "all_there"
stage = "toy"
title = "All there"
severity = "blocking"
sql = "SELECT game_date FROM missing"
expect = [{ rows = 0 }]
[[breakdown]]
check = "all_there"
title = "Rows stored"
sql = "SELECT the breakdown"
date = "date"
cause = "cause"
count = "rows"
causes = ["lost"]
"#;

pub fn day(number: u32) -> Partition {
    Partition::parse("2021-10-19")
        .unwrap()
        .moved(number.into())
        .unwrap()
}

fn is_off(date: Partition) -> bool {
    day(0).distance(date) % 7 == 6
}

/// The first day of a date's week. The day off is the last one.
pub fn week(date: Partition) -> Partition {
    date.moved(-(day(0).distance(date) % 7)).unwrap()
}

pub fn ended_date(fact: &Fact) -> Option<Partition> {
    match &fact.event {
        Event::UnitFinished { date, .. } => Some(*date),
        _ => None,
    }
}

/// A fault injected for a date.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// Reading it alone fails this many times, then works.
    Transient(u32),
    /// Computing it always fails.
    Data,
    /// Reading it always fails, with an error of class `code`.
    Code,
    /// Computing it panics.
    Panic,
    /// Only this many of its two rows are returned.
    Short(u32),
}

#[derive(Debug, Default)]
struct World {
    stored: Mutex<HashMap<String, BTreeMap<Partition, Vec<Row>>>>,
    faults: Mutex<HashMap<Partition, Fault>>,
    commits: AtomicUsize,
    failing_commits: AtomicUsize,
    refused_commits: AtomicUsize,
    blind: Mutex<Option<&'static str>>,
    disk_is_full: AtomicBool,
    /// Commits to stage `toy` that hit an exhausted quota, and the backoff of the table.
    quota_hits: AtomicUsize,
    rest: Mutex<Option<Duration>>,
    /// How many more commits may end; `None` for any number.
    allowed: Mutex<Option<usize>>,
    /// Commits that are applied without an answer.
    lost_commits: AtomicUsize,
    /// The names of commits that were sent, and of those that were looked up.
    sent: Mutex<Vec<String>>,
    asked_after: Mutex<Vec<String>>,
    is_mute: AtomicBool,
    read_millis: AtomicU64,
    days: u32,
}

pub struct Toy {
    folder: TempDir,
    pub plan: Arc<Plan>,
    world: Arc<World>,
    pub stages: &'static [&'static str],
    runs: AtomicUsize,
    sampled: Mutex<Vec<u32>>,
}

impl World {
    fn may_commit(&self) -> bool {
        let mut allowed = self.allowed.lock().unwrap();
        match *allowed {
            None => true,
            Some(0) => false,
            Some(number) => {
                *allowed = Some(number - 1);
                true
            }
        }
    }
}

/// A running engine.
pub struct Live {
    engine: Engine,
}

impl Toy {
    pub fn new(days: u32) -> Self {
        Self::new_in(tempfile::tempdir().unwrap(), days)
    }

    pub fn new_in(folder: TempDir, days: u32) -> Self {
        let plan = folder.path().join("toy.toml");
        std::fs::write(&plan, PLAN).unwrap();
        let plan = Arc::new(load(&plan.display().to_string()).unwrap());
        Self {
            folder,
            plan,
            world: Arc::new(World {
                days,
                ..World::default()
            }),
            stages: &["toy"],
            runs: AtomicUsize::new(0),
            sampled: Mutex::default(),
        }
    }

    /// With these stages of `toy`, `beside` and `after`, which needs `toy`. The default is `toy` only.
    pub fn with_stages(self, stages: &'static [&'static str]) -> Self {
        Self { stages, ..self }
    }

    /// With a plan in which stage `after` needs approval before it starts.
    pub fn asking(mut self) -> Self {
        let path = self.folder.path().join("toy.toml");
        let asks = PLAN.replace("needs = [\"toy\"]", "needs = [\"toy\"]\nadvance = \"ask\"");
        std::fs::write(&path, asks).unwrap();
        self.plan = Arc::new(load(&path.display().to_string()).unwrap());
        self.with_stages(&["toy", "beside", "after"])
    }

    /// With a fault in stage `toy`.
    pub fn with_fault(self, date: Partition, fault: Fault) -> Self {
        self.world.faults.lock().unwrap().insert(date, fault);
        self
    }

    pub fn with_failing_commits(self, times: usize) -> Self {
        self.world.failing_commits.store(times, Ordering::Relaxed);
        self
    }

    /// The warehouse rejects the rows of this many commits.
    pub fn with_refused_commits(self, times: usize) -> Self {
        self.world.refused_commits.store(times, Ordering::Relaxed);
        self
    }

    /// The quota of stage `toy` is exhausted this many times, with this backoff.
    pub fn with_quota_hits(self, times: usize, rest: Duration) -> Self {
        self.world.quota_hits.store(times, Ordering::Relaxed);
        *self.world.rest.lock().unwrap() = Some(rest);
        self
    }

    /// This many commits are applied, and their answers are lost.
    pub fn with_lost_commits(self, times: usize) -> Self {
        self.world.lost_commits.store(times, Ordering::Relaxed);
        self
    }

    /// Lets this many more commits end; `None` for any number.
    pub fn allow_commits(&self, number: Option<usize>) {
        *self.world.allowed.lock().unwrap() = number;
    }

    pub fn sent(&self) -> Vec<String> {
        self.world.sent.lock().unwrap().clone()
    }

    pub fn asked_after(&self) -> Vec<String> {
        self.world.asked_after.lock().unwrap().clone()
    }

    /// This stage can't determine its expected rows.
    pub fn with_blind(self, stage: &'static str) -> Self {
        *self.world.blind.lock().unwrap() = Some(stage);
        self
    }

    pub fn slow(self, read: Duration) -> Self {
        self.slow_down(read);
        self
    }

    pub fn slow_down(&self, read: Duration) {
        self.world
            .read_millis
            .store(u64::try_from(read.as_millis()).unwrap(), Ordering::Relaxed);
    }

    pub fn fill_disk(&self, is_full: bool) {
        self.world.disk_is_full.store(is_full, Ordering::Relaxed);
    }

    /// While `is_mute` is set, no query returns.
    pub fn hush(&self, is_mute: bool) {
        self.world.is_mute.store(is_mute, Ordering::Relaxed);
    }

    pub fn hurry(&self) {
        self.world.read_millis.store(0, Ordering::Relaxed);
    }

    /// Deletes the stored rows of a date, without the engine's knowledge.
    pub fn lose(&self, date: Partition) {
        self.world
            .stored
            .lock()
            .unwrap()
            .get_mut("toy.toy")
            .unwrap()
            .remove(&date);
    }

    /// Changes the source column in the first row of a date, without the engine's knowledge.
    pub fn plant(&self, date: Partition, source: &str) {
        let mut stored = self.world.stored.lock().unwrap();
        stored.get_mut("toy.toy").unwrap().get_mut(&date).unwrap()[0][2] = Value::from(source.to_owned());
    }

    /// Later runs sample these days first.
    pub fn sample(&self, days: &[u32]) {
        *self.sampled.lock().unwrap() = days.to_vec();
    }

    pub fn hurt(&self, date: Partition, fault: Fault) {
        self.world.faults.lock().unwrap().insert(date, fault);
    }

    pub fn heal(&self, date: Partition) {
        self.world.faults.lock().unwrap().remove(&date);
    }

    pub fn run(&self) -> (Ending, Vec<Fact>) {
        self.run_with(|_| {})
    }

    pub fn run_with(&self, change: impl FnOnce(&mut Options)) -> (Ending, Vec<Fact>) {
        self.start(change).end()
    }

    pub fn start(&self, change: impl FnOnce(&mut Options)) -> Live {
        Live {
            engine: self.launch(change),
        }
    }

    pub fn launch(&self, change: impl FnOnce(&mut Options)) -> Engine {
        let mut options = Options {
            run_id: format!("r{}", self.runs.fetch_add(1, Ordering::Relaxed)),
            dates: (0..self.world.days).map(day).collect(),
            source: "main".to_owned(),
            source_is_explicit: false,
            workers: 4,
            largest_batch: 8,
            operator: "tester".to_owned(),
            paused: false,
            work: Work::Missing,
            accept_short: false,
            on_change: OnChange::default(),
            ask: None,
            released: Vec::new(),
            fail_fast: None,
            permits: Permits::default(),
            ceilings: Ceilings::default(),
            stay: false,
            control: None,
            retry: RetryPolicy {
                first_pause: Duration::from_millis(1),
                longest_pause: Duration::from_millis(2),
                ..RetryPolicy::default()
            },
        };
        change(&mut options);
        let every = ["toy", "beside", "after"].map(|name| ToyStage::of(name, &self.world));
        let sampled = self.sampled.lock().unwrap().clone();
        let why = |&number: &u32| SampleDate {
            date: day(number),
            why: format!("day {number}"),
        };
        let sample = Sample {
            dates: sampled.iter().map(why).collect(),
            stages: (self.stages.iter())
                .map(|name| ToyStage::of(name, &self.world))
                .collect(),
            every: every.to_vec(),
            range: self.plan.range,
            source: options.source.clone(),
            source_is_explicit: options.source_is_explicit,
            retry: options.retry,
        };
        let setup = Setup {
            plan: Arc::clone(&self.plan),
            stages: self
                .stages
                .iter()
                .map(|name| ToyStage::of(name, &self.world))
                .collect(),
            lineage: Lineage::of(&every),
            warehouse: Arc::new(Memory(Arc::clone(&self.world))),
            lease_guard: None,
            origin: None,
            ledger: self.ledger(),
            events: self.events_path(),
            in_use: vec![WatchedFile::of(&self.ledger_path())],
            losses: Losses::default(),
            prepare: None,
            sample: (!sampled.is_empty()).then_some(sample),
            options,
        };
        Engine::launch(setup).unwrap()
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub fn events_path(&self) -> PathBuf {
        self.folder.path().join("events.jsonl")
    }

    pub fn ledger_path(&self) -> PathBuf {
        self.folder.path().join("ledger.sqlite")
    }

    pub fn ledger(&self) -> Ledger {
        Ledger::open(&self.ledger_path()).unwrap()
    }

    pub fn target(&self) -> Target {
        self.ledger().known_target("toy", "memory").unwrap().unwrap()
    }

    pub fn unit(&self, date: Partition) -> UnitRecord {
        self.units().into_iter().find(|unit| unit.date == date).unwrap()
    }

    pub fn counts(&self) -> Counts {
        self.units().into_iter().map(|unit| unit.state).collect()
    }

    fn units(&self) -> Vec<UnitRecord> {
        self.ledger().units(self.target(), "toy").unwrap()
    }

    pub fn open_intents(&self) -> Vec<Intent> {
        self.ledger().open_intents(self.target(), "toy").unwrap()
    }

    /// The stored rows of a stage's table.
    pub fn stored(&self, stage: &str) -> BTreeMap<Partition, Vec<Row>> {
        let stored = self.world.stored.lock().unwrap();
        stored.get(&format!("toy.{stage}")).cloned().unwrap_or_default()
    }

    /// The dates of a stage in this state, according to the ledger.
    pub fn dates_of(&self, stage: &str, state: UnitState) -> Vec<Partition> {
        let units = self.ledger().units(self.target(), stage).unwrap();
        let meant = units.into_iter().filter(|unit| unit.state == state);
        meant.map(|unit| unit.date).collect()
    }

    pub fn commits(&self) -> usize {
        self.world.commits.load(Ordering::Relaxed)
    }

    pub fn stored_dates(&self) -> BTreeSet<Partition> {
        let stored = self.world.stored.lock().unwrap();
        let rows = stored.get("toy.toy").into_iter().flatten();
        rows.filter(|(_, rows)| !rows.is_empty())
            .map(|(date, _)| *date)
            .collect()
    }

    pub fn stored_rows(&self) -> usize {
        self.stored_rows_of("toy")
    }

    pub fn stored_rows_of(&self, stage: &str) -> usize {
        let stored = self.world.stored.lock().unwrap();
        stored
            .get(&format!("toy.{stage}"))
            .map_or(0, |rows| rows.values().map(Vec::len).sum())
    }
}

impl Live {
    /// The first snapshot that satisfies `shows`.
    pub fn wait_for(&mut self, mut shows: impl FnMut(&Snapshot) -> bool) -> Arc<Snapshot> {
        let limit = Instant::now() + Duration::from_secs(30);
        loop {
            let picture = Arc::clone(&self.engine.link.snapshots.borrow_and_update());
            if shows(&picture) {
                return picture;
            }
            assert!(
                Instant::now() < limit,
                "waited too long; the last picture: {:?}",
                picture.run
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    pub fn order(&self, command: Command) -> Reply {
        let (answer, reply) = oneshot::channel();
        self.engine
            .link
            .orders
            .blocking_send(Order {
                command,
                by: None,
                answer,
            })
            .unwrap();
        reply.blocking_recv().unwrap()
    }

    /// Closes the command channel, so that no client can send commands any more.
    pub fn abandon(&mut self) {
        let (closed, _) = mpsc::channel(1);
        self.engine.link.orders = closed;
    }

    /// The last snapshot, after the engine has ended.
    pub fn last(mut self) -> Arc<Snapshot> {
        while self.engine.link.facts.blocking_recv().is_some() {}
        let snapshots = self.engine.link.snapshots.clone();
        self.engine.join();
        let last = snapshots.borrow();
        Arc::clone(&last)
    }

    pub fn end(mut self) -> (Ending, Vec<Fact>) {
        let mut facts = Vec::new();
        while let Some(fact) = self.engine.link.facts.blocking_recv() {
            facts.push(fact);
        }
        (self.engine.join(), facts)
    }
}

fn table(name: &'static str) -> TableDef {
    TableDef {
        dataset: Cow::Borrowed("toy"),
        name: Cow::Borrowed(name),
        doc: Cow::Borrowed("Two rows a date."),
        columns: Cow::Owned(vec![
            Column::required("game_date", ColumnType::Date, ""),
            Column::required("name", ColumnType::String, ""),
            Column::required("source", ColumnType::String, ""),
        ]),
        date_column: Cow::Borrowed("game_date"),
        grain: Grain::Day,
        zone: Timezone::UTC,
        slice: Slice::default(),
        key: Cow::Owned(vec![Cow::Borrowed("game_date"), Cow::Borrowed("name")]),
        cluster: Cow::Borrowed(&[]),
        require_partition_filter: false,
    }
}

#[derive(Debug, Clone)]
struct ToyStage {
    name: &'static str,
    table: TableDef,
    world: Arc<World>,
}

impl ToyStage {
    fn of(name: &'static str, world: &Arc<World>) -> Arc<dyn Stage> {
        Arc::new(Self {
            name,
            table: table(name),
            world: Arc::clone(world),
        })
    }
}

#[async_trait]
impl Stage for ToyStage {
    fn name(&self) -> &'static str {
        self.name
    }

    fn fills(&self) -> Fills<'_> {
        Fills::Computed(&self.table)
    }

    fn inputs(&self) -> Vec<Input> {
        let week_so_far = Input {
            table: "toy.toy".to_owned(),
            reach: Reach::Before(week),
        };
        match self.name {
            "after" => vec![week_so_far],
            _ => Vec::new(),
        }
    }

    async fn scope(&self, _: &dyn Warehouse, dates: &[Partition]) -> Result<Vec<Scope>, StageError> {
        if *self.world.blind.lock().unwrap() == Some(self.name) {
            // Late enough that its neighbours are running.
            tokio::time::sleep(Duration::from_millis(100)).await;
            return Err(StageError {
                class: ErrorClass::Data,
                message: "the schedule cannot be read".to_owned(),
            });
        }
        let scope = |date: &Partition| {
            if is_off(*date) {
                Scope::Skip("a day off".to_owned())
            } else {
                Scope::Rows(2)
            }
        };
        Ok(dates.iter().map(scope).collect())
    }

    fn reader(&self) -> Arc<dyn BatchReader> {
        Arc::new(ToyReader {
            stage: self.clone(),
            kept: OnceLock::new(),
        })
    }
}

/// Reads the rows before its dates once, as a reader may: the engine must replace it when they change.
#[derive(Debug)]
struct ToyReader {
    stage: ToyStage,
    kept: OnceLock<BTreeMap<Partition, Vec<Row>>>,
}

#[async_trait]
impl BatchReader for ToyReader {
    async fn read(
        &self,
        _: &dyn Warehouse,
        batch: BatchDates<'_>,
        source: &str,
    ) -> Result<Box<dyn Inputs>, StageError> {
        let (dates, world) = (batch.dates, &self.stage.world);
        tokio::time::sleep(Duration::from_millis(world.read_millis.load(Ordering::Relaxed))).await;
        let mut faults = match self.stage.name {
            "toy" => world.faults.lock().unwrap(),
            name => {
                let read = || {
                    let stored = world.stored.lock().unwrap();
                    let toy = stored.get("toy.toy").filter(|_| name == "after");
                    toy.cloned().unwrap_or_default()
                };
                return Ok(Box::new(ToyInputs {
                    faults: HashMap::new(),
                    source: source.to_owned(),
                    before: self.kept.get_or_init(read).clone(),
                }));
            }
        };
        if let Some(date) = dates
            .iter()
            .find(|date| matches!(faults.get(date), Some(Fault::Code)))
        {
            return Err(StageError {
                class: ErrorClass::Code,
                message: format!("{date}: no column 'pace'"),
            });
        }
        for date in dates {
            if let Some(Fault::Transient(times @ 1..)) = faults.get_mut(date) {
                if dates.len() == 1 {
                    *times -= 1;
                }
                let message = format!("{date}: the line dropped");
                return Err(StageError {
                    class: ErrorClass::Transient,
                    message,
                });
            }
        }
        Ok(Box::new(ToyInputs {
            faults: faults.clone(),
            source: source.to_owned(),
            before: BTreeMap::new(),
        }))
    }
}

struct ToyInputs {
    faults: HashMap<Partition, Fault>,
    source: String,
    /// The earlier rows that stage `after` reads.
    before: BTreeMap<Partition, Vec<Row>>,
}

impl Inputs for ToyInputs {
    fn compute(&self, date: Partition) -> Result<Outcome, StageError> {
        let rows = match self.faults.get(&date) {
            Some(Fault::Data) => {
                let message = format!("{date}: points hold a text");
                return Err(StageError {
                    class: ErrorClass::Data,
                    message,
                });
            }
            Some(Fault::Panic) => panic!("the toy's panic"),
            Some(Fault::Short(rows)) => *rows,
            Some(Fault::Transient(_) | Fault::Code) | None => 2,
        };
        let week: Vec<String> = (self.before.range(week(date)..date))
            .flat_map(|(_, rows)| rows)
            .map(|row| row[2].to_string())
            .collect();
        let source = match week.as_slice() {
            [] => self.source.clone(),
            week => format!("{} after {}", self.source, week.join(" ")),
        };
        let row = |number: u32| {
            vec![
                Value::from(date.first_day()),
                Value::from(format!("row {number}")),
                Value::from(source.clone()),
            ]
        };
        let missing = if rows < 2 {
            vec!["the toy left one out".to_owned()]
        } else {
            Vec::new()
        };
        Ok(Outcome {
            expected: Some(2),
            rows: (0..rows).map(row).collect(),
            missing,
            ..Outcome::default()
        })
    }
}

#[derive(Debug)]
struct Memory(Arc<World>);

#[async_trait]
impl Warehouse for Memory {
    fn name(&self) -> String {
        "memory".to_owned()
    }

    fn read_slots(&self) -> usize {
        usize::MAX
    }

    fn quota_backoff(&self) -> Option<Duration> {
        *self.0.rest.lock().unwrap()
    }

    async fn await_orphaned_write(&self, name: &str) -> Result<bool, WarehouseError> {
        self.0.asked_after.lock().unwrap().push(name.to_owned());
        Ok(false)
    }

    async fn ensure(&self, _: &TableDef) -> Result<Ensured, WarehouseError> {
        Ok(Ensured::Existed)
    }

    async fn schema(&self, _: &str) -> Result<Option<Schema>, WarehouseError> {
        Ok(None)
    }

    async fn holds_rows(&self, _: &TableDef) -> Result<bool, WarehouseError> {
        Ok(!self.0.stored.lock().unwrap().is_empty())
    }

    async fn read(&self, read: Read<'_>) -> Result<Vec<Row>, WarehouseError> {
        let Dates::Only(dates) = read.dates else {
            panic!("the toy is read by date");
        };
        let stored = self.0.stored.lock().unwrap();
        let rows = stored.get(&read.table.path());
        Ok(dates
            .iter()
            .filter_map(|date| rows?.get(date))
            .flatten()
            .cloned()
            .collect())
    }

    async fn replace(&self, replace: Replace<'_>) -> Result<Vec<Kept>, WarehouseError> {
        tokio::task::yield_now().await;
        while !self.0.may_commit() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let is_due = |faults: &AtomicUsize| {
            faults
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |times| times.checked_sub(1))
                .is_ok()
        };
        if is_due(&self.0.refused_commits) {
            return Err(WarehouseError::new(
                ErrorClass::Data,
                "a row does not fit the table",
            ));
        }
        if is_due(&self.0.failing_commits) {
            return Err(WarehouseError::new(
                ErrorClass::Contention,
                "another writer was in the way",
            ));
        }
        if self.0.disk_is_full.load(Ordering::Relaxed) {
            return Err(WarehouseError::new(ErrorClass::Quota, "the disk is full"));
        }
        if replace.table.path() == "toy.toy" && is_due(&self.0.quota_hits) {
            return Err(WarehouseError::new(ErrorClass::Quota, "the quota is used up"));
        }
        let name = replace.name.unwrap_or_default().to_owned();
        let is_known = self.0.sent.lock().unwrap().contains(&name);
        self.0.sent.lock().unwrap().push(name);
        if is_known {
            return Ok(Vec::new());
        }
        self.0.commits.fetch_add(1, Ordering::Relaxed);
        let mut stored = self.0.stored.lock().unwrap();
        let stored = stored.entry(replace.table.path()).or_default();
        let mut kept = Vec::new();
        for date in replace.dates {
            let rows: Vec<Row> = (replace.rows.iter())
                .filter(|row| row[0] == Value::from(date.first_day()))
                .cloned()
                .collect();
            let held = stored.get(date).map_or(0, Vec::len);
            if replace.short.contains(date) && held > 0 && held >= rows.len() {
                let rows = u32::try_from(held).unwrap();
                kept.push(Kept { date: *date, rows });
            } else {
                stored.insert(*date, rows);
            }
        }
        if is_due(&self.0.lost_commits) {
            return Err(WarehouseError::new(ErrorClass::Unknown, "timed out"));
        }
        Ok(kept)
    }

    async fn fill(&self, _: Vec<Filling>, _: &AtomicUsize) -> Result<(), WarehouseError> {
        Ok(())
    }

    async fn refill(&self, _: Refill<'_>) -> Result<Vec<Refilled>, WarehouseError> {
        panic!("no stage of the toy is a query")
    }

    async fn query_about(&self, _: &str, _: &[Partition], _: Timezone) -> Result<Answer, WarehouseError> {
        panic!("nobody asks the toy about dates")
    }

    async fn query(&self, sql: &str) -> Result<Answer, WarehouseError> {
        while self.0.is_mute.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let stored = self.0.stored.lock().unwrap();
        if sql.contains("breakdown") {
            return Ok(broken_down(stored.get("toy.toy")));
        }
        if sql.contains("COUNT(*)") {
            let counts = stored
                .iter()
                .filter(|(table, _)| sql.contains(*table))
                .flat_map(|(_, dates)| dates);
            let counts = counts.map(|(date, rows)| {
                vec![
                    Value::from(date.first_day()),
                    Value::Int(i64::try_from(rows.len()).unwrap()),
                ]
            });
            return Ok(Answer {
                columns: Vec::new(),
                rows: counts.collect(),
            });
        }
        let rows = |date: &Partition| {
            stored
                .get("toy.toy")
                .and_then(|rows| rows.get(date))
                .map_or(0, Vec::len)
        };
        let short = |date: &Partition| !is_off(*date) && rows(date) != 2;
        let rows = (0..self.0.days)
            .map(day)
            .filter(short)
            .map(|date| vec![Value::from(date.first_day())])
            .collect();
        Ok(Answer {
            columns: vec!["game_date".to_owned()],
            rows,
        })
    }
}

/// How many rows of the toy's dates are stored, and how many of the two per date are missing.
fn broken_down(stored: Option<&BTreeMap<Partition, Vec<Row>>>) -> Answer {
    let dates = stored.into_iter().flatten().filter(|(date, _)| !is_off(**date));
    let counts = dates.flat_map(|(date, rows)| {
        let there = i64::try_from(rows.len()).unwrap();
        let row = |cause: Value, count| vec![Value::from(date.first_day()), cause, Value::Int(count)];
        [row(Value::Null, there), row("lost".into(), 2 - there)]
    });
    Answer {
        columns: ["date", "cause", "rows"].map(str::to_owned).to_vec(),
        rows: counts.collect(),
    }
}
