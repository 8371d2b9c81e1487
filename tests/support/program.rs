//! Runs the real binary on its own state folder and inspects the result.
#![allow(dead_code, reason = "each test target compiles all of this and uses a part")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use tempfile::TempDir;

pub use crate::pty::wait_until;

/// The table of `team_offense`.
pub const TABLE: &str = "nba_analytics.team_offense_game_summary";

/// Columns with timestamps of the write.
pub const TIMESTAMPS: [&str; 2] = ["created_at", "processed_at"];

/// A state folder, removed when dropped.
pub struct State {
    folder: TempDir,
    /// The plan file; `None` for the built-in plan.
    plan: Option<String>,
}

/// The result of running the program.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl State {
    /// A state folder that doesn't exist yet.
    pub fn none() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        Self { folder, plan: None }
    }

    /// A state folder whose warehouse contains the built-in feeds only.
    pub fn loaded() -> Self {
        Self::with_feeds(&[])
    }

    /// With feeds of which three dates fail until they are rerun.
    pub fn flaky() -> Self {
        Self::with_feeds(&["--faults", "flaky"])
    }

    fn with_feeds(flags: &[&str]) -> Self {
        let state = Self::none();
        let warehouse = state.path().join("warehouse");
        fs::create_dir_all(&warehouse).unwrap();
        let feeds = "nba_raw.sqlite";
        // A copy, not a link: SQLite locks belong to the file, so tests would block each other.
        fs::copy(loaded_warehouse(flags).join(feeds), warehouse.join(feeds)).unwrap();
        state
    }

    /// Runs the built-in plan without its raw-data checks, which take seconds.
    pub fn without_source_checks(mut self) -> Self {
        let checks = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/checks");
        std::os::unix::fs::symlink(checks, self.folder.path().join("checks")).unwrap();
        self.plan = Some(write_plan(&self, |block| !block.starts_with("source_check]]")));
        self
    }

    /// Runs the stages of the built-in plan without any checks.
    pub fn without_checks(mut self) -> Self {
        self.plan = Some(stages_alone(&self));
        self
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub fn events_file(&self) -> PathBuf {
        self.path().join("events.jsonl")
    }

    /// The flags that select the state folder and the plan.
    pub fn flags(&self) -> Vec<String> {
        let mut flags = vec!["--state-dir".to_owned(), self.path().display().to_string()];
        if let Some(plan) = &self.plan {
            flags.extend(["--plan".to_owned(), plan.clone()]);
        }
        flags
    }

    /// The program with `args`, which start with the subcommand; more can be added.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = backcourt();
        command.args(args).args(self.flags());
        command
    }

    pub fn backcourt(&self, args: &[&str]) -> Ended {
        ended(&mut self.command(args))
    }

    /// `status --json`.
    pub fn status(&self) -> Value {
        let said = self.backcourt(&["status", "--json"]).expect(0);
        serde_json::from_str(&said.out).unwrap()
    }

    /// The number of dates of the first stage in a state.
    pub fn dates(&self, state: &str) -> u64 {
        self.status()["stages"][0]["dates"][state].as_u64().unwrap()
    }

    /// All events so far, without an incomplete last line and without snapshots.
    pub fn facts(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.events_file()).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .filter(|line: &Value| line["event"] != "snapshot")
            .collect()
    }

    /// A connection with every dataset of the warehouse attached under its name.
    pub fn warehouse(&self) -> Connection {
        let db = Connection::open_in_memory().unwrap();
        for file in fs::read_dir(self.path().join("warehouse")).unwrap() {
            let file = file.unwrap().path();
            if file.extension().is_none_or(|extension| extension != "sqlite") {
                continue;
            }
            let dataset = file.file_stem().unwrap().to_str().unwrap();
            db.execute(&format!("ATTACH ?1 AS {dataset}"), [file.to_str().unwrap()])
                .unwrap();
        }
        db
    }

    pub fn ledger(&self) -> Connection {
        Connection::open_with_flags(
            self.path().join("ledger.sqlite"),
            OpenFlags::SQLITE_OPEN_READ_ONLY,
        )
        .unwrap()
    }

    /// One number from the ledger.
    pub fn count(&self, sql: &str) -> i64 {
        self.ledger().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// All stored rows as text without timestamps, in a fixed order.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let db = self.warehouse();
        let mut query = db
            .prepare(&format!(
                "SELECT * FROM {TABLE} ORDER BY game_date, game_id, team_abbr"
            ))
            .unwrap();
        let kept: Vec<usize> = query
            .column_names()
            .iter()
            .enumerate()
            .filter(|(_, name)| !TIMESTAMPS.contains(name))
            .map(|(at, _)| at)
            .collect();
        query
            .query_map([], |row| {
                kept.iter()
                    .map(|&at| row.get_ref(at).map(|value| format!("{value:?}")))
                    .collect()
            })
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    }
}

impl Ended {
    /// Fails with the whole output unless the exit code is `code`.
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }
}

/// The program with a clean environment.
pub fn backcourt() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backcourt"));
    command.stdin(Stdio::null());
    for name in [
        "BACKCOURT_ENVIRONMENT",
        "BACKCOURT_PLAN",
        "FORCE_TEAM_RECONSTRUCTION",
        "PARALLELIZATION_WORKERS",
        "RUST_LOG",
        "RUST_BACKTRACE",
    ] {
        command.env_remove(name);
    }
    command.env("BACKCOURT_CONFIG", "/dev/null");
    command
}

pub fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    Ended {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A plan with the stages of the built-in one only: its checks would be sixty more queries, and most need more dates
/// than a test has.
pub fn stages_alone(state: &State) -> String {
    write_plan(state, |block| block.starts_with("stage]]"))
}

/// Writes a plan with some blocks of the built-in one beside the state folder and returns its path.
fn write_plan(state: &State, keeps: impl Fn(&str) -> bool) -> String {
    let plan = include_str!("../../assets/plans/nba.toml");
    let (head, blocks) = plan.split_once("\n[[").unwrap();
    let kept = blocks.split("\n[[").filter(|block| keeps(block));
    let text = kept.fold(head.to_owned(), |text, block| text + "\n[[" + block);
    let file = state.path().with_extension("toml");
    fs::write(&file, text).unwrap();
    file.display().to_string()
}

/// Every file in a folder with its length and modification time.
pub fn files(folder: &Path) -> BTreeMap<String, (u64, SystemTime)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let about = fs::metadata(&path).unwrap();
            found.insert(
                path.display().to_string(),
                (about.len(), about.modified().unwrap()),
            );
        }
    }
    found
}

/// A warehouse with feeds loaded with these flags. It is loaded once per build of the program and shared by all tests,
/// because loading takes seconds.
fn loaded_warehouse(flags: &[&str]) -> PathBuf {
    let shared = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let name = format!("loaded{}", flags.concat());
    let lock = File::create(shared.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    let folder = shared.join(name);
    let made_by = folder.join("made_by");
    let program = fs::metadata(env!("CARGO_BIN_EXE_backcourt")).unwrap();
    let built = program
        .modified()
        .unwrap()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    let stamp = format!("{} bytes, built {}", program.len(), built.as_nanos());
    if fs::read_to_string(&made_by).unwrap_or_default() != stamp {
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        ended(
            backcourt()
                .arg("load")
                .args(flags)
                .arg("--state-dir")
                .arg(&folder),
        )
        .expect(0);
        fs::write(made_by, stamp).unwrap();
    }
    folder.join("warehouse")
}
