//! What an update wants done outside: the console itself touches nothing.

use crate::engine::Command;

/// One thing for the presenter to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Give the engine this command; its answer comes back as [`super::Msg::Reply`].
    Send(Command),
    /// Put this text into the terminal's clipboard.
    Copy(String),
    /// Have wheel and clicks come here, or leave them to the terminal.
    Mouse(bool),
    /// Give the terminal back and stop the process until the shell continues it.
    Suspend,
    /// Do this to the recording that is shown.
    Play(Play),
    /// Read what is shown from its warehouse again.
    ReadAgain,
    /// Take the helm.
    TakeControl,
    /// Leave the screen and let the run go on.
    Detach,
    /// Leave the screen and end the process; a run of this process that has not ended is aborted.
    Quit,
}

/// What can be done to a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Play {
    /// Hold it, or let it go on.
    PauseOrGoOn,
    /// To the next higher speed.
    Faster,
    /// To the next lower speed.
    Slower,
    /// To the next thing worth a look.
    NextMark,
    /// To the one before.
    PreviousMark,
    /// A minute on.
    MinuteOn,
    /// A minute back.
    MinuteBack,
}
