//! What reaches the console: from the engine, the terminal and the presenter's clock.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use crossterm::event::{KeyEvent, MouseEvent};

use super::model::control::Control;
use super::model::observation::Observation;
use super::model::recording::Recording;
use crate::engine::{Command, Fact, Reply, Snapshot};
use crate::telemetry::{LogLine, Vitals};

/// One message. Everything the console knows came in one of these, the time included.
#[derive(Debug, Clone)]
pub enum Msg {
    /// The newest picture of the run.
    Snapshot(Arc<Snapshot>),
    /// What happened since the last facts, in order.
    Facts(Vec<Fact>),
    /// The log lines since the last of these messages, oldest first. A gap in their numbers is shown as a loss.
    Log(Vec<Arc<LogLine>>),
    /// What the process uses now.
    Vitals(Vitals),
    /// The helm changed hands, or somebody came or went.
    Control(Control),
    /// The run is over for good: nothing more comes of it, and nothing it is told is heard.
    Over,
    /// A recording is shown, and this is where it is.
    Recording(Recording),
    /// What is shown is read from a warehouse, and this is the newest reading.
    Observation(Observation),
    /// A key went down.
    Key {
        /// The key.
        key: KeyEvent,
        /// When.
        at: DateTime<Utc>,
    },
    /// The wheel was turned or a button pressed.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal has this size now, or its content may be spoilt.
    Resize {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
    /// The answer to a command.
    Reply {
        /// What was asked.
        to: Command,
        /// The answer.
        reply: Reply,
    },
    /// Time has gone on; wanted as often as [`super::Model::heartbeat`] says.
    Tick(DateTime<Utc>),
}
