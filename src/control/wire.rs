//! What goes over the socket: one JSON object a line, each way.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::engine::{Command, Fact, Reply, Snapshot};
use crate::telemetry::{LogLine, Vitals};

use super::control_lock::ControlView;
use super::picture::Picture;

/// The `schema` value of every line.
pub const SCHEMA: &str = "backcourt.control/1";

/// One line from a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Comes back with the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// Who asks, for what is recorded by name; without it the operator who started the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What.
    pub request: Request,
}

/// What a client may ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// The words there are.
    Help,
    /// How the run stands.
    Status,
    /// An order to the run.
    Command(Command),
    /// From now on, everything a console shows. Its orders count only while it has the helm.
    Attach {
        /// Who watches, and where: shown to the other consoles.
        name: String,
        /// It will never ask for the helm.
        read_only: bool,
    },
    /// The helm, for a console that is attached.
    #[serde(alias = "take_helm")]
    TakeControl,
}

/// One line to a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The `id` of the request this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// What.
    #[serde(flatten)]
    pub said: Said,
}

/// What a client is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// The answer to an order, or why a line was not taken.
    Reply(Reply),
    /// The words there are, as text.
    Help(String),
    /// How the run stands: a snapshot whose stages list no units, their counts tell.
    Status(Box<Snapshot>),
    /// The newest picture, for a console.
    Picture(Box<Picture>),
    /// Something happened, for a console.
    Fact(Box<Fact>),
    /// New lines of the log, the newest thousand at first, for a console.
    Log(Vec<Arc<LogLine>>),
    /// What the process takes of the machine, for a console.
    Vitals(Vitals),
    /// Who has the helm, for a console.
    #[serde(alias = "helm")]
    Control(ControlView),
}

impl Asked {
    /// A request without a name or number.
    #[must_use]
    pub fn new(request: Request) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            id: None,
            by: None,
            request,
        }
    }
}

impl Message {
    /// A message with the number of the request it answers.
    #[must_use]
    pub fn new(id: Option<u64>, said: Said) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            id,
            said,
        }
    }
}

/// What a line asks for: JSON if it begins with a brace, else words.
///
/// # Errors
/// One sentence for the client.
pub(super) fn read(line: &[u8]) -> Result<Asked, String> {
    let text = str::from_utf8(line).map_err(|_| "a line must be UTF-8 text".to_owned())?;
    if !text.trim_start().starts_with('{') {
        return super::words::parse(text).map(Asked::new);
    }
    let asked: Asked = serde_json::from_str(text)
        .map_err(|error| format!("invalid line ({error}); see docs/control.md for the format"))?;
    if asked.schema == SCHEMA {
        Ok(asked)
    } else {
        Err(format!("this run uses protocol {SCHEMA}, not {}", asked.schema))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn words_and_json_ask_the_same() {
        let typed = read(b"workers 4").unwrap();
        let json = read(br#" {"schema":"backcourt.control/1","request":{"command":{"workers":4}}}"#).unwrap();
        assert_eq!(typed, json);
        assert_eq!(typed.request, Request::Command(Command::Workers(4)));
    }

    #[rstest]
    #[case(
        b"{\"schema\":\"backcourt.control/2\",\"request\":\"help\"}",
        "uses protocol backcourt.control/1"
    )]
    #[case(b"{\"schema\":\"backcourt.control/1\",\"request\":\"halp\"}", "halp")]
    #[case(b"{\"schema\":\"backcourt.control/1\",\"request\":\"help\",\"idd\":1}", "idd")]
    #[case(b"{", "invalid line")]
    #[case(b"\xff\xfe", "UTF-8")]
    fn what_cannot_be_read_says_why(#[case] line: &[u8], #[case] says: &str) {
        let refusal = read(line).unwrap_err();
        assert!(refusal.contains(says), "{refusal}");
    }
}
