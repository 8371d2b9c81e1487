//! What of a run's log and output is missing because it couldn't be written.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The missing parts, by output. Clones share them: those who write report, the dispatcher tells.
#[derive(Debug, Clone, Default)]
pub struct Losses(Arc<Mutex<BTreeMap<&'static str, String>>>);

impl Losses {
    /// Reports what of an output is missing so far: `37 lines missing (No space left on device)`.
    pub fn report(&self, output: &'static str, missing: String) {
        self.lock().insert(output, missing);
    }

    /// A clause for each incomplete output.
    #[must_use]
    pub fn clauses(&self) -> Vec<String> {
        let losses = self.lock();
        let clause = |(output, missing): (&&str, &String)| format!("{output}: {missing}");
        losses.iter().map(clause).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
