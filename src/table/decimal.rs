//! Decimal numbers, digit by digit, so that rounding involves no binary fractions.

/// A number in decimal digits, exactly as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    /// The digits, without leading zeros.
    digits: Vec<u8>,
    /// Position of the decimal point in the digits; it can be negative or beyond the last digit.
    point: i64,
}

impl Decimal {
    /// Parses `1`, `-0.125`, `.5`, `1e3`; `None` if the text is not such a number.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, self::exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = || whole.bytes().chain(fraction.bytes());
        if all().next().is_none() || !all().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let zeros = all().take_while(|digit| *digit == b'0').count();
        let digits: Vec<u8> = all().skip(zeros).map(|digit| digit - b'0').collect();
        let point = i64::try_from(whole.len()).ok()? - i64::try_from(zeros).ok()?;
        Some(Self {
            negative,
            point: if digits.is_empty() { 0 } else { point + exponent },
            digits,
        })
    }

    /// Rounds to this many digits after the point, halves away from zero.
    pub(super) fn rounded(mut self, scale: u8) -> Self {
        let kept = usize::try_from(self.point + i64::from(scale));
        let Ok(kept) = kept else {
            // The first dropped digit is a leading zero, so the number is less than half a unit.
            return Self {
                negative: false,
                digits: Vec::new(),
                point: 0,
            };
        };
        let goes_up = self.digits.get(kept).is_some_and(|digit| *digit >= 5);
        self.digits.truncate(kept);
        if goes_up {
            let nines = self.digits.iter().rev().take_while(|digit| **digit == 9).count();
            self.digits.truncate(self.digits.len() - nines);
            if let Some(last) = self.digits.last_mut() {
                *last += 1;
            } else {
                self.digits.push(1);
                self.point += 1;
            }
        }
        self
    }

    /// Number of digits before the point, without leading zeros.
    pub(super) fn whole_digits(&self) -> usize {
        if self.digits.is_empty() {
            return 0;
        }
        usize::try_from(self.point).unwrap_or(0)
    }

    /// The number with this many digits after the point, padded with zeros: `-0.13`. It must not have more.
    pub(super) fn with_scale(&self, scale: u8) -> String {
        let digit = |at: i64| -> char {
            let digit = usize::try_from(at).ok().and_then(|at| self.digits.get(at));
            char::from(b'0' + digit.copied().unwrap_or(0))
        };
        let mut text = String::new();
        if self.negative && !self.digits.is_empty() {
            text.push('-');
        }
        if self.point <= 0 {
            text.push('0');
        }
        text.extend((0..self.point).map(digit));
        if scale > 0 {
            text.push('.');
            text.extend((self.point..self.point + i64::from(scale)).map(digit));
        }
        text
    }
}

/// Parses an exponent of at most 9999; larger ones would only cost memory.
fn exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_written_out = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let exponent: i64 = is_written_out.then(|| text.parse().ok()).flatten()?;
    (-9999..=9999).contains(&exponent).then_some(exponent)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn rounded(text: &str, scale: u8) -> String {
        Decimal::parse(text).unwrap().rounded(scale).with_scale(scale)
    }

    #[rstest]
    #[case("0.125", 2, "0.13")]
    #[case("-0.125", 2, "-0.13")]
    #[case("1.005", 2, "1.01")]
    #[case("2.675", 2, "2.68")]
    #[case("0.129", 2, "0.13")]
    #[case("0.30000000000000004", 2, "0.30")]
    #[case("999.995", 2, "1000.00")]
    #[case("0.5", 0, "1")]
    #[case("0.05", 0, "0")]
    #[case("-0.4", 0, "0")]
    #[case(".5", 1, "0.5")]
    #[case("5.", 1, "5.0")]
    #[case("+007.10", 2, "7.10")]
    #[case("1e3", 2, "1000.00")]
    #[case("125E-3", 2, "0.13")]
    #[case("0.0", 2, "0.00")]
    #[case("0e9999", 2, "0.00")]
    #[case("12345678901234567890.99", 1, "12345678901234567891.0")]
    fn halves_round_away_from_zero(#[case] text: &str, #[case] scale: u8, #[case] shown: &str) {
        assert_eq!(rounded(text, scale), shown);
    }

    #[rstest]
    #[case("")]
    #[case("-")]
    #[case(".")]
    #[case("1,234.50")]
    #[case("1e")]
    #[case("1e99999")]
    #[case("e3")]
    #[case("nan")]
    #[case("inf")]
    #[case("0x10")]
    #[case("1 0")]
    #[case("--1")]
    #[case("١")]
    fn text_without_digits_is_not_a_number(#[case] text: &str) {
        assert_eq!(Decimal::parse(text), None);
    }

    proptest! {
        /// Integers are exact: the test rounds ten-thousandths in integer arithmetic.
        #[test]
        fn rounding_matches_integer_arithmetic(number in -10_000_000_i64..10_000_000) {
            let text = format!("{}{}.{:04}", if number < 0 { "-" } else { "" }, number.abs() / 10_000, number.abs() % 10_000);
            let hundredths = (number.abs() + 50) / 100;
            let sign = if number < 0 && hundredths > 0 { "-" } else { "" };
            prop_assert_eq!(rounded(&text, 2), format!("{sign}{}.{:02}", hundredths / 100, hundredths % 100));
        }
    }
}
