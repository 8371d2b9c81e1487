//! Opens the ledger file: creates it if absent, verifies it if present, never overwrites it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags, Params, Row, Transaction, TransactionBehavior};

use super::LedgerError;
use super::folder::{LedgerFolder, name_from_folder};
use crate::own_file;
use crate::write_ahead_log;

/// `SQLite` application id ("bkct"), so that another database is never mistaken for a ledger.
const APPLICATION_ID: i32 = 0x626b_6374;
/// How long to wait for another program that has locked the ledger, such as a backup.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);
/// Schema version of the tables below; each step migrates to the next version.
const FIRST_VERSION: i32 = 4;

const TABLES: &str = "
CREATE TABLE target (
  id INTEGER PRIMARY KEY, plan TEXT NOT NULL, warehouse TEXT NOT NULL, UNIQUE (plan, warehouse)
);
CREATE TABLE run (
  id TEXT PRIMARY KEY, target INTEGER NOT NULL REFERENCES target, pid INTEGER NOT NULL, state TEXT NOT NULL,
  source TEXT NOT NULL, workers INTEGER NOT NULL, dates TEXT NOT NULL,
  started_at TEXT NOT NULL, ended_at TEXT, ending TEXT
);
CREATE TABLE unit (
  target INTEGER NOT NULL REFERENCES target, stage TEXT NOT NULL, date TEXT NOT NULL, state TEXT NOT NULL,
  expected INTEGER NOT NULL, rows INTEGER NOT NULL, attempts INTEGER NOT NULL, class TEXT, reason TEXT,
  source TEXT NOT NULL, run TEXT NOT NULL, seconds REAL NOT NULL, at TEXT NOT NULL,
  PRIMARY KEY (target, stage, date)
) WITHOUT ROWID;
CREATE TABLE digest (
  target INTEGER NOT NULL REFERENCES target, stage TEXT NOT NULL, date TEXT NOT NULL,
  input INTEGER NOT NULL, output INTEGER NOT NULL, PRIMARY KEY (target, stage, date)
) WITHOUT ROWID;
CREATE TABLE gap (
  target INTEGER NOT NULL REFERENCES target, stage TEXT NOT NULL, date TEXT NOT NULL, gaps TEXT NOT NULL,
  PRIMARY KEY (target, stage, date)
) WITHOUT ROWID;
CREATE TABLE stage_time (
  target INTEGER NOT NULL REFERENCES target, stage TEXT NOT NULL, run TEXT NOT NULL, seconds REAL NOT NULL,
  PRIMARY KEY (target, stage, run)
) WITHOUT ROWID;
CREATE TABLE filled (warehouse TEXT PRIMARY KEY, origin TEXT NOT NULL, at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE intent (
  id INTEGER PRIMARY KEY AUTOINCREMENT, target INTEGER NOT NULL REFERENCES target, stage TEXT NOT NULL, dates TEXT NOT NULL,
  run TEXT NOT NULL, at TEXT NOT NULL
);
CREATE TABLE failed_attempt (
  target INTEGER NOT NULL REFERENCES target, stage TEXT NOT NULL, date TEXT NOT NULL, run TEXT NOT NULL,
  number INTEGER NOT NULL, class TEXT NOT NULL, message TEXT NOT NULL, at TEXT NOT NULL
);
CREATE TABLE quarantined (
  target INTEGER NOT NULL REFERENCES target, stage TEXT NOT NULL, date TEXT NOT NULL, row TEXT NOT NULL,
  reason TEXT NOT NULL, run TEXT NOT NULL
);
CREATE INDEX quarantined_by_unit ON quarantined (target, stage, date);
CREATE TABLE check_result (
  id INTEGER PRIMARY KEY, target INTEGER NOT NULL REFERENCES target, name TEXT NOT NULL, run TEXT NOT NULL,
  state TEXT NOT NULL, value TEXT, offending TEXT NOT NULL, seconds REAL NOT NULL, at TEXT NOT NULL
);
CREATE TABLE waiver (
  id INTEGER PRIMARY KEY, target INTEGER NOT NULL REFERENCES target, name TEXT NOT NULL, run TEXT NOT NULL,
  reason TEXT NOT NULL, operator TEXT NOT NULL, value TEXT NOT NULL, expected TEXT NOT NULL, at TEXT NOT NULL
);
CREATE INDEX check_result_by_name ON check_result (target, name, id);
";

/// Migrations, oldest first. A released step never changes, and steps only add, so that an older program that is still
/// running isn't disturbed.
const STEPS: [&str; 14] = [
    "
ALTER TABLE check_result ADD COLUMN answer TEXT;
UPDATE check_result SET answer = state WHERE state <> 'OUTDATED';
ALTER TABLE unit ADD COLUMN landed INTEGER NOT NULL DEFAULT 1;
CREATE TABLE tick (
  id INTEGER PRIMARY KEY, target INTEGER NOT NULL REFERENCES target, item TEXT NOT NULL, done INTEGER NOT NULL,
  note TEXT NOT NULL, operator TEXT NOT NULL, at TEXT NOT NULL
);
CREATE TABLE report (
  id INTEGER PRIMARY KEY, target INTEGER NOT NULL REFERENCES target, path TEXT NOT NULL, at TEXT NOT NULL
);
",
    "
CREATE TABLE job (
  target INTEGER NOT NULL REFERENCES target, id TEXT NOT NULL, stage TEXT, check_name TEXT,
  run TEXT NOT NULL, bytes_billed INTEGER, slot_ms INTEGER, at TEXT NOT NULL, PRIMARY KEY (target, id)
) WITHOUT ROWID;
",
    "
ALTER TABLE stage_time ADD COLUMN a_unit REAL;
",
    "
ALTER TABLE quarantined ADD COLUMN kind TEXT;
",
    "
ALTER TABLE check_result ADD COLUMN fingerprint TEXT;
ALTER TABLE waiver ADD COLUMN fingerprint TEXT;
",
    "
ALTER TABLE check_result ADD COLUMN note TEXT;
CREATE TABLE plan_source (plan TEXT PRIMARY KEY, source TEXT NOT NULL) WITHOUT ROWID;
",
    "
ALTER TABLE unit ADD COLUMN fingerprint TEXT;
CREATE TABLE definition (
  id INTEGER PRIMARY KEY, target INTEGER NOT NULL REFERENCES target, stage TEXT NOT NULL, fingerprint TEXT NOT NULL,
  first_at TEXT NOT NULL, UNIQUE (target, stage, fingerprint)
);
CREATE TABLE acceptance (
  id INTEGER PRIMARY KEY, target INTEGER NOT NULL REFERENCES target, stage TEXT NOT NULL, accepted TEXT NOT NULL,
  equals TEXT NOT NULL, dates INTEGER NOT NULL, reason TEXT NOT NULL, operator TEXT NOT NULL, at TEXT NOT NULL
);
",
    // Whether the warehouse has recorded the row: 0 no, 1 yes, 2 sent and not confirmed.
    "
ALTER TABLE target ADD COLUMN known INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN synced INTEGER NOT NULL DEFAULT 0;
ALTER TABLE unit ADD COLUMN synced INTEGER NOT NULL DEFAULT 0;
ALTER TABLE check_result ADD COLUMN synced INTEGER NOT NULL DEFAULT 0;
ALTER TABLE waiver ADD COLUMN synced INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tick ADD COLUMN synced INTEGER NOT NULL DEFAULT 0;
ALTER TABLE acceptance ADD COLUMN synced INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stage_time ADD COLUMN synced INTEGER NOT NULL DEFAULT 0;
CREATE INDEX unit_unsynced ON unit (target) WHERE synced <> 1;
",
    // The newest warehouse entry that was known when the intent was recorded.
    "
ALTER TABLE intent ADD COLUMN known INTEGER NOT NULL DEFAULT 0;
UPDATE intent SET known = (SELECT known FROM target WHERE target.id = intent.target);
",
    // The checks seed_1_… to seed_5_… of the built-in plan are called critical_1_… to critical_5_….
    "
UPDATE check_result SET name = 'critical' || substr(name, 5)
  WHERE name GLOB 'seed_[1-5]_*' AND target IN (SELECT id FROM target WHERE plan = 'nba');
UPDATE waiver SET name = 'critical' || substr(name, 5)
  WHERE name GLOB 'seed_[1-5]_*' AND target IN (SELECT id FROM target WHERE plan = 'nba');
UPDATE job SET check_name = 'critical' || substr(check_name, 5)
  WHERE check_name GLOB 'seed_[1-5]_*' AND target IN (SELECT id FROM target WHERE plan = 'nba');
",
    // The environment of a plan and the values given for its variables, as a JSON object.
    "
CREATE TABLE plan_variables (plan TEXT PRIMARY KEY, environment TEXT, given TEXT NOT NULL) WITHOUT ROWID;
",
    // The zone in which the days of a target begin; NULL until its first run.
    "
ALTER TABLE target ADD COLUMN timezone TEXT;
UPDATE target SET timezone = 'UTC' WHERE id IN (SELECT target FROM unit);
",
    // The partitions of each declared source when it was last looked at, and what each unit read of it.
    "
CREATE TABLE source_state (
  target INTEGER NOT NULL REFERENCES target, source TEXT NOT NULL, date TEXT NOT NULL, mark INTEGER NOT NULL,
  PRIMARY KEY (target, source, date)
) WITHOUT ROWID;
CREATE TABLE source_digest (
  target INTEGER NOT NULL REFERENCES target, stage TEXT NOT NULL, date TEXT NOT NULL, source TEXT NOT NULL,
  digest INTEGER NOT NULL, PRIMARY KEY (target, stage, date, source)
) WITHOUT ROWID;
",
    // The version of the program that made a run.
    "
ALTER TABLE run ADD COLUMN version TEXT;
",
];

/// The schema version this program writes. A newer ledger is refused.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a handful of steps"
)]
const SCHEMA_VERSION: i32 = FIRST_VERSION + STEPS.len() as i32;

/// Pages copied before a writer gets its turn.
const PAGES_AT_ONCE: i32 = 1_000;

/// An open ledger.
#[derive(Debug)]
pub struct Ledger {
    pub(super) db: Connection,
    path: PathBuf,
    /// Number of write transactions since it was opened.
    writes: u64,
}

/// Whether the write-ahead log has entries; a reader leaves an empty one.
fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    fs::metadata(&log).is_ok_and(|log| log.len() > 0)
}

impl Ledger {
    /// Opens the ledger for a run: creates it if absent, verifies it if present.
    ///
    /// # Errors
    /// When the file is damaged, not a ledger, of an unsupported schema version, or cannot be written. It is then left
    /// unchanged.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let fill = |unfinished: &Path| {
            let ledger = Self::connect(unfinished, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            ledger.verify(true)?;
            ledger.enable_log()
        };
        // A reader may come at any time, also to a file that is being created. If it can't be created, SQLite says why.
        if let Ok(filled) = own_file::create_filled(path, fill) {
            filled.map_err(|error| LedgerError {
                path: path.to_owned(),
                ..error
            })?;
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let ledger = Self::connect(path, flags)?;
        ledger.verify(true)?;
        ledger.enable_log()?;
        // A committed result must survive a power failure once it is announced.
        ledger.sqlite(
            ledger
                .db
                .execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"),
        )?;
        Ok(ledger)
    }

    /// Switches to a write-ahead log, which a ledger restored from a copy may lack.
    fn enable_log(&self) -> Result<(), LedgerError> {
        self.sqlite(write_ahead_log::enable(&self.db, "main", LOCK_TIMEOUT))
            .map(drop)
    }

    /// A temporary ledger in memory, to import what a warehouse has recorded.
    ///
    /// # Errors
    /// When memory cannot be allocated.
    pub fn in_memory() -> Result<Self, LedgerError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let ledger = Self::connect(Path::new(":memory:"), flags)?;
        ledger.verify(true)?;
        Ok(ledger)
    }

    /// A copy in memory, to import into without changing this one.
    ///
    /// # Errors
    /// When the ledger can't be read or memory can't be allocated.
    pub fn copy(&self) -> Result<Self, LedgerError> {
        let mut copy = Self::in_memory()?;
        let copied = Backup::new(&self.db, &mut copy.db)
            .and_then(|backup| backup.run_to_completion(PAGES_AT_ONCE, Duration::from_millis(1), None));
        self.sqlite(copied)?;
        Ok(copy)
    }

    /// Opens the ledger for reading; `None` if there is no file. A ledger of an older version is migrated first. On a
    /// read-only disk it is read as it is.
    ///
    /// # Errors
    /// When the file is damaged, not a ledger, or of an unsupported schema version.
    pub fn open_to_read(path: &Path) -> Result<Option<Self>, LedgerError> {
        if !path.exists() {
            return Ok(None);
        }
        let opened = match Self::open_read_only(path) {
            // Where a reader can't create a write-ahead log, no writer can be running either.
            Err(error) if error.is_of_the_place() && !has_log(path) => {
                // If the file isn't usable either, the location is the problem to report.
                Self::open_immutable(path).map_err(|_| error)
            }
            opened => opened,
        };
        opened.map(Some)
    }

    fn open_read_only(path: &Path) -> Result<Self, LedgerError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let ledger = Self::connect(path, flags)?;
        if ledger.is_older()? {
            drop(Self::open(path)?);
        }
        ledger.verify(false)?;
        Ok(ledger)
    }

    /// Opens the ledger of a folder without a running writer and leaves no trace; `None` if there is no file. An
    /// ordinary reader would leave a write-ahead log behind.
    ///
    /// # Errors
    /// When the file is damaged, not a ledger, or of an unsupported schema version.
    pub fn open_idle(path: &Path) -> Result<Option<Self>, LedgerError> {
        if !path.exists() || has_log(path) {
            return Self::open_to_read(path);
        }
        Self::open_immutable(path).map(Some)
    }

    /// Opens the file as immutable. No process may be writing to it.
    fn open_immutable(path: &Path) -> Result<Self, LedgerError> {
        let name = path.to_string_lossy();
        let name = name.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let opened =
            Self::connect(Path::new(&format!("file:{name}?immutable=1")), flags).map_err(|error| {
                LedgerError {
                    path: path.to_owned(),
                    ..error
                }
            })?;
        let ledger = Self {
            path: path.to_owned(),
            ..opened
        };
        ledger.verify(false)?;
        Ok(ledger)
    }

    fn connect(path: &Path, flags: OpenFlags) -> Result<Self, LedgerError> {
        let refuse = |cause| LedgerError::from_sqlite(path, cause);
        let db = Connection::open_with_flags(path, flags).map_err(refuse)?;
        db.busy_timeout(LOCK_TIMEOUT).map_err(refuse)?;
        Ok(Self {
            db,
            path: path.to_owned(),
            writes: 0,
        })
    }

    fn pragma(&self, name: &str) -> Result<i32, LedgerError> {
        self.sqlite(self.db.pragma_query_value(None, name, |row| row.get(0)))
    }

    /// Whether it is a ledger with a schema version older than this program's.
    fn is_older(&self) -> Result<bool, LedgerError> {
        let is_ours = self.pragma("application_id")? == APPLICATION_ID;
        Ok(is_ours && (FIRST_VERSION..SCHEMA_VERSION).contains(&self.pragma("user_version")?))
    }

    fn verify(&self, may_write: bool) -> Result<(), LedgerError> {
        let objects: i64 = self.sqlite(self.db.query_row(
            "SELECT COUNT(*) FROM sqlite_schema",
            [],
            |row| row.get(0),
        ))?;
        if objects == 0 && may_write {
            self.create()?;
        }
        if self.pragma("application_id")? != APPLICATION_ID {
            return Err(
                self.refuse("is not a backcourt ledger and was left unchanged; choose another --state-dir")
            );
        }
        if may_write && self.is_older()? {
            self.migrate()?;
        }
        let version = self.pragma("user_version")?;
        if version != SCHEMA_VERSION {
            return Err(self.refuse(format!(
                "has schema version {version}, but this program reads {SCHEMA_VERSION}; use the backcourt version that wrote it"
            )));
        }
        let verdict: String =
            self.sqlite(self.db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)))?;
        if verdict != "ok" {
            return Err(self.refuse(format!(
                "is damaged ({}) and was left unchanged; restore it from a backup, or move it away to start over",
                verdict.lines().last().unwrap_or("no detail")
            )));
        }
        Ok(())
    }

    fn create(&self) -> Result<(), LedgerError> {
        self.sqlite(self.db.execute_batch(&format!(
            "BEGIN IMMEDIATE; {TABLES} PRAGMA application_id = {APPLICATION_ID};
             PRAGMA user_version = {FIRST_VERSION}; COMMIT;"
        )))
    }

    /// Runs the missing migrations, each in its own transaction.
    fn migrate(&self) -> Result<(), LedgerError> {
        for (version, step) in (FIRST_VERSION..).zip(STEPS) {
            let take = || {
                let transaction = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
                // Another process may have run it while this one waited for the lock.
                let current: i32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
                if current == version {
                    transaction.execute_batch(step)?;
                    name_from_folder(&transaction, self.folder())?;
                    transaction.pragma_update(None, "user_version", version + 1)?;
                }
                transaction.commit()
            };
            self.sqlite(take())?;
        }
        Ok(())
    }

    /// Number of write transactions since it was opened; if it is unchanged, so is the data.
    #[must_use]
    pub const fn writes(&self) -> u64 {
        self.writes
    }

    /// Path of the ledger file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn folder(&self) -> LedgerFolder<'_> {
        LedgerFolder(self.path.parent().unwrap_or(Path::new("")))
    }

    pub(super) fn refuse(&self, problem: impl Into<String>) -> LedgerError {
        LedgerError::new(&self.path, problem)
    }

    pub(super) fn sqlite<T>(&self, result: rusqlite::Result<T>) -> Result<T, LedgerError> {
        result.map_err(|cause| LedgerError::from_sqlite(&self.path, cause))
    }

    /// Reads all rows of a query.
    pub(super) fn select<T, C: FromIterator<T>>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<C, LedgerError> {
        let rows = || {
            self.db
                .prepare_cached(sql)?
                .query_map(parameters, read)?
                .collect()
        };
        self.sqlite(rows())
    }

    /// Runs `work` in one transaction: all of it is on disk when this returns, or none.
    pub(super) fn transaction<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, LedgerError> {
        self.writes += 1;
        let path = self.path.clone();
        let run = || {
            let transaction = self
                .db
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        run().map_err(|cause| LedgerError::from_sqlite(&path, cause))
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, thread};

    use super::*;

    #[test]
    fn a_file_that_is_not_a_ledger_is_refused_and_left_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let garbage = folder.path().join("ledger.sqlite");
        fs::write(&garbage, vec![7_u8; 9_000]).unwrap();
        let error = Ledger::open(&garbage).unwrap_err().to_string();
        assert!(
            error.contains(&garbage.display().to_string()) && error.contains("is damaged"),
            "{error}"
        );
        assert_eq!(fs::read(&garbage).unwrap(), vec![7_u8; 9_000]);

        let stranger = folder.path().join("other.sqlite");
        Connection::open(&stranger)
            .unwrap()
            .execute_batch("CREATE TABLE t (x)")
            .unwrap();
        let error = Ledger::open(&stranger).unwrap_err().to_string();
        assert!(error.contains("is not a backcourt ledger"), "{error}");
    }

    #[test]
    fn a_reader_never_sees_an_incomplete_ledger_and_never_stops_its_creation() {
        let folder = tempfile::tempdir().unwrap();
        for round in 0..20 {
            let path = &folder.path().join(format!("ledger-{round}.sqlite"));
            thread::scope(|scope| {
                let reader = scope.spawn(move || {
                    let mut seen = 0;
                    while seen < 20 {
                        seen += usize::from(Ledger::open_to_read(path).unwrap().is_some());
                    }
                });
                for writer in [
                    scope.spawn(|| Ledger::open(path)),
                    scope.spawn(|| Ledger::open(path)),
                ] {
                    writer.join().unwrap().unwrap();
                }
                reader.join().unwrap();
            });
        }
        let left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        assert!(
            left.iter()
                .all(|path| path.extension().is_some_and(|end| end != "unfinished")),
            "{left:?}"
        );
    }

    #[test]
    fn damage_inside_the_file_is_reported_on_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        drop(Ledger::open(&path).unwrap());
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        for byte in &mut bytes[middle..] {
            *byte = 0x5a;
        }
        fs::write(&path, &bytes).unwrap();
        let error = Ledger::open(&path).unwrap_err().to_string();
        assert!(error.contains("is damaged"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }

    #[test]
    fn a_ledger_of_an_older_version_is_migrated_on_open() {
        let folder = tempfile::tempdir().unwrap();
        let opened: [fn(&Path) -> Ledger; 2] = [
            |path| Ledger::open(path).unwrap(),
            |path| Ledger::open_to_read(path).unwrap().unwrap(),
        ];
        for (at, open) in opened.into_iter().enumerate() {
            let path = folder.path().join(format!("{at}.sqlite"));
            Connection::open(&path)
                .unwrap()
                .execute_batch(&format!(
                    "{TABLES} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FIRST_VERSION};
                     INSERT INTO target VALUES (1, 'p', 'w');
                     INSERT INTO check_result VALUES (1, 1, 'met', 'r', 'PASS', '1', '', 0.1, '2026-01-04T00:00:00Z'),
                       (2, 1, 'old', 'r', 'OUTDATED', '1', '', 0.1, '2026-01-04T00:00:00Z');"
                ))
                .unwrap();
            let ledger = open(&path);
            assert_eq!(ledger.pragma("user_version").unwrap(), SCHEMA_VERSION);
            let answers: Vec<Option<String>> = ledger
                .db
                .prepare("SELECT answer FROM check_result ORDER BY id")
                .unwrap()
                .query_map([], |row| row.get(0))
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            assert_eq!(
                answers,
                [Some("PASS".to_owned()), None],
                "what was overwritten is not guessed"
            );
            let ticks: i64 = ledger
                .db
                .query_row("SELECT COUNT(*) FROM tick", [], |row| row.get(0))
                .unwrap();
            assert_eq!(ticks, 0);
        }
    }

    #[test]
    fn results_and_waivers_follow_a_renamed_check() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let name = "seed_5_spot_check";
        Connection::open(&path)
            .unwrap()
            .execute_batch(&format!(
                "{TABLES} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FIRST_VERSION};
                 INSERT INTO target VALUES (1, 'nba', 'w'), (2, 'other', 'w');
                 INSERT INTO check_result
                   SELECT id, id, '{name}', 'r', 'WAIVED', '19 rows', '', 0.1, '2026-01-04T00:00:00Z' FROM target;
                 INSERT INTO waiver
                   SELECT id, id, '{name}', 'r', 'known', 'ann', '19 rows', '20', '2026-01-04T00:00:00Z' FROM target;"
            ))
            .unwrap();
        let ledger = Ledger::open(&path).unwrap();
        for (plan, expected) in [("nba", "critical_5_spot_check"), ("other", name)] {
            let target = ledger.known_target(plan, "w").unwrap().unwrap();
            let answers = ledger.past_answers(target).unwrap();
            let waivers = ledger.newest_waivers(target).unwrap();
            assert_eq!(answers.keys().collect::<Vec<_>>(), [expected]);
            assert_eq!(
                waivers[expected].reason, "known",
                "a plan of yours may use the earlier name"
            );
        }
    }

    #[test]
    fn a_ledger_that_cannot_be_opened_is_named_by_the_given_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        std::fs::create_dir(&path).unwrap();
        let refusal = Ledger::open_to_read(&path).unwrap_err().to_string();
        assert!(
            refusal.starts_with(&format!("ledger {}: ", path.display())),
            "{refusal}"
        );
    }

    #[test]
    fn a_ledger_of_another_schema_version_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        Ledger::open(&path)
            .unwrap()
            .db
            .pragma_update(None, "user_version", 99)
            .unwrap();
        assert!(
            Ledger::open(&path)
                .unwrap_err()
                .to_string()
                .contains("has schema version 99")
        );
        assert!(
            Ledger::open_to_read(&folder.path().join("none.sqlite"))
                .unwrap()
                .is_none()
        );
    }
}
