//! The environment that a command works on: the one it names, or else the only choice that was run in the state folder.

use toml::de::DeTable;

use super::given::{ENVIRONMENT, GivenVariables, RecordedVariables};
use super::variables::table;

/// The environment that a command selects.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum ChosenEnvironment {
    #[default]
    None,
    Named {
        name: String,
        /// What selects it, for messages.
        by: EnvironmentSource,
    },
    /// The environment can't be told; a message.
    Unknown(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EnvironmentSource {
    Flag,
    Process,
    Record,
}

impl ChosenEnvironment {
    /// Chooses among what the command gives and what the runs of this plan recorded.
    pub(super) fn of(
        document: &DeTable<'_>,
        given: &GivenVariables,
        recorded: &[&RecordedVariables],
    ) -> Self {
        match given.environment.as_deref() {
            Some("") => return Self::None,
            Some(name) => return Self::named(name, EnvironmentSource::Flag),
            None => {}
        }
        // The environment variable was set for another plan, and recorded environments were removed from the file.
        if !has_environments(document) {
            return Self::None;
        }
        match &given.process_environment {
            Some(Some(name)) => Self::named(name, EnvironmentSource::Process),
            Some(None) => Self::Unknown(format!("{ENVIRONMENT} is not valid UTF-8; correct or unset it")),
            None => Self::of_runs(recorded),
        }
    }

    /// The only choice that was run. Runs without an environment are a choice as any other: a command without a choice
    /// would otherwise work on their progress after the plan has moved to environments.
    fn of_runs(recorded: &[&RecordedVariables]) -> Self {
        // An environment may have been run for several slices.
        let mut names: Vec<&str> = Vec::new();
        for name in recorded.iter().filter_map(|record| record.environment.as_deref()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let is_with_none = recorded.iter().any(|record| record.environment.is_none());
        match names.as_slice() {
            [] => Self::None,
            [only] if !is_with_none => Self::named(only, EnvironmentSource::Record),
            several if !is_with_none => Self::Unknown(format!(
                "the plan was run in environments {} of this state folder; choose one with --environment",
                several.join(", ")
            )),
            several => Self::Unknown(format!(
                "the plan was run in this state folder without an environment and in {}; choose one with --environment, \
                 or none with --environment ''",
                several.join(", ")
            )),
        }
    }

    fn named(name: &str, by: EnvironmentSource) -> Self {
        Self::Named {
            name: name.to_owned(),
            by,
        }
    }

    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Named { name, .. } => Some(name),
            Self::None | Self::Unknown(_) => None,
        }
    }
}

/// Whether the plan file has any environment.
pub(super) fn has_environments(document: &DeTable<'_>) -> bool {
    table(document, "environment").is_some_and(|environments| !environments.is_empty())
}
