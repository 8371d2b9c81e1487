//! How bad the feeds are: a profile names the faults and how often they strike. Deterministic: the same profile
//! makes the same feeds from the same box scores, on any machine, on any day.

mod draw;
mod profile;

pub use draw::Share;
pub use profile::{Outage, Profile, ProfileError};
