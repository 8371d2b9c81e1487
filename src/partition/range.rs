//! Ranges of partitions as an operator writes them; a range can't be reversed.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Grain, Partition, PartitionError};

/// Maximum partitions in a range or a list of ranges: eleven years of hours, more than two centuries of days.
pub(super) const MAX_PARTITIONS: i64 = 100_000;

/// A range of partitions of one length, both ends included; never reversed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionRange {
    from: Partition,
    to: Partition,
}

impl PartitionRange {
    /// Creates a range of one partition or more.
    ///
    /// # Errors
    /// When `to` is before `from` or of another length, or there are too many partitions.
    pub fn new(from: Partition, to: Partition) -> Result<Self, PartitionError> {
        if from.grain() != to.grain() {
            return Err(PartitionError::Mixed { from, to });
        }
        if to < from {
            return Err(PartitionError::Reversed { from, to });
        }
        let count = from.distance(to) + 1;
        if count > MAX_PARTITIONS {
            return Err(PartitionError::TooLong {
                from,
                to,
                count,
                most: MAX_PARTITIONS,
            });
        }
        Ok(Self { from, to })
    }

    /// The partitions of this length from the start of `from` to the end of `to`, which may be longer ones: `2024` to
    /// `2024-03` is the first quarter.
    ///
    /// # Errors
    /// As [`Self::new`] and [`Self::at`].
    pub fn between(from: Partition, to: Partition, grain: Grain) -> Result<Self, PartitionError> {
        Self::new(Self::one(from).at(grain)?.from, Self::one(to).at(grain)?.to)
    }

    const fn one(partition: Partition) -> Self {
        Self {
            from: partition,
            to: partition,
        }
    }

    fn compact(self) -> String {
        if self.from == self.to {
            self.from.to_string()
        } else {
            format!("{}..{}", self.from, self.to)
        }
    }

    /// The first partition.
    #[must_use]
    pub const fn from(&self) -> Partition {
        self.from
    }

    /// The last partition.
    #[must_use]
    pub const fn to(&self) -> Partition {
        self.to
    }

    /// The length of its partitions.
    #[must_use]
    pub const fn grain(&self) -> Grain {
        self.from.grain()
    }

    /// Every partition of the range in order.
    pub fn partitions(&self) -> impl Iterator<Item = Partition> + use<> {
        self.from.up_to(self.to)
    }

    /// Number of partitions in the range.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.from.distance(self.to).unsigned_abs() + 1
    }

    /// Whether the partition begins in the range: a week belongs to the month of its Monday. A longer one than those of the
    /// range must also end in it.
    #[must_use]
    pub fn contains(&self, partition: Partition) -> bool {
        let hour = partition.first_hour();
        let begins = self.from.first_hour() <= hour && hour <= self.to.last_hour();
        begins && (partition.grain() <= self.grain() || partition.last_hour() <= self.to.last_hour())
    }

    /// The longer partitions that lie completely in the range; `None` if there is none.
    #[must_use]
    pub fn whole(&self, grain: Grain) -> Option<Self> {
        let first = self.from.at_start(grain);
        let first = if first.first_hour() < self.from.first_hour() {
            first.next()?
        } else {
            first
        };
        let last = self.to.at_end(grain);
        let last = if last.last_hour() > self.to.last_hour() {
            last.previous()?
        } else {
            last
        };
        (first <= last).then_some(Self {
            from: first,
            to: last,
        })
    }

    /// The partitions of a shorter or equal length that begin in the same time: those that `2024-03` selects.
    ///
    /// # Errors
    /// When `grain` is longer than the partitions of the range, or there are too many.
    pub fn at(&self, grain: Grain) -> Result<Self, PartitionError> {
        if self.grain() < grain {
            return Err(PartitionError::OtherGrain(self.from, grain));
        }
        let first = Partition::containing_hour(self.from.first_hour(), grain);
        let first = match first.next() {
            Some(next) if first.first_hour() < self.from.first_hour() => next,
            _ => first,
        };
        let last = Partition::containing_hour(self.to.last_hour(), grain);
        Self::new(first, last)
    }
}

/// Partitions as ranges: sorted, neither overlapping nor adjacent. It takes as much memory as its text, however many
/// partitions it names. In JSON a list of partitions and ranges, such as `["2025-11-14", "2025-12-01..2025-12-24"]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct PartitionRanges(Vec<PartitionRange>);

impl PartitionRanges {
    fn of(mut ranges: Vec<PartitionRange>) -> Self {
        ranges.sort_unstable_by_key(|range| (range.grain(), range.from));
        let mut merged: Vec<PartitionRange> = Vec::new();
        for range in ranges {
            let continues = |last: &PartitionRange| {
                last.grain() == range.grain() && last.to.next().is_none_or(|next| range.from <= next)
            };
            match merged.last_mut() {
                Some(last) if continues(last) => last.to = last.to.max(range.to),
                _ => merged.push(range),
            }
        }
        Self(merged)
    }

    /// Parses partitions and ranges, separated by commas.
    ///
    /// # Errors
    /// When a part is not a date, a range is reversed or too long, or the list has more than a century of days.
    pub fn parse(text: &str) -> Result<Self, PartitionError> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        Self::of_parts(parts)
    }

    /// The partitions that are selected in a plan of this range: of a longer period those of the plan that begin in it.
    /// Partitions in the plan's own form may lie outside.
    ///
    /// # Errors
    /// As [`Self::at`], or when a longer period has none of the plan's partitions.
    pub fn selected_in(texts: &[String], plan: PartitionRange) -> Result<Self, PartitionError> {
        Self::selected(texts, plan.grain())?;
        let mut selected = Vec::new();
        for range in Self::parse(&texts.join(","))?.0 {
            if range.grain() == plan.grain() {
                selected.push(range);
                continue;
            }
            let within = range.at(plan.grain())?;
            let (from, to) = (within.from.max(plan.from), within.to.min(plan.to));
            if to < from {
                return Err(PartitionError::OutsideOfPlan {
                    selection: range.compact(),
                    from: plan.from,
                    to: plan.to,
                });
            }
            selected.push(PartitionRange { from, to });
        }
        Ok(Self::of(selected))
    }

    /// The partitions of this length that texts as `2024-03-05`, `2024-03` or a range name.
    ///
    /// # Errors
    /// As [`Self::parse`] and [`Self::at`], or when a text is empty.
    pub fn selected(texts: &[String], grain: Grain) -> Result<Self, PartitionError> {
        if let Some(empty) = texts.iter().find(|text| text.trim().is_empty()) {
            return Err(PartitionError::NotADate(empty.clone()));
        }
        Self::parse(&texts.join(","))?.at(grain)
    }

    fn of_parts<'a>(parts: impl Iterator<Item = &'a str>) -> Result<Self, PartitionError> {
        let range = |part: &str| match part.split_once("..") {
            Some((first, last)) if first.is_empty() || last.is_empty() => {
                Err(PartitionError::HalfARange(part.to_owned()))
            }
            Some((first, last)) => {
                let first = Partition::parse(first)?;
                PartitionRange::new(first, first.parse_later(last)?)
            }
            None => Partition::parse(part).map(PartitionRange::one),
        };
        Self::of(parts.map(range).collect::<Result<_, _>>()?).within_limit()
    }

    fn within_limit(self) -> Result<Self, PartitionError> {
        if self.count() > MAX_PARTITIONS.unsigned_abs() {
            return Err(PartitionError::TooMany(MAX_PARTITIONS));
        }
        Ok(self)
    }

    /// The partitions of one length in the same time, as [`PartitionRange::at`].
    ///
    /// # Errors
    /// As [`PartitionRange::at`].
    pub fn at(&self, grain: Grain) -> Result<Self, PartitionError> {
        let ranges: Result<Vec<_>, _> = self.0.iter().map(|range| range.at(grain)).collect();
        Self::of(ranges?).within_limit()
    }

    /// Whether there is no partition.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the partition is in one of the ranges.
    #[must_use]
    pub fn contains(&self, partition: Partition) -> bool {
        (self.0.chunk_by(|one, other| one.grain() == other.grain())).any(|ranges| {
            let after = ranges.partition_point(|range| range.from.first_hour() <= partition.first_hour());
            ranges[..after]
                .last()
                .is_some_and(|range| range.contains(partition))
        })
    }

    /// Number of partitions.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().map(PartitionRange::count).sum()
    }

    /// Every partition, in order within each length.
    pub fn partitions(&self) -> impl Iterator<Item = Partition> {
        self.0.iter().flat_map(PartitionRange::partitions)
    }
}

impl FromIterator<Partition> for PartitionRanges {
    fn from_iter<T: IntoIterator<Item = Partition>>(dates: T) -> Self {
        Self::of(dates.into_iter().map(PartitionRange::one).collect())
    }
}

impl TryFrom<Vec<String>> for PartitionRanges {
    type Error = PartitionError;

    fn try_from(parts: Vec<String>) -> Result<Self, PartitionError> {
        Self::of_parts(parts.iter().map(String::as_str))
    }
}

impl From<PartitionRanges> for Vec<String> {
    fn from(ranges: PartitionRanges) -> Self {
        ranges.0.into_iter().map(PartitionRange::compact).collect()
    }
}

/// Partitions and ranges, separated by commas.
impl fmt::Display for PartitionRanges {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&Vec::from(self.clone()).join(","))
    }
}

/// The partitions of a range of which all parts of length `of` are among these, which are in order; none if `of` is not
/// shorter.
#[must_use]
pub fn whole_partitions(parts: &[Partition], of: Grain, range: PartitionRange) -> Vec<Partition> {
    let grain = range.grain();
    if of >= grain {
        return Vec::new();
    }
    let parts: Vec<Partition> = (parts.iter().copied())
        .filter(|part| part.grain() == of)
        .collect();
    let is_whole = |parts: &[Partition]| {
        let whole = parts.first()?.at_start(grain);
        let needed = whole.at_start(of).distance(whole.at_end(of)) + 1;
        let has_all = i64::try_from(parts.len()) == Ok(needed);
        (has_all && range.contains(whole)).then_some(whole)
    };
    let of_one = |one: &Partition, other: &Partition| one.at_start(grain) == other.at_start(grain);
    parts.chunk_by(of_one).filter_map(is_whole).collect()
}

/// Formats partitions as a short text: consecutive ones as `first..last`, single ones as they are, separated by commas.
#[must_use]
pub fn compact(partitions: &[Partition]) -> String {
    partitions
        .iter()
        .copied()
        .collect::<PartitionRanges>()
        .to_string()
}

/// Parses the format of [`compact`].
///
/// # Errors
/// As [`PartitionRanges::parse`].
pub fn expand(text: &str) -> Result<Vec<Partition>, PartitionError> {
    Ok(PartitionRanges::parse(text)?.partitions().collect())
}
