//! Property test of trust: random plans and random sequences of operator actions: run, narrow, rerun, edit, waive, lose
//! source rows, kill. After every step no protected row is lost, every row matches the definition in the ledger and its
//! inputs, and no unit is ok whose rows differ from what the plan would make now. A dry run predicts what the run does.
//!
//! `PROPTEST_CASES=2000 cargo test --test it trust` is the nightly size.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::program::{Ended, State, ended};
use backcourt::ledger::{CheckState, Ledger, UnitState};
use backcourt::partition::Partition;
use backcourt::plan::{Plan, load};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use rusqlite::Connection;

/// Monday to Friday.
const DAYS: u32 = 5;

/// The weekday that a stage may skip.
const OFF: u32 = 2;

/// The values of one date by their number.
type Rows = BTreeMap<i64, i64>;

/// Everything that determines the rows of a stage.
#[derive(Debug, Clone, PartialEq)]
struct Definition {
    /// The earlier stage it reads and how many days back; `None` for the source.
    reads: Option<(usize, u32)>,
    factor: i64,
    expect: Option<usize>,
    rests: bool,
}

#[derive(Debug, Clone)]
struct Stage {
    definition: Definition,
    /// The maximum value allowed by the check.
    limit: i64,
}

#[derive(Debug, Clone)]
enum Step {
    Run {
        rerun_changed: bool,
    },
    Narrow {
        from: u32,
        to: u32,
    },
    Rerun {
        which: Which,
        accept_short: bool,
    },
    EditQuery {
        stage: usize,
        factor: i64,
    },
    EditExpectation {
        stage: usize,
        expect: Option<usize>,
    },
    EditActive {
        stage: usize,
    },
    EditCheck {
        stage: usize,
        limit: i64,
    },
    Waive {
        stage: usize,
    },
    SourceLoses {
        day: u32,
        all: bool,
    },
    SourceGains {
        day: u32,
        number: i64,
        value: i64,
    },
    /// A run that is killed after printing this many lines.
    Kill {
        lines: usize,
    },
}

#[derive(Debug, Clone, Copy)]
enum Which {
    Failed,
    Stale,
    Outdated,
    Date(u32),
}

impl Definition {
    fn is_off(&self, day: u32) -> bool {
        self.rests && day == OFF
    }

    /// Whether this many new rows miss the expectation of a date.
    fn is_missed(&self, rows: usize) -> bool {
        rows == 0 || self.expect.is_some_and(|expected| rows != expected)
    }

    fn made_of(&self, inputs: &Rows) -> Rows {
        inputs
            .iter()
            .map(|(number, value)| (*number, value * self.factor))
            .collect()
    }
}

fn date(day: u32) -> Partition {
    Partition::parse("2024-01-01").unwrap().moved(day.into()).unwrap()
}

/// The state of the test, and the history of the stored rows.
struct World {
    state: State,
    folder: tempfile::TempDir,
    stages: Vec<Stage>,
    source: BTreeMap<u32, Rows>,
    /// The definition of each fingerprint the plan has had.
    definitions: HashMap<(usize, String), Definition>,
    /// The inputs of a date's rows when they last changed.
    inputs: HashMap<(usize, u32), Rows>,
    /// Limit and number of failing rows when a check was waived.
    waived: HashMap<usize, (i64, usize)>,
}

impl World {
    fn new(stages: Vec<Stage>, values: &[i64]) -> Self {
        let mut world = Self {
            state: State::none(),
            folder: tempfile::tempdir().unwrap(),
            stages,
            source: BTreeMap::new(),
            definitions: HashMap::new(),
            inputs: HashMap::new(),
            waived: HashMap::new(),
        };
        for day in 0..DAYS {
            let value = |number: u32| values[(day * 2 + number) as usize % values.len()];
            world
                .source
                .insert(day, Rows::from([(1, value(0)), (2, value(1))]));
        }
        fs::create_dir_all(world.state.path().join("warehouse")).unwrap();
        world.write_source();
        world.write_plan();
        world
    }

    fn write_source(&self) {
        let db = Connection::open(self.state.path().join("warehouse/src.sqlite")).unwrap();
        let mut sql = "BEGIN; CREATE TABLE IF NOT EXISTS t (day TEXT NOT NULL, n INTEGER NOT NULL, v INTEGER NOT NULL); \
                       DELETE FROM t;"
            .to_owned();
        for (day, rows) in &self.source {
            for (number, value) in rows {
                write!(sql, "INSERT INTO t VALUES ('{}', {number}, {value});", date(*day)).unwrap();
            }
        }
        db.execute_batch(&(sql + "COMMIT;")).unwrap();
    }

    fn write_plan(&mut self) {
        let mut text = format!(
            "name = \"trust\"\ntitle = \"Trust\"\nfrom = \"{}\"\nto = \"{}\"\nworkers = 2\n",
            date(0),
            date(DAYS - 1)
        );
        for (at, stage) in self.stages.iter().enumerate() {
            let Definition {
                reads,
                factor,
                expect,
                rests,
            } = &stage.definition;
            let (sql, reads) = match reads {
                None => (
                    format!("SELECT day, n, v * {factor} AS v FROM `src.t` WHERE day IN UNNEST(@dates)"),
                    String::new(),
                ),
                Some((of, back)) => (
                    format!(
                        "SELECT @date AS day, n, SUM(v) * {factor} AS v FROM `m.s{of}` \
                         WHERE day BETWEEN DATE_SUB(@date, INTERVAL {back} DAY) AND @date GROUP BY n"
                    ),
                    format!("needs = [\"s{of}\"]\nreads = [{{ table = \"m.s{of}\", days_back = {back} }}]\n"),
                ),
            };
            let expect = expect.map_or_else(String::new, |rows| format!("expect_rows = {rows}\n"));
            let active = if *rests {
                "active = [\"mon\", \"tue\", \"thu\", \"fri\"]\n"
            } else {
                ""
            };
            write!(
                text,
                "[[stage]]\nname = \"s{at}\"\nkind = \"sql\"\nsql = \"{sql}\"\ntable = \"m.s{at}\"\ndate_column = \"day\"\n\
                 key = [\"day\", \"n\"]\n{reads}{expect}{active}columns = [{{ name = \"day\", type = \"DATE\" }}, \
                 {{ name = \"n\", type = \"INT64\" }}, {{ name = \"v\", type = \"INT64\" }}]\n\
                 [[check]]\nname = \"cap{at}\"\nstage = \"s{at}\"\ntitle = \"No value is too large\"\nseverity = \"blocking\"\n\
                 sql = \"SELECT day FROM `m.s{at}` WHERE v > {}\"\nexpect = [{{ rows = 0 }}]\n",
                stage.limit
            )
            .unwrap();
        }
        fs::write(self.folder.path().join("plan.toml"), text).unwrap();
        let plan = self.plan();
        for (at, stage) in self.stages.iter().enumerate() {
            let fingerprint = plan.stages[at].fingerprint.to_string();
            self.definitions
                .insert((at, fingerprint), stage.definition.clone());
        }
    }

    fn plan(&self) -> Plan {
        load(self.folder.path().join("plan.toml").to_str().unwrap()).unwrap()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.state.command(args);
        command.arg("--plan").arg(self.folder.path().join("plan.toml"));
        command
    }

    fn backcourt(&self, args: &[&str]) -> Ended {
        ended(&mut self.command(args))
    }

    /// The stored rows of every stage.
    fn stored(&self) -> BTreeMap<(usize, u32), Rows> {
        let mut stored = BTreeMap::new();
        let file = self.state.path().join("warehouse/m.sqlite");
        if !file.exists() {
            return stored;
        }
        let db = Connection::open(file).unwrap();
        for at in 0..self.stages.len() {
            if !db.table_exists(Some("main"), &*format!("s{at}")).unwrap() {
                continue;
            }
            let mut query = db.prepare(&format!("SELECT day, n, v FROM s{at}")).unwrap();
            let mut rows = query.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                let day: Partition = row.get::<_, String>(0).unwrap().parse().unwrap();
                let day = u32::try_from(date(0).distance(day)).unwrap();
                let old = stored
                    .entry((at, day))
                    .or_insert_with(Rows::new)
                    .insert(row.get(1).unwrap(), row.get(2).unwrap());
                assert_eq!(old, None, "a key is there twice");
            }
        }
        stored
    }

    /// The inputs of a date of a stage, from the rows stored now.
    fn inputs_now(&self, at: usize, day: u32, stored: &BTreeMap<(usize, u32), Rows>) -> Rows {
        let Some((of, back)) = self.stages[at].definition.reads else {
            return self.source.get(&day).cloned().unwrap_or_default();
        };
        let mut sums = Rows::new();
        for day in day.saturating_sub(back)..=day {
            for (number, value) in stored.get(&(of, day)).into_iter().flatten() {
                *sums.entry(*number).or_default() += value;
            }
        }
        sums
    }

    fn take(&mut self, step: &Step) -> Option<Ended> {
        let plain = ["--output", "plain"];
        match step {
            Step::Run { rerun_changed } => {
                let word = if *rerun_changed { "rerun" } else { "keep" };
                Some(self.backcourt(&[&["run", "--on-change", word], &plain[..]].concat()))
            }
            Step::Narrow { from, to } => {
                let (from, to) = (date(*from.min(to)).to_string(), date(*from.max(to)).to_string());
                Some(self.backcourt(&[&["run", "--from", &from, "--to", &to], &plain[..]].concat()))
            }
            Step::Rerun { which, accept_short } => {
                let day;
                let which: &[&str] = match which {
                    Which::Failed => &["--failed"],
                    Which::Stale => &["--stale"],
                    Which::Outdated => &["--outdated"],
                    Which::Date(number) => {
                        day = date(*number).to_string();
                        &["--dates", &day]
                    }
                };
                let accept: &[&str] = if *accept_short { &["--accept-short"] } else { &[] };
                Some(self.backcourt(&[&["rerun"], which, accept, &plain[..]].concat()))
            }
            Step::EditQuery { stage, factor } => {
                self.stage(*stage).definition.factor = *factor;
                self.write_plan();
                None
            }
            Step::EditExpectation { stage, expect } => {
                self.stage(*stage).definition.expect = *expect;
                self.write_plan();
                None
            }
            Step::EditActive { stage } => {
                let stage = self.stage(*stage);
                stage.definition.rests = !stage.definition.rests;
                self.write_plan();
                None
            }
            Step::EditCheck { stage, limit } => {
                self.stage(*stage).limit = *limit;
                self.write_plan();
                None
            }
            Step::Waive { stage } => {
                let at = *stage % self.stages.len();
                let said = self.backcourt(&["waive", &format!("cap{at}"), "--reason", "it is known"]);
                if said.code == Some(0) {
                    let failing = self.failing(at, &self.stored());
                    self.waived.insert(at, (self.stages[at].limit, failing));
                }
                None
            }
            Step::SourceLoses { day, all } => {
                let rows = self.source.entry(*day).or_default();
                if *all {
                    rows.clear();
                } else {
                    rows.pop_last();
                }
                self.write_source();
                None
            }
            Step::SourceGains { day, number, value } => {
                self.source.entry(*day).or_default().insert(*number, *value);
                self.write_source();
                None
            }
            Step::Kill { lines } => {
                let mut command = self.command(&["run", "--on-change", "rerun", "--output", "jsonl"]);
                let mut running = command
                    .stdout(Stdio::piped())
                    .stderr(Stdio::null())
                    .spawn()
                    .unwrap();
                let said = BufReader::new(running.stdout.take().unwrap());
                said.lines().take(*lines).for_each(drop);
                running.kill().unwrap();
                running.wait().unwrap();
                None
            }
        }
    }

    fn stage(&mut self, at: usize) -> &mut Stage {
        let at = at % self.stages.len();
        &mut self.stages[at]
    }

    /// Number of rows that fail the check of a stage.
    fn failing(&self, at: usize, stored: &BTreeMap<(usize, u32), Rows>) -> usize {
        let of = stored.iter().filter(|((stage, _), _)| *stage == at);
        of.flat_map(|(_, rows)| rows.values())
            .filter(|value| **value > self.stages[at].limit)
            .count()
    }

    /// How many dates of each stage a run would do, and how many more if earlier stages get other rows.
    fn preview(&self, on_change: &str) -> HashMap<String, (u64, u64)> {
        let said = self.backcourt(&["run", "--dry-run", "--on-change", on_change]);
        let number_before = |line: &str, words: &str| -> Option<u64> {
            let number = line.split_once(words)?.0;
            number.rsplit([' ', ';']).find_map(|word| word.parse().ok())
        };
        let stage = |line: &str| {
            let (stage, rest) = line.split_once(": ")?;
            let more = rest.rsplit_once("; ").map_or("", |(_, more)| more);
            let following = number_before(more, " more if the rows of earlier").unwrap_or(0);
            Some((stage.to_owned(), (number_before(rest, " to do")?, following)))
        };
        said.out.lines().filter_map(stage).collect()
    }

    /// Compares the work of the newest run with the prediction.
    fn announced(&self, preview: &HashMap<String, (u64, u64)>) -> Result<(), TestCaseError> {
        let facts = self.state.facts();
        let newest = facts.last().map(|fact| fact["run"].clone());
        let started = facts
            .iter()
            .filter(|fact| Some(&fact["run"]) == newest.as_ref() && fact["event"] == "stage_started");
        for fact in started {
            let (stage, done) = (fact["stage"].as_str().unwrap(), fact["to_do"].as_u64().unwrap());
            // Until its input is made for the first time, a stage doesn't know its dates.
            let Some((to_do, following)) = preview.get(stage).copied() else {
                continue;
            };
            prop_assert!(
                (to_do..=to_do + following).contains(&done),
                "{stage} was announced with {to_do} to do and {following} more, and did {done}"
            );
        }
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let before = self.stored();
        let preview = match step {
            Step::Run { rerun_changed } => Some(self.preview(if *rerun_changed { "rerun" } else { "keep" })),
            _ => None,
        };
        let end = self.take(step);
        if let Some(preview) = preview {
            self.announced(&preview)?;
        }
        let after = self.stored();
        let accepts_short = matches!(
            step,
            Step::Rerun {
                accept_short: true,
                ..
            }
        );
        let said = || {
            end.as_ref()
                .map_or_else(String::new, |end| format!("\n{}{}", end.out, end.err))
        };
        if let Some(end) = &end {
            prop_assert!(
                matches!(end.code, Some(0 | 1)),
                "it could not run: {:?}{}",
                end.code,
                said()
            );
        }
        let nothing = Rows::new();
        for at in 0..self.stages.len() {
            for day in 0..DAYS {
                let (old, new) = (
                    before.get(&(at, day)).unwrap_or(&nothing),
                    after.get(&(at, day)).unwrap_or(&nothing),
                );
                if old == new {
                    continue;
                }
                let definition = &self.stages[at].definition;
                let of = format!("s{at} {}: {old:?} became {new:?}{}", date(day), said());
                prop_assert!(!definition.is_off(day), "a date without work was touched: {of}");
                let inputs = self.inputs_now(at, day, &after);
                prop_assert_eq!(
                    new,
                    &definition.made_of(&inputs),
                    "not what the plan makes: {}",
                    of
                );
                let is_protected = !old.is_empty() && !accepts_short && definition.is_missed(new.len());
                prop_assert!(!is_protected || new.len() > old.len(), "replaced by less: {of}");
                self.inputs.insert((at, day), inputs);
            }
        }
        self.shown(
            &after,
            matches!(step, Step::Run { .. }).then_some(end.as_ref()).flatten(),
        )
    }

    /// Compares the ledger with the stored rows.
    fn shown(
        &self,
        stored: &BTreeMap<(usize, u32), Rows>,
        full_run: Option<&Ended>,
    ) -> Result<(), TestCaseError> {
        let plan = self.plan();
        let Some(ledger) = Ledger::open_to_read(&self.state.path().join("ledger.sqlite")).unwrap() else {
            return Ok(());
        };
        let Some(run) = ledger.last_run(&plan.name).unwrap() else {
            return Ok(());
        };
        let Some(target) = ledger.known_target(&run.plan, &run.warehouse).unwrap() else {
            return Ok(());
        };
        let answers = ledger.newest_checks(target, &plan).unwrap();
        let nothing = Rows::new();
        let promised: Vec<HashSet<Partition>> = (plan.stages.iter())
            .map(|spec| ledger.open_intents(target, &spec.name).unwrap().into_iter())
            .map(|intents| intents.flat_map(|intent| intent.dates).collect())
            .collect();
        for (at, stage) in self.stages.iter().enumerate() {
            let spec = &plan.stages[at];
            // Dates computed from unknown dates are unknown, too.
            let depends_on_unknown = |date: Partition| {
                let (of, back) = stage.definition.reads.unwrap_or((at, 0));
                (0..=i64::from(back)).any(|days| promised[of].contains(&date.moved(-days).unwrap()))
            };
            let recorded = self.fingerprints(at);
            for unit in ledger.current_units(target, spec).unwrap().units {
                let day = u32::try_from(date(0).distance(unit.date)).unwrap();
                let rows = stored.get(&(at, day)).unwrap_or(&nothing);
                let now = self.inputs_now(at, day, stored);
                let then = self.inputs.get(&(at, day)).unwrap_or(&now);
                let of = format!(
                    "s{at} {} is {} with {rows:?}, made of {then:?}, now {now:?}",
                    unit.date, unit.state
                );
                if depends_on_unknown(unit.date)
                    || promised[at].contains(&unit.date)
                    || unit.state.is_open()
                    || unit.state == UnitState::Failed
                {
                    continue;
                }
                if let Some(definition) = recorded
                    .get(&unit.date)
                    .and_then(|of| self.definitions.get(&(at, of.clone())))
                {
                    let is_its = rows.is_empty()
                        || unit.state == UnitState::Skipped
                        || *rows == definition.made_of(then)
                        || *rows == definition.made_of(&now);
                    prop_assert!(
                        is_its,
                        "not by the definition the ledger names, {definition:?}: {of}"
                    );
                }
                if unit.state == UnitState::Ok {
                    let inputs = if stage.definition.reads.is_some() {
                        &now
                    } else {
                        then
                    };
                    prop_assert_eq!(rows, &stage.definition.made_of(inputs), "shown as ok: {}", of);
                    prop_assert!(
                        !stage.definition.is_missed(rows.len()),
                        "shown as ok and short: {of}"
                    );
                    prop_assert_eq!(rows.len(), unit.rows as usize, "{}", of);
                }
                if full_run.is_some_and(|end| end.code == Some(0)) && !stage.definition.is_off(day) {
                    prop_assert!(
                        matches!(unit.state, UnitState::Ok | UnitState::Outdated),
                        "exit code 0: {of}"
                    );
                }
            }
            if !promised[at].is_empty() {
                continue;
            }
            let failing = self.failing(at, stored);
            match answers.get(&format!("cap{at}")).map(|answer| answer.state) {
                Some(CheckState::Pass) => prop_assert_eq!(failing, 0, "the check of s{} says PASS", at),
                Some(CheckState::Waived) => {
                    prop_assert_eq!(
                        self.waived.get(&at),
                        Some(&(stage.limit, failing)),
                        "the waiver of s{} counts",
                        at
                    );
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The fingerprint of each date of a stage in the ledger.
    fn fingerprints(&self, at: usize) -> HashMap<Partition, String> {
        let ledger = self.state.ledger();
        let mut query = ledger
            .prepare("SELECT date, fingerprint FROM unit WHERE stage = ?1 AND fingerprint IS NOT NULL")
            .unwrap();
        let rows = query
            .query_map([format!("s{at}")], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    /// The counts of `status` match the ledger.
    fn status_agrees(&self) -> Result<(), TestCaseError> {
        let said = self.backcourt(&["status", "--json"]);
        if said.code != Some(0) {
            return Ok(());
        }
        let status: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        let ledger = self.state.ledger();
        for (at, stage) in status["stages"].as_array().unwrap().iter().enumerate() {
            let short: u64 = ["partial", "empty", "failed"]
                .iter()
                .map(|state| stage["dates"][state].as_u64().unwrap())
                .sum();
            let sql = "SELECT COUNT(*) FROM unit WHERE stage = ?1 AND state IN ('partial', 'empty', 'failed') AND NOT EXISTS \
                       (SELECT 1 FROM intent WHERE intent.stage = unit.stage)";
            let recorded: i64 = ledger
                .query_row(sql, [format!("s{at}")], |row| row.get(0))
                .unwrap();
            prop_assert!(
                short >= recorded.unsigned_abs(),
                "status hides trouble of s{at}: {short} of {recorded}"
            );
        }
        Ok(())
    }
}

fn definition(at: usize) -> impl Strategy<Value = Definition> {
    let reads = (0..=at, 0..2_u32).prop_map(move |(of, back)| (of < at).then_some((of, back)));
    (
        reads,
        1..4_i64,
        prop_oneof![2 => Just(None), 1 => Just(Some(2))],
        prop::bool::weighted(0.3),
    )
        .prop_map(|(reads, factor, expect, rests)| Definition {
            reads,
            factor,
            expect,
            rests,
        })
}

fn stages() -> impl Strategy<Value = Vec<Stage>> {
    (1..=4_usize).prop_flat_map(|number| {
        let one =
            |at: usize| (definition(at), limit()).prop_map(|(definition, limit)| Stage { definition, limit });
        (0..number).map(one).collect::<Vec<_>>()
    })
}

fn limit() -> impl Strategy<Value = i64> {
    prop_oneof![3 => Just(100_000_i64), 1 => 4..20_i64]
}

fn step() -> impl Strategy<Value = Step> {
    let which = prop_oneof![
        Just(Which::Failed),
        Just(Which::Stale),
        Just(Which::Outdated),
        (0..DAYS).prop_map(Which::Date)
    ];
    prop_oneof![
        5 => any::<bool>().prop_map(|rerun_changed| Step::Run { rerun_changed }),
        2 => (0..DAYS, 0..DAYS).prop_map(|(from, to)| Step::Narrow { from, to }),
        3 => (which, prop::bool::weighted(0.2)).prop_map(|(which, accept_short)| Step::Rerun { which, accept_short }),
        2 => (0..4_usize, 1..4_i64).prop_map(|(stage, factor)| Step::EditQuery { stage, factor }),
        1 => (0..4_usize, prop_oneof![Just(None), Just(Some(2_usize))])
            .prop_map(|(stage, expect)| Step::EditExpectation { stage, expect }),
        1 => (0..4_usize).prop_map(|stage| Step::EditActive { stage }),
        1 => (0..4_usize, limit()).prop_map(|(stage, limit)| Step::EditCheck { stage, limit }),
        1 => (0..4_usize).prop_map(|stage| Step::Waive { stage }),
        2 => (0..DAYS, any::<bool>()).prop_map(|(day, all)| Step::SourceLoses { day, all }),
        1 => (0..DAYS, 1..4_i64, 1..9_i64).prop_map(|(day, number, value)| Step::SourceGains { day, number, value }),
        2 => (0..40_usize).prop_map(|lines| Step::Kill { lines }),
    ]
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(64)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_actions_preserve_protected_rows_and_correct_states(
        stages in stages(),
        values in prop::collection::vec(1..9_i64, 10),
        steps in prop::collection::vec(step(), 3..9),
    ) {
        let mut world = World::new(stages, &values);
        world.step(&Step::Run { rerun_changed: false })?;
        for step in &steps {
            world.step(step)?;
        }
        world.status_agrees()?;
    }
}
