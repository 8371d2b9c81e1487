//! Whole numbers in flags and the config file, with an error message that states the range.

use std::fmt::Display;
use std::str::FromStr;

/// A parser for whole numbers from `from` to `to`, or without an upper limit.
pub(super) fn in_range<T>(
    from: T,
    to: impl Into<Option<T>>,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: FromStr + PartialOrd + Display + Clone + Send + Sync + 'static,
{
    let to = to.into();
    move |text| {
        let fits = |number: &T| *number >= from && to.as_ref().is_none_or(|to| number <= to);
        text.parse().ok().filter(fits).ok_or_else(|| match &to {
            Some(to) => format!("give a whole number from {from} to {to}"),
            None => format!("give a whole number, {from} or more"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_number_is_rejected_with_the_allowed_range() {
        let workers = in_range(1_u32, 64);
        assert_eq!((workers("1"), workers("64")), (Ok(1), Ok(64)));
        for text in ["0", "65", "many", "", "1.5", "-3"] {
            assert_eq!(
                workers(text),
                Err("give a whole number from 1 to 64".to_owned()),
                "{text}"
            );
        }
        let failures = in_range(1_u64, None);
        assert_eq!(failures("7"), Ok(7));
        assert_eq!(failures("0"), Err("give a whole number, 1 or more".to_owned()));
    }
}
