//! The shot-zone mismatch score: whether the opponent is weak where the player shoots.

use crate::nba::rounding::round;
use crate::nba::stored::{DefenseZones, PlayerZones, PrimaryZone};

/// A zone with at least this share of the shots, in percent, counts in full.
const FULL_SHARE: f64 = 50.0;

/// A mismatch above this is extreme and weighted a fifth more.
const EXTREME: f64 = 5.0;

/// −10 to 10 with one decimal; positive favours the player. `None` if zones or defence are unknown. A balanced player
/// is scored by the paint and its share.
pub(super) fn score(zones: &PlayerZones, defense: &DefenseZones) -> Option<f64> {
    let (share, against_league) = match zones.primary? {
        PrimaryZone::Paint | PrimaryZone::Balanced => (zones.paint, defense.paint),
        PrimaryZone::MidRange => (zones.mid_range, defense.mid_range),
        PrimaryZone::Perimeter => (zones.three_pt, defense.three_pt),
    };
    let weighed = against_league? * (share? / FULL_SHARE).min(1.0);
    let mismatch = if weighed.abs() > EXTREME {
        1.2 * weighed
    } else {
        weighed
    };
    Some(round(mismatch.clamp(-10.0, 10.0), 1))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    // 4 · 40/50 = 3.2; 6 · 1 = 6, a fifth more is 7.2; 5 · 1 is not above 5; 9 · 1.2 = 10.8 is capped.
    #[rstest]
    #[case::by_share(PrimaryZone::Paint, 40.0, 4.0, 3.2)]
    #[case::a_full_share_is_full(PrimaryZone::Perimeter, 70.0, 4.0, 4.0)]
    #[case::five_is_not_extreme(PrimaryZone::MidRange, 50.0, 5.0, 5.0)]
    #[case::extreme(PrimaryZone::Paint, 50.0, 6.0, 7.2)]
    #[case::cut(PrimaryZone::Paint, 60.0, -9.0, -10.0)]
    #[case::balanced_is_paint(PrimaryZone::Balanced, 35.0, -2.0, -1.4)]
    fn opponent_weakness_is_weighted_by_zone_share(
        #[case] primary: PrimaryZone,
        #[case] share: f64,
        #[case] against_league: f64,
        #[case] mismatch: f64,
    ) {
        let only = |zone: &[PrimaryZone], value: f64| zone.contains(&primary).then_some(value);
        let paint = [PrimaryZone::Paint, PrimaryZone::Balanced];
        let zones = PlayerZones {
            primary: Some(primary),
            paint: only(&paint, share),
            mid_range: only(&[PrimaryZone::MidRange], share),
            three_pt: only(&[PrimaryZone::Perimeter], share),
            assisted: None,
        };
        let defense = DefenseZones {
            paint: only(&paint, against_league),
            mid_range: only(&[PrimaryZone::MidRange], against_league),
            three_pt: only(&[PrimaryZone::Perimeter], against_league),
            ..DefenseZones::default()
        };
        assert_eq!(score(&zones, &defense), Some(mismatch));
        assert_eq!(score(&zones, &DefenseZones::default()), None);
        assert_eq!(
            score(&PlayerZones::default(), &defense),
            None,
            "without shot data there is no zone"
        );
    }
}
