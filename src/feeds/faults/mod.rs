//! Fault profiles: which faults the feeds have and how often. Deterministic: the same profile and box scores give the
//! same feeds on any machine and any day.

mod draw;
mod profile;

pub use draw::Share;
pub use profile::{Outage, Profile, ProfileError};
