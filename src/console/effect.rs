//! What an update wants done outside: the console itself touches nothing.

use crate::engine::Command;

/// One thing for the presenter to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Give the engine this command; its answer comes back as [`super::Msg::Reply`].
    Send(Command),
    /// Put this text into the terminal's clipboard.
    Copy(String),
    /// Give the terminal back and stop the process until the shell continues it.
    Suspend,
    /// Take the helm.
    TakeHelm,
    /// Leave the screen and let the run go on.
    Detach,
    /// Leave the screen and end the process; a run of this process that has not ended is aborted.
    Quit,
}
