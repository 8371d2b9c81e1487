//! Who steers, as this console is told.

/// The helm, and where this console stands to the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// Who has it; none if it is free.
    pub holder: Option<String>,
    /// How far it is from this console.
    pub reach: Reach,
    /// Consoles that show the run, this one among them.
    pub consoles: usize,
    /// The run is in another process: leaving this screen ends nothing.
    pub remote: bool,
    /// The run can go on without this terminal.
    pub can_detach: bool,
}

/// How far the helm is from a console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// It has it.
    Mine,
    /// It can take it.
    Within,
    /// It only watches.
    Beyond,
}

impl Default for Control {
    /// Alone with a run of this process.
    fn default() -> Self {
        Self {
            holder: None,
            reach: Reach::Mine,
            consoles: 1,
            remote: false,
            can_detach: false,
        }
    }
}

impl Control {
    /// Whether this console has it.
    #[must_use]
    pub fn is_mine(&self) -> bool {
        self.reach == Reach::Mine
    }

    /// What the others should know; none while there are none.
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
