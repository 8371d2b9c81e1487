//! `backcourt plan schema`: the JSON Schema of plan files.

use crate::cli::error::{CliError, cannot_print};
use crate::escape::EscapedText;
use crate::plan;

pub(super) fn schema() -> Result<u8, CliError> {
    let text = EscapedText::indented_json(&plan::schema())?;
    text.print().map_err(cannot_print)?;
    Ok(0)
}
