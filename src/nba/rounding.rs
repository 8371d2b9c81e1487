//! Rounding as in the existing tables: half to even on the exact binary value.

/// Rounds to `digits` decimals, exact ties to even. What looks like a tie in decimal often isn't in binary: 2.675 is
/// stored slightly below and becomes 2.67.
pub(super) fn round(value: f64, digits: usize) -> f64 {
    // Formatting rounds the exact value of the double; multiplying by a power of ten would change it.
    format!("{value:.digits$}").parse().unwrap_or(value)
}

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
    use rstest::rstest;

    use super::*;

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
