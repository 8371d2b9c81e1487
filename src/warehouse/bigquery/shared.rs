//! Shared reads of batches and stages. A table is read by month, each month once: a second reader of a month waits for
//! the first, and the rows are cached until the table changes. Checking a table's metadata is free, while every query
//! that reads is a job billed at least 10 MiB, so one query reads many of the months that are needed soon.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::NaiveDate;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use super::BigQueryWarehouse;
use super::api_error::ApiError;
use super::packed_rows::PackedRows;
use super::read;
use super::statement::Statement;
use super::wire::TableInfo;
use crate::partition::{Grain, Partition};
use crate::sql::TableName;
use crate::table::{ColumnType, Row, TableDef};
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

/// Maximum memory of the cached rows. The least recently used are evicted first.
const MAX_CACHED_BYTES: usize = 100_000_000;

/// Maximum number of values that a query may read for later reads. Until they are packed, they take about 150 bytes each.
const MAX_VALUES_AHEAD: u64 = 500_000;

/// Maximum number of concurrent queries that read ahead, which bounds the rows not yet packed.
const MAX_QUERIES_AHEAD: usize = 2;

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

    fn rows(&self) -> Option<u64> {
        self.rows.as_deref()?.parse().ok()
    }

    /// Whether this many months of the table may be cached.
    fn is_cacheable(&self, months: usize) -> bool {
        let has_few_rows = self.rows().is_some_and(|rows| rows <= MAX_ROWS_OF_SMALL_TABLE);
        months <= MAX_MONTHS || has_few_rows && months <= MAX_MONTHS_OF_SMALL_TABLE
    }

    /// How many of these months one query may read, if it reads ahead. Counts all rows of the table as theirs, which is
    /// too many rather than too few.
    fn months_at_once(&self, columns: usize, months: usize) -> usize {
        let Some(rows) = self.rows() else { return 1 };
        let values = (rows * columns as u64).max(1);
        usize::try_from(MAX_VALUES_AHEAD * months as u64 / values)
            .map_or(months, |most| most.clamp(1, months.max(1)))
    }
}

/// The rows of some columns of a table in one month, given by its first day.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct MonthKey {
    path: String,
    columns: Vec<String>,
    month: Partition,
}

/// The two ends of the channel that delivers the rows of a part.
type PendingRows = watch::Receiver<Option<Arc<PackedRows>>>;
type RowSender = watch::Sender<Option<Arc<PackedRows>>>;

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

    fn bytes(&self) -> usize {
        self.rows.borrow().as_ref().map_or(0, |rows| rows.bytes())
    }
}

/// The cache of rows read. Clones of a warehouse share it.
#[derive(Debug)]
pub(super) struct SharedReads {
    state: Mutex<CacheState>,
    ahead: Semaphore,
}

impl Default for SharedReads {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            ahead: Semaphore::new(MAX_QUERIES_AHEAD),
        }
    }
}

#[derive(Debug, Default)]
struct CacheState {
    parts: HashMap<MonthKey, CachedMonth>,
    versions: HashMap<String, (Instant, Version)>,
    uses: u64,
}

impl SharedReads {
    fn state(&self) -> MutexGuard<'_, CacheState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// The parts as they arrive, and those the caller has to read itself. If it has to read any, it also gets the first
    /// of the later parts that are not known, as many as one query may read.
    fn claim(&self, parts: &[MonthKey], later: &[MonthKey], version: &Version) -> ClaimedParts {
        let mut held = self.state();
        let mut claimed = ClaimedParts::default();
        for part in parts {
            held.uses += 1;
            let used = held.uses;
            if let Some(known) = held.known(part, version) {
                known.used = used;
                claimed.coming.push(known.rows.clone());
                continue;
            }
            let (bringing, rows) = held.begin(part, version);
            claimed.bringing.push((part.month, bringing));
            claimed.coming.push(rows);
        }
        let most = match later.first() {
            Some(part) if !claimed.bringing.is_empty() => {
                version.months_at_once(part.columns.len(), held.months_of(part, later))
            }
            _ => 0,
        };
        for part in later {
            if claimed.bringing.len() >= most {
                break;
            }
            if held.known(part, version).is_none() {
                let (bringing, _) = held.begin(part, version);
                claimed.bringing.push((part.month, bringing));
            }
        }
        claimed
    }

    /// Evicts the least recently used parts while they take too much memory.
    fn shrink(&self) {
        let mut held = self.state();
        let mut bytes: usize = held.parts.values().map(CachedMonth::bytes).sum();
        while bytes > MAX_CACHED_BYTES {
            let oldest = held.parts.iter().filter(|(_, kept)| kept.bytes() > 0);
            let oldest = oldest.min_by_key(|(_, kept)| kept.used);
            let Some(part) = oldest.map(|(part, _)| part.clone()) else {
                return;
            };
            bytes -= held.parts.remove(&part).map_or(0, |kept| kept.bytes());
        }
    }
}

/// What a reader gets of the parts it asks for.
#[derive(Default)]
struct ClaimedParts {
    coming: Vec<PendingRows>,
    bringing: Vec<(Partition, RowSender)>,
}

impl CacheState {
    /// A part that is present or on its way.
    fn known(&mut self, part: &MonthKey, version: &Version) -> Option<&mut CachedMonth> {
        let known = self.parts.get_mut(part)?;
        (known.version == *version && known.is_alive()).then_some(known)
    }

    /// The number of months of the same columns that are known or listed.
    fn months_of(&self, part: &MonthKey, listed: &[MonthKey]) -> usize {
        let is_alike = |known: &&MonthKey| known.path == part.path && known.columns == part.columns;
        let known = self.parts.keys().filter(is_alike).chain(listed);
        known.map(|part| part.month).collect::<HashSet<_>>().len()
    }

    /// Notes that a part is on its way.
    fn begin(&mut self, part: &MonthKey, version: &Version) -> (RowSender, PendingRows) {
        let (sender, rows) = watch::channel(None);
        let coming = CachedMonth {
            version: version.clone(),
            rows: rows.clone(),
            used: self.uses,
        };
        self.parts.insert(part.clone(), coming);
        (sender, rows)
    }
}

impl BigQueryWarehouse {
    /// Whether reads are shared. A whole month may exceed the limit on bytes billed per job when a batch's dates don't.
    pub(super) const fn is_sharing(&self) -> bool {
        self.account.most_bytes.is_none()
    }

    /// Reads rows by date, from the cache where possible. A query that it takes may read upcoming months too.
    pub(super) async fn read_by_month(
        &self,
        read: Read<'_>,
        upcoming: &[Partition],
    ) -> Result<Vec<Row>, ApiError> {
        // Rows are kept by day.
        let is_date = |name: &str| {
            read.table
                .column(name)
                .is_some_and(|column| column.kind == ColumnType::Date)
        };
        let at =
            (read.columns.iter()).position(|column| *column == read.table.date_column && is_date(column));
        if let (Some(at), true) = (at, self.is_sharing())
            && let Some(rows) = self.read_months(read, at, upcoming).await?
        {
            return Ok(rows);
        }
        self.read_exactly(&read).await
    }

    /// What it takes to read these months, each given by any of its dates, with queries that read ahead.
    pub(super) async fn plan_months(&self, read: &Read<'_>) -> Result<(Statement, u64), ApiError> {
        let (path, months) = (self.prefix.read_path(read.table), months(read.dates));
        let version = self.version(read.table, &path).await;
        let at_once = version.map_or(1, |version| {
            version.months_at_once(read.columns.len(), months.len())
        });
        let statement = read::statement_of(read, &ranges(&months), &path)?;
        Ok((statement, months.len().div_ceil(at_once) as u64))
    }

    /// One query for exactly these rows.
    async fn read_exactly(&self, read: &Read<'_>) -> Result<Vec<Row>, ApiError> {
        let statement = read::statement(read, &self.prefix.read_path(read.table))?;
        read::rows(read, &self.ask(statement).await?)
    }

    /// `None` if the table can't be cached, or if another reader of the months failed.
    async fn read_months(
        &self,
        read: Read<'_>,
        at: usize,
        upcoming: &[Partition],
    ) -> Result<Option<Vec<Row>>, ApiError> {
        let needed = months(read.dates);
        let path = self.prefix.read_path(read.table);
        let version = self.version(read.table, &path).await;
        let Some(version) = version.filter(|version| version.is_cacheable(needed.len())) else {
            return Ok(None);
        };
        let part = |month: Partition| MonthKey {
            path: path.clone(),
            columns: read.columns.iter().map(ToString::to_string).collect(),
            month,
        };
        let later = months(Dates::Only(upcoming)).into_iter();
        let later: Vec<MonthKey> = later.filter(|month| !needed.contains(month)).map(part).collect();
        let needed: Vec<MonthKey> = needed.into_iter().map(part).collect();
        let ClaimedParts { coming, bringing } = self.shared.claim(&needed, &later, &version);
        if !bringing.is_empty() {
            self.fetch_months(read, at, bringing, needed.len()).await?;
        }
        let mut found = Vec::new();
        for mut coming in coming {
            let Ok(rows) = coming.wait_for(Option::is_some).await.map(|rows| rows.clone()) else {
                return Ok(None);
            };
            let is_wanted = |date| contains(read.dates, date);
            found.extend(rows.map_or_else(Vec::new, |rows| rows.rows(is_wanted)));
        }
        self.shared.shrink();
        Ok(Some(found))
    }

    /// Reads whole months with one query. If they are more than needed, it waits for others that read ahead.
    async fn fetch_months(
        &self,
        read: Read<'_>,
        at: usize,
        mut bringing: Vec<(Partition, RowSender)>,
        needed: usize,
    ) -> Result<(), ApiError> {
        let _turn = if bringing.len() > needed {
            // The semaphore is never closed.
            self.shared.ahead.acquire().await.ok()
        } else {
            None
        };
        bringing.sort_unstable_by_key(|(month, _)| *month);
        let fetched: Vec<Partition> = bringing.iter().map(|(month, _)| *month).collect();
        let statement = read::statement_of(&read, &ranges(&fetched), &self.prefix.read_path(read.table))?;
        let mut months: HashMap<Partition, PackedRows> = HashMap::new();
        for row in read::rows(&read, &self.ask(statement).await?)? {
            if let Some(date) = row[at].as_date() {
                months
                    .entry(month_of(Partition::day(date)))
                    .or_default()
                    .push(date, &row);
            }
        }
        for (month, sender) in bringing {
            let mut rows = months.remove(&month).unwrap_or_default();
            rows.shrink();
            sender.send_replace(Some(Arc::new(rows)));
        }
        Ok(())
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

    /// The metadata of a table that is read; `None` if it doesn't exist. This call is free.
    pub(super) async fn table_as_it_is(&self, table: &TableDef) -> Result<Option<TableInfo>, ApiError> {
        let located = self.prefix.located_dataset(&TableName::of_path(&table.path()));
        let dataset = located.unwrap_or_else(|| self.prefix.dataset(table));
        self.metadata(&dataset, &table.name).await
    }

    /// The metadata of a table by its names in the project.
    pub(super) async fn metadata(&self, dataset: &str, table: &str) -> Result<Option<TableInfo>, ApiError> {
        let look = || async {
            let client = self.connection().await?;
            client.table(self.project(), dataset, table, None).await
        };
        self.insist(look).await
    }
}

/// The month in which a partition begins.
fn month_of(date: Partition) -> Partition {
    Partition::containing(date.first_day(), Grain::Month)
}

fn months_of(from: Partition, to: Partition) -> impl Iterator<Item = Partition> {
    month_of(from).up_to(month_of(Partition::day(to.last_day())))
}

/// The months of these dates, in order. Stops at one more than can be shared.
fn months(dates: Dates<'_>) -> Vec<Partition> {
    let mut months: Vec<Partition> = match dates {
        Dates::Only(dates) => dates.iter().flat_map(|date| months_of(*date, *date)).collect(),
        Dates::Between(from, to) => months_of(from, to).take(MAX_MONTHS_OF_SMALL_TABLE + 1).collect(),
    };
    months.sort_unstable();
    months.dedup();
    months
}

/// The dates of these months, which are in order: one range for a series of consecutive months.
fn ranges(months: &[Partition]) -> Vec<(Partition, Partition)> {
    let series = months.chunk_by(|month, following| month.next() == Some(*following));
    let range = |series: &[Partition]| Some((*series.first()?, *series.last()?));
    series.filter_map(range).collect()
}

fn contains(dates: Dates<'_>, day: NaiveDate) -> bool {
    match dates {
        Dates::Only(dates) => dates.iter().any(|date| date.touches(day)),
        Dates::Between(from, to) => from.first_day() <= day && day <= to.last_day(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Value;

    fn day(text: &str) -> Partition {
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

    /// A row of at least this many bytes.
    fn packed(date: Partition, bytes: usize) -> PackedRows {
        let mut rows = PackedRows::default();
        rows.push(date.first_day(), &[Value::from("x".repeat(bytes))]);
        rows
    }

    fn put(shared: &SharedReads, part: &MonthKey, version: &Version, bytes: usize) {
        let claimed = shared.claim(std::slice::from_ref(part), &[], version);
        for (_, sender) in claimed.bringing {
            sender.send_replace(Some(Arc::new(packed(part.month, bytes))));
        }
    }

    fn is_kept(shared: &SharedReads, part: &MonthKey, version: &Version) -> bool {
        shared
            .claim(std::slice::from_ref(part), &[], version)
            .bringing
            .is_empty()
    }

    #[test]
    fn dates_map_to_months() {
        let dates = ["2024-01-31", "2023-12-01", "2024-01-01"].map(day);
        assert_eq!(months(Dates::Only(&dates)), [day("2023-12"), day("2024-01")]);
        let between = Dates::Between(day("2023-11-30"), day("2024-01-01"));
        assert_eq!(months(between), ["2023-11", "2023-12", "2024-01"].map(day));
        let always = Dates::Between(day("0001-01-01"), day("9999-12-31"));
        assert_eq!(months(always).len(), MAX_MONTHS_OF_SMALL_TABLE + 1);
        assert_eq!(
            months(Dates::Between(day("2024-01-02"), day("2024-01-01"))).len(),
            1
        );
    }

    #[test]
    fn consecutive_months_are_one_range() {
        let months = ["2023-05", "2023-06", "2023-10", "2023-12"].map(day);
        let expected = [
            ("2023-05", "2023-06"),
            ("2023-10", "2023-10"),
            ("2023-12", "2023-12"),
        ];
        assert_eq!(ranges(&months), expected.map(|(from, to)| (day(from), day(to))));
    }

    // A table of 600,000 values in twelve months: a query reads ten of them.
    #[test]
    fn upcoming_months_are_read_along_up_to_a_limit() {
        assert_eq!(version("100000").months_at_once(6, 12), 10);
        assert_eq!(version("100").months_at_once(6, 12), 12);
        assert_eq!(version("100000000").months_at_once(6, 12), 1);
        let shared = SharedReads::default();
        // Four months, of which a query may read two.
        let known = version("1000000");
        let [first, second, third, fourth] = ["2024-01", "2024-02", "2024-03", "2024-04"].map(part);
        put(&shared, &second, &known, 1);
        let later = [second.clone(), third.clone(), fourth.clone()];
        let none = shared.claim(&[second], &later, &known).bringing;
        assert!(none.is_empty(), "everything needed is cached");
        let claimed = shared.claim(&[first], &later, &known);
        let months: Vec<Partition> = claimed.bringing.iter().map(|(month, _)| *month).collect();
        assert_eq!(months, [day("2024-01"), day("2024-03")]);
        assert_eq!(claimed.coming.len(), 1);
        assert!(is_kept(&shared, &third, &known) && !is_kept(&shared, &fourth, &known));
    }

    #[test]
    fn a_month_is_read_again_only_after_a_change_or_failed_read() {
        let shared = SharedReads::default();
        let (january, one, two) = (part("2024-01"), version("1"), version("2"));
        let claimed = shared.claim(std::slice::from_ref(&january), &[], &one);
        assert_eq!(claimed.bringing.len(), 1);
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
        let [first, second, third] = ["2024-01", "2024-02", "2024-03"].map(part);
        put(&shared, &first, &known, MAX_CACHED_BYTES / 2);
        put(&shared, &second, &known, MAX_CACHED_BYTES / 2);
        assert!(is_kept(&shared, &first, &known));
        put(&shared, &third, &known, 1);
        shared.shrink();
        assert!(is_kept(&shared, &first, &known) && is_kept(&shared, &third, &known));
        assert!(!is_kept(&shared, &second, &known));
    }
}
