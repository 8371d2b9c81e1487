//! `kill -9` at every request of a run, before the server receives it and after the server answers it: each
//! date has its old rows or its new ones, the recorded progress says which, and the next run finishes the
//! rest.
#![allow(
    clippy::print_stdout,
    reason = "how many kills there are depends on the requests of a run"
)]

use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use backcourt::table::{Row, Value};
use backcourt::warehouse::Warehouse;
use backcourt::warehouse::bigquery::{Address, BigQueryWarehouse, Prefix, Settings};
use rstest::rstest;

use super::emulator::Emulator;
use super::faults::block_on;
use super::program::{State, wait_until};
use super::proxy::{Call, Fate, Proxy};

/// Two rows per date, each with the plan version that produced them: a stage that sends rows, a stage whose
/// query reads them, and a check.
const PLAN: &str = r#"
name = "killed"
title = "A plan whose runs are killed"
from = "2024-01-01"
to = "2024-01-03"
[[stage]]
name = "sent"
kind = "command"
command = ["sh", "-c", "printf 'day,k,n\n%s,1,VERSION\n%s,2,VERSION\n' {date} {date}"]
timeout_seconds = 60
table = "d.sent"
date_column = "day"
key = ["day", "k"]
columns = [ { name = "day", type = "DATE" }, { name = "k", type = "INT64" }, { name = "n", type = "INT64" } ]
[[stage]]
name = "asked"
kind = "sql"
sql = "SELECT day, k, n AS n, VERSION AS made_by FROM `d.sent` WHERE day = @date"
needs = ["sent"]
reads = [{ table = "d.sent" }]
table = "d.asked"
date_column = "day"
key = ["day", "k"]
columns = [ { name = "day", type = "DATE" }, { name = "k", type = "INT64" }, { name = "n", type = "INT64" },
            { name = "made_by", type = "INT64" } ]
[[check]]
name = "no_other_version"
title = "Rows of other versions"
stage = "asked"
severity = "blocking"
sql = "SELECT day FROM `d.asked` WHERE day > DATE '2000-01-01' AND n != VERSION"
expect = [{ rows = 0 }]
"#;

const STAGES: [&str; 2] = ["sent", "asked"];

/// The same plan for one date, with rows large enough to need a load job.
fn loaded() -> String {
    let columns = r#"{ name = "n", type = "INT64" } ]"#;
    let with_text = r#"{ name = "n", type = "INT64" }, { name = "t", type = "STRING" } ]"#;
    (PLAN.replacen(columns, with_text, 1))
        .replace(r"k,n\n", r"k,n,t\n")
        .replace(r"VERSION\n", r"VERSION,%04500000d\n")
        .replace("{date} {date}", "{date} 0 {date} 0")
        .replace("to = \"2024-01-03\"", "to = \"2024-01-01\"")
}

/// When the run is killed, relative to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// The server never receives the request.
    Before,
    /// The server receives the request only after the next run has ended.
    Late,
    /// The server has answered, but the run hasn't received the answer.
    After,
}

/// Whether a request is a target of the kill.
type IsTarget = dyn Fn(&Call) -> bool + Send + Sync;

/// Kills a run at one of the targeted requests.
struct KillAt {
    is_target: Box<IsTarget>,
    /// Number of targeted requests to let through first.
    left: AtomicUsize,
    moment: Moment,
    /// The request that triggered the kill.
    request: Mutex<Option<String>>,
    is_released: AtomicBool,
}

impl KillAt {
    fn new(
        is_target: impl Fn(&Call) -> bool + Send + Sync + 'static,
        left: usize,
        moment: Moment,
    ) -> Arc<Self> {
        Arc::new(Self {
            is_target: Box::new(is_target),
            left: AtomicUsize::new(left),
            moment,
            request: Mutex::default(),
            is_released: AtomicBool::new(false),
        })
    }

    fn fate(&self, call: &Call) -> Fate {
        // Wraps around below zero, so it triggers only once.
        if !(self.is_target)(call) || self.left.fetch_sub(1, Ordering::Relaxed) != 0 {
            return Fate::Pass;
        }
        let first = call.sql.lines().next().unwrap_or_default();
        *self.request.lock().unwrap() = Some(format!("{} {first:.60}", call.target));
        if self.moment == Moment::After {
            return Fate::Hang;
        }
        while !self.is_released.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(1));
        }
        match self.moment {
            Moment::Late => Fate::Pass,
            _ => Fate::Reset,
        }
    }

    fn request(&self) -> Option<String> {
        self.request.lock().unwrap().clone()
    }

    fn release(&self) {
        self.is_released.store(true, Ordering::Relaxed);
    }
}

/// The stored rows of each date: version and number of rows.
type Stored = BTreeMap<(String, String), Vec<(i64, i64)>>;

/// The fingerprints of the definitions in each date's entries, oldest first.
type Recorded = BTreeMap<(String, String), Vec<String>>;

/// A proxy that triggers kills. All runs use the same address, so the warehouse keeps its name.
struct KillProxy {
    proxy: Proxy,
    kill_at: Arc<Mutex<Arc<KillAt>>>,
}

impl KillProxy {
    fn to(emulator: &Emulator) -> Self {
        let kill_at = Arc::new(Mutex::new(KillAt::new(|_| false, 0, Moment::Before)));
        let armed = Arc::clone(&kill_at);
        let rule = move |call: &Call| {
            let kill_at = Arc::clone(&armed.lock().unwrap());
            kill_at.fate(call)
        };
        Self {
            proxy: Proxy::start(Some(emulator.port()), Duration::ZERO, rule),
            kill_at,
        }
    }

    fn arm(&self, kill_at: &Arc<KillAt>) {
        *self.kill_at.lock().unwrap() = Arc::clone(kill_at);
    }

    fn unanswered(&self) -> usize {
        self.proxy.seen(|seen| seen.unanswered)
    }
}

/// A plan that runs through a proxy, with its own dataset prefix.
struct KilledRun<'a> {
    kill_proxy: &'a KillProxy,
    plan: String,
    prefix: String,
    state: State,
    version: i64,
    /// The recorded fingerprints of the stages, for each version.
    definitions: Vec<BTreeMap<String, String>>,
    /// The recorded fingerprints at the end of the previous version.
    recorded: Recorded,
}

impl<'a> KilledRun<'a> {
    fn new(kill_proxy: &'a KillProxy, plan: &str, prefix: &str) -> Self {
        Self {
            kill_proxy,
            plan: plan.to_owned(),
            prefix: prefix.to_owned(),
            state: State::none(),
            version: 0,
            definitions: vec![BTreeMap::new()],
            recorded: Recorded::new(),
        }
    }

    fn dates(&self) -> usize {
        if self.plan.contains("2024-01-03") { 3 } else { 1 }
    }

    fn start(&self) -> Child {
        let plan = self.state.path().with_extension("toml");
        fs::write(&plan, self.plan.replace("VERSION", &self.version.to_string())).unwrap();
        let place = format!("bigquery:{}", self.kill_proxy.proxy.address());
        let plan = plan.display().to_string();
        let mut command = self.state.command(&["run", "--plan", &plan, "--output", "plain"]);
        command.args(["--on-change", "rerun", "--workers", "2"]);
        command.args(["--warehouse", &place, "--dataset-prefix", &self.prefix]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    fn query(&self, sql: &str) -> Vec<Row> {
        let settings = Settings {
            prefix: Prefix::parse(&self.prefix).unwrap(),
            ..Settings::default()
        };
        let address = Address::parse(&self.kill_proxy.proxy.address()).unwrap();
        match block_on(BigQueryWarehouse::new(address, settings).query(sql)) {
            Ok(answer) => answer.rows,
            Err(error) => {
                assert!(error.message.to_lowercase().contains("not found"), "{error}");
                Vec::new()
            }
        }
    }

    /// The stored rows of each date, and the fingerprints of its `ok` entries.
    fn look(&self) -> (Stored, Recorded) {
        let (mut stored, mut recorded) = (Stored::new(), Recorded::new());
        let held = [("sent", "n"), ("asked", "made_by")].map(|(stage, made_by)| {
            format!(
                "SELECT 0, '{stage}', CAST(day AS STRING), {made_by}, COUNT(*), '' FROM `d.{stage}` \
                 WHERE day > DATE '2000-01-01' GROUP BY day, {made_by}"
            )
        });
        let commits = "SELECT number, subject, CAST(date AS STRING), 0, 0, fingerprint FROM `backcourt.ledger` \
                       WHERE kind IN ('commit', 'unit') AND state = 'ok' AND fingerprint IS NOT NULL";
        let sql = format!("{} UNION ALL {} UNION ALL {commits} ORDER BY 1", held[0], held[1]);
        for row in self.query(&sql) {
            let [
                Value::Int(number),
                Value::Text(stage),
                Value::Text(day),
                Value::Int(version),
                Value::Int(rows),
                Value::Text(definition),
            ] = row.as_slice()
            else {
                panic!("{row:?}")
            };
            let date = (stage.to_string(), day.to_string());
            if *number == 0 {
                stored.entry(date).or_default().push((*version, *rows));
            } else {
                recorded.entry(date).or_default().push(definition.to_string());
            }
        }
        (stored, recorded)
    }

    /// Asserts that each date has its old rows or its new ones, and that its newest entry says which.
    fn assert_old_or_new(&self, what: &str) {
        let (stored, recorded) = self.look();
        let dates = stored.keys().chain(recorded.keys());
        for date in dates {
            let held = stored.get(date).map(Vec::as_slice).unwrap_or_default();
            let definition = recorded.get(date).and_then(|all| all.last());
            let (old, new) = (self.version - 1, self.version);
            let version = match held {
                [] => 0,
                [(version, 2)] if [old, new].contains(version) => *version,
                other => panic!("{what}: {date:?} holds {other:?}"),
            };
            let known = usize::try_from(old).unwrap();
            let is_old = definition == self.definitions[known].get(&date.0);
            assert_eq!(
                is_old,
                version == old,
                "{what}: {date:?} holds {held:?}, recorded {definition:?}"
            );
        }
    }

    /// Asserts that all dates are done without duplicate rows, and that the local ledger agrees.
    fn assert_done(&mut self, what: &str) {
        let (stored, recorded) = self.look();
        assert_eq!(stored.len(), STAGES.len() * self.dates(), "{what}");
        for (date, held) in &stored {
            assert_eq!(held, &[(self.version, 2)], "{what}: {date:?}");
        }
        let mut definitions = BTreeMap::new();
        for (date, commits) in &recorded {
            // Superseded entries may have been deleted. Only the newest must be of this version.
            let earlier = self.recorded.get(date).and_then(|all| all.last());
            let newest = commits.last().unwrap();
            assert_ne!(Some(newest), earlier, "{what}: the newest commit of {date:?}");
            let known = definitions
                .entry(date.0.clone())
                .or_insert_with(|| newest.clone());
            assert_eq!(known, newest, "{what}: {date:?}");
            let (stage, day) = date;
            let is_known = format!(
                "SELECT COUNT(*) FROM unit WHERE stage = '{stage}' AND date = '{day}' AND state = 'ok' AND rows = 2 \
                 AND fingerprint = '{newest}'"
            );
            assert_eq!(self.state.count(&is_known), 1, "{what}: {date:?} in the ledger");
        }
        assert_eq!(recorded.len(), STAGES.len() * self.dates(), "{what}");
        assert_eq!(self.state.count("SELECT COUNT(*) FROM intent"), 0, "{what}");
        self.definitions.push(definitions);
        self.recorded = recorded;
    }

    /// Starts a run, kills it at a request and checks the stored rows. Returns whether it reached the
    /// request.
    fn kill_at(&self, kill_at: &Arc<KillAt>) -> bool {
        let unanswered = self.kill_proxy.unanswered();
        self.kill_proxy.arm(kill_at);
        let mut run = self.start();
        let mut has_ended = false;
        wait_until("the run meets the request", || {
            has_ended = run.try_wait().unwrap().is_some();
            let is_reached = match kill_at.moment {
                Moment::Before | Moment::Late => kill_at.request().is_some(),
                Moment::After => self.kill_proxy.unanswered() > unanswered,
            };
            has_ended || is_reached
        });
        run.kill().unwrap();
        run.wait().unwrap();
        if kill_at.moment == Moment::Before {
            kill_at.release();
        }
        if !has_ended {
            self.assert_old_or_new(&format!("{:?} {:?}", kill_at.moment, kill_at.request()));
        }
        !has_ended
    }

    /// Runs to the end and checks that everything is done.
    fn finish(&mut self, what: &str) {
        self.run_to_its_end(what);
        self.assert_done(what);
        self.kill_proxy.proxy.assert_good_manners();
    }

    fn run_to_its_end(&self, what: &str) {
        let done = self.start().wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(
            done.status.code(),
            Some(0),
            "{what}:\n{}{}",
            text(&done.stdout),
            text(&done.stderr)
        );
    }

    /// Runs the next version of the plan, kills it at this one of the targeted requests, and finishes it. Returns
    /// whether the run had that many of them.
    fn killed_at(
        &mut self,
        is_target: impl Fn(&Call) -> bool + Send + Sync + 'static,
        number: usize,
        moment: Moment,
    ) -> bool {
        self.version += 1;
        let kill_at = KillAt::new(is_target, number, moment);
        let is_reached = self.kill_at(&kill_at);
        let what = format!("request {number}, {moment:?}: {:?}", kill_at.request());
        self.finish(&what);
        if moment == Moment::Late && is_reached {
            let made = self.kill_proxy.proxy.seen(|seen| seen.made.len());
            kill_at.release();
            wait_until("the late request is answered", || {
                self.kill_proxy.proxy.seen(|seen| seen.made.len() > made)
            });
            self.run_to_its_end(&what);
            let (stored, recorded) = self.look();
            assert!(stored.values().all(|held| held == &[(self.version, 2)]), "{what}");
            let newest = |recorded: &Recorded| -> Vec<Option<String>> {
                recorded.values().map(|commits| commits.last().cloned()).collect()
            };
            assert_eq!(newest(&recorded), newest(&self.recorded), "{what}");
        }
        is_reached
    }
}

/// The requests of the job that commits to a table.
fn of_commit(table: &'static str) -> impl Fn(&Call) -> bool + Send + Sync {
    let job: Mutex<Option<String>> = Mutex::default();
    move |call| {
        let mut job = job.lock().unwrap();
        if call.is_replace() && call.sql.contains(&format!("_d.{table}`")) {
            *job = Some(call.job.clone());
        }
        job.as_ref() == Some(&call.job)
    }
}

/// The requests of a commit whose rows are loaded first: those of the load job too.
fn of_loaded_commit() -> impl Fn(&Call) -> bool + Send + Sync {
    let is_of_commit = of_commit("sent");
    move |call| {
        let is_of_load = ["/upload/", "_rows"]
            .iter()
            .any(|part| call.target.contains(part));
        let makes_staging = call.target.starts_with("POST") && call.target.ends_with("/tables");
        is_of_commit(call) || is_of_load || makes_staging
    }
}

/// Makes a filter for the requests of a commit. A filter remembers its commit, so each run needs its own.
type Targets = fn() -> Box<IsTarget>;

#[rstest]
#[case::sent_rows("commit", PLAN.to_owned(), || -> Box<IsTarget> { Box::new(of_commit("sent")) })]
#[case::query("query", PLAN.to_owned(), || -> Box<IsTarget> { Box::new(of_commit("asked")) })]
#[case::loaded_rows("loaded", loaded(), || -> Box<IsTarget> { Box::new(of_loaded_commit()) })]
#[ignore = "kills at every request of a commit, which takes minutes"]
#[allow(
    clippy::print_stdout,
    reason = "the number of kills depends on the number of requests"
)]
fn a_run_killed_at_any_request_of_a_commit_resumes(
    #[case] name: &str,
    #[case] plan: String,
    #[case] targets: Targets,
) {
    let Some(emulator) = Emulator::start() else { return };
    let kill_proxy = KillProxy::to(&emulator);
    let mut run = KilledRun::new(&kill_proxy, &plan, &format!("{name}_"));
    run.version = 1;
    run.finish("the first run");
    for moment in [Moment::Before, Moment::Late, Moment::After] {
        let mut kills = 0;
        while run.killed_at(targets(), kills, moment) {
            kills += 1;
        }
        println!("{name}: killed at {kills} requests, {moment:?}");
        assert!(kills > 1, "{name}, {moment:?}: {kills}");
    }
}

#[test]
fn runs_killed_within_a_commit_are_finished_by_the_next_run() {
    let Some(emulator) = Emulator::start() else { return };
    let kill_proxy = KillProxy::to(&emulator);
    let mut run = KilledRun::new(&kill_proxy, PLAN, "often_");
    run.version = 1;
    let kills = [
        // The commit is sent but unanswered; it is never sent; the request for its result is unanswered.
        ("sent", 0, Moment::After),
        ("asked", 0, Moment::Before),
        ("asked", 1, Moment::After),
    ];
    for (table, number, moment) in kills {
        let kill_at = KillAt::new(of_commit(table), number, moment);
        assert!(run.kill_at(&kill_at), "{table}, {number}, {moment:?}");
    }
    run.finish("after all kills");
}

#[rstest]
#[case::sent_rows("rows", PLAN.to_owned(), &[Moment::Before, Moment::After])]
#[case::late_requests("late", PLAN.to_owned(), &[Moment::Late])]
#[case::loaded_rows("load", loaded(), &[Moment::Before, Moment::After])]
#[ignore = "kills at every request, which takes long"]
fn a_run_killed_at_any_request_leaves_dates_old_or_new_and_resumes(
    #[case] name: &str,
    #[case] plan: String,
    #[case] moments: &[Moment],
) {
    let Some(emulator) = Emulator::start() else { return };
    let kill_proxy = KillProxy::to(&emulator);
    let mut run = KilledRun::new(&kill_proxy, &plan, &format!("{name}_"));
    run.version = 1;
    run.finish("the first run");
    for number in 0.. {
        let kills: Vec<bool> = (moments.iter())
            .map(|moment| run.killed_at(|_| true, number, *moment))
            .collect();
        if !kills.contains(&true) {
            break;
        }
    }
}

/// The same for a first run, which creates all tables.
#[test]
#[ignore = "kills at every request, which takes long"]
fn a_first_run_killed_at_any_request_is_finished_by_the_next_run() {
    let Some(emulator) = Emulator::start() else { return };
    let kill_proxy = KillProxy::to(&emulator);
    for number in 0.. {
        let kills = [Moment::Before, Moment::After].map(|moment| {
            let mut run = KilledRun::new(&kill_proxy, PLAN, &format!("first_{number}_{moment:?}_"));
            run.killed_at(|_| true, number, moment)
        });
        if !kills.contains(&true) {
            break;
        }
    }
}
