//! Table ownership: the plan that fills a table, stored in the warehouse where every host can see it. Claiming a table
//! requires the plan's lease, and taking it over also requires the previous owner's lease. A plan therefore can't lose
//! its tables while its lease is held.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Warehouse, WarehouseError};
use crate::table::Slice;

/// The plan that fills a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Name of the plan.
    pub plan: String,
    /// User that started the claiming run, for display.
    pub by: String,
    /// Host of that run, for display.
    pub host: String,
    /// When the table was claimed.
    pub since: DateTime<Utc>,
}

/// A table, or a slice of one, as a plan owns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedPart {
    /// `dataset.table`.
    table: String,
    /// The text of the slice; empty for the whole table.
    slice: String,
}

impl OwnedPart {
    /// A whole table.
    #[must_use]
    pub fn whole(table: &str) -> Self {
        Self::slice_of(table, &Slice::default())
    }

    /// A slice of a table.
    #[must_use]
    pub fn slice_of(table: &str, slice: &Slice) -> Self {
        Self {
            table: table.to_owned(),
            slice: slice.to_string(),
        }
    }

    /// The name it is recorded under; that of a whole table is its path.
    #[must_use]
    pub fn key(&self) -> String {
        match self.slice.as_str() {
            "" => self.table.clone(),
            slice => format!("{} [{slice}]", self.table),
        }
    }

    /// Parses a recorded name.
    pub(super) fn of_key(key: &str) -> Self {
        let slice = key.strip_suffix(']').and_then(|key| key.split_once(" ["));
        let (table, slice) = slice.unwrap_or((key, ""));
        Self {
            table: table.to_owned(),
            slice: slice.to_owned(),
        }
    }

    /// `dataset.table`.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    /// How the names of slices of its table begin.
    pub(super) fn start_of_slices(&self) -> String {
        format!("{} [", self.table)
    }

    /// The columns of the slice.
    fn columns(&self) -> Vec<&str> {
        let column = |value: &'_ str| value.split_once('=').map_or(0, |(name, _)| name.len());
        let values = self.slice.split(", ");
        values.map(|value| &value[..column(value)]).collect()
    }

    /// Whether both may contain the same row. Only two slices with the same columns and different values don't.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        // The embedded warehouse doesn't distinguish upper and lower case; `BigQuery` finds only the same spelling.
        self.table.eq_ignore_ascii_case(&other.table)
            && (self.slice == other.slice || self.columns() != other.columns())
    }
}

/// In a sentence: `table d.t`, or `slice country=DE of table d.t`.
impl fmt::Display for OwnedPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.slice.as_str() {
            "" => write!(f, "table {}", self.table),
            slice => write!(f, "slice {slice} of table {}", self.table),
        }
    }
}

/// An owner as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerRecord {
    /// What it owns.
    pub part: OwnedPart,
    /// The owner.
    pub owner: Owner,
}

/// A request to change the owner of a table or a slice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What is claimed.
    pub part: OwnedPart,
    /// The owners of overlapping parts when they were read. They lose them.
    pub from: Vec<OwnerRecord>,
}

impl Claim {
    /// Whether it may be granted beside or in place of this record: not if another plan has got an overlapping part since
    /// the owners were read.
    pub(super) fn allows(&self, record: &OwnerRecord, plan: &str) -> bool {
        let was_seen = |seen: &OwnerRecord| seen.part == record.part && seen.owner.plan == record.owner.plan;
        !self.part.overlaps(&record.part) || record.owner.plan == plan || self.from.iter().any(was_seen)
    }
}

/// The table owners of a warehouse.
#[async_trait]
pub trait Owners: Send + Sync {
    /// The owners of everything that overlaps each of these, in the same order.
    async fn owners_of(&self, parts: &[OwnedPart]) -> Result<Vec<Vec<OwnerRecord>>, WarehouseError>;

    /// Sets the owner of all these, or of none if an owner has changed since it was read. Returns whether it did.
    async fn claim(&self, claims: &[Claim], owner: &Owner) -> Result<bool, WarehouseError>;

    /// The same warehouse without a lease, to take the lease of another plan.
    fn without_lease(&self) -> Arc<dyn Warehouse>;
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("d.t", "d.t", true)]
    #[case("d.t", "d.t [country=DE]", true)]
    #[case("d.t [country=DE]", "d.t [country=DE]", true)]
    #[case("d.t [country=DE]", "d.t [country=FR]", false)]
    #[case("d.t [country=DE]", "d.t [shard=1]", true)]
    #[case("d.t [country=DE]", "d.t [country=FR, shard=1]", true)]
    #[case("d.t [country=DE, shard=1]", "d.t [country=DE, shard=2]", false)]
    #[case("d.t", "d.u", false)]
    #[case("d.t [country=DE]", "d.u [shard=1]", false)]
    fn only_slices_by_the_same_columns_are_apart(
        #[case] one: &str,
        #[case] other: &str,
        #[case] overlap: bool,
    ) {
        let parts = [one, other].map(OwnedPart::of_key);
        assert_eq!(parts.each_ref().map(OwnedPart::key), [one, other]);
        assert_eq!(parts[0].overlaps(&parts[1]), overlap);
        assert_eq!(parts[1].overlaps(&parts[0]), overlap);
    }
}
