//! The client for a single request and its reply.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::ledger::RunLock;

use super::place::{self, PlaceError};
use super::wire::{Message, Payload, Request, RequestMessage, SCHEMA};

/// Maximum length of a reply, in bytes. Even all rows of a date stay far below it.
const MAX_REPLY_BYTES: u64 = 64 * 1024 * 1024;

/// How long a run may be silent.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);

/// The id of the request that a client sends while a reply is late: a run that is busy answers it, a frozen one doesn't.
const PROBE: u64 = u64::MAX;

/// The run didn't reply.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The run can't be reached.
    #[error("{0}; check that you own the folder")]
    Place(#[from] PlaceError),
    /// The run ended before it replied.
    #[error("the run ended before it answered; see 'backcourt status'")]
    Gone,
    /// The run refused the connection: wrong user, or too many clients.
    #[error("the run refused: {0}")]
    Refused(String),
    /// The run doesn't answer.
    #[error(transparent)]
    Silent(Silence),
    /// The run is of a version with another protocol.
    #[error(
        "the run uses protocol '{}', but this backcourt uses {SCHEMA}; use the backcourt that started the run",
        .0.escape_debug()
    )]
    OtherSchema(String),
    /// The connection was lost.
    #[error("lost the connection to the run ({0}); try again")]
    Broken(#[from] io::Error),
}

/// A run that doesn't answer.
#[derive(Debug, thiserror::Error)]
#[error(
    "the run{} has not answered since {}{}; see whether its process is stopped or overloaded, then try again",
    process(.pid.as_ref()), utc(.since), after_event(.last_event.as_ref())
)]
pub struct Silence {
    pid: Option<u32>,
    since: DateTime<Utc>,
    last_event: Option<DateTime<Utc>>,
}

fn process(pid: Option<&u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}

fn utc(at: &DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn after_event(at: Option<&DateTime<Utc>>) -> String {
    at.map_or_else(String::new, |at| {
        format!(", and its last event was at {}", utc(at))
    })
}

impl Silence {
    /// Of the run in a state folder.
    pub(super) fn of(folder: &Path, lasting: Duration) -> Self {
        let changed = fs::metadata(folder.join("events.jsonl")).and_then(|file| file.modified());
        Self {
            pid: RunLock::holder(folder).map(|holder| holder.pid),
            since: DateTime::from(SystemTime::now() - lasting),
            last_event: changed.ok().map(DateTime::from),
        }
    }
}

/// Sends a request to the run of a state folder; `None` if no run listens there.
///
/// # Errors
/// The run can't be reached or doesn't reply.
pub fn ask(folder: &Path, asked: &RequestMessage) -> Result<Option<Payload>, ClientError> {
    let Some(mut stream) = place::reach(folder)? else {
        return Ok(None);
    };
    stream.set_write_timeout(Some(TIMEOUT))?;
    // The request and the probe get half of it each.
    stream.set_read_timeout(Some(TIMEOUT / 2))?;
    let mut answers = BufReader::new(stream.try_clone()?).take(MAX_REPLY_BYTES);
    // A run that refuses the connection closes it: what it said counts.
    let sent = send(&mut stream, asked);
    let (mut answer, mut is_probed) = (Vec::new(), false);
    loop {
        match answers.read_until(b'\n', &mut answer) {
            Ok(0) => return sent.and(Err(ClientError::Gone)),
            Ok(_) => {
                let message = message(&answer)?;
                if message.id != Some(PROBE) {
                    return Ok(Some(message.payload));
                }
                answer.clear();
                is_probed = false;
            }
            Err(error) if !is_timeout(&error) => return Err(error.into()),
            Err(_) if is_probed => return Err(ClientError::Silent(Silence::of(folder, TIMEOUT))),
            Err(_) => {
                let probe = RequestMessage::new(Request::Help);
                send(
                    &mut stream,
                    &RequestMessage {
                        id: Some(PROBE),
                        ..probe
                    },
                )?;
                is_probed = true;
            }
        }
    }
}

fn send(stream: &mut impl Write, asked: &RequestMessage) -> Result<(), ClientError> {
    let mut line = serde_json::to_vec(asked).map_err(io::Error::from)?;
    line.push(b'\n');
    Ok(stream.write_all(&line)?)
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Parses a line from a run.
pub(super) fn message(line: &[u8]) -> Result<Message, ClientError> {
    #[derive(Deserialize)]
    struct Header {
        schema: String,
    }
    if let Some(why) = line.strip_prefix(b"refused: ") {
        let why = String::from_utf8_lossy(why).trim_end().to_owned();
        return Err(ClientError::Refused(why));
    }
    let parsed = serde_json::from_slice::<Message>(line);
    // The rest of a line of another schema may not parse.
    match serde_json::from_slice(line) {
        Ok(Header { schema }) if schema != SCHEMA => Err(ClientError::OtherSchema(schema)),
        _ => Ok(parsed.map_err(io::Error::from)?),
    }
}
