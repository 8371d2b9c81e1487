//! Averages over the games of a window. Without values the result is `None`.

/// The arithmetic mean; `None` without values.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

/// The sample standard deviation (n − 1); `None` for fewer than two values.
pub(super) fn sample_deviation(values: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    let average = mean(values.clone())?;
    let (squares, count) = values.fold((0.0, 0.0), |(sum, count), value| {
        (sum + (value - average).powi(2), count + 1.0)
    });
    (count > 1.0).then(|| f64::sqrt(squares / (count - 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Mean of 20, 24 and 31 is 25; squares 25 + 1 + 36 = 62, and 62 / 2 = 31.
    #[test]
    fn sample_deviation_divides_by_n_minus_one() {
        let points = [20.0, 24.0, 31.0];
        assert_eq!(mean(points.into_iter()), Some(25.0));
        assert_eq!(sample_deviation(points.into_iter()), Some(f64::sqrt(31.0)));
        assert_eq!(sample_deviation([20.0].into_iter()), None);
        assert_eq!(mean([].into_iter()), None);
    }
}
