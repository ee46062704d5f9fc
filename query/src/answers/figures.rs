//! Figures of many numbers: how they spread, and what shares of them are below which.

/// The sum of many numbers, and their spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The count of the numbers.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The sum of their squares.
    pub squares: f64,
    /// The smallest; infinite of none.
    pub min: f64,
    /// The largest; negative and infinite of none.
    pub max: f64,
    /// By so many standard deviations the bounds are away from the mean.
    pub sigma: f64,
}

impl Spread {
    /// Returns the figures of no numbers.
    pub const fn new(sigma: f64) -> Self {
        Self { count: 0, sum: 0.0, squares: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY, sigma }
    }

    /// Returns the figures of these numbers.
    pub fn of(values: &[f64], sigma: f64) -> Self {
        let mut spread = Self::new(sigma);
        values.iter().for_each(|value| spread.add(*value));
        spread
    }

    /// Adds a number.
    pub fn add(&mut self, value: f64) {
        *self = Self {
            count: self.count + 1,
            sum: self.sum + value,
            squares: self.squares + value * value,
            min: self.min.min(value),
            max: self.max.max(value),
            sigma: self.sigma,
        };
    }

    /// Returns the mean; none of no numbers.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }

    /// Returns how much the numbers vary: as all that there are, or as a sample of more, which takes two at least.
    pub fn variance(&self, is_sample: bool) -> Option<f64> {
        let (mean, count) = (self.mean()?, self.count as f64);
        let parts = if is_sample { count - 1.0 } else { count };
        // Numbers that are all alike vary by nothing, and not by an error of rounding.
        (parts > 0.0).then(|| ((self.squares - mean * self.sum) / parts).max(0.0))
    }

    /// Returns a figure by Elasticsearch's name for it.
    pub fn named(&self, name: &str) -> Option<f64> {
        let some = |value: f64| (self.count > 0).then_some(value);
        let (of_all, of_sample) = (self.variance(false), self.variance(true));
        let bound =
            |variance: Option<f64>, sign: f64| Some(self.mean()? + sign * self.sigma * variance?.sqrt());
        match name {
            "count" => Some(self.count as f64),
            "sum" => Some(self.sum),
            "min" => some(self.min),
            "max" => some(self.max),
            "avg" => self.mean(),
            "sum_of_squares" => some(self.squares),
            "variance" | "variance_population" => of_all,
            "variance_sampling" => of_sample,
            "std_deviation" | "std_deviation_population" => of_all.map(f64::sqrt),
            "std_deviation_sampling" => of_sample.map(f64::sqrt),
            "std_deviation_bounds.upper" | "upper" | "upper_population" => bound(of_all, 1.0),
            "std_deviation_bounds.lower" | "lower" | "lower_population" => bound(of_all, -1.0),
            "upper_sampling" => bound(of_sample, 1.0),
            "lower_sampling" => bound(of_sample, -1.0),
            _ => None,
        }
    }
}

/// A share of numbers, or a number with the share that is below it.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// The share in percent, or the number, that was asked for.
    pub of: f64,
    /// The number below which that share is, or the share in percent; none of no numbers.
    pub value: Option<f64>,
    /// The number as a date in the format that was asked for.
    pub date: Option<String>,
}

/// Returns the numbers below which these shares in percent are, between the two that are nearest: each of `n` numbers stands
/// for the middle of its `n`th part.
pub fn shares_of(mut values: Vec<f64>, percents: &[f64]) -> Vec<Share> {
    values.sort_unstable_by(f64::total_cmp);
    let value = |percent: f64| {
        let last = values.len().checked_sub(1)? as f64;
        let place = (percent / 100.0 * values.len() as f64 - 0.5).clamp(0.0, last);
        let (low, high) = (values.get(place.floor() as usize)?, values.get(place.ceil() as usize)?);
        Some(low + (high - low) * place.fract())
    };
    percents.iter().map(|percent| Share { of: *percent, value: value(*percent), date: None }).collect()
}

/// Returns those of the numbers that are nearest to these shares in percent.
pub(crate) fn nearest_of(mut values: Vec<f64>, percents: &[f64]) -> Vec<Share> {
    values.sort_unstable_by(f64::total_cmp);
    let value = |percent: f64| {
        let place = percent / 100.0 * (values.len().checked_sub(1)? as f64);
        values.get(place.round() as usize).copied()
    };
    percents.iter().map(|percent| Share { of: *percent, value: value(*percent), date: None }).collect()
}

/// Returns the shares in percent of the numbers that are not above these.
pub fn ranks_of(mut values: Vec<f64>, bounds: &[f64]) -> Vec<Share> {
    values.sort_unstable_by(f64::total_cmp);
    let rank = |bound: f64| {
        let below = values.partition_point(|value| *value <= bound);
        (!values.is_empty()).then(|| below as f64 / values.len() as f64 * 100.0)
    };
    bounds.iter().map(|bound| Share { of: *bound, value: rank(*bound), date: None }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_summed_up() {
        let spread = Spread::of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0], 2.0);
        let check = |name: &str, expected: f64| assert_eq!(spread.named(name), Some(expected), "{name}");
        check("avg", 5.0);
        check("variance", 4.0);
        check("std_deviation", 2.0);
        check("upper", 9.0);
        check("lower", 1.0);
        check("variance_sampling", 32.0 / 7.0);
        assert_eq!(Spread::new(2.0).named("avg"), None);
        assert_eq!(Spread::of(&[3.0], 2.0).named("variance_sampling"), None);
        let shares = shares_of(vec![5.0, 1.0, 2.0, 4.0, 3.0], &[0.0, 50.0, 90.0, 100.0]);
        let values: Vec<f64> = shares.iter().map(|share| share.value.unwrap()).collect();
        assert_eq!(values, [1.0, 3.0, 5.0, 5.0]);
        assert_eq!(shares_of(vec![1.0, 2.0], &[60.0])[0].value, Some(1.7));
        assert_eq!(nearest_of(vec![1.0, 2.0, 4.0], &[60.0])[0].value, Some(2.0));
        let ranks = ranks_of(vec![5.0, 1.0, 2.0, 4.0], &[0.0, 2.0, 9.0]);
        assert_eq!(ranks.iter().map(|rank| rank.value.unwrap()).collect::<Vec<_>>(), [0.0, 50.0, 100.0]);
        assert_eq!(shares_of(Vec::new(), &[50.0])[0].value, None);
    }
}
