//! What many measurements come to: medians, which one slow round does not move, and how far they can be trusted.

use serde::{Deserialize, Serialize};

/// The middle of some numbers, and how they are spread.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Half of them are smaller.
    pub median: f64,
    /// A quarter of them is smaller.
    pub lower_quartile: f64,
    /// A quarter of them is larger.
    pub upper_quartile: f64,
    /// The true median lies between this and `most` in at least 95 of 100 such runs.
    pub least: f64,
    /// See `least`.
    pub most: f64,
}

impl Summary {
    /// Of at least one number.
    ///
    /// # Panics
    /// There is none.
    pub fn of(numbers: &[f64]) -> Self {
        assert!(!numbers.is_empty(), "nothing was measured");
        let mut sorted = numbers.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (first, last) = interval(sorted.len());
        Self {
            median: rounded(quantile(&sorted, 0.5)),
            lower_quartile: rounded(quantile(&sorted, 0.25)),
            upper_quartile: rounded(quantile(&sorted, 0.75)),
            least: rounded(sorted[first]),
            most: rounded(sorted[last]),
        }
    }

    /// Of what one takes in terms of the other, round by round: what disturbs a round disturbs both.
    pub fn of_ratios(numbers: &[f64], bases: &[f64]) -> Self {
        let ratios: Vec<_> = numbers.iter().zip(bases).map(|(number, base)| number / base).collect();
        Self::of(&ratios)
    }

    /// Of what one takes more than the other, round by round.
    pub fn of_differences(numbers: &[f64], bases: &[f64]) -> Self {
        let differences: Vec<_> = numbers.iter().zip(bases).map(|(number, base)| number - base).collect();
        Self::of(&differences)
    }
}

/// No clock is finer than this, and a short number is read as it was written.
fn rounded(number: f64) -> f64 {
    (number * 1e4).round() / 1e4
}

/// The number below which this share of the sorted ones lies; between two of them, it is between them.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * (place - place.floor())
}

/// Which of `count` sorted numbers enclose the true median with a confidence of 95 %, whatever they are distributed like:
/// each is above it by the toss of a coin, so that how many are is binomial. With fewer than six there is none, and all
/// are taken.
fn interval(count: usize) -> (usize, usize) {
    // What is left outside on one side, with its probability.
    let mut outside = 0;
    let mut probability = 0.5_f64.powi(i32::try_from(count).unwrap_or(i32::MAX));
    let mut sum = probability;
    while sum <= 0.025 && outside < count / 2 {
        outside += 1;
        probability *= (count - outside + 1) as f64 / outside as f64;
        sum += probability;
    }
    let first = outside.saturating_sub(1);
    (first, count - 1 - first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_and_quartiles_are_between() {
        let summary = Summary::of(&[4.0, 1.0, 3.0, 2.0, 5.0]);
        assert_eq!((summary.lower_quartile, summary.median, summary.upper_quartile), (2.0, 3.0, 4.0));
        assert_eq!(Summary::of(&[1.0, 2.0]).median, 1.5);
        assert_eq!(Summary::of(&[7.0]).most, 7.0);
    }

    #[test]
    fn one_slow_round_moves_no_median() {
        let mut numbers = vec![1.0; 20];
        numbers.push(1000.0);
        assert_eq!(Summary::of(&numbers).median, 1.0);
    }

    /// The tables of order statistics have these: counted from 1, the 6th and 15th of 20, the 14th and 27th of 40.
    #[test]
    fn the_interval_is_the_binomial_one() {
        assert_eq!(interval(5), (0, 4));
        assert_eq!(interval(6), (0, 5));
        assert_eq!(interval(20), (5, 14));
        assert_eq!(interval(40), (13, 26));
    }

    #[test]
    fn ratios_are_paired() {
        // The machine became ten times slower in the middle; one is always half of the other.
        let summary = Summary::of_ratios(&[1.0, 10.0, 1.0], &[2.0, 20.0, 2.0]);
        assert_eq!((summary.median, summary.least, summary.most), (0.5, 0.5, 0.5));
        assert_eq!(Summary::of_differences(&[3.0, 30.0], &[1.0, 28.0]).median, 2.0);
    }

    #[test]
    fn many_numbers_do_not_underflow() {
        let numbers: Vec<_> = (0..400).map(f64::from).collect();
        let summary = Summary::of(&numbers);
        assert!(summary.least > 170.0 && summary.most < 230.0, "{summary:?}");
    }
}
