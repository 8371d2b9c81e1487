//! The runbook in the plan: the operator's checklist, and the conditions that complete its items.

use std::collections::HashSet;
use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{CheckSpec, StageSpec, parse_date, with_hint};

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

/// A plan file may leave out the quotes around a plain number.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawItemId {
    Number(u32),
    Text(String),
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
        dates: Vec<NaiveDate>,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawItem {
    item: ItemId,
    title: String,
    #[serde(default)]
    done_when: Vec<RawCondition>,
    #[serde(default)]
    manual: bool,
    remark: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum RawCondition {
    Started(String),
    Finished(String),
    Passed(String),
    Done {
        stage: String,
        dates: Vec<String>,
    },
    Check(String),
    #[serde(alias = "asked")]
    Ran(String),
    #[serde(alias = "again")]
    Rerun {
        check: String,
        after: String,
    },
    ChecksOf(String),
    Report(bool),
}

/// Validates the runbook items against these stages and checks.
pub(super) fn items(
    raw: Vec<RawItem>,
    stages: &[StageSpec],
    checks: &[CheckSpec],
) -> Result<Vec<ItemSpec>, String> {
    let mut seen = HashSet::new();
    raw.into_iter()
        .map(|raw| {
            let id = raw.item.clone();
            if !seen.insert(id.clone()) {
                return Err(format!(
                    "runbook item {id} is duplicated; give the second another number"
                ));
            }
            item(raw, stages, checks).map_err(|problem| format!("runbook item {id}: {problem}"))
        })
        .collect()
}

fn item(raw: RawItem, stages: &[StageSpec], checks: &[CheckSpec]) -> Result<ItemSpec, String> {
    let done_when = match (raw.manual, raw.done_when.is_empty()) {
        (true, true) => DoneWhen::Manual,
        (false, false) => {
            let conditions = raw.done_when.into_iter();
            DoneWhen::Facts(
                conditions
                    .map(|raw| condition(raw, stages, checks))
                    .collect::<Result<_, _>>()?,
            )
        }
        _ => return Err("give either a non-empty done_when or manual = true".to_owned()),
    };
    Ok(ItemSpec {
        item: raw.item,
        title: raw.title,
        done_when,
        remark: raw.remark,
    })
}

fn condition(raw: RawCondition, stages: &[StageSpec], checks: &[CheckSpec]) -> Result<Condition, String> {
    let stage = |name: String| {
        let known = stages.iter().map(|stage| stage.name.as_str());
        if known.clone().any(|known| known == name) {
            Ok(name)
        } else {
            Err(with_hint("stage", &name, known))
        }
    };
    let check = |name: String| {
        let known = checks.iter().map(|check| check.name.as_str());
        if known.clone().any(|known| known == name) {
            Ok(name)
        } else {
            Err(with_hint("check", &name, known))
        }
    };
    Ok(match raw {
        RawCondition::Started(name) => Condition::Started(stage(name)?),
        RawCondition::Finished(name) => Condition::Finished(stage(name)?),
        RawCondition::Passed(name) => Condition::Passed(stage(name)?),
        RawCondition::Done { dates, .. } if dates.is_empty() => {
            return Err("done lists no dates; give at least one".to_owned());
        }
        RawCondition::Done { stage: name, dates } => {
            let dates = dates
                .iter()
                .map(|date| parse_date(date))
                .collect::<Result<_, _>>();
            Condition::Dates {
                stage: stage(name)?,
                dates: dates.map_err(|error| error.to_string())?,
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
