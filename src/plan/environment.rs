//! The environment of a plan. Its name is part of the plan's name, so every environment has its own progress, lease and
//! tables.

use serde::{Deserialize, Serialize};

/// The environment that a plan was loaded for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanEnvironment {
    /// Its name.
    pub name: String,
    /// Whether the plan marks it as production.
    pub is_production: bool,
}

/// Maximum length of the name of an environment, which is a part of messages and of the header.
const MAX_NAME: usize = 40;

/// The name of a plan in an environment, such as `users [dev]`.
pub(super) fn name_in(plan: &str, environment: Option<&str>) -> String {
    environment.map_or_else(|| plan.to_owned(), |name| format!("{plan} [{name}]"))
}

/// The name as the plan file has it.
#[must_use]
pub(super) fn name_without<'n>(plan: &'n str, environment: Option<&str>) -> &'n str {
    let written = environment.and_then(|name| {
        let end = format!(" [{name}]");
        plan.strip_suffix(&end)
    });
    written.unwrap_or(plan)
}

/// The environment in the name of a loaded plan. A plan file can't have a name with this form.
#[must_use]
pub fn environment_in(name: &str) -> Option<&str> {
    let (_, environment) = name.strip_suffix(']')?.rsplit_once(" [")?;
    is_environment_name(environment).then_some(environment)
}

/// The name of a loaded plan as its file has it.
#[must_use]
pub fn written_name(name: &str) -> &str {
    name_without(name, environment_in(name))
}

/// The problem with the name of a plan file, if any: one that looks like an environment of another plan, or that changes
/// with its variables.
pub(super) fn refuse_plan_name(name: &str) -> Option<String> {
    if let Some(environment) = environment_in(name) {
        return Some(format!(
            "the name ends in ' [{environment}]', which is the mark of an environment; choose another name"
        ));
    }
    name.contains("${")
        .then(|| "the name contains '${', which is not replaced in a name; choose another name".to_owned())
}

/// Whether it can be told apart within the name of a plan.
pub(super) fn is_environment_name(name: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    !name.is_empty() && name.len() <= MAX_NAME && name.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_of_an_environment_has_a_name_of_its_own() {
        for environment in [None, Some("dev")] {
            let name = name_in("users", environment);
            assert_eq!(name_without(&name, environment), "users");
        }
        assert_eq!(name_in("users", Some("dev")), "users [dev]");
        assert_eq!(environment_in("users [dev]"), Some("dev"));
        for name in ["users", "users[dev]", "users [a b]", "users []", "[dev] users"] {
            assert_eq!(environment_in(name), None, "{name}");
        }
        assert!(is_environment_name("eu-2_x"));
        assert!(
            !is_environment_name("") && !is_environment_name("a]") && !is_environment_name(&"x".repeat(41))
        );
    }
}
