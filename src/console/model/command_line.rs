//! Commands as shell command lines, for notes, mails and reuse.

use crate::engine::{Command, Selection};

/// The equivalent shell command; `None` if there is none.
pub fn command_line(order: &Command) -> Option<String> {
    match order {
        Command::Rerun {
            selection,
            stage,
            source,
            accept_short,
        } => {
            let which = match selection {
                Selection::Dates(dates) => format!("--dates {dates}"),
                Selection::Failed => "--failed".to_owned(),
                Selection::FailingDates(check) => format!("--failing {check}"),
                Selection::Stale => "--stale".to_owned(),
                Selection::Outdated => "--outdated".to_owned(),
            };
            let flag = |name: &str, value: &Option<String>| {
                (value.as_ref()).map_or_else(String::new, |value| format!(" --{name} {value}"))
            };
            let (stage, source) = (flag("stage", stage), flag("source", source));
            let short = if *accept_short { " --accept-short" } else { "" };
            Some(format!("backcourt rerun{stage}{source}{short} {which}"))
        }
        Command::Reload { dates } => Some(format!("backcourt load --dates {dates}")),
        _ => None,
    }
}
