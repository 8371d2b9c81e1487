//! Who steers, as this console is told.

/// The helm, and where this console stands to the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Helm {
    /// Who has it; none if it is free.
    pub holder: Option<String>,
    /// Whether this console has it.
    pub mine: bool,
    /// Whether this console can take it at all.
    pub may_steer: bool,
    /// Consoles that show the run, this one among them.
    pub consoles: usize,
    /// The run is in another process: leaving this screen ends nothing.
    pub afar: bool,
    /// The run can go on without this terminal.
    pub can_detach: bool,
}

impl Default for Helm {
    /// Alone with a run of this process.
    fn default() -> Self {
        Self {
            holder: None,
            mine: true,
            may_steer: true,
            consoles: 1,
            afar: false,
            can_detach: false,
        }
    }
}

impl Helm {
    /// What the others should know; none while there are none.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match &self.holder {
            _ if self.mine && self.consoles > 1 => {
                let others = self.consoles - 1;
                Some(format!(
                    "helm: you, {others} more {}",
                    if others == 1 { "watches" } else { "watch" }
                ))
            }
            _ if self.mine => self.afar.then(|| "helm: you".to_owned()),
            Some(name) => Some(format!("helm: {name}")),
            None => Some("helm: free".to_owned()),
        }
    }
}
