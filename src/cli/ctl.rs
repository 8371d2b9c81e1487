//! `backcourt ctl`: sends a command to an active run from another shell.

use clap::Args;

use crate::control::{self, Payload, Request, RequestMessage, words};
use crate::engine::Reply;
use crate::escape::EscapedText;

use super::active_run::refuse_other_run;
use super::error::{CliError, cannot_print};
use super::operator::operator;
use super::progress::waiting;
use super::{PlanArgs, StateDir, status};

const EXIT_CODES: &str = "\
With --plan, --environment or --var, a run of another plan, environment or slice doesn't get the command.

Exit codes:
  0  the run accepted the command or answered the question
  1  the run refused the command and said why
  2  invalid command, no active run, or one of another plan, environment or slice
  4  the run didn't answer within 5 s";

#[derive(Debug, Args)]
#[command(after_help = format!("Commands:\n{}\n{EXIT_CODES}", words::help()))]
pub(super) struct CtlArgs {
    #[command(flatten)]
    place: PlanArgs,
    /// The command, for example: pause, workers 4, rerun failed
    #[arg(value_name = "COMMAND", required = true)]
    words: Vec<String>,
    /// Print the reply of the socket as JSON (see docs/control.md)
    #[arg(long)]
    json: bool,
}

pub(super) fn ctl(arguments: &CtlArgs) -> Result<u8, CliError> {
    let request = words::parse(&arguments.words.join(" ")).map_err(CliError::Refused)?;
    let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
    refuse_other_run(&arguments.place, &folder)?;
    let asked = RequestMessage {
        by: Some(operator()),
        ..RequestMessage::new(request)
    };
    let payload = waiting("the run", || control::ask(folder.path(), &asked))?;
    let payload = match (payload, &asked.request) {
        (Some(payload), _) => payload,
        (None, Request::Help) => Payload::Help(words::help()),
        (None, Request::Status) if arguments.json => {
            let next = "use 'backcourt status --json' to read the ledger";
            return Err(CliError::no_active_run(&folder, next));
        }
        (None, Request::Status) => {
            let (_, status, _) = status::plan_status(&arguments.place, arguments.place.plan_to_compare()?)?;
            status::text(&status).print().map_err(cannot_print)?;
            return Ok(0);
        }
        (None, _) => return Err(CliError::no_active_run(&folder, "start one with 'backcourt run'")),
    };
    let shown = if arguments.json {
        EscapedText::json(&payload).map_err(cannot_print)?
    } else {
        control::text(&payload)
    };
    shown.print().map_err(cannot_print)?;
    Ok(u8::from(matches!(payload, Payload::Reply(Reply::Refused(_)))))
}
