//! The client for a single request and its reply.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use super::place::{self, PlaceError};
use super::wire::{Message, Payload, RequestMessage};

/// Maximum length of a reply, in bytes. Even all rows of a date stay far below it.
const LONGEST_ANSWER: u64 = 64 * 1024 * 1024;

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
    #[error("the run {0}")]
    TurnedAway(String),
    /// The connection was lost.
    #[error("lost the connection to the run ({0}); try again")]
    Broken(#[from] io::Error),
}

/// Sends a request to the run of a state folder; `None` if no run listens there.
///
/// # Errors
/// The run can't be reached or doesn't reply.
pub fn ask(folder: &Path, asked: &RequestMessage) -> Result<Option<Payload>, ClientError> {
    let Some(mut stream) = place::reach(folder)? else {
        return Ok(None);
    };
    let mut line = serde_json::to_string(asked).map_err(io::Error::from)?;
    line.push('\n');
    let sent = stream.write_all(line.as_bytes());
    let mut answer = String::new();
    let read = BufReader::new(stream).take(LONGEST_ANSWER).read_line(&mut answer);
    match serde_json::from_str::<Message>(&answer) {
        Ok(message) => Ok(Some(message.payload)),
        Err(_) if answer.starts_with("refused: ") => {
            Err(ClientError::TurnedAway(answer.trim_end().to_owned()))
        }
        Err(error) if answer.is_empty() => {
            sent?;
            read?;
            tracing::debug!("no answer: {error}");
            Err(ClientError::Gone)
        }
        Err(error) => Err(ClientError::Broken(error.into())),
    }
}
