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
        assert!(is_environment_name("eu-2_x"));
        assert!(
            !is_environment_name("") && !is_environment_name("a]") && !is_environment_name(&"x".repeat(41))
        );
    }
}
