//! What a command gives for the variables of a plan: values of flags and of environment variables, and what earlier runs
//! recorded. Plain data: nothing is read from outside here.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::environment::{name_in, name_without, without_slice};
use crate::table::Slice;

/// The start of the environment variables that give values.
pub(super) const PREFIX: &str = "BACKCOURT_VAR_";

/// The environment variable that selects an environment.
pub const ENVIRONMENT: &str = "BACKCOURT_ENVIRONMENT";

/// What a command gives for the variables of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GivenVariables {
    /// Values by name, from `--var`.
    pub flags: BTreeMap<String, String>,
    /// Values from `BACKCOURT_VAR_NAME` that aren't empty, by `NAME` in upper case; `None` if it is not UTF-8. A name
    /// that the plan doesn't declare is ignored: it is another plan's.
    pub process: BTreeMap<String, Option<String>>,
    /// The name of the environment, from `--environment`; empty for none.
    pub environment: Option<String>,
    /// The same from `BACKCOURT_ENVIRONMENT`, if it is set and not empty; `None` within if it is not UTF-8. A plan without
    /// environments ignores it.
    pub process_environment: Option<Option<String>>,
    /// What the runs of the state folder recorded, for this plan and others.
    pub recorded: Vec<RecordedVariables>,
    /// Whether recorded values are replaced instead of used.
    pub replaces_recorded: bool,
}

/// The environment of a plan that was run, and the values that its last run was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordedVariables {
    /// The name of the plan, with its environment and slice.
    pub plan: String,
    /// The environment, if any.
    pub environment: Option<String>,
    /// The values that the environment and the plan file don't have; `None` if no run of it has passed its preflight.
    pub values: Option<BTreeMap<String, String>>,
}

impl RecordedVariables {
    /// The name of the plan as its file has it.
    #[must_use]
    pub fn written_name(&self) -> &str {
        name_without(&self.plan, self.environment.as_deref())
    }

    /// Whether it is of the plan with this name in its file.
    pub(super) fn is_of(&self, written_name: &str) -> bool {
        without_slice(&self.plan) == name_in(written_name, self.environment.as_deref(), &Slice::default())
    }

    /// Whether it is of this slice of the plan.
    pub(super) fn is_of_slice(&self, slice: &Slice) -> bool {
        self.plan == name_in(self.written_name(), self.environment.as_deref(), slice)
    }
}

impl GivenVariables {
    /// Adds the values among these environment variables.
    #[must_use]
    pub fn with_process(mut self, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        for (name, value) in variables {
            // A name that is not UTF-8 is not the name of a variable.
            let Some(name) = name.to_str() else {
                continue;
            };
            // Shells and job schedulers export a variable without a value as an empty one.
            if value.is_empty() {
                continue;
            }
            if name == ENVIRONMENT {
                self.process_environment = Some(value.into_string().ok());
            } else if let Some(name) = name.strip_prefix(PREFIX) {
                self.process.insert(name.to_owned(), value.into_string().ok());
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_variables_of_the_process_with_the_prefix_are_taken() {
        let process = [
            ("BACKCOURT_VAR_RAW", "a"),
            ("BACKCOURT_VAR_MART", ""),
            ("RAW", "b"),
            (ENVIRONMENT, ""),
        ];
        let process = process.map(|(name, value)| (name.into(), value.into()));
        let given = GivenVariables::default().with_process(process);
        assert_eq!(
            given.process,
            BTreeMap::from([("RAW".to_owned(), Some("a".to_owned()))])
        );
        assert_eq!(given.process_environment, None, "an empty one counts as unset");
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_utf8_is_not_dropped() {
        use std::os::unix::ffi::OsStringExt;

        let bytes = || OsString::from_vec(vec![b'a', 0xff]);
        let process = [
            ("BACKCOURT_VAR_RAW".into(), bytes()),
            (ENVIRONMENT.into(), bytes()),
        ];
        let given = GivenVariables::default().with_process(process);
        assert_eq!(given.process, BTreeMap::from([("RAW".to_owned(), None)]));
        assert_eq!(given.process_environment, Some(None));
    }
}
