//! Selects the games and dates affected by a fault. The choice is made by hashing, so every load gets the same one.

use serde::Deserialize;

/// A share of all games, dates or rows, from 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub struct Share(f64);

impl TryFrom<f64> for Share {
    type Error = String;

    fn try_from(share: f64) -> Result<Self, String> {
        let fits = (0.0..=1.0).contains(&share);
        fits.then_some(Self(share))
            .ok_or_else(|| format!("a share of {share} is not between 0 and 1"))
    }
}

impl Share {
    /// Whether the fault affects this key. Different faults are selected independently.
    pub fn affects(self, fault: &str, key: impl std::fmt::Display) -> bool {
        let hash = hash(fault.bytes().chain([0]).chain(key.to_string().bytes()));
        let drawn = f64::from(u32::try_from(hash >> 32).unwrap_or(u32::MAX)) / 4_294_967_296.0;
        drawn < self.0
    }
}

/// FNV-1a followed by the `SplitMix64` finaliser, because FNV barely changes the high bits for short inputs.
fn hash(bytes: impl Iterator<Item = u8>) -> u64 {
    let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325, fnv);
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn affected(share: f64, fault: &str) -> Vec<u32> {
        let share = Share::try_from(share).unwrap();
        (22_100_001..22_101_001)
            .filter(|game| share.affects(fault, game))
            .collect()
    }

    #[test]
    fn shares_are_approximate_and_faults_are_independent() {
        let (lost, inverted) = (affected(0.3, "lost"), affected(0.3, "inverted"));
        assert!((250..350).contains(&lost.len()), "{}", lost.len());
        let both = lost.iter().filter(|&game| inverted.contains(game)).count();
        assert!((50..130).contains(&both), "{both}");
        assert_eq!(
            (affected(0.0, "lost").len(), affected(1.0, "lost").len()),
            (0, 1_000)
        );
        assert!(
            affected(0.2, "lost").iter().all(|game| lost.contains(game)),
            "a larger share keeps the smaller one"
        );
    }

    #[test]
    fn the_draw_is_deterministic() {
        assert_eq!(
            affected(0.005, "inverted_home_flag"),
            [22_100_154, 22_100_356, 22_100_428, 22_100_743, 22_100_784]
        );
    }

    #[test]
    fn a_share_above_one_is_refused() {
        assert_eq!(
            Share::try_from(1.5).unwrap_err(),
            "a share of 1.5 is not between 0 and 1"
        );
        assert!(Share::try_from(f64::NAN).is_err());
    }
}
