//! `nba_raw.feed_outages`: the dates on which a feed fails. Stored beside the feeds, so that a second process finds the
//! same number of failing reads left.

use std::sync::LazyLock;

use chrono::NaiveDate;

use crate::feeds::Feed;
use crate::feeds::faults::Outage;
use crate::table::{Column, ColumnType, FieldError, FieldReader, Row, TableDef, Value};

/// The columns in stored order, which is also the read order.
pub(super) const NAMES: [&str; 3] = ["game_date", "feed", "failing_reads"];

/// The outages of the fault profile that are not over.
#[must_use]
pub fn feed_outages() -> &'static TableDef {
    static TABLE: LazyLock<TableDef> = LazyLock::new(|| {
        TableDef::new(
            "nba_raw",
            "feed_outages",
            "Dates for which a feed is unavailable for a number of reads; empty unless the fault profile sets it.",
            &COLUMNS[..],
            "game_date",
        )
        .keyed_by(&["game_date", "feed"])
    });
    &TABLE
}

static COLUMNS: [Column; 3] = [
    Column::required(NAMES[0], ColumnType::Date, "The requested date."),
    Column::required(
        NAMES[1],
        ColumnType::String,
        "The unavailable feed, by its name in the fault profile.",
    ),
    Column::required(
        NAMES[2],
        ColumnType::Int64,
        "How many reads of this date still fail.",
    ),
];

/// Encodes an outage as a row.
pub(super) fn row(outage: Outage) -> Row {
    vec![
        outage.date.into(),
        outage.feed.word().into(),
        Value::Int(outage.failing_reads.into()),
    ]
}

/// Decodes an outage; `None` if this version doesn't know the feed.
pub(super) fn outage(row: &Row) -> Result<Option<Outage>, FieldError> {
    let mut fields = FieldReader::new(&NAMES, row);
    let date: NaiveDate = fields.date()?;
    let (feed, failing_reads) = (Feed::of(fields.text()?), fields.int()?);
    let failing_reads = u32::try_from(failing_reads).unwrap_or_default();
    Ok(feed.map(|feed| Outage {
        feed,
        date,
        failing_reads,
    }))
}
