//! Numbers of several things that must be there.

use std::{fmt, str::FromStr};

use super::QueryError;

/// The number of several words that must be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// One of them.
    Any,
    /// All of them.
    All,
    /// A number of them.
    Minimum(Minimum),
}

impl Need {
    /// Returns how many of `count` things are needed.
    pub fn of(&self, count: usize) -> usize {
        match self {
            Self::Any => 1.min(count),
            Self::All => count,
            Self::Minimum(minimum) => minimum.of(count),
        }
    }
}

/// A number that may hang on how many things there are: Elasticsearch's `minimum_should_match`, written `2`, `-1`,
/// `75%` or `2<-25% 9<-3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minimum {
    /// At least one; of those that hold, the last counts, and without any that holds all things are needed.
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rule {
    /// Holds for more things than this; always without.
    above: Option<i64>,
    amount: Amount,
}

/// A number of things; what is negative may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Amount {
    Count(i64),
    Percent(i64),
}

impl Minimum {
    /// Returns a fixed number; of a negative one, so many may be missing.
    pub fn count(count: i64) -> Self {
        Self { rules: vec![Rule { above: None, amount: Amount::Count(count) }] }
    }

    /// Returns a share in percent, rounded down; of a negative one, so many percent may be missing.
    pub fn percent(percent: i64) -> Self {
        Self { rules: vec![Rule { above: None, amount: Amount::Percent(percent) }] }
    }

    /// Returns how many of `count` things are needed: `count` at most.
    pub fn of(&self, count: usize) -> usize {
        let all = i64::try_from(count).unwrap_or(i64::MAX);
        let holds = |rule: &&Rule| rule.above.is_none_or(|above| all > above);
        let needed = match self.rules.iter().rfind(holds).map(|rule| rule.amount) {
            None => all,
            Some(Amount::Count(wanted)) if wanted < 0 => all.saturating_add(wanted),
            Some(Amount::Count(wanted)) => wanted,
            Some(Amount::Percent(percent)) => {
                let part = all.saturating_mul(percent.saturating_abs()) / 100;
                if percent < 0 { all.saturating_sub(part) } else { part }
            }
        };
        usize::try_from(needed.clamp(0, all)).unwrap_or(count)
    }
}

impl FromStr for Minimum {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        let rule = |rule: &str| {
            let (above, amount) = match rule.split_once('<') {
                Some((above, amount)) => (Some(above.parse().ok()?), amount),
                None => (None, rule),
            };
            let amount = match amount.strip_suffix('%') {
                Some(percent) => Amount::Percent(percent.parse().ok()?),
                None => Amount::Count(amount.parse().ok()?),
            };
            Some(Rule { above, amount })
        };
        let rules: Option<Vec<Rule>> = text.split_whitespace().map(rule).collect();
        match rules {
            Some(rules) if !rules.is_empty() => Ok(Self { rules }),
            _ => {
                let shown: String = text.chars().take(80).collect();
                Err(QueryError::new(format!("`{shown}` is no minimum_should_match: use 2, -1, 75% or 2<75%")))
            }
        }
    }
}

impl fmt::Display for Minimum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, Rule { above, amount }) in self.rules.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            if let Some(above) = above {
                write!(f, "{above}<")?;
            }
            match amount {
                Amount::Count(count) => write!(f, "{count}")?,
                Amount::Percent(percent) => write!(f, "{percent}%")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minimum_should_match_is_read_as_elasticsearch_reads_it() {
        let check = |text: &str, count: usize, expected: usize| {
            let minimum: Minimum = text.parse().unwrap();
            assert_eq!(minimum.of(count), expected, "{text} of {count}");
            assert_eq!(minimum.to_string().parse::<Minimum>().unwrap(), minimum, "{text}");
        };
        check("2", 3, 2);
        check("-1", 3, 2);
        check("75%", 4, 3);
        check("75%", 3, 2);
        check("-25%", 4, 3);
        check("2<75%", 2, 2);
        check("2<75%", 4, 3);
        check("2<-25% 9<-3", 10, 7);
        check("9", 3, 3);
        check("-9", 3, 0);
        check("0", 3, 0);
        check("1", 0, 0);
        for wrong in ["many", "", " ", "2<", "<3", "75 %", "5%%", "1.5", "99999999999999999999", "2<x 3"] {
            assert!(wrong.parse::<Minimum>().is_err(), "{wrong}");
        }
    }
}
