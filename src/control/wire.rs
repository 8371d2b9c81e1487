//! Messages on the control socket: one JSON object per line in both directions.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::engine::{Command, Fact, Reply, Snapshot};
use crate::telemetry::{LogLine, ProcessMetrics};

use super::update::SnapshotUpdate;

/// The `schema` value of every line.
pub const SCHEMA: &str = "backcourt.control/1";

/// A line from a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestMessage {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Returned with the reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// Name of the sender, recorded with its commands; by default the operator who started the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The request.
    pub request: Request,
}

/// A request from a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// List the commands.
    Help,
    /// Return the state of the run.
    Status,
    /// Send a command to the run.
    Command(Command),
    /// Stream everything a console shows. Commands from the console are accepted only while it is in control.
    Attach {
        /// Name of the console, such as `user@pts/3`, shown to the other consoles.
        name: String,
        /// Never take control.
        read_only: bool,
    },
    /// Take control, for an attached console.
    #[serde(alias = "take_helm")]
    TakeControl,
}

/// A line to a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The `id` of the request it replies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// The content.
    #[serde(flatten)]
    pub payload: Payload,
}

/// The content of a message to a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// The reply to a command, or why a line was refused.
    Reply(Reply),
    /// The commands, as text.
    Help(String),
    /// The state of the run: a snapshot whose stages have counts but no units.
    Status(Box<Snapshot>),
    /// What changed in the snapshot, for a console.
    Snapshot(Box<SnapshotUpdate>),
    /// An event, for a console.
    #[serde(alias = "fact")]
    Event(Box<Fact>),
    /// New log lines, at first the newest thousand, for a console.
    Log(Vec<Arc<LogLine>>),
    /// The resource usage of the process, for a console.
    #[serde(alias = "vitals")]
    ProcessMetrics(ProcessMetrics),
    /// Who is in control, for a console.
    #[serde(alias = "helm")]
    Control(ControlView),
}

/// The lock as one console sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlView {
    /// The console in control; `None` if the lock is free.
    pub holder: Option<String>,
    /// Whether this console is in control.
    pub mine: bool,
    /// Attached consoles.
    pub consoles: usize,
}

impl RequestMessage {
    /// A request without sender or id.
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
    /// A message with the id of the request it replies to.
    #[must_use]
    pub fn new(id: Option<u64>, payload: Payload) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            id,
            payload,
        }
    }
}
