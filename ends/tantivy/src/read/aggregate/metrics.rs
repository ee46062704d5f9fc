//! Numbers of many values: the smallest, the largest, their mean, how many are distinct.

use std::collections::HashSet;

use query::{DateFormat, Figure, QueryError, Spread, Stat};

use super::{Aggregator, Answer, Docs, buckets::Values};

/// The sum, count and bounds of several values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Summary {
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
}

impl Summary {
    const EMPTY: Self = Self { count: 0, sum: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY };

    fn add(&mut self, value: f64) {
        *self = Self {
            count: self.count + 1,
            sum: self.sum + value,
            min: self.min.min(value),
            max: self.max.max(value),
        };
    }

    /// One of the numbers; the smallest, the largest and the mean of nothing are none.
    pub(super) fn number(&self, stat: Stat) -> Option<f64> {
        match stat {
            Stat::Count => Some(self.count as f64),
            Stat::Sum | Stat::All => Some(self.sum),
            _ if self.count == 0 => None,
            Stat::Min => Some(self.min),
            Stat::Max => Some(self.max),
            Stat::Avg => Some(self.sum / self.count as f64),
        }
    }
}

impl Aggregator<'_> {
    /// Returns the sum, count and bounds of a field's values; of exact values only the count.
    pub(super) fn summary(
        &self,
        field: &str,
        missing: Option<&str>,
        only_count: bool,
        docs: &Docs,
    ) -> Answer<Summary> {
        let mut all = Summary::EMPTY;
        match self.values_of(field)? {
            None if missing.is_none() => {}
            Some(Values::Texts) if only_count => {
                self.each_value(field, docs, &mut |values| {
                    all.count += match values {
                        0 => u64::from(missing.is_some()),
                        values => values,
                    };
                })?;
            }
            _ => {
                let missing = self.number_for(field, missing)?;
                self.each_number(field, missing, docs, &mut |_, _, value| all.add(value as f64))?;
            }
        }
        Ok(all)
    }

    /// All numbers of a field.
    pub(super) fn numbers(&self, field: &str, missing: Option<&str>, docs: &Docs) -> Answer<Vec<f64>> {
        let mut values = Vec::new();
        if missing.is_some() || self.values_of(field)?.is_some() {
            let missing = self.number_for(field, missing)?;
            self.each_number(field, missing, docs, &mut |_, _, value| values.push(value as f64))?;
        }
        Ok(values)
    }

    /// Returns the sum of a field's numbers and their spread.
    pub(super) fn spread(
        &self,
        field: &str,
        sigma: f64,
        missing: Option<&str>,
        docs: &Docs,
    ) -> Answer<Spread> {
        let mut spread = Spread::new(sigma);
        if missing.is_some() || self.values_of(field)?.is_some() {
            let missing = self.number_for(field, missing)?;
            self.each_number(field, missing, docs, &mut |_, _, value| spread.add(value as f64))?;
        }
        Ok(spread)
    }

    /// Some numbers of the values of a field.
    pub(super) fn stats(
        &self,
        field: &str,
        which: Stat,
        format: Option<&DateFormat>,
        missing: Option<&str>,
        docs: &Docs,
    ) -> Answer<Vec<Figure>> {
        let summary = self.summary(field, missing, which == Stat::Count, docs)?;
        let is_date = self.values_of(field)? == Some(Values::Dates);
        let figure = |stat: Stat| {
            let value = summary.number(stat);
            let date = value.filter(|_| is_date && stat != Stat::Count);
            Figure { stat, value, date: date.map(|number| DateFormat::shown(number as i64, format)) }
        };
        Ok(match which {
            Stat::All => [Stat::Count, Stat::Min, Stat::Max, Stat::Avg, Stat::Sum].map(figure).into(),
            one => vec![figure(one)],
        })
    }

    /// Returns the number of distinct values.
    pub(super) fn distinct(&self, field: &str, missing: Option<&str>, docs: &Docs) -> Answer<u64> {
        let mut values: u64 = 0;
        match self.values_of(field)? {
            None if missing.is_none() => {}
            Some(Values::Numbers | Values::Dates) => {
                let missing = self.number_for(field, missing)?;
                let mut seen = HashSet::new();
                self.each_number(field, missing, docs, &mut |_, _, value| {
                    seen.insert(value);
                })?;
                values = seen.len() as u64;
            }
            _ => self.each_text(field, missing, docs, &mut |_, _| values += 1)?,
        }
        Ok(values)
    }

    /// A text that stands for a value of a field of numbers or dates.
    pub(super) fn number_for(&self, field: &str, text: Option<&str>) -> Answer<Option<i64>> {
        let Some(text) = text else { return Ok(None) };
        let number = match self.values_of(field)? {
            Some(Values::Dates) => query::parse_bound(text, None, None, self.now)
                .map(|(first, _)| first)
                .map_err(|error| QueryError::illegal(error.to_string()))?,
            _ => text
                .parse::<f64>()
                .map(|number| number as i64)
                .map_err(|_| QueryError::illegal(format!("`{text}` is no number, as `{field}` has them")))?,
        };
        Ok(Some(number))
    }
}
