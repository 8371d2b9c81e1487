//! The environment of a plan, and the slice of its tables. Both are part of the plan's name, so each has its own progress,
//! lease and rows.

use serde::{Deserialize, Serialize};

use crate::table::Slice;

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

/// The name of a plan in an environment and for a slice, such as `users [dev] [country=DE]`.
pub(super) fn name_in(plan: &str, environment: Option<&str>, slice: &Slice) -> String {
    let environment = environment.map(|name| format!(" [{name}]"));
    let slice = (!slice.is_whole()).then(|| format!(" [{slice}]"));
    [
        plan.to_owned(),
        environment.unwrap_or_default(),
        slice.unwrap_or_default(),
    ]
    .concat()
}

/// The name as the plan file has it.
#[must_use]
pub(super) fn name_without<'n>(plan: &'n str, environment: Option<&str>) -> &'n str {
    let plan = without_slice(plan);
    let written = environment.and_then(|name| {
        let end = format!(" [{name}]");
        plan.strip_suffix(&end)
    });
    written.unwrap_or(plan)
}

/// The environment in the name of a loaded plan. A plan file can't have a name with this form.
#[must_use]
pub fn environment_in(name: &str) -> Option<&str> {
    last_part(without_slice(name)).filter(|part| is_environment_name(part))
}

/// The slice in the name of a loaded plan, as `country=DE`. A plan file can't have a name with this form.
#[must_use]
pub fn slice_in(name: &str) -> Option<&str> {
    last_part(name).filter(|part| part.contains('='))
}

/// A name without its slice.
pub(super) fn without_slice(name: &str) -> &str {
    let end = slice_in(name).map_or(0, |slice| slice.len() + " []".len());
    &name[..name.len() - end]
}

/// What stands in brackets at the end of a name.
fn last_part(name: &str) -> Option<&str> {
    name.strip_suffix(']')?.rsplit_once(" [").map(|(_, part)| part)
}

/// The name of a loaded plan as its file has it.
#[must_use]
pub fn written_name(name: &str) -> &str {
    name_without(name, environment_in(name))
}

/// The problem with the name of a plan file, if any: one that looks like an environment or a slice of another plan, or that changes
/// with its variables.
pub(super) fn refuse_plan_name(name: &str) -> Option<String> {
    if let Some(environment) = environment_in(name) {
        return Some(format!(
            "the name ends in ' [{environment}]', which is the mark of an environment; choose another name"
        ));
    }
    if let Some(slice) = slice_in(name) {
        return Some(format!(
            "the name ends in ' [{slice}]', which is the mark of a slice; choose another name"
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
    use crate::table::SliceValue;

    #[test]
    fn a_plan_of_an_environment_and_a_slice_has_a_name_of_its_own() {
        let value = SliceValue::Text("a, [b] = 50%".to_owned());
        let slice = Slice::new([("country".to_owned(), value)].into()).unwrap();
        for environment in [None, Some("dev")] {
            for slice in [&Slice::default(), &slice] {
                let name = name_in("users", environment, slice);
                assert_eq!(name_without(&name, environment), "users");
                assert_eq!(
                    (written_name(&name), environment_in(&name)),
                    ("users", environment)
                );
                assert_eq!(slice_in(&name).is_some(), !slice.is_whole());
            }
        }
        assert_eq!(
            name_in("users", Some("dev"), &slice),
            "users [dev] [country=a%2C %5Bb%5D %3D 50%25]"
        );
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
