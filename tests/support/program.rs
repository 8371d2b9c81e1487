//! The real binary on a state folder of its own, and what it left there.
#![allow(dead_code, reason = "each test target compiles all of this and uses a part")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use tempfile::TempDir;

/// Where rows of `team_offense` land.
pub const TABLE: &str = "nba_analytics.team_offense_game_summary";

/// Columns that tell when a row was written and nothing else.
pub const TIMESTAMPS: [&str; 2] = ["created_at", "processed_at"];

/// Nothing here takes half as long, however busy the machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A state folder, removed when dropped.
pub struct State {
    folder: TempDir,
}

/// What a run of the program came to.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl State {
    /// A state folder that is not there yet.
    pub fn none() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        Self { folder }
    }

    /// A state folder whose warehouse holds the shipped feeds and nothing else.
    pub fn loaded() -> Self {
        let state = Self::none();
        let warehouse = state.path().join("warehouse");
        fs::create_dir_all(&warehouse).unwrap();
        let feeds = "nba_raw.sqlite";
        // A copy and not a link: SQLite's locks belong to the file and not to its name, so that tests would meet.
        fs::copy(loaded_warehouse().join(feeds), warehouse.join(feeds)).unwrap();
        state
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub fn events_file(&self) -> PathBuf {
        self.path().join("events.jsonl")
    }

    /// The program, ready to be given more; `args` start with the subcommand.
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

    /// The dates of the first stage, by state.
    pub fn dates(&self, state: &str) -> u64 {
        self.status()["stages"][0]["dates"][state].as_u64().unwrap()
    }

    /// Every fact so far; a line that is not finished yet is left out, and so are the pictures between the facts.
    pub fn facts(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.events_file()).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .filter(|line: &Value| line["event"] != "pictured")
            .collect()
    }

    /// Every dataset of the warehouse under its own name.
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

    /// Every stored row as text, timestamps left out, in a fixed order.
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
    /// Fails with everything that was said unless the exit code is this one.
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }
}

/// The program with an environment that decides nothing.
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

/// A plan with the stages of the built-in one and nothing else: its checks are sixty questions more, and most are about
/// more dates than a test has.
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

/// Every file of a folder with its length and the time of its last change.
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

/// Waits until something holds.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "in vain waited for: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A warehouse with the shipped feeds. It is made once for each build of the program and shared by all test
/// binaries, because loading takes seconds.
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
