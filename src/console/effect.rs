//! Effects requested by an update. The console itself performs no I/O.

use crate::engine::Command;

/// An effect for the presenter to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send a command to the engine; the reply returns as [`super::Msg::Reply`].
    Send(Command),
    /// Copy a text to the terminal's clipboard.
    Copy(String),
    /// Capture or release the mouse.
    Mouse(bool),
    /// Restore the terminal and stop the process until the shell continues it.
    Suspend,
    /// Control the playback of the recording.
    Play(Play),
    /// Read the warehouse again.
    ReadAgain,
    /// Take control of the run.
    TakeControl,
    /// Leave the screen; the run continues.
    Detach,
    /// Leave the screen and end the process; an unfinished run of this process is aborted.
    Quit,
}

/// A command to the player of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Play {
    /// Pause or resume.
    PauseOrResume,
    /// Next higher speed.
    Faster,
    /// Next lower speed.
    Slower,
    /// To the next event of interest.
    NextMark,
    /// To the previous event of interest.
    PreviousMark,
    /// A minute on.
    MinuteForward,
    /// A minute back.
    MinuteBack,
}
