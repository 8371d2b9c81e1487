//! The runbook in the plan: the operator's checklist, and the conditions that complete its items.

use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::division::StageGrains;
use super::mistakes::{EntryMistakes, PlanMistakes};
use super::names::EntryNames;
use super::raw::{RawCondition, RawItem, RawItemId};
use crate::partition::{Partition, PartitionRanges};

/// The number of an item, such as `14`; an item added between two has a letter, such as `14a`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawItemId", into = "String")]
pub struct ItemId(String);

/// Why a text is not an item number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a valid item; write a number with an optional letter, for example 14 or 14a")]
pub struct NotAnItem(String);

impl ItemId {
    /// Parses a number with an optional lower-case letter.
    ///
    /// # Errors
    /// When the text is anything else.
    pub fn parse(text: &str) -> Result<Self, NotAnItem> {
        let number = text
            .strip_suffix(|letter: char| letter.is_ascii_lowercase())
            .unwrap_or(text);
        let fits = !number.is_empty()
            && number.len() <= 3
            && !number.starts_with('0')
            && number.chars().all(|digit| digit.is_ascii_digit());
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnItem(text.to_owned()))
        }
    }

    /// The number as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<RawItemId> for ItemId {
    type Error = NotAnItem;

    fn try_from(raw: RawItemId) -> Result<Self, NotAnItem> {
        match raw {
            RawItemId::Number(number) => Self::parse(&number.to_string()),
            RawItemId::Text(text) => Self::parse(&text),
        }
    }
}

impl From<ItemId> for String {
    fn from(item: ItemId) -> Self {
        item.0
    }
}

/// A condition on the ledger that completes an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// A stage has begun: the warehouse answered and the dates are known.
    Started(String),
    /// Every date of the plan was run in this stage, whatever the result.
    Finished(String),
    /// Every date of the plan was run in this stage, and its gate is open.
    Passed(String),
    /// These dates of a stage are done.
    Dates {
        /// Stage name.
        stage: String,
        /// The dates; never empty.
        dates: Vec<Partition>,
    },
    /// A check has passed or is waived.
    CheckPassed(String),
    /// A check was run and its result is current; an advisory check need not pass.
    Ran(String),
    /// As [`Condition::Ran`], with a result newer than the last date of a stage.
    Rerun {
        /// Check name.
        check: String,
        /// Stage name.
        after: String,
    },
    /// Every check of a stage was run, and none of them blocks.
    ChecksOf(String),
    /// The handoff document was written to a file after the newest result.
    Report,
}

/// What completes an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DoneWhen {
    /// The operator ticks it, with a note.
    Manual,
    /// All of these conditions hold; never empty.
    Facts(Vec<Condition>),
}

/// One item of the runbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemSpec {
    /// Its number, unique in the plan.
    pub item: ItemId,
    /// What to do.
    pub title: String,
    /// What completes it.
    pub done_when: DoneWhen,
    /// A further note for the operator.
    pub remark: Option<String>,
}

/// The runbook items without mistakes; they may refer to these stages and checks.
pub(super) fn items(
    raw: Vec<Spanned<RawItem>>,
    names: [&EntryNames; 2],
    grains: &StageGrains,
    mistakes: &mut PlanMistakes<'_>,
) -> Vec<ItemSpec> {
    let mut seen = HashSet::new();
    let mut items = Vec::with_capacity(raw.len());
    for raw in raw {
        let (place, mut raw) = (raw.span().start, raw.into_inner());
        let mut found = mistakes.of(place, String::new());
        let item = found.require("item", raw.item.take());
        let item = item.map(|item| ItemId::try_from(item).map_err(|error| error.to_string()));
        let Some(item) = item.and_then(|item| found.take("item", item)) else {
            continue;
        };
        if !seen.insert(item.clone()) {
            let problem = format!("runbook item {item} is duplicated; give the second another number");
            found.note("item", &problem);
        }
        let mut found = mistakes.of(place, format!("runbook item {item}: "));
        items.extend(raw.read(item, names, grains, &mut found));
    }
    items
}

impl RawItem {
    fn read(
        self,
        item: ItemId,
        names: [&EntryNames; 2],
        grains: &StageGrains,
        found: &mut EntryMistakes<'_, '_>,
    ) -> Option<ItemSpec> {
        let title = found.require("title", self.title);
        if self.manual != self.done_when.is_empty() {
            found.note("done_when", "give either a non-empty done_when or manual = true");
        }
        let mut conditions = Vec::with_capacity(self.done_when.len());
        for raw in self.done_when {
            conditions.extend(found.take("done_when", condition(raw, names, grains)));
        }
        Some(ItemSpec {
            item,
            title: title?,
            done_when: if self.manual {
                DoneWhen::Manual
            } else {
                DoneWhen::Facts(conditions)
            },
            remark: self.remark,
        })
    }
}

fn condition(
    raw: RawCondition,
    [stages, checks]: [&EntryNames; 2],
    grains: &StageGrains,
) -> Result<Condition, String> {
    let stage = |name| stages.known("stage", name);
    let check = |name| checks.known("check", name);
    Ok(match raw {
        RawCondition::Started(name) => Condition::Started(stage(name)?),
        RawCondition::Finished(name) => Condition::Finished(stage(name)?),
        RawCondition::Passed(name) => Condition::Passed(stage(name)?),
        RawCondition::Done { dates, .. } if dates.is_empty() => {
            return Err("done lists no dates; give at least one".to_owned());
        }
        RawCondition::Done { stage: name, dates } => {
            let dates = PartitionRanges::selected(&dates, grains.of_stage(&name));
            Condition::Dates {
                stage: stage(name)?,
                dates: dates.map_err(|error| error.to_string())?.partitions().collect(),
            }
        }
        RawCondition::Check(name) => Condition::CheckPassed(check(name)?),
        RawCondition::Ran(name) => Condition::Ran(check(name)?),
        RawCondition::Rerun { check: name, after } => Condition::Rerun {
            check: check(name)?,
            after: stage(after)?,
        },
        RawCondition::ChecksOf(name) => Condition::ChecksOf(stage(name)?),
        RawCondition::Report(true) => Condition::Report,
        RawCondition::Report(false) => return Err("report = false has no effect; leave it out".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_ids_are_a_number_with_an_optional_letter() {
        for text in ["1", "14", "14a", "999z"] {
            assert_eq!(ItemId::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "a", "0", "014", "14A", "14ab", "1000", "-1", " 1", "1 "] {
            assert_eq!(ItemId::parse(text), Err(NotAnItem(text.to_owned())), "{text}");
        }
    }
}
