//! The client for one request: asks and waits for the answer.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use super::place::{self, PlaceError};
use super::wire::{Asked, Message, Said};

/// The answer with all rows of a date, or the words there are, stays far below this.
const LONGEST_ANSWER: u64 = 64 * 1024 * 1024;

/// A run did not answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// It cannot be reached.
    #[error("{0}; check that you own the folder")]
    Place(#[from] PlaceError),
    /// It went away before it answered.
    #[error("the run ended before it answered; see 'backcourt status'")]
    Gone,
    /// It does not let this user speak, or has too many clients.
    #[error("the run {0}")]
    TurnedAway(String),
    /// The connection broke.
    #[error("lost the connection to the run ({0}); try again")]
    Broken(#[from] io::Error),
}

/// Asks the run of a state folder; none if no run listens there.
///
/// # Errors
/// The run cannot be reached or does not answer.
pub fn ask(folder: &Path, asked: &Asked) -> Result<Option<Said>, ClientError> {
    let Some(mut stream) = place::reach(folder)? else {
        return Ok(None);
    };
    let mut line = serde_json::to_string(asked).map_err(io::Error::from)?;
    line.push('\n');
    let sent = stream.write_all(line.as_bytes());
    let mut answer = String::new();
    let read = BufReader::new(stream).take(LONGEST_ANSWER).read_line(&mut answer);
    match serde_json::from_str::<Message>(&answer) {
        Ok(message) => Ok(Some(message.said)),
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
