//! The tokens of query strings.

use super::{QueryError, Syntax, TextOptions};
use crate::limits::MAX_BOOST;

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Plus,
    /// `=`: the words behind it are meant as they are written.
    Exact,
    /// A field's name; its colon is eaten.
    Field(String),
    /// A word without its backslashes; as a pattern with them when it has wildcards; `word~2`.
    Word {
        text: String,
        pattern: Option<String>,
        fuzzy: Option<Option<u8>>,
    },
    Phrase {
        text: String,
        slop: Option<u32>,
    },
    Regexp(String),
    Range {
        from: (String, bool),
        to: (String, bool),
    },
    /// It belongs to what stands before it.
    Boost(f32),
}

pub(super) fn lex(text: &str, options: &TextOptions<'_>) -> Result<Vec<Token>, QueryError> {
    let mut lexer = Lexer { chars: text.chars().collect(), at: 0, options, tokens: Vec::new() };
    while lexer.at < lexer.chars.len() {
        lexer.next()?;
    }
    Ok(lexer.tokens)
}

struct Lexer<'a, 'o> {
    chars: Vec<char>,
    at: usize,
    options: &'o TextOptions<'a>,
    tokens: Vec<Token>,
}

impl Lexer<'_, '_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn strict(&self) -> bool {
        self.options.syntax == Syntax::QueryString
    }

    fn plain(&self) -> bool {
        self.options.syntax == Syntax::Plain
    }

    fn simple(&self) -> bool {
        self.options.syntax == Syntax::Simple
    }

    fn push(&mut self, token: Token, chars: usize) {
        self.tokens.push(token);
        self.at += chars;
    }

    fn next(&mut self) -> Result<(), QueryError> {
        let Some(c) = self.peek(0) else { return Ok(()) };
        let ahead = self.peek(1);
        let alone = ahead.is_none_or(char::is_whitespace);
        match c {
            c if c.is_whitespace() || c.is_control() => self.at += 1,
            '(' => self.push(Token::Open, 1),
            ')' => self.push(Token::Close, 1),
            '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '«' | '»' => return self.phrase(),
            '+' if self.simple() => self.push(Token::And, 1),
            '|' if self.simple() => self.push(Token::Or, 1),
            '+' if !alone => self.push(Token::Plus, 1),
            '-' | '!' if !alone && (c == '-' || self.strict()) => self.push(Token::Not, 1),
            '=' if self.plain() && !alone && ahead != Some('=') => self.push(Token::Exact, 1),
            '+' | '-' | '!' => self.at += 1,
            '=' if self.plain() => self.at += 1,
            '&' if ahead == Some('&') => self.push(Token::And, 2),
            '|' if ahead == Some('|') => self.push(Token::Or, 2),
            '[' | '{' if self.after_field() || self.strict() => return self.range(),
            '/' if self.strict() => return self.regexp(),
            '^' if self.may_boost() => return self.boost(),
            _ if self.plain() && self.is_address() => self.address(),
            _ => return self.word(),
        }
        Ok(())
    }

    fn after_field(&self) -> bool {
        matches!(self.tokens.last(), Some(Token::Field(_)))
    }

    /// Returns true where a boost may stand: at once behind what it is for.
    fn may_boost(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.chars.get(at));
        before.is_some_and(|c| !c.is_whitespace())
            && matches!(
                self.tokens.last(),
                Some(
                    Token::Word { .. }
                        | Token::Phrase { .. }
                        | Token::Close
                        | Token::Regexp(_)
                        | Token::Range { .. }
                )
            )
    }

    fn phrase(&mut self) -> Result<(), QueryError> {
        let closing = |c: char| matches!(c, '"' | '\u{201c}' | '\u{201d}' | '«' | '»');
        self.at += 1;
        let mut text = String::new();
        loop {
            match self.peek(0) {
                None if self.strict() => return Err(QueryError::new("a quotation mark is not closed")),
                None => break,
                Some('\\') if self.peek(1).is_some() => {
                    text.extend(self.peek(1));
                    self.at += 2;
                }
                Some(c) if closing(c) => {
                    self.at += 1;
                    break;
                }
                Some(c) => {
                    text.push(c);
                    self.at += 1;
                }
            }
        }
        let slop = self.number_after('~').map(|slop| slop.min(100.0) as u32);
        self.tokens.push(Token::Phrase { text, slop });
        Ok(())
    }

    /// Returns the number behind this sign, if both are here.
    fn number_after(&mut self, sign: char) -> Option<f32> {
        if self.peek(0) != Some(sign) {
            return None;
        }
        let rest = self.chars.get(self.at + 1..).unwrap_or_default();
        let digits: String = rest.iter().take(8).take_while(|c| c.is_ascii_digit() || **c == '.').collect();
        let number = digits.parse().ok()?;
        self.at += 1 + digits.chars().count();
        Some(number)
    }

    fn boost(&mut self) -> Result<(), QueryError> {
        match self.number_after('^').filter(|boost| (0.0..=MAX_BOOST).contains(boost)) {
            Some(boost) => self.tokens.push(Token::Boost(boost)),
            None if self.strict() => return Err(QueryError::new("a number must follow `^`")),
            None => self.at += 1,
        }
        Ok(())
    }

    fn regexp(&mut self) -> Result<(), QueryError> {
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.peek(0) {
            self.at += 1;
            match (c, self.peek(0)) {
                ('/', _) => {
                    self.tokens.push(Token::Regexp(text));
                    return Ok(());
                }
                ('\\', Some('/')) => {
                    text.push('/');
                    self.at += 1;
                }
                ('\\', Some(next)) => {
                    text.extend(['\\', next]);
                    self.at += 1;
                }
                _ => text.push(c),
            }
        }
        Err(QueryError::new(
            "a `/` is not closed: put a backslash before one that begins no regular expression",
        ))
    }

    /// Reads `[a TO b]`; a curly bracket leaves its bound out.
    fn range(&mut self) -> Result<(), QueryError> {
        let rest = self.chars.get(self.at..).unwrap_or_default();
        let Some(length) = rest.iter().position(|c| matches!(c, ']' | '}')) else {
            if self.strict() {
                return Err(QueryError::new("a range is not closed: write [1931 TO 1935]"));
            }
            self.at += 1;
            return Ok(());
        };
        let inner: String = rest.get(1..length).unwrap_or_default().iter().collect();
        let from_included = rest.first() == Some(&'[');
        let to_included = rest.get(length) == Some(&']');
        self.at += length + 1;
        let unquoted = |text: &str| text.trim().trim_matches('"').to_owned();
        match inner.split_once(" TO ") {
            Some((from, to)) => self.tokens.push(Token::Range {
                from: (unquoted(from), from_included),
                to: (unquoted(to), to_included),
            }),
            None if self.strict() => return Err(QueryError::new("a range needs TO: write [1931 TO 1935]")),
            None => self.tokens.push(Token::Word { text: inner, pattern: None, fuzzy: None }),
        }
        Ok(())
    }

    /// Returns true if an address of the web begins here, as it is pasted: its signs are no operators.
    fn is_address(&self) -> bool {
        let word: String = self.rest_of_word().iter().collect();
        let is_scheme = |scheme: &str| {
            scheme.len() > 1
                && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        };
        let is_host = |host: &str| {
            host.contains('.')
                && host
                    .split('.')
                    .all(|part| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '-'))
        };
        match word.split_once("://") {
            Some((scheme, rest)) if is_scheme(scheme) => !rest.is_empty(),
            _ => word.split_once('/').is_some_and(|(host, _)| is_host(host)),
        }
    }

    /// Returns what stands up to the next white space, quotation mark, or parenthesis that closes a group around it.
    fn rest_of_word(&self) -> &[char] {
        let rest = self.chars.get(self.at..).unwrap_or_default();
        let mut open = 0_usize;
        let end = rest.iter().position(|c| match c {
            '(' => {
                open += 1;
                false
            }
            ')' if open > 0 => {
                open -= 1;
                false
            }
            ')' | '"' | '\u{201c}' | '\u{201d}' => true,
            c => c.is_whitespace() || c.is_control(),
        });
        rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest)
    }

    fn address(&mut self) {
        let text: String = self.rest_of_word().iter().collect();
        let chars = text.chars().count();
        self.push(Token::Word { text, pattern: None, fuzzy: None }, chars);
    }

    fn word(&mut self) -> Result<(), QueryError> {
        let start = self.at;
        let (mut text, mut pattern, mut wild) = (String::new(), String::new(), false);
        let after_field = self.after_field();
        while let Some(c) = self.peek(0) {
            let ends = match c {
                c if c.is_whitespace() || c.is_control() => true,
                '(' | ')' | '"' | '\u{201c}' | '\u{201d}' => true,
                '|' => self.simple() || self.peek(1) == Some('|'),
                '&' => self.peek(1) == Some('&'),
                '^' => !self.simple() && self.peek(1).is_some_and(|c| c.is_ascii_digit()),
                '~' => self.fuzzy_ends_here(),
                _ => false,
            };
            if ends && self.at > start {
                break;
            }
            if c == ':' && !after_field && self.is_field(&text, start) {
                self.push(Token::Field(text), 1);
                return Ok(());
            }
            self.at += 1;
            match (c, self.peek(0)) {
                ('\\', Some(next)) => {
                    text.push(next);
                    if matches!(next, '*' | '?' | '\\') {
                        pattern.push('\\');
                    }
                    pattern.push(next);
                    self.at += 1;
                    continue;
                }
                ('*', next) => wild |= !self.simple() || next.is_none_or(|c| c.is_whitespace() || c == ')'),
                // A question is not a pattern.
                ('?', next) if !self.simple() => {
                    let last = next.is_none_or(|c| c.is_whitespace() || matches!(c, ')' | '"' | '?'));
                    if last && !self.strict() {
                        continue;
                    }
                    wild = true;
                }
                _ => {}
            }
            text.push(c);
            pattern.push(c);
        }
        let operator = match text.as_str() {
            _ if self.simple() => None,
            "AND" => Some(Token::And),
            "OR" => Some(Token::Or),
            "NOT" => Some(Token::Not),
            _ => None,
        };
        if let Some(operator) = operator {
            self.tokens.push(operator);
            return Ok(());
        }
        let fuzzy = (self.peek(0) == Some('~')).then(|| match self.number_after('~') {
            Some(edits) => Some(edits.clamp(0.0, 2.0) as u8),
            None => {
                self.at += 1;
                None
            }
        });
        if !text.is_empty() {
            self.tokens.push(Token::Word { text, pattern: wild.then_some(pattern), fuzzy });
        }
        Ok(())
    }

    /// Returns true if the text before this colon names a field. A `query_string` takes any name, to refuse it then; in a
    /// `simple_query_string` no text does.
    fn is_field(&self, name: &str, start: usize) -> bool {
        let looks_like_one =
            self.at > start && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '*'));
        looks_like_one && !self.simple() && (self.strict() || (self.options.field)(name).is_some())
    }

    /// Returns true if this `~` says that the word is fuzzy: it ends the word, or a digit and then the end follow.
    fn fuzzy_ends_here(&self) -> bool {
        let end = |c: Option<char>| c.is_none_or(|c| c.is_whitespace() || matches!(c, ')' | '^'));
        let after = match (self.peek(1), self.peek(2)) {
            (Some(c), Some('.')) if c.is_ascii_digit() => 4,
            (Some(c), _) if c.is_ascii_digit() => 2,
            _ => 1,
        };
        end(self.peek(after))
    }
}
