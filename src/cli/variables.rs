//! Values for the variables of a plan, from flags and from the environment of the process.

use crate::plan::GivenVariables;

use super::PlanArgs;

impl PlanArgs {
    /// The values that this command gives. A later `--var` of a name overrides an earlier one.
    pub(super) fn variables(&self) -> GivenVariables {
        // A value that is not UTF-8 can't be in a plan.
        let process = std::env::vars_os();
        let process =
            process.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let given = GivenVariables {
            flags: self.vars.iter().cloned().collect(),
            environment: self.environment.clone(),
            ..GivenVariables::default()
        };
        given.with_process(process)
    }

    /// The flags that give another command the same values.
    pub(super) fn variable_flags(&self) -> Vec<(&'static str, String)> {
        let environment = self.environment.clone().map(|name| ("--environment", name));
        let vars = self
            .vars
            .iter()
            .map(|(name, value)| ("--var", format!("{name}={value}")));
        environment.into_iter().chain(vars).collect()
    }
}

/// Parses the value of `--var`.
pub(super) fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE, for example raw=dev_raw".to_owned()),
    }
}
