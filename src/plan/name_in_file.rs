//! The name of a plan without the rest of it, for commands that only compare names: they work while the file is edited.

use std::fs;

use toml::de::DeTable;

use super::{PlanError, is_builtin};

/// The name in a plan file, or of a built-in plan.
///
/// # Errors
/// When the file can't be read or has no name.
pub fn name_in_file(name_or_path: &str) -> Result<String, PlanError> {
    if is_builtin(name_or_path) {
        return Ok(name_or_path.to_owned());
    }
    let refuse = |problem: String| PlanError::of_whole(name_or_path, [problem]);
    let text =
        fs::read_to_string(name_or_path).map_err(|error| refuse(format!("cannot be read: {error}")))?;
    let (document, _) = DeTable::parse_recoverable(&text);
    let name = document
        .get_ref()
        .get("name")
        .and_then(|name| name.get_ref().as_str());
    name.map(str::to_owned)
        .ok_or_else(|| refuse("the file has no name".to_owned()))
}
