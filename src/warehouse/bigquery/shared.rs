//! Shared reads of batches and stages. A table is read by month, each month once: a second reader of a month waits for
//! the first, and the rows are cached until the table changes. Checking a table's metadata is free, while every query
//! that reads is a job billed at least 10 MiB.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{Datelike, Months, NaiveDate};
use futures_util::future::try_join_all;
use tokio::sync::watch;
use tokio::time::Instant;

use super::BigQueryWarehouse;
use super::api_error::ApiError;
use super::read;
use super::wire::TableInfo;
use crate::table::{Row, TableDef};
use crate::warehouse::{Dates, Read};

/// How long table metadata is trusted. Our own writes invalidate it at once.
const METADATA_LIFETIME: Duration = Duration::from_secs(5);

/// Maximum number of months in a shared read: a season and the margins around it. Longer reads, such as a copy of a
/// whole table, are not shared unless the table is small.
const MAX_MONTHS: usize = 15;

/// Maximum number of rows of a table that is shared whole, such as a schedule, which every stage reads completely.
const MAX_ROWS_OF_SMALL_TABLE: u64 = 50_000;

/// Maximum number of months of such a table, about a century.
const MAX_MONTHS_OF_SMALL_TABLE: usize = 1_200;

/// Maximum number of cached values, about 100 MB. The least recently used are evicted first.
const MAX_CACHED_VALUES: usize = 2_000_000;

/// Identifies the state of a table, to detect changes by other processes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Version {
    modified: Option<String>,
    rows: Option<String>,
    bytes: Option<String>,
}

impl Version {
    /// `None` if rows may be added without a trace: a view, or a table with a streaming buffer.
    fn of(table: &TableInfo) -> Option<Self> {
        let is_table = table.r#type.as_deref().is_none_or(|kind| kind == "TABLE");
        (is_table && table.streaming_buffer.is_none()).then(|| Self {
            modified: table.last_modified_time.clone(),
            rows: table.num_rows.clone(),
            bytes: table.num_bytes.clone(),
        })
    }

    /// Whether this many months of the table may be cached.
    fn is_cacheable(&self, months: usize) -> bool {
        let rows = self.rows.as_deref().and_then(|rows| rows.parse().ok());
        let has_few_rows = rows.is_some_and(|rows: u64| rows <= MAX_ROWS_OF_SMALL_TABLE);
        months <= MAX_MONTHS || has_few_rows && months <= MAX_MONTHS_OF_SMALL_TABLE
    }
}

/// The rows of some columns of a table in one month, given by its first day.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct MonthKey {
    path: String,
    columns: Vec<String>,
    month: NaiveDate,
}

/// The two ends of the channel that delivers the rows of a part.
type PendingRows = watch::Receiver<Option<Arc<Vec<Row>>>>;
type RowSender = watch::Sender<Option<Arc<Vec<Row>>>>;

#[derive(Debug)]
struct CachedMonth {
    version: Version,
    rows: PendingRows,
    used: u64,
}

impl CachedMonth {
    /// Whether its rows are present or being read. Their reader may have failed.
    fn is_alive(&self) -> bool {
        let is_there = self.rows.borrow().is_some();
        is_there || self.rows.has_changed().is_ok()
    }

    fn values(&self) -> usize {
        let rows = self.rows.borrow();
        rows.as_ref().map_or(0, |rows| rows.iter().map(Vec::len).sum())
    }
}

/// The cache of rows read. Clones of a warehouse share it.
#[derive(Debug, Default)]
pub(super) struct SharedReads(Mutex<CacheState>);

#[derive(Debug, Default)]
struct CacheState {
    parts: HashMap<MonthKey, CachedMonth>,
    versions: HashMap<String, (Instant, Version)>,
    uses: u64,
}

impl SharedReads {
    fn state(&self) -> MutexGuard<'_, CacheState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops the cached rows and metadata of a table that is or was changed.
    pub(super) fn forget(&self, path: &str) {
        let mut held = self.state();
        held.parts.retain(|part, _| part.path != path);
        held.versions.remove(path);
    }

    /// The cached version of a table, if it is recent enough.
    fn version(&self, path: &str) -> Option<Version> {
        let held = self.state();
        let (seen, version) = held.versions.get(path)?;
        (seen.elapsed() < METADATA_LIFETIME).then(|| version.clone())
    }

    fn remember(&self, path: &str, version: &Version) {
        let seen = (Instant::now(), version.clone());
        self.state().versions.insert(path.to_owned(), seen);
    }

    /// The parts as they arrive, and those the caller has to read itself.
    fn claim(
        &self,
        parts: &[MonthKey],
        version: &Version,
    ) -> (Vec<PendingRows>, Vec<(NaiveDate, RowSender)>) {
        let mut held = self.state();
        let (mut coming, mut bringing) = (Vec::new(), Vec::new());
        for part in parts {
            held.uses += 1;
            let used = held.uses;
            let known = held.parts.get_mut(part);
            if let Some(known) = known.filter(|known| known.version == *version && known.is_alive()) {
                known.used = used;
                coming.push(known.rows.clone());
                continue;
            }
            let (sender, rows) = watch::channel(None);
            bringing.push((part.month, sender));
            coming.push(rows.clone());
            let version = version.clone();
            held.parts
                .insert(part.clone(), CachedMonth { version, rows, used });
        }
        (coming, bringing)
    }

    /// Evicts the least recently used parts while there are too many values.
    fn shrink(&self) {
        let mut held = self.state();
        let mut values: usize = held.parts.values().map(CachedMonth::values).sum();
        while values > MAX_CACHED_VALUES {
            let oldest = held.parts.iter().filter(|(_, kept)| kept.values() > 0);
            let oldest = oldest.min_by_key(|(_, kept)| kept.used);
            let Some(part) = oldest.map(|(part, _)| part.clone()) else {
                return;
            };
            values -= held.parts.remove(&part).map_or(0, |kept| kept.values());
        }
    }
}

impl BigQueryWarehouse {
    /// Reads rows by date, from the cache where possible.
    pub(super) async fn read_shared(&self, read: Read<'_>) -> Result<Vec<Row>, ApiError> {
        let at = (read.columns.iter()).position(|column| *column == read.table.date_column);
        let months = months(read.dates);
        // A whole month may exceed the limit on bytes billed per job when the requested dates don't.
        let is_shared = self.account.most_bytes.is_none();
        if let (Some(at), true) = (at, is_shared)
            && let Some(rows) = self.read_months(read, at, &months).await?
        {
            return Ok(rows);
        }
        self.read_exactly(&read).await
    }

    /// One query for exactly these rows.
    async fn read_exactly(&self, read: &Read<'_>) -> Result<Vec<Row>, ApiError> {
        let statement = read::statement(read, &self.prefix.path(read.table))?;
        read::rows(read, &self.ask(statement).await?)
    }

    /// `None` if the table can't be cached, or if another reader of the months failed.
    async fn read_months(
        &self,
        read: Read<'_>,
        at: usize,
        months: &[NaiveDate],
    ) -> Result<Option<Vec<Row>>, ApiError> {
        let path = self.prefix.path(read.table);
        let version = self.version(read.table, &path).await;
        let Some(version) = version.filter(|version| version.is_cacheable(months.len())) else {
            return Ok(None);
        };
        let part = |month: &NaiveDate| MonthKey {
            path: path.clone(),
            columns: read.columns.iter().map(ToString::to_string).collect(),
            month: *month,
        };
        let parts: Vec<MonthKey> = months.iter().map(part).collect();
        let (coming, bringing) = self.shared.claim(&parts, &version);
        self.fetch_months(read, at, bringing).await?;
        let mut found = Vec::new();
        for mut coming in coming {
            let Ok(rows) = coming.wait_for(Option::is_some).await.map(|rows| rows.clone()) else {
                return Ok(None);
            };
            let rows = rows.iter().flat_map(|rows| rows.iter());
            found.extend(rows.filter(|row| is_on(read.dates, row, at)).cloned());
        }
        self.shared.shrink();
        Ok(Some(found))
    }

    /// Reads whole months, with one query per series of consecutive months.
    async fn fetch_months(
        &self,
        read: Read<'_>,
        at: usize,
        bringing: Vec<(NaiveDate, RowSender)>,
    ) -> Result<(), ApiError> {
        let mut runs: Vec<Vec<(NaiveDate, RowSender)>> = Vec::new();
        for (month, sender) in bringing {
            match runs.last_mut() {
                Some(run) if run.last().is_some_and(|(last, _)| next(*last) == month) => {
                    run.push((month, sender));
                }
                _ => runs.push(vec![(month, sender)]),
            }
        }
        let bring = |run: Vec<(NaiveDate, RowSender)>| async move {
            let (Some((first, _)), Some((last, _))) = (run.first(), run.last()) else {
                return Ok(());
            };
            let last_day = next(*last).pred_opt().unwrap_or(*last);
            let whole = Read {
                dates: Dates::Between(*first, last_day),
                ..read
            };
            let mut months: HashMap<NaiveDate, Vec<Row>> = HashMap::new();
            for row in self.read_exactly(&whole).await? {
                if let Some(date) = row[at].as_date() {
                    months.entry(month_of(date)).or_default().push(row);
                }
            }
            for (month, sender) in run {
                sender.send_replace(Some(Arc::new(months.remove(&month).unwrap_or_default())));
            }
            Ok::<(), ApiError>(())
        };
        try_join_all(runs.into_iter().map(bring)).await.map(drop)
    }

    /// The version of a table; `None` if its rows can't be cached.
    async fn version(&self, table: &TableDef, path: &str) -> Option<Version> {
        if let Some(version) = self.shared.version(path) {
            return Some(version);
        }
        let table = self.table_as_it_is(table).await.ok().flatten()?;
        let version = Version::of(&table)?;
        self.shared.remember(path, &version);
        Some(version)
    }

    /// The metadata of a table; `None` if it doesn't exist. This call is free.
    pub(super) async fn table_as_it_is(&self, table: &TableDef) -> Result<Option<TableInfo>, ApiError> {
        let dataset = self.prefix.dataset(table);
        let look = || async {
            let client = self.connection().await?;
            client.table(self.project(), &dataset, &table.name, None).await
        };
        self.insist(look).await
    }
}

fn month_of(date: NaiveDate) -> NaiveDate {
    date.with_day(1).unwrap_or(date)
}

fn next(month: NaiveDate) -> NaiveDate {
    month.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX)
}

/// The months of these dates, in order. Stops at one more than can be shared.
fn months(dates: Dates<'_>) -> Vec<NaiveDate> {
    let mut months: Vec<NaiveDate> = match dates {
        Dates::Only(dates) => dates.iter().copied().map(month_of).collect(),
        Dates::Between(from, to) => std::iter::successors(Some(month_of(from)), |month| Some(next(*month)))
            .take_while(|month| *month <= to)
            .take(MAX_MONTHS_OF_SMALL_TABLE + 1)
            .collect(),
    };
    months.sort_unstable();
    months.dedup();
    months
}

fn is_on(dates: Dates<'_>, row: &Row, at: usize) -> bool {
    let date = row[at].as_date();
    date.is_some_and(|date| match dates {
        Dates::Only(dates) => dates.contains(&date),
        Dates::Between(from, to) => (from..=to).contains(&date),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Value;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn version(rows: &str) -> Version {
        Version {
            modified: Some("1".to_owned()),
            rows: Some(rows.to_owned()),
            bytes: None,
        }
    }

    fn part(month: &str) -> MonthKey {
        MonthKey {
            path: "port.calls".to_owned(),
            columns: vec!["day".to_owned()],
            month: day(month),
        }
    }

    fn put(shared: &SharedReads, part: &MonthKey, version: &Version, rows: usize) {
        let (_, bringing) = shared.claim(std::slice::from_ref(part), version);
        let row = vec![Value::from(part.month)];
        for (_, sender) in bringing {
            sender.send_replace(Some(Arc::new(vec![row.clone(); rows])));
        }
    }

    fn is_kept(shared: &SharedReads, part: &MonthKey, version: &Version) -> bool {
        shared.claim(std::slice::from_ref(part), version).1.is_empty()
    }

    #[test]
    fn dates_map_to_months() {
        let dates = ["2024-01-31", "2023-12-01", "2024-01-01"].map(day);
        assert_eq!(
            months(Dates::Only(&dates)),
            [day("2023-12-01"), day("2024-01-01")]
        );
        let between = Dates::Between(day("2023-11-30"), day("2024-01-01"));
        assert_eq!(
            months(between),
            ["2023-11-01", "2023-12-01", "2024-01-01"].map(day)
        );
        let always = Dates::Between(day("0001-01-01"), day("9999-12-31"));
        assert_eq!(months(always).len(), MAX_MONTHS_OF_SMALL_TABLE + 1);
        assert_eq!(
            months(Dates::Between(day("2024-01-02"), day("2024-01-01"))).len(),
            1
        );
    }

    #[test]
    fn a_month_is_read_again_only_after_a_change_or_failed_read() {
        let shared = SharedReads::default();
        let (january, one, two) = (part("2024-01-01"), version("1"), version("2"));
        let (_, claimed) = shared.claim(std::slice::from_ref(&january), &one);
        assert_eq!(claimed.len(), 1);
        assert!(is_kept(&shared, &january, &one), "it is on its way");
        drop(claimed);
        assert!(!is_kept(&shared, &january, &one), "who was to bring it is gone");
        put(&shared, &january, &one, 1);
        assert!(is_kept(&shared, &january, &one));
        assert!(!is_kept(&shared, &january, &two), "the table changed");
        put(&shared, &january, &two, 1);
        shared.forget("port.other");
        assert!(is_kept(&shared, &january, &two));
        shared.forget("port.calls");
        assert!(!is_kept(&shared, &january, &two), "the table is being written");
    }

    #[test]
    fn the_least_recently_used_month_is_evicted() {
        let shared = SharedReads::default();
        let known = version("1");
        let [first, second, third] = ["2024-01-01", "2024-02-01", "2024-03-01"].map(part);
        put(&shared, &first, &known, MAX_CACHED_VALUES / 2);
        put(&shared, &second, &known, MAX_CACHED_VALUES / 2);
        assert!(is_kept(&shared, &first, &known));
        put(&shared, &third, &known, 1);
        shared.shrink();
        assert!(is_kept(&shared, &first, &known) && is_kept(&shared, &third, &known));
        assert!(!is_kept(&shared, &second, &known));
    }
}
