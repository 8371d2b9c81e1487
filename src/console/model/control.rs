//! Who is in control of the run, as reported to this console.

/// Who is in control of the run, and what this console may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// The console in control; `None` if no console is.
    pub holder: Option<String>,
    /// Whether this console can take control.
    pub reach: ControlAccess,
    /// Consoles attached to the run, this one included.
    pub consoles: usize,
    /// The run is in another process; leaving this screen doesn't end it.
    pub remote: bool,
    /// The run can continue without this terminal.
    pub can_detach: bool,
}

/// Whether a console can take control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlAccess {
    InControl,
    CanTake,
    ReadOnly,
}

impl Default for Control {
    /// The only console of a run in this process.
    fn default() -> Self {
        Self {
            holder: None,
            reach: ControlAccess::InControl,
            consoles: 1,
            remote: false,
            can_detach: false,
        }
    }
}

impl Control {
    /// Whether this console is in control.
    #[must_use]
    pub fn is_mine(&self) -> bool {
        self.reach == ControlAccess::InControl
    }

    /// The control status on screen; `None` if there is nothing to report.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match &self.holder {
            _ if self.is_mine() && self.consoles > 1 => {
                let others = self.consoles - 1;
                Some(format!(
                    "control: you, {others} {}",
                    if others == 1 { "observer" } else { "observers" }
                ))
            }
            _ if self.is_mine() => self.remote.then(|| "control: you".to_owned()),
            Some(name) => Some(format!("control: {name}")),
            None => Some("control: none".to_owned()),
        }
    }
}
