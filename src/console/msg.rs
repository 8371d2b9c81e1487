//! Messages to the console: from the engine, the terminal and the presenter's clock.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use crossterm::event::{KeyEvent, MouseEvent};

use super::model::control::Control;
use super::model::observation::Observation;
use super::model::recording::ReplayStatus;
use crate::engine::{Command, Fact, Reply, Snapshot};
use crate::telemetry::{LogLine, ProcessMetrics};

/// A message to the console. Its only source of information, the time included.
#[derive(Debug, Clone)]
pub enum Msg {
    /// The newest snapshot of the run.
    Snapshot(Arc<Snapshot>),
    /// New events, in order.
    Facts(Vec<Fact>),
    /// New log lines, oldest first. A gap in their numbers is shown as lost lines.
    Log(Vec<Arc<LogLine>>),
    /// The current resource usage of the process.
    ProcessMetrics(ProcessMetrics),
    /// Control changed, or a console attached or detached.
    Control(Control),
    /// The engine has ended: no more updates follow, and commands are no longer accepted.
    Over,
    /// The playback state of the recording shown.
    Recording(ReplayStatus),
    /// The newest reading of the warehouse shown.
    Observation(Observation),
    /// A key was pressed.
    Key {
        /// The key.
        key: KeyEvent,
        /// When it was pressed.
        at: DateTime<Utc>,
    },
    /// A mouse wheel or button event.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal was resized, or its content may be corrupted.
    Resize {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
    /// The reply to a command.
    Reply {
        /// The command.
        to: Command,
        /// The reply.
        reply: Reply,
    },
    /// Time has passed; sent at the interval given by [`super::Model::heartbeat`].
    Tick(DateTime<Utc>),
}
