//! Switches `SQLite` files to a write-ahead log. Must not know whose file it is.

use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

/// Pause between attempts.
const RETRY_PAUSE: Duration = Duration::from_millis(2);

/// Switches an attached file, given its schema as SQL names it, to a write-ahead log. Returns whether it has one now; some
/// file systems don't support it. If two connections switch at the same time, `SQLite` refuses one of them at once
/// instead of waiting; here it tries again for as long as `timeout`.
///
/// # Errors
/// If the file is locked for longer, or can't be read or written.
pub fn enable(connection: &Connection, schema: &str, timeout: Duration) -> rusqlite::Result<bool> {
    let sql = format!("PRAGMA {schema}.journal_mode = WAL");
    let asked = Instant::now();
    loop {
        let mode = connection.query_row(&sql, [], |row| row.get::<_, String>(0));
        match mode {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && asked.elapsed() < timeout =>
            {
                thread::sleep(RETRY_PAUSE);
            }
            mode => return Ok(mode? == "wal"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_connections_switch_at_the_same_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = &folder.path().join("file.sqlite");
        for _ in 0..20 {
            let file = Connection::open(path).unwrap();
            file.execute_batch("CREATE TABLE IF NOT EXISTS t (x); PRAGMA journal_mode = DELETE")
                .unwrap();
            drop(file);
            let switch = || {
                let connection = Connection::open(path).unwrap();
                connection.busy_timeout(Duration::from_secs(30)).unwrap();
                enable(&connection, "main", Duration::from_secs(30)).unwrap()
            };
            thread::scope(|scope| {
                for switched in [scope.spawn(switch), scope.spawn(switch)] {
                    assert!(switched.join().unwrap());
                }
            });
        }
    }
}
