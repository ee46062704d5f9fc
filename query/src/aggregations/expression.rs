//! Small calculations with the numbers of a bucket: what `bucket_script` and `bucket_selector` take instead of scripts.
//!
//! ```text
//! expression = either ["?" expression ":" expression]
//! either     = both {"||" both}          both    = equal {"&&" equal}
//! equal      = less {("=="|"!=") less}   less    = sum {("<"|"<="|">"|">=") sum}
//! sum        = product {("+"|"-") product}
//! product    = sign {("*"|"/"|"%") sign} sign    = {"-"|"!"} one
//! one        = number | "(" expression ")" | ["params."] name | "Math." name "(" [expression {"," expression}] ")"
//! ```

use crate::QueryError;

/// A calculation; true is 1 and false 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression(Node);

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Number(f64),
    Name(String),
    Negative(Box<Node>),
    Not(Box<Node>),
    Both(&'static str, Box<[Node; 2]>),
    Choice(Box<[Node; 3]>),
    Call(&'static str, Vec<Node>),
}

/// Functions by their names, with how many numbers they take.
const FUNCTIONS: [(&str, usize); 11] = [
    ("abs", 1),
    ("ceil", 1),
    ("exp", 1),
    ("floor", 1),
    ("log", 1),
    ("log10", 1),
    ("max", 2),
    ("min", 2),
    ("pow", 2),
    ("round", 1),
    ("sqrt", 1),
];

/// The longest, in bytes, and the deepest.
const MAX_BYTES: usize = 1_024;
const MAX_DEPTH: usize = 24;

impl Expression {
    /// Reads a calculation.
    ///
    /// # Errors
    /// [`QueryError`] for what is none.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let refused = |what: &str| {
            QueryError::illegal(format!(
                "`script` is no calculation with numbers ({what}): only + - * / %, comparisons, && || ! ?:, and functions \
                 of Math are taken"
            ))
        };
        if text.len() > MAX_BYTES {
            return Err(refused("it is too long"));
        }
        let text = text.trim().trim_end_matches(';').trim();
        let text = text.strip_prefix("return ").unwrap_or(text);
        let mut reader = Reader { rest: text, depth: 0 };
        let node = reader.expression().map_err(refused)?;
        if !reader.rest.trim().is_empty() {
            return Err(refused("something is left behind it"));
        }
        Ok(Self(node))
    }

    /// Returns what it comes to with these numbers; `None` where one of them is missing or it comes to none.
    pub fn value(&self, number: &dyn Fn(&str) -> Option<f64>) -> Option<f64> {
        self.0.value(number).filter(|value| value.is_finite())
    }

    /// Returns the names of the numbers that it takes.
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.0.names(&mut names);
        names
    }

    /// Puts numbers in the place of names that stand for them.
    #[must_use]
    pub fn with(self, name: &str, number: f64) -> Self {
        Self(self.0.with(name, number))
    }
}

impl Node {
    fn value(&self, number: &dyn Fn(&str) -> Option<f64>) -> Option<f64> {
        Some(match self {
            Self::Number(value) => *value,
            Self::Name(name) => number(name)?,
            Self::Negative(node) => -node.value(number)?,
            Self::Not(node) => f64::from(node.value(number)? == 0.0),
            Self::Both(sign, both) => {
                let [one, other] = both.as_ref();
                let (one, other) = (one.value(number)?, other.value(number)?);
                let truth = f64::from;
                match *sign {
                    "+" => one + other,
                    "-" => one - other,
                    "*" => one * other,
                    "/" => one / other,
                    "%" => one % other,
                    "<" => truth(one < other),
                    "<=" => truth(one <= other),
                    ">" => truth(one > other),
                    ">=" => truth(one >= other),
                    "==" => truth(one == other),
                    "!=" => truth(one != other),
                    "&&" => truth(one != 0.0 && other != 0.0),
                    _ => truth(one != 0.0 || other != 0.0),
                }
            }
            Self::Choice(parts) => {
                let [condition, yes, no] = parts.as_ref();
                if condition.value(number)? != 0.0 { yes.value(number)? } else { no.value(number)? }
            }
            Self::Call(name, arguments) => {
                let arguments: Option<Vec<f64>> = arguments.iter().map(|node| node.value(number)).collect();
                called(name, &arguments?)?
            }
        })
    }

    fn names<'a>(&'a self, names: &mut Vec<&'a str>) {
        match self {
            Self::Number(_) => {}
            Self::Name(name) => names.push(name),
            Self::Negative(node) | Self::Not(node) => node.names(names),
            Self::Both(_, both) => both.iter().for_each(|node| node.names(names)),
            Self::Choice(parts) => parts.iter().for_each(|node| node.names(names)),
            Self::Call(_, arguments) => arguments.iter().for_each(|node| node.names(names)),
        }
    }

    fn with(self, wanted: &str, number: f64) -> Self {
        let boxed = |node: Box<Self>| Box::new(node.with(wanted, number));
        match self {
            Self::Name(name) if name == wanted => Self::Number(number),
            Self::Number(_) | Self::Name(_) => self,
            Self::Negative(node) => Self::Negative(boxed(node)),
            Self::Not(node) => Self::Not(boxed(node)),
            Self::Both(sign, both) => Self::Both(sign, Box::new(both.map(|node| node.with(wanted, number)))),
            Self::Choice(parts) => Self::Choice(Box::new(parts.map(|node| node.with(wanted, number)))),
            Self::Call(name, arguments) => {
                Self::Call(name, arguments.into_iter().map(|node| node.with(wanted, number)).collect())
            }
        }
    }
}

fn called(name: &str, arguments: &[f64]) -> Option<f64> {
    Some(match (name, arguments) {
        ("abs", [x]) => x.abs(),
        ("ceil", [x]) => x.ceil(),
        ("exp", [x]) => x.exp(),
        ("floor", [x]) => x.floor(),
        ("log", [x]) => x.ln(),
        ("log10", [x]) => x.log10(),
        ("max", [x, y]) => x.max(*y),
        ("min", [x, y]) => x.min(*y),
        ("pow", [x, y]) => x.powf(*y),
        ("round", [x]) => x.round(),
        ("sqrt", [x]) => x.sqrt(),
        _ => return None,
    })
}

/// Signs between two, those that bind less first.
const SIGNS: [&[&str]; 6] =
    [&["||"], &["&&"], &["==", "!="], &["<=", ">=", "<", ">"], &["+", "-"], &["*", "/", "%"]];

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

type Read = Result<Node, &'static str>;

impl Reader<'_> {
    fn take(&mut self, sign: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expression(&mut self) -> Read {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("it is nested too deep");
        }
        let condition = self.between(0)?;
        let node = if self.take("?") {
            let yes = self.expression()?;
            if !self.take(":") {
                return Err("a `:` is missing");
            }
            Node::Choice(Box::new([condition, yes, self.expression()?]))
        } else {
            condition
        };
        self.depth -= 1;
        Ok(node)
    }

    fn between(&mut self, level: usize) -> Read {
        let Some(signs) = SIGNS.get(level) else { return self.signed() };
        let mut node = self.between(level + 1)?;
        while let Some(sign) = signs.iter().find(|sign| self.take(sign)) {
            node = Node::Both(sign, Box::new([node, self.between(level + 1)?]));
        }
        Ok(node)
    }

    fn signed(&mut self) -> Read {
        let mut signs = Vec::new();
        while let Some(sign) = ["-", "!"].into_iter().find(|sign| self.take(sign)) {
            signs.push(sign);
            if signs.len() > MAX_DEPTH {
                return Err("it has too many signs");
            }
        }
        let mut node = self.one()?;
        for sign in signs.into_iter().rev() {
            node = if sign == "-" { Node::Negative(Box::new(node)) } else { Node::Not(Box::new(node)) };
        }
        Ok(node)
    }

    fn one(&mut self) -> Read {
        if self.take("(") {
            let node = self.expression()?;
            return if self.take(")") { Ok(node) } else { Err("a `)` is missing") };
        }
        self.rest = self.rest.trim_start();
        let is_of_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        let end = self.rest.find(|c: char| !is_of_word(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        if word.is_empty() {
            return Err("a number or a name is missing");
        }
        self.rest = rest;
        if word.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            let digits = word.trim_end_matches(['L', 'l', 'f', 'F', 'd', 'D']);
            return digits.parse().map(Node::Number).map_err(|_| "a number cannot be read");
        }
        match (word, word.strip_prefix("Math.")) {
            ("true", _) => return Ok(Node::Number(1.0)),
            ("false", _) => return Ok(Node::Number(0.0)),
            (_, Some(function)) => return self.call(function),
            _ => {}
        }
        Ok(Node::Name(word.strip_prefix("params.").unwrap_or(word).to_owned()))
    }

    fn call(&mut self, name: &str) -> Read {
        let Some((name, count)) = FUNCTIONS.iter().find(|(known, _)| *known == name) else {
            return Err("a function is not known");
        };
        if !self.take("(") {
            return Err("a `(` is missing");
        }
        let mut arguments = vec![self.expression()?];
        while self.take(",") {
            arguments.push(self.expression()?);
        }
        if !self.take(")") || arguments.len() != *count {
            return Err("a function takes another number of values");
        }
        Ok(Node::Call(name, arguments))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calculations_come_out() {
        let number = |name: &str| match name {
            "a" => Some(6.0),
            "b" => Some(4.0),
            _ => None,
        };
        let check = |text: &str, expected: Option<f64>| {
            assert_eq!(Expression::parse(text).unwrap().value(&number), expected, "{text}");
        };
        check("params.a / params.b * 100", Some(150.0));
        check("1 + 2 * 3 - 4 / 2", Some(5.0));
        check("-(a - b) * -1", Some(2.0));
        check("a > b && !(a == 6) || b <= 4.0", Some(1.0));
        check("a > b ? a % 4 : 0", Some(2.0));
        check("Math.max(a, Math.sqrt(b)) + Math.pow(2, 3);", Some(14.0));
        check("return a >= 10L", Some(0.0));
        check("a / 0", None);
        check("c + 1", None);
        assert_eq!(Expression::parse("c + a").unwrap().with("c", 1.0).value(&number), Some(7.0));
    }

    #[test]
    fn what_is_no_calculation_is_refused() {
        for text in [
            "",
            "a +",
            "(a",
            "a b",
            "Math.random()",
            "doc['x'].value",
            "a ? b",
            "x(1)",
            "1..2",
            "Math.max(1)",
        ] {
            assert!(Expression::parse(text).is_err(), "{text}");
        }
        for text in ["(".repeat(500), "-".repeat(1_000), "1+".repeat(600), "!".repeat(99) + "1"] {
            assert!(Expression::parse(&text).is_err(), "{text}");
        }
    }
}
