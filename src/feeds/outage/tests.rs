//! Outages as seen by a run and by a second process.

use crate::partition::Partition;
use std::path::Path;

use super::*;
use crate::feeds::Feed;
use crate::warehouse::sqlite::SqliteWarehouse;

const PROFILE: &str = "[[outages]]\nfeed = \"gamebook\"\ndate = \"2026-01-02\"\nfailing_reads = 3\n\
                       [[outages]]\nfeed = \"bdl\"\ndate = \"2026-01-02\"\nfailing_reads = 1\n";

fn open(dir: &Path) -> Arc<dyn Warehouse> {
    with_outages(Arc::new(SqliteWarehouse::open(dir).unwrap()))
}

async fn load(dir: &Path, profile: &str) {
    let profile = Profile::parse("test", profile).unwrap();
    let empty = |feed: Feed| Filling {
        table: feed.table().clone(),
        rows: Box::new(std::iter::empty()),
    };
    let tables = Feed::ALL
        .map(empty)
        .into_iter()
        .chain([filling(&profile)])
        .collect();
    open(dir).fill(tables, &AtomicUsize::new(0)).await.unwrap();
}

async fn ask(warehouse: &dyn Warehouse, feed: Feed, dates: &[u32]) -> Result<usize, String> {
    let dates: Vec<Partition> = dates
        .iter()
        .map(|&day| Partition::day(NaiveDate::from_ymd_opt(2026, 1, day).unwrap()))
        .collect();
    let read = Read {
        table: feed.table(),
        columns: &["game_date"],
        dates: Dates::Only(&dates),
    };
    warehouse
        .read(read)
        .await
        .map(|rows| rows.len())
        .map_err(|error| format!("{}: {error}", error.class))
}

#[tokio::test]
async fn an_outage_ends_after_its_reads_across_processes() {
    let dir = tempfile::tempdir().unwrap();
    load(dir.path(), PROFILE).await;
    let warehouse = open(dir.path());
    let refusal = "transient: the gamebook feed is unavailable for 2026-01-02 (503 Service Unavailable); retry this \
                   date later";
    for _ in 0..5 {
        assert_eq!(
            ask(&*warehouse, Feed::Gamebook, &[1, 2, 3]).await,
            Err(refusal.to_owned()),
            "a batch fails, and does not wear the outage out"
        );
    }
    assert_eq!(
        ask(&*warehouse, Feed::Gamebook, &[2]).await,
        Err(refusal.to_owned())
    );
    assert_eq!(
        ask(&*warehouse, Feed::Gamebook, &[1, 3]).await,
        Ok(0),
        "other dates answer"
    );
    assert_eq!(
        ask(&*warehouse, Feed::TeamBox, &[2]).await,
        Ok(0),
        "other feeds answer"
    );
    assert_eq!(
        ask(&*warehouse, Feed::Gamebook, &[2]).await,
        Err(refusal.to_owned())
    );
    drop(warehouse);

    let later = open(dir.path());
    assert_eq!(ask(&*later, Feed::Gamebook, &[2]).await, Err(refusal.to_owned()));
    assert_eq!(
        ask(&*later, Feed::Gamebook, &[2]).await,
        Ok(0),
        "the outage is over"
    );
    assert!(
        ask(&*later, Feed::Bdl, &[2]).await.is_err(),
        "the other feed's outage is not"
    );
    drop(later);

    let inner = SqliteWarehouse::open(dir.path()).unwrap();
    assert!(
        !inner.holds_rows(feed_outages()).await.unwrap(),
        "nothing is left of either"
    );
}

#[tokio::test]
async fn a_load_without_outages_clears_earlier_outages() {
    let dir = tempfile::tempdir().unwrap();
    load(dir.path(), PROFILE).await;
    load(dir.path(), "").await;
    assert_eq!(ask(&*open(dir.path()), Feed::Gamebook, &[2]).await, Ok(0));
}
