//! Rounding as in the existing tables: half to even on the exact binary value.

/// Rounds to `digits` decimals, exact ties to even. What looks like a tie in decimal often isn't in binary: 2.675 is
/// stored slightly below and becomes 2.67.
pub(super) fn round(value: f64, digits: usize) -> f64 {
    match in_decimal_units(value, digits) {
        // The quotient of two whole numbers is the double nearest to that decimal, as parsing it would give.
        Some((units, power)) => units / power,
        // Formatting rounds the exact value of the double.
        None => format!("{value:.digits$}").parse().unwrap_or(value),
    }
}

/// The value in units of the last of `digits` decimals, a whole number, and how many of these units make 1. `None` where
/// the value is so large, or so near a tie, that multiplying by a power of ten could change the result.
pub(super) fn in_decimal_units(value: f64, digits: usize) -> Option<(f64, f64)> {
    let power = *POWERS.get(digits)?;
    let product = value * power;
    let units = product.round();
    let from_tie = 0.5 - (product - units).abs();
    (product.abs() < MAX_UNITS && from_tie > MIN_FROM_TIE).then_some((units, power))
}

const POWERS: [f64; 7] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];

/// Below this, a product is off by at most 2^-21, and so by less than [`MIN_FROM_TIE`].
const MAX_UNITS: f64 = 4_294_967_296.0;
const MIN_FROM_TIE: f64 = 1e-6;

/// The same for a value that may be unknown.
pub(super) fn rounded(value: Option<f64>, digits: usize) -> Option<f64> {
    value.map(|value| round(value, digits))
}

#[cfg(test)]
#[allow(
    clippy::float_cmp,
    reason = "these numbers are decimals by rule, equal or wrong"
)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    proptest! {
        #[test]
        fn rounding_is_that_of_formatting(
            units in -2_000_000_i64..2_000_000, off in -4_i64..=4, digits in 0..8_usize, any in any::<f64>()
        ) {
            let power = 10_i64.pow(u32::try_from(digits).unwrap());
            // Ties, the doubles next to them, and others.
            #[allow(clippy::cast_precision_loss, reason = "small numbers")]
            let tie = (units as f64 + 0.5) / power as f64;
            let near = f64::from_bits(tie.to_bits().wrapping_add_signed(off));
            for value in [near, tie * 1.1, any] {
                let formatted: f64 = format!("{value:.digits$}").parse().unwrap();
                prop_assert_eq!(round(value, digits).to_bits(), formatted.to_bits(), "{} to {}", value, digits);
            }
        }
    }

    #[rstest]
    #[case(2.675, 2, 2.67)]
    #[case(2.685, 2, 2.69)]
    #[case(1.005, 2, 1.0)]
    #[case(0.5, 0, 0.0)]
    #[case(1.5, 0, 2.0)]
    #[case(2.5, 0, 2.0)]
    #[case(0.25, 1, 0.2)]
    #[case(0.35, 1, 0.3)]
    #[case(0.75, 1, 0.8)]
    #[case(0.0625, 3, 0.062)]
    #[case(0.1875, 3, 0.188)]
    #[case(112.125, 2, 112.12)]
    #[case(112.375, 2, 112.38)]
    #[case(-2.5, 0, -2.0)]
    #[case(0.0, 2, 0.0)]
    fn ties_round_half_to_even_on_the_binary_value(
        #[case] value: f64,
        #[case] digits: usize,
        #[case] rounded: f64,
    ) {
        assert_eq!(round(value, digits), rounded);
    }
}
