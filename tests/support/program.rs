//! Runs the real binary on its own state folder and inspects the result.
#![allow(dead_code, reason = "each test target compiles all of this and uses a part")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use tempfile::TempDir;

/// The table of `team_offense`.
pub const TABLE: &str = "nba_analytics.team_offense_game_summary";

/// Columns with timestamps of the write.
pub const TIMESTAMPS: [&str; 2] = ["created_at", "processed_at"];

/// Timeout for a single wait, at least twice as long as needed on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A state folder, removed when dropped.
pub struct State {
    folder: TempDir,
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
        Self { folder }
    }

    /// A state folder whose warehouse contains the built-in feeds only.
    pub fn loaded() -> Self {
        let state = Self::none();
        let warehouse = state.path().join("warehouse");
        fs::create_dir_all(&warehouse).unwrap();
        let feeds = "nba_raw.sqlite";
        // A copy, not a link: SQLite locks belong to the file, so tests would block each other.
        fs::copy(loaded_warehouse().join(feeds), warehouse.join(feeds)).unwrap();
        state
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub fn events_file(&self) -> PathBuf {
        self.path().join("events.jsonl")
    }

    /// The program with `args`, which start with the subcommand; more can be added.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = backcourt();
        command.args(args).arg("--state-dir").arg(self.path());
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
    let plan = include_str!("../../assets/plans/nba.toml");
    let blocks = plan.split("\n[[").enumerate();
    let kept: Vec<_> = blocks
        .filter(|(at, block)| *at == 0 || block.starts_with("stage]]"))
        .map(|(at, block)| {
            if at == 0 {
                block.to_owned()
            } else {
                format!("\n[[{block}")
            }
        })
        .collect();
    let file = state.path().with_extension("toml");
    fs::write(&file, kept.concat()).unwrap();
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

/// Waits until a condition holds.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "in vain waited for: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A warehouse with the built-in feeds. It is loaded once per build of the program and shared by all test binaries,
/// because loading takes seconds.
fn loaded_warehouse() -> PathBuf {
    let shared = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let lock = File::create(shared.join("loaded.lock")).unwrap();
    lock.lock().unwrap();
    let (folder, made_by) = (shared.join("loaded"), shared.join("loaded/made_by"));
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
        ended(backcourt().arg("load").arg("--state-dir").arg(&folder)).expect(0);
        fs::write(made_by, stamp).unwrap();
    }
    folder.join("warehouse")
}
