//! Custom stages, SQL and command, with the real program: they support everything that built-in stages do.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use crate::program::{Ended, State, ended, wait_until};
use rstest::rstest;
use rusqlite::Connection;
use serde_json::Value;

/// A state folder with a plan file.
struct Port {
    state: State,
    folder: tempfile::TempDir,
}

/// A command that runs a script beside the plan, written in `sh` so that tests can change it.
const CALLS: &str = r#"
name = "port"
title = "A port"
from = "2024-03-01"
to = "2024-03-03"
workers = 2
[[stage]]
name = "calls"
kind = "command"
command = ["./calls", "{date}"]
environment = { DAY = "{date}" }
skip_exit_code = 3
timeout_seconds = 60
"#;

/// The rows of such a command, and a query that sums them.
const TONS: &str = r#"
table = "port.calls"
date_column = "day"
key = ["day", "ship"]
columns = [{ name = "day", type = "DATE" }, { name = "ship", type = "STRING" }, { name = "tons", type = "INT64" }]
[[check]]
name = "no_empty_ship"
stage = "calls"
title = "No ship comes empty"
severity = "blocking"
sql = "SELECT day FROM port.calls WHERE tons = 0"
expect = [{ rows = 0 }]
[[stage]]
name = "tons"
kind = "sql"
needs = ["calls"]
reads = [{ table = "port.calls", days_back = 1 }]
sql = "SELECT @date AS day, SUM(tons) AS tons FROM port.calls WHERE day BETWEEN DATE_SUB(@date, INTERVAL 1 DAY) AND @date"
table = "port.tons"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "tons", type = "INT64" }]
expect_rows = 1
[[check]]
name = "not_too_much"
stage = "tons"
title = "No two days above 100 tons"
severity = "blocking"
sql = "SELECT day FROM port.tons WHERE tons > 100"
expect = [{ rows = 0 }]
[[stage]]
name = "after"
kind = "sql"
needs = ["tons"]
reads = [{ table = "port.tons" }]
sql = "SELECT day, tons * 2 AS twice FROM port.tons WHERE day IN UNNEST(@dates)"
table = "port.after"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "twice", type = "INT64" }]
"#;

/// Two ships on the first day, one on each other day.
const SHIPS: &str = r#"
echo day,ship,tons
case $1 in
2024-03-01) echo "$1,Anna,10"; echo "$1,Boda,20" ;;
2024-03-02) echo "$1,Anna,30" ;;
2024-03-03) echo "$1,Cleo,5" ;;
esac
"#;

impl Port {
    fn new(plan: &str, script: &str) -> Self {
        let port = Self {
            state: State::none(),
            folder: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap(),
        };
        fs::write(port.plan(), plan).unwrap();
        port.say(script);
        port
    }

    fn plan(&self) -> PathBuf {
        self.folder.path().join("port.toml")
    }

    /// Replaces the script of the command.
    fn say(&self, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let file = self.folder.path().join("calls");
        fs::write(&file, format!("#!/bin/sh\n{script}")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn ask(&self, args: &[&str]) -> Ended {
        ended(self.state.command(args).arg("--plan").arg(self.plan()))
    }

    fn run(&self) -> Ended {
        self.ask(&["run", "--output", "plain"])
    }

    fn status(&self) -> Value {
        serde_json::from_str(&self.ask(&["status", "--json"]).expect(0).out).unwrap()
    }

    /// Number of dates of a stage in a state, from the status.
    fn dates(&self, stage: &str, state: &str) -> u64 {
        let status = self.status();
        let stages = status["stages"].as_array().unwrap();
        let stage = stages.iter().find(|known| known["name"] == stage).unwrap();
        stage["dates"][state].as_u64().unwrap()
    }

    /// State, class, attempts and reason of a unit.
    fn unit(&self, stage: &str, date: &str) -> (String, Option<String>, i64, Option<String>) {
        let sql = "SELECT state, class, attempts, reason FROM unit WHERE stage = ?1 AND date = ?2";
        let ledger = self.state.ledger();
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
        ledger.query_row(sql, [stage, date], read).unwrap()
    }

    /// All rows of a table of the port, as text.
    fn rows(&self, table: &str) -> Vec<String> {
        let file = self.state.path().join("warehouse/port.sqlite");
        let port = Connection::open(file).unwrap();
        let mut query = port
            .prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2"))
            .unwrap();
        let columns = query.column_count();
        let line = |row: &rusqlite::Row<'_>| {
            let cells = (0..columns).map(|at| row.get::<_, rusqlite::types::Value>(at));
            let cells: Vec<String> = cells.map(|cell| shown(&cell.unwrap())).collect();
            Ok(cells.join(" "))
        };
        let rows = query.query_map([], line).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    fn log(&self) -> String {
        let logs = fs::read_dir(self.state.path().join("logs")).unwrap();
        logs.map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
            .collect()
    }
}

fn shown(value: &rusqlite::types::Value) -> String {
    match value {
        rusqlite::types::Value::Integer(number) => number.to_string(),
        rusqlite::types::Value::Text(text) => text.clone(),
        other => format!("{other:?}"),
    }
}

#[test]
fn the_shop_plan_needs_no_other_program_and_is_idempotent() {
    let state = State::none();
    let run = || {
        state
            .backcourt(&["run", "--plan", "shop", "--output", "jsonl"])
            .expect(0)
    };
    let dry = state.backcourt(&["run", "--plan", "shop", "--dry-run"]).expect(0);
    assert!(!dry.out.contains("box scores"), "{}", dry.out);
    assert!(!state.path().exists());
    let finished = |out: &str| {
        let facts = out
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        facts.filter(|fact| fact["event"] == "unit_finished").count()
    };
    // 31 days of March, five of them Sundays, three stages.
    assert_eq!(finished(&run().out), 78);
    assert_eq!(finished(&run().out), 0);
    let file = state.path().join("warehouse/shop.sqlite");
    let shop = Connection::open(file).unwrap();
    let one = |sql: &str| shop.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    // User u visits every u-th day: 31 + 15 + 10 + 7 + 6 + 5 + 4 + 3 + 3 + 3 = 87 page views, 14 of them on Sundays. Every
    // third visit is a purchase: 10 + 5 + 3 + 2 + 2 + 1 + 1 + 1 + 1 + 1 = 27, five of them on Sundays.
    assert_eq!(one("SELECT COUNT(*) || '' FROM events"), "95");
    // On the sixth of March users 1, 2, 3 and 6 visit; the first two buy for 10 and 20.
    assert_eq!(
        one(
            "SELECT users || ' ' || orders || ' ' || revenue FROM daily_active_users WHERE event_date = '2024-03-06'"
        ),
        "4 2 30.0"
    );
    // Until then users 4 and 5 have visited too, on their days: 4 of 6.
    assert_eq!(
        one("SELECT users || ' ' || stickiness FROM weekly_active_users WHERE event_date = '2024-03-06'"),
        "6 0.667"
    );
    let warehouse: Vec<_> = fs::read_dir(state.path().join("warehouse")).unwrap().collect();
    let foreign = |entry: &std::io::Result<fs::DirEntry>| {
        let name = entry.as_ref().unwrap().file_name();
        let name = name.to_string_lossy();
        // Its own tables and the leases.
        !name.starts_with("shop.") && !name.starts_with("backcourt.")
    };
    assert!(!warehouse.iter().any(foreign), "{warehouse:?}");
    for (arguments, code, said) in [
        (
            &["status"][..],
            0,
            "events -> shop.events: 31 dates (26 ok, 5 skipped), 95 rows",
        ),
        // Only user 1 visits on a prime day above 10: the 11th, 13th, 19th, 23rd and 29th; 17 and 31 are Sundays.
        (
            &["status"],
            0,
            "WARN     stickiness: 5 offending rows on 5 dates, advisory",
        ),
        (&["check", "revenue_adds_up"], 0, "PASS revenue_adds_up"),
        (&["report"], 0, "shop.weekly_active_users"),
        (
            &["run", "--dry-run"],
            0,
            "weekly_active_users: 31 dates, 0 to do, 26 already done, 5 without work",
        ),
        (
            &["rerun", "--dates", "2024-03-05", "--output", "plain"],
            0,
            "3 units done",
        ),
        (
            &["load"],
            2,
            "nothing to load: no stage of plan shop uses box scores",
        ),
    ] {
        let arguments = [arguments, &["--plan", "shop"]].concat();
        let told = state.backcourt(&arguments).expect(code);
        assert!(told.out.contains(said) || told.err.contains(said), "{told:#?}");
        // No stage has a choice of sources.
        assert!(
            !told.out.contains("source auto") && !told.out.contains("| source |"),
            "{}",
            told.out
        );
    }
}

#[test]
fn command_output_is_stored_and_read_by_queries() {
    let port = Port::new(&format!("{CALLS}{TONS}"), SHIPS);
    port.run().expect(0);
    assert_eq!(
        port.rows("calls"),
        [
            "2024-03-01 Anna 10",
            "2024-03-01 Boda 20",
            "2024-03-02 Anna 30",
            "2024-03-03 Cleo 5"
        ]
    );
    assert_eq!(
        port.rows("tons"),
        ["2024-03-01 30", "2024-03-02 60", "2024-03-03 35"]
    );
    assert_eq!(
        port.rows("after"),
        ["2024-03-01 60", "2024-03-02 120", "2024-03-03 70"]
    );
}

#[test]
fn an_invalid_row_is_quarantined_and_its_date_is_partial() {
    let port = Port::new(
        &format!("{CALLS}{TONS}"),
        &SHIPS.replace("Boda,20", "Boda,twenty"),
    );
    port.run().expect(1);
    let (state, _, _, reason) = port.unit("calls", "2024-03-01");
    let said = "1 row quarantined (1 type), first: column tons, line 3: 'twenty' is not an INT64";
    assert_eq!((state.as_str(), reason.as_deref()), ("partial", Some(said)));
    assert_eq!(port.rows("calls").len(), 3);
    assert_eq!(
        port.dates("tons", "pending"),
        3,
        "nothing builds on a date that is short"
    );
}

#[test]
fn exit_codes_set_unit_states_and_output_is_logged() {
    let script = r#"
echo "looking at $1"
test "$DAY" = "$1" || exit 9
case $1 in
2024-03-02) echo "the port is closed"; exit 3 ;;
2024-03-03) echo "no such berth" >&2; echo "giving up" >&2; exit 4 ;;
esac
"#;
    let port = Port::new(CALLS, script);
    port.run().expect(1);
    assert_eq!(port.unit("calls", "2024-03-01"), ("ok".to_owned(), None, 1, None));
    let closed = Some("the port is closed".to_owned());
    assert_eq!(
        port.unit("calls", "2024-03-02"),
        ("skipped".to_owned(), None, 1, closed)
    );
    let failed = Some("exit code 4: no such berth | giving up".to_owned());
    assert_eq!(
        port.unit("calls", "2024-03-03"),
        ("failed".to_owned(), Some("code".to_owned()), 1, failed)
    );
    let log = port.log();
    for line in ["looking at 2024-03-01", "stderr: no such berth"] {
        let found = log.lines().find(|known| known.contains(line));
        let found = found.unwrap_or_else(|| panic!("{line} in\n{log}"));
        assert!(found.contains("calls") && found.contains("2024-03-0"), "{found}");
    }
    assert!(!port.state.path().join("warehouse/port.sqlite").exists());
    assert_eq!(port.status()["stages"][0]["table"], Value::Null);
    for document in ["status", "report"] {
        port.ask(&[document]).expect(0);
    }
    port.say("exit 0");
    port.run().expect(1);
    assert_eq!(port.dates("calls", "failed"), 1, "what failed waits for a rerun");
    assert_eq!(
        port.dates("calls", "skipped"),
        1,
        "what was skipped is not tried again"
    );
    port.ask(&["rerun", "--failed", "--output", "plain"]).expect(0);
    assert_eq!(port.dates("calls", "ok"), 2);
}

#[test]
fn a_command_that_requests_a_retry_is_retried() {
    let script = r#"
echo x >> "tried.$1"
test "$(wc -l < "tried.$1")" -ge 3 && exit 0
echo "the line dropped" >&2
exit 75
"#;
    let port = Port::new(CALLS, script);
    port.run().expect(0);
    for date in ["2024-03-01", "2024-03-02", "2024-03-03"] {
        assert_eq!(port.unit("calls", date), ("ok".to_owned(), None, 3, None));
    }
    let retried = port.state.facts();
    let retried = retried.iter().filter(|fact| fact["event"] == "unit_retried");
    assert!(retried.clone().all(|fact| fact["class"] == "transient"));
    assert_eq!(retried.count(), 6);
}

fn is_alive(pid: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !status.is_empty() && !status.contains(") Z ")
}

const SLEEPS: &str = r#"
sleep 600 &
echo "$! $$" > "pids.$1"
wait
"#;

#[test]
fn a_command_that_times_out_is_killed_and_not_retried() {
    let port = Port::new(
        &CALLS.replace("timeout_seconds = 60", "timeout_seconds = 1"),
        SLEEPS,
    );
    port.run().expect(1);
    let (state, class, attempts, reason) = port.unit("calls", "2024-03-01");
    assert_eq!(
        (state.as_str(), class.as_deref(), attempts),
        ("failed", Some("unknown"), 1)
    );
    let reason = reason.unwrap();
    assert!(
        reason.starts_with("timed out after 1 s; raise timeout_seconds if it needs longer"),
        "{reason}"
    );
    for date in ["2024-03-01", "2024-03-02", "2024-03-03"] {
        let pids = fs::read_to_string(port.folder.path().join(format!("pids.{date}"))).unwrap();
        for pid in pids.split_whitespace() {
            wait_until("the command's group to end", || !is_alive(pid));
        }
    }
}

#[test]
fn an_abort_kills_the_processes_of_commands() {
    let port = Port::new(CALLS, SLEEPS);
    let mut command = port.state.command(&["run", "--output", "plain"]);
    command.arg("--plan").arg(port.plan()).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    let pids = || {
        let files = ["2024-03-01", "2024-03-02"];
        let read = files.map(|date| fs::read_to_string(port.folder.path().join(format!("pids.{date}"))));
        let read = read.map(Result::unwrap_or_default);
        read.iter()
            .all(|pids| pids.ends_with('\n'))
            .then(|| read.join(" "))
    };
    wait_until("two commands to be under way", || pids().is_some());
    let pid = rustix::process::Pid::from_child(&child);
    // The first signal lets in-flight work finish, the second doesn't.
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    wait_until("the run to drain", || port.log().contains("draining"));
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    child.wait().unwrap();
    for pid in pids().unwrap().split_whitespace() {
        wait_until("the commands' groups to end", || !is_alive(pid));
    }
    port.say("exit 0");
    port.run().expect(0);
    assert_eq!(port.dates("calls", "ok"), 3);
}

#[test]
fn a_failing_check_blocks_the_downstream_stage_until_waived() {
    let port = Port::new(&format!("{CALLS}{TONS}"), &SHIPS.replace("Anna,30", "Anna,90"));
    let held = port.run().expect(1);
    assert!(held.out.contains("a closed gate blocks after"), "{}", held.out);
    assert_eq!(port.dates("after", "pending"), 3);
    port.ask(&["waive", "not_too_much", "--reason", "a fair week"])
        .expect(0);
    port.run().expect(0);
    assert_eq!(
        port.rows("after"),
        ["2024-03-01 60", "2024-03-02 240", "2024-03-03 190"]
    );
}

#[test]
fn dates_that_depend_on_a_rerun_date_are_stale_and_refreshed() {
    let port = Port::new(&format!("{CALLS}{TONS}"), SHIPS);
    port.run().expect(0);
    port.say(&SHIPS.replace("Boda,20", "Boda,40"));
    let again = [
        "rerun",
        "--dates",
        "2024-03-01",
        "--stage",
        "calls",
        "--output",
        "plain",
    ];
    port.ask(&again).expect(0);
    // The same day and the next day read it; the third doesn't.
    assert_eq!(
        (port.dates("tons", "stale"), port.dates("after", "stale")),
        (2, 2)
    );
    port.ask(&["rerun", "--stale", "--output", "plain"]).expect(0);
    assert_eq!(
        port.rows("tons"),
        ["2024-03-01 50", "2024-03-02 80", "2024-03-03 35"]
    );
    assert_eq!(
        port.rows("after"),
        ["2024-03-01 100", "2024-03-02 160", "2024-03-03 70"]
    );
}

#[test]
fn rows_a_command_writes_itself_are_counted() {
    let counted = "table = \"port.calls\"\ndate_column = \"day\"\n";
    let port = Port::new(&format!("{CALLS}{counted}"), "exit 0");
    port.run().expect(1);
    let (state, _, _, reason) = port.unit("calls", "2024-03-01");
    assert_eq!(state, "failed");
    assert!(reason.unwrap().contains("no such table"));

    let filled = Connection::open(port.state.path().join("warehouse/port.sqlite")).unwrap();
    let rows = "CREATE TABLE calls (day TEXT);
                INSERT INTO calls VALUES ('2024-03-01'), ('2024-03-01'), ('2024-03-02')";
    filled.execute_batch(rows).unwrap();
    port.ask(&["rerun", "--failed", "--output", "plain"]).expect(1);
    let of = |date: &str| {
        let sql = "SELECT state, rows FROM unit WHERE date = ?1";
        let ledger = port.state.ledger();
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?));
        ledger.query_row(sql, [date], read).unwrap()
    };
    assert_eq!(of("2024-03-01"), ("ok".to_owned(), 2));
    assert_eq!(of("2024-03-02"), ("ok".to_owned(), 1));
    assert_eq!(of("2024-03-03"), ("empty".to_owned(), 0));
}

#[test]
fn an_invalid_plan_is_refused_before_any_write() {
    let whole = format!("{CALLS}{TONS}");
    for (good, bad, said) in [
        (
            "SUM(tons) AS tons",
            "ML.PREDICT(tons) AS tons",
            "stage 'tons': the embedded warehouse does not support",
        ),
        (
            "SELECT @date AS day",
            "SELECT @date AS day,",
            "stage 'tons': cannot parse the query",
        ),
        ("type = \"INT64\"", "type = \"INT46\"", "did you mean 'INT64'?"),
        (
            "type = \"INT64\"",
            "type = \"INT64\", part = \"gruop\"",
            "did you mean 'group'?",
        ),
        (
            "@date AS day",
            "@dat AS day",
            "use @date, @start and @end, or @dates and @starts for many dates at once",
        ),
    ] {
        let port = Port::new(&whole.replacen(good, bad, 1), SHIPS);
        for arguments in [&["run", "--output", "plain"][..], &["run", "--dry-run"]] {
            let refused = port.ask(arguments).expect(2);
            assert!(refused.err.contains(said), "{}", refused.err);
        }
        assert!(!port.state.path().exists(), "{bad}");
    }
}

#[test]
fn a_missing_program_or_column_stops_the_run_once() {
    let port = Port::new(&CALLS.replace("./calls", "./cals"), "");
    let stopped = port.run().expect(3);
    assert!(
        stopped.out.contains("program './cals' not found"),
        "{}",
        stopped.out
    );
    let missing = format!("{CALLS}{TONS}").replace("tons * 2 AS twice", "tons * 2 AS twise");
    let port = Port::new(&missing, SHIPS);
    let stopped = port.run().expect(2);
    let said = "stage after: the query returns column 'twise', which port.after doesn't have";
    assert!(stopped.out.contains(said), "{}", stopped.out);
    assert!(
        !port.state.path().join("warehouse/port.sqlite").exists(),
        "no stage was begun"
    );
}

/// Columns and datasets named like reserved words of either backend.
const RESERVED: &str = r#"
name = "reserved"
title = "Reserved words"
from = "2024-01-01"
to = "2024-01-03"
[[stage]]
name = "printed"
kind = "command"
command = ["./calls", "{date}"]
table = "DATASET.group"
date_column = "date"
key = ["date", "order"]
columns = [
  { name = "date", type = "DATE" }, { name = "order", type = "INT64" }, { name = "group", type = "STRING", part = "group" },
  { name = "end", type = "INT64" }, { name = "select", type = "STRING", part = "side" }, { name = "from", type = "STRING" },
  { name = "table", type = "STRING" }, { name = "index", type = "INT64" }, { name = "rowid", type = "STRING" },
]
[[check]]
name = "ends"
stage = "printed"
title = "Every row has its end"
severity = "blocking"
sql = "SELECT `date`, `order` FROM `DATASET.group` WHERE `end` IS NULL OR `select` != 'x'"
expect = [{ rows = 0 }]
[[stage]]
name = "asked"
kind = "sql"
needs = ["printed"]
reads = [{ table = "DATASET.group" }]
sql = "SELECT date, `order`, `group`, `end` AS `select`, rowid FROM `DATASET.group` WHERE date = @date"
table = "DATASET.select"
date_column = "date"
key = ["date", "order", "group"]
columns = [
  { name = "date", type = "DATE" }, { name = "order", type = "INT64" }, { name = "group", type = "STRING" },
  { name = "select", type = "INT64" }, { name = "rowid", type = "STRING" },
]
[[sample]]
date = "2024-01-02"
why = "one of the three"
"#;

#[rstest]
#[case::plain("d")]
#[case::order("order")]
#[case::group("group")]
#[case::main("main")]
#[case::temp("Temp")]
#[case::sqlite("sqlite_master")]
fn reserved_words(#[case] dataset: &str) {
    let script = "echo date,order,group,end,select,from,table,index,rowid\necho $1,1,a,2,x,y,z,7,s";
    let port = Port::new(&RESERVED.replace("DATASET", dataset), script);
    port.run().expect(0);
    for stage in ["printed", "asked"] {
        assert_eq!(port.dates(stage, "ok"), 3, "{stage}");
    }
    port.run().expect(0);
    assert_eq!(port.unit("asked", "2024-01-01").2, 1, "it was done once");
    let file = port.state.path().join(format!("warehouse/{dataset}.sqlite"));
    let held = Connection::open(file).unwrap();
    let sql = "SELECT `order` + `select`, `group`, rowid FROM `select` WHERE `date` = '2024-01-02'";
    let row = held.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    assert_eq!(row.unwrap(), (3, "a".to_owned(), "s".to_owned()));
    // The sample recomputes what is stored and finds no difference.
    let sample = [
        "run",
        "--sample",
        "--no-resume",
        "--output",
        "jsonl",
        "--dates",
        "2024-01-02",
    ];
    port.ask(&sample).expect(0);
}

/// A running balance, each day from the previous one: it reads the table it fills.
const BALANCE: &str = r#"
name = "balance"
title = "Balance"
from = "2024-01-01"
to = "2024-03-31"
[[stage]]
name = "balance"
kind = "sql"
reads = [{ table = "raw.events" }]
sql = """
SELECT @date AS day, COALESCE(p.balance, 0) + t.amount AS balance
FROM (SELECT SUM(amount) AS amount FROM `raw.events` WHERE day = @date) AS t
LEFT JOIN (SELECT balance FROM OWN WHERE day = DATE_SUB(@date, INTERVAL 1 DAY)) AS p ON TRUE
"""
table = "analytics.balance"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "balance", type = "INT64" }]
"#;

#[rstest]
#[case("analytics.balance")]
#[case("`analytics.balance`")]
#[case("`analytics`.`balance`")]
#[case("`my-project.analytics.balance`")]
#[case("my-project.analytics.balance")]
#[case("(SELECT * FROM `Analytics.Balance`)")]
#[case("`analytics.bal*`")]
fn self_reading_stage(#[case] own: &str) {
    let port = Port::new(&BALANCE.replace("OWN", own), "");
    for warehouse in ["sqlite:nowhere", "bigquery:my-project@http://127.0.0.1:9"] {
        let refused = port
            .ask(&["run", "--output", "plain", "--warehouse", warehouse])
            .expect(2);
        for words in [
            "stage 'balance': it reads its own table analytics.balance",
            "set depends_on_past = true to run one date after the other",
        ] {
            assert!(refused.err.contains(words), "{}", refused.err);
        }
    }
    assert!(!port.state.path().exists(), "nothing was written");
}

/// On another project, a plan may read a table with the same name as the one it fills, because it is a different table.
/// The embedded warehouse has no projects, so it is the same table there.
#[test]
fn a_table_of_another_project_is_not_the_stages_own() {
    let port = Port::new(&BALANCE.replace("OWN", "`my-project.analytics.balance`"), "");
    let ask = |warehouse: &str| port.ask(&["run", "--dry-run", "--warehouse", warehouse]);
    let there = ask("bigquery:other-project@http://127.0.0.1:9");
    assert!(!there.err.contains("reads its own table"), "{}", there.err);
    for warehouse in ["sqlite:nowhere", "bigquery:my-project@http://127.0.0.1:9"] {
        let refused = ask(warehouse).expect(2);
        assert!(refused.err.contains("reads its own table"), "{}", refused.err);
    }
}

#[test]
fn undeclared_reads_of_another_stage_are_refused() {
    let port = Port::new(
        &format!("{CALLS}{TONS}").replace("reads = [{ table = \"port.calls\", days_back = 1 }]\n", ""),
        "",
    );
    let refused = port.run().expect(2);
    assert!(
        refused
            .err
            .contains("add reads = [{ table = \"port.calls\" }], with days_back = N if"),
        "{}",
        refused.err
    );
    assert!(!port.state.path().exists(), "nothing was written");
}

/// Not a test: the program run by a stage of the next test. It creates a dataset and fills a date in it.
#[test]
fn fills_a_dataset_of_its_own() {
    let (Ok(file), Ok(day)) = (std::env::var("MART"), std::env::var("MART_DAY")) else {
        return;
    };
    let mart = Connection::open(file).unwrap();
    mart.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    mart.execute_batch("CREATE TABLE IF NOT EXISTS t (day TEXT)")
        .unwrap();
    mart.execute("DELETE FROM t WHERE day = ?1", [&day]).unwrap();
    mart.execute("INSERT INTO t VALUES (?1)", [&day]).unwrap();
}

#[test]
fn new_dataset_not_seen() {
    let port = Port::new("", "");
    let mart = port.state.path().join("warehouse/mart.sqlite");
    let plan = format!(
        r#"
name = "mart"
title = "A program that makes its own dataset"
from = "2024-01-01"
to = "2024-01-06"
workers = 1
[[stage]]
name = "fill"
kind = "command"
command = [{:?}, "--exact", "own_stages::fills_a_dataset_of_its_own"]
environment = {{ MART = {mart:?}, MART_DAY = "{{date}}" }}
table = "mart.t"
date_column = "day"
"#,
        std::env::current_exe().unwrap()
    );
    fs::write(port.plan(), plan).unwrap();
    port.run().expect(0);
    assert_eq!(port.dates("fill", "ok"), 6);
    port.run().expect(0);
    assert_eq!(port.unit("fill", "2024-01-01").2, 1, "the program ran once");
}
