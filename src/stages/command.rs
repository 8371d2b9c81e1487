//! Command stages: a program of the operator runs once per date, or once for several consecutive ones. Its exit code
//! decides the state of its dates.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::process::Command;
use tracing::field::display;

use super::dates::{inputs, rows_owed, scopes};
use super::printed;
use super::process::{End, Stream, find, run};
use super::spool::Spool;
use crate::engine::{
    BatchDates, BatchReader, CallSize, CountedTable, Fills, Input, Inputs, Outcome, RowMemory, Scope, Stage,
    StageError,
};
use crate::escape::decoded;
use crate::figures::bytes;
use crate::partition::{Grain, Partition};
use crate::plan::{Active, CommandSpec, ReadSpec, StageOutput, StageSpec, Template};
use crate::reason::bounded;
use crate::table::{Admitted, TableDef};
use crate::warehouse::{ErrorClass, Warehouse};

/// Maximum number of output lines quoted in a failure.
const QUOTED: usize = 5;

/// Approximate maximum length of the quoted lines, in characters. The last line has the most useful part.
const QUOTED_LETTERS: usize = 450;

/// Maximum size of the printed rows kept per call, and of the lines logged, in bytes.
const MAX_KEPT_BYTES: usize = 16 * 1024 * 1024;

/// Maximum memory of the rows of a call, and of all calls until they are stored, whatever the number of workers.
const MAX_ROW_MEMORY: usize = 64 * 1024 * 1024;

/// The memory of this process for printed rows.
static ROW_MEMORY: LazyLock<RowMemory> = LazyLock::new(|| RowMemory::new(MAX_ROW_MEMORY));

#[derive(Debug, Clone)]
pub(super) struct CommandStage {
    name: String,
    active: Active,
    reads: Vec<ReadSpec>,
    grain: Grain,
    depends_on_past: bool,
    own: CommandSpec,
}

impl CommandStage {
    pub(super) fn new(spec: &StageSpec, own: &CommandSpec) -> Self {
        Self {
            name: spec.name.clone(),
            active: spec.active.clone(),
            reads: spec.reads.clone(),
            grain: spec.range.grain(),
            depends_on_past: spec.depends_on_past,
            own: own.clone(),
        }
    }

    /// Resolves the path of the program; an error if it doesn't exist.
    fn program(&self) -> Result<PathBuf, StageError> {
        let CommandSpec {
            argv,
            folder,
            environment,
            ..
        } = &self.own;
        let name = argv.first().map(Template::as_written).unwrap_or_default();
        let own_path = environment.get("PATH").map(|path| path.as_written().into());
        find(
            name,
            folder.as_deref(),
            own_path.or_else(|| std::env::var_os("PATH")),
        )
        .ok_or_else(|| {
            let place = if name.contains('/') { "" } else { " in PATH" };
            StageError {
                class: ErrorClass::Data,
                message: format!(
                    "stage {}: program '{name}' not found{place}; install it, or correct the plan's command",
                    self.name
                ),
            }
        })
    }

    fn command(&self, dates: &[Partition]) -> Result<Command, StageError> {
        let (first, last) = ends(dates);
        let call = self.own.call(first, last);
        let mut command = Command::new(self.program()?);
        command.args(call.argv.iter().skip(1)).envs(call.environment);
        if let Some(folder) = &self.own.folder {
            command.current_dir(folder);
        }
        Ok(command)
    }

    /// Runs the program for these dates and logs its output as it arrives.
    async fn run(&self, dates: &[Partition]) -> Result<(End, ProgramOutput), StageError> {
        let (date, last) = ends(dates);
        let last_date = (last != date).then(|| display(last));
        let said = Mutex::new(ProgramOutput::default());
        let keeps_rows = matches!(self.own.output, StageOutput::Printed(_));
        let hear = |stream, line: &[u8]| {
            let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
            if stream == Stream::Out && keeps_rows {
                said.printed.keep(line);
                return;
            }
            if !said.begins_line(stream, line) {
                return;
            }
            let stage = self.name.as_str();
            let from = if stream == Stream::Err { "stderr: " } else { "" };
            for text in lines(line) {
                if said.has_room_to_log(text.len()) {
                    tracing::info!(stage, %date, last_date, "{from}{text}");
                }
                said.note(stream, &text);
            }
        };
        let ended = run(self.command(dates)?, self.own.timeout, hear).await;
        let end = ended.map_err(|error| self.not_started(&error))?;
        let said = said.into_inner().unwrap_or_else(PoisonError::into_inner);
        if said.not_logged > 0 {
            let (stage, left_out) = (self.name.as_str(), bytes(said.not_logged as u64));
            tracing::warn!(stage, %date, last_date, "{left_out} of its output are not in the log: a line may have 64 KiB, a call 16 MiB");
        }
        Ok((end, said))
    }

    fn not_started(&self, error: &io::Error) -> StageError {
        let lasting = matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput
        );
        StageError {
            class: if lasting {
                ErrorClass::Code
            } else {
                ErrorClass::Transient
            },
            message: format!("cannot run {}: {error}", self.own.argv[0].as_written()),
        }
    }

    /// Maps the end of the program to the outcome of each of its dates.
    async fn judge(
        &self,
        dates: &[Partition],
        end: End,
        said: &mut ProgramOutput,
    ) -> Result<BTreeMap<Partition, Outcome>, StageError> {
        let all = |outcome: &Outcome| dates.iter().map(|date| (*date, outcome.clone())).collect();
        let rows = match (end, &self.own.output) {
            (End::Exit(0), StageOutput::Printed(table)) => rows(table, dates, &mut said.printed).await,
            _ => Ok(all(&Outcome::default())),
        };
        let fail = |class, what: String| {
            Err(StageError {
                class,
                message: said.quoted(&what),
            })
        };
        let is = |code: i32, meant: Option<u8>| meant.is_some_and(|meant| i32::from(meant) == code);
        match end {
            End::Exit(0) => rows.or_else(|problem| fail(ErrorClass::Data, problem)),
            // It may hold for one of the dates only.
            End::Exit(code) if is(code, self.own.skip_exit_code) && dates.len() > 1 => {
                fail(ErrorClass::Data, format!("exit code {code} (nothing to do)"))
            }
            End::Exit(code) if is(code, self.own.skip_exit_code) => Ok(all(&Outcome {
                skip: Some(said.last.clone().unwrap_or_else(|| format!("exit code {code}"))),
                ..Outcome::default()
            })),
            End::Exit(code) if is(code, Some(self.own.retry_exit_code)) => {
                fail(ErrorClass::Transient, format!("exit code {code}"))
            }
            End::Exit(code) => fail(ErrorClass::Code, format!("exit code {code}")),
            End::Signal(signal) => fail(ErrorClass::Code, format!("ended by signal {signal}")),
            End::TimedOut => fail(
                ErrorClass::Unknown,
                format!(
                    "timed out after {} s; raise timeout_seconds{} if it needs longer",
                    self.own.timeout.as_secs(),
                    if dates.len() > 1 { " or lower batch" } else { "" }
                ),
            ),
        }
    }
}

#[async_trait]
impl Stage for CommandStage {
    fn name(&self) -> &str {
        &self.name
    }

    fn fills(&self) -> Fills<'_> {
        match &self.own.output {
            StageOutput::Nothing => Fills::Nothing,
            StageOutput::Printed(table) => Fills::Computed(table),
            StageOutput::Rows {
                table,
                date_column,
                grain,
                slice,
            } => Fills::Counted(CountedTable {
                grain: *grain,
                slice,
                path: table,
                date_column,
            }),
        }
    }

    fn calls(&self) -> Option<CallSize> {
        Some(CallSize {
            dates: self.own.batch,
            after_failure: self.own.retry_batch,
        })
    }

    fn inputs(&self) -> Vec<Input> {
        inputs(&self.reads, self.fills().path().as_deref())
    }

    fn grain(&self) -> Grain {
        self.grain
    }

    fn depends_on_past(&self) -> bool {
        self.depends_on_past
    }

    async fn scope(&self, warehouse: &dyn Warehouse, dates: &[Partition]) -> Result<Vec<Scope>, StageError> {
        self.program()?;
        scopes(&self.active, &self.own.expect, Scope::Unknown, warehouse, dates).await
    }

    fn reader(&self) -> Arc<dyn BatchReader> {
        Arc::new(self.clone())
    }
}

#[async_trait]
impl BatchReader for CommandStage {
    async fn read(
        &self,
        warehouse: &dyn Warehouse,
        batch: BatchDates<'_>,
        _source: &str,
    ) -> Result<Box<dyn Inputs>, StageError> {
        let (end, mut said) = self.run(batch.dates).await?;
        let mut made = self.judge(batch.dates, end, &mut said).await?;
        drop(said);
        let owed = rows_owed(&self.own.expect, warehouse, batch.dates).await?;
        for (date, outcome) in &mut made {
            outcome.expected = owed.get(date).copied();
        }
        Ok(Box::new(ProgramOutcomes(RefCell::new(made))))
    }
}

/// The first and the last date of a call.
fn ends(dates: &[Partition]) -> (Partition, Partition) {
    let first = dates.first().copied().unwrap_or(Partition::MIN);
    (first, dates.last().copied().unwrap_or(first))
}

/// The rows that a program printed for each date, once there is memory for them.
async fn rows(
    table: &TableDef,
    dates: &[Partition],
    printed: &mut Spool,
) -> Result<BTreeMap<Partition, Outcome>, String> {
    if printed.is_exceeded() {
        return Err(printed::too_much(MAX_KEPT_BYTES));
    }
    let needed = printed::memory(table, printed.read()?, MAX_ROW_MEMORY)?;
    let memory = ROW_MEMORY.share(needed).await;
    let admitted = printed::admitted(table, dates, printed.read()?)?;
    let outcome = |(date, admitted): (Partition, Admitted)| {
        let outcome = Outcome {
            rows: admitted.rows,
            quarantined: admitted.quarantined,
            memory: memory.clone(),
            ..Outcome::default()
        };
        (date, outcome)
    };
    Ok(admitted.into_iter().map(outcome).collect())
}

#[derive(Debug)]
struct ProgramOutput {
    /// Its rows, if it prints rows.
    printed: Spool,
    /// The last lines of its standard error.
    errors: VecDeque<String>,
    /// Its last non-empty line.
    last: Option<String>,
    /// Whether the next piece continues a line: on standard output, on standard error.
    continues: [bool; 2],
    /// Bytes logged, and left out of the log.
    logged: usize,
    not_logged: usize,
}

impl Default for ProgramOutput {
    fn default() -> Self {
        Self {
            printed: Spool::new(MAX_KEPT_BYTES),
            errors: VecDeque::new(),
            last: None,
            continues: [false; 2],
            logged: 0,
            not_logged: 0,
        }
    }
}

impl ProgramOutput {
    /// Whether a piece begins a line: it isn't the rest of one without line breaks, which is only counted.
    fn begins_line(&mut self, stream: Stream, piece: &[u8]) -> bool {
        let continues = &mut self.continues[usize::from(stream == Stream::Err)];
        let begins = !*continues;
        *continues = !piece.ends_with(b"\n") && !piece.contains(&b'\r');
        if !begins {
            self.not_logged += piece.len();
        }
        begins
    }

    /// Whether the log takes this many more bytes of the call.
    fn has_room_to_log(&mut self, length: usize) -> bool {
        let fits = self.logged + length <= MAX_KEPT_BYTES;
        *(if fits {
            &mut self.logged
        } else {
            &mut self.not_logged
        }) += length;
        fits
    }

    fn note(&mut self, stream: Stream, text: &str) {
        if text.is_empty() {
            return;
        }
        let text = bounded(text);
        self.last = Some(text.clone());
        if stream == Stream::Err {
            self.errors.push_back(text);
            if self.errors.len() > QUOTED {
                self.errors.pop_front();
            }
        }
    }

    /// A failure message with the last output lines that fit, always including the newest.
    fn quoted(&self, what: &str) -> String {
        let mut room = QUOTED_LETTERS;
        let fits = |line: &&String| {
            let before = room;
            room = room.saturating_sub(line.chars().count());
            before == QUOTED_LETTERS || room > 0
        };
        let mut errors: Vec<&str> = self
            .errors
            .iter()
            .rev()
            .take_while(fits)
            .map(String::as_str)
            .collect();
        errors.reverse();
        if errors.is_empty() {
            format!("{what}, nothing on standard error")
        } else {
            format!("{what}: {}", errors.join(" | "))
        }
    }
}

/// Splits output into lines. A carriage return also ends a line, so that each update of a progress bar is
/// its own line.
fn lines(said: &[u8]) -> impl Iterator<Item = String> {
    let whole = said.trim_ascii_end();
    let all = whole.split(|byte| *byte == b'\r').map(<[u8]>::trim_ascii_end);
    let is_alone = !whole.contains(&b'\r');
    all.filter(move |line| is_alone || !line.is_empty()).map(decoded)
}

/// Each is taken once: a copy of its rows would need as much memory again.
struct ProgramOutcomes(RefCell<BTreeMap<Partition, Outcome>>);

impl Inputs for ProgramOutcomes {
    fn compute(&self, date: Partition) -> Result<Outcome, StageError> {
        Ok(self.0.borrow_mut().remove(&date).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(bytes: &[u8]) -> Vec<String> {
        lines(bytes).collect()
    }

    #[test]
    fn carriage_returns_end_lines_and_invalid_text_is_escaped() {
        assert_eq!(said(b"one\r\n"), ["one"]);
        assert_eq!(said(b"\n"), [""]);
        assert_eq!(said(b"\rloading 1\rloading 2\r\n"), ["loading 1", "loading 2"]);
        assert_eq!(said(b"a\tb\x1b[2Jc\n"), ["a\tb\x1b[2Jc"]);
        assert_eq!(said(b"caf\xe9 \xb2 out\n"), [r"caf\xe9 \xb2 out"]);
    }

    #[test]
    fn failures_quote_the_last_lines_that_fit() {
        let quoted = |lines: &[&str]| {
            let mut said = ProgramOutput::default();
            for line in lines {
                said.note(Stream::Err, line);
            }
            said.quoted("exit code 1")
        };
        assert_eq!(quoted(&[]), "exit code 1, nothing on standard error");
        assert_eq!(
            quoted(&["1", "2", "3", "4", "5", "6"]),
            "exit code 1: 2 | 3 | 4 | 5 | 6"
        );
        let long = "a".repeat(400);
        assert_eq!(
            quoted(&[&long, &long, "no space left"]),
            format!("exit code 1: {long} | no space left")
        );
        let longer = "a".repeat(600);
        let cut = "a".repeat(499) + "…";
        assert_eq!(quoted(&["one", &longer]), format!("exit code 1: {cut}"));
    }

    #[test]
    fn the_rest_of_a_long_line_and_of_long_output_is_not_logged() {
        let mut said = ProgramOutput::default();
        assert!(said.begins_line(Stream::Out, b"a"));
        assert!(!said.begins_line(Stream::Out, b"bc\n"));
        assert!(said.begins_line(Stream::Err, b"d\n"));
        assert!(said.begins_line(Stream::Out, b"e\n"));
        assert_eq!(said.not_logged, 3);
        assert!(said.has_room_to_log(MAX_KEPT_BYTES));
        assert!(!said.has_room_to_log(2));
        assert_eq!(said.not_logged, 5);
    }
}
