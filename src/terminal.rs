//! What the user sees: text and progress bars on a terminal, JSON for machines, and the exit code.

use std::{
    borrow::Cow,
    io::{self, IsTerminal, Write},
    process::ExitCode,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use indexer::{Phase, Progress};
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use views::ViewId;

// What a terminal is asked for (ECMA-48, select graphic rendition).
const BOLD: &str = "\u{1b}[1m";
const FAINT: &str = "\u{1b}[2m";
const FOUND: &str = "\u{1b}[1;33m";
const PLAIN: &str = "\u{1b}[0m";

const NO_OUTPUT: &str = "standard output cannot be written";

/// How a command ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// Done, but some records were quarantined or refused.
    Quarantined,
    /// What was asked about is not as it should be; what there is to say has been said.
    Failed,
}

/// Where output goes, and in which form.
pub(crate) struct Terminal {
    json: bool,
}

impl Terminal {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Returns true if output is for machines.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// One line for people; nothing when output is for machines.
    pub(crate) fn say(&self, line: impl std::fmt::Display) -> Result<()> {
        if self.json { Ok(()) } else { self.print(line) }
    }

    /// One line that is the same for people and machines.
    pub(crate) fn print(&self, line: impl std::fmt::Display) -> Result<()> {
        writeln!(io::stdout().lock(), "{}", harmless(&line.to_string())).context(NO_OUTPUT)
    }

    /// One line of JSON.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<()> {
        let mut out = io::stdout().lock();
        serde_json::to_writer(&mut out, value).map_err(io::Error::from).context(NO_OUTPUT)?;
        writeln!(out).context(NO_OUTPUT)
    }

    /// A line for people beside the output proper.
    pub(crate) fn note(&self, line: impl std::fmt::Display) {
        note(line);
    }

    /// Returns true if a person can be asked: standard input and standard error are a terminal.
    pub(crate) fn has_person() -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks the person at the terminal, and returns true for a yes. Where nobody is, it fails: `--yes` says so beforehand.
    pub(crate) fn agreed(&self, question: &str) -> Result<bool> {
        if !Self::has_person() {
            bail!("nobody can be asked here: say --yes, or --dry-run to look only");
        }
        eprint(&format!("{question} [y/N] "));
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).context("standard input cannot be read")?;
        let agreed = matches!(answer.trim().to_lowercase().as_str(), "y" | "yes");
        if !agreed {
            self.note("nothing was appended");
        }
        Ok(agreed)
    }

    /// A bar on a terminal, nothing elsewhere. `total` in `unit`; 0 when it is not known.
    pub(crate) fn progress(&self, what: &str, total: u64, unit: &str) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(total), self.draw_target());
        let template =
            format!("{{msg:24}} {{wide_bar}} {{human_pos}}/{{human_len}} {unit}  {{per_sec}}  {{eta}} left");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        bar
    }

    /// The same for what an indexer builds, with the rate and the time left that it tells itself: of what an earlier
    /// run had done they know.
    pub(crate) fn build_progress(&self, view: ViewId) -> BuildBar {
        let bar = ProgressBar::with_draw_target(Some(0), self.draw_target());
        if let Ok(style) = ProgressStyle::with_template("{msg:24} {wide_bar} {human_pos}/{human_len}{prefix}")
        {
            bar.set_style(style);
        }
        let is_seen = !bar.is_hidden();
        BuildBar { bar, view, lines: (!is_seen).then(|| Mutex::new(Instant::now())) }
    }

    pub(crate) fn draw_target(&self) -> ProgressDrawTarget {
        if self.json || !io::stderr().is_terminal() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        }
    }

    /// In bold type, where there is such.
    pub(crate) fn bold(&self, text: &str) -> String {
        self.styled(BOLD, text)
    }

    /// In faint type, where there is such.
    pub(crate) fn faint(&self, text: &str) -> String {
        self.styled(FAINT, text)
    }

    /// A highlighted fragment: what was found stands out, and entities are characters again.
    pub(crate) fn marked(&self, fragment: &str) -> String {
        let (open, close) = if self.has_colours() { (FOUND, PLAIN) } else { ("*", "*") };
        unescape(&fragment.replace("<em>", open).replace("</em>", close))
    }

    /// A highlighted fragment without its marks.
    pub(crate) fn plain(&self, fragment: &str) -> String {
        unescape(&fragment.replace("<em>", "").replace("</em>", ""))
    }

    fn styled(&self, style: &str, text: &str) -> String {
        if self.has_colours() { format!("{style}{text}{PLAIN}") } else { text.to_owned() }
    }

    fn has_colours(&self) -> bool {
        !self.json && io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
    }
}

/// How often a build says how far it is where there is no bar to be seen.
const SAY_EVERY: Duration = Duration::from_secs(10);

/// The bar of one view's build; on what is no terminal, a line now and then.
pub(crate) struct BuildBar {
    bar: ProgressBar,
    view: ViewId,
    /// When the last line was said, where lines are.
    lines: Option<Mutex<Instant>>,
}

impl BuildBar {
    /// Shows how far it has come.
    pub(crate) fn show(&self, progress: Progress) {
        let Progress { done, total, .. } = progress;
        let (doing, rest) = self.says(progress);
        match &self.lines {
            Some(said) => {
                let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
                if said.elapsed() >= SAY_EVERY {
                    *said = Instant::now();
                    note(format!("{doing}: {} of {}{rest}", thousands(done), thousands(total)));
                }
            }
            None => {
                self.bar.set_message(doing);
                self.bar.set_prefix(rest);
                self.bar.set_length(total);
                self.bar.set_position(done);
            }
        }
    }

    /// Returns what is being done, and what comes after the numbers.
    fn says(&self, progress: Progress) -> (String, String) {
        let (doing, unit) = match progress.phase {
            Phase::Checking => ("checking", "documents"),
            Phase::CatchingUp => ("catching up with", "events"),
            _ => ("building", "documents"),
        };
        let rate = progress.per_second().map(|rate| format!(", {}/s", thousands(rate.round() as u64)));
        let left = progress.time_left().filter(|_| progress.done < progress.total);
        let left = left.map(|left| format!(", {} left", HumanDuration(left)));
        let rest = format!(" {unit}{}{}", rate.unwrap_or_default(), left.unwrap_or_default());
        (format!("{doing} {}", self.view), rest)
    }
}

impl Drop for BuildBar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn note(line: impl std::fmt::Display) {
    // Who has closed stderr does not want to know.
    let _ = writeln!(io::stderr().lock(), "{}", harmless(&line.to_string()));
}

/// Says what went wrong, in one line, and turns the end into a number.
pub(crate) fn exit_code(done: Result<Outcome>) -> ExitCode {
    match done {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::from(1),
        Ok(Outcome::Quarantined) => ExitCode::from(3),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) if is_usage(&error) => wrong_usage(&format!("{error:#}")),
        Err(error) => failed(&format!("{error:#}"), 1),
    }
}

/// Says what is wrong with how the command was given, and returns its exit code.
pub(crate) fn wrong_usage(why: &str) -> ExitCode {
    failed(why, 2)
}

fn failed(why: &str, code: u8) -> ExitCode {
    let _ = writeln!(io::stderr().lock(), "morgue: {}", harmless(why));
    ExitCode::from(code)
}

/// A query that cannot be understood is wrong usage, like a wrong option.
fn is_usage(error: &anyhow::Error) -> bool {
    error.is::<query::QueryError>() || matches!(error.downcast_ref(), Some(search::SearchError::Query(_)))
}

/// `morgue log list | head` ends when head has seen enough: that is no failure.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}

/// Writes to standard error without ending the line; a closed one is nobody's concern.
fn eprint(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// `1234567` as `1,234,567`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1` and `event` as `1 event`, `1234` as `1,234 events`.
pub(crate) fn count(number: u64, what: &str) -> String {
    format!("{} {what}{}", thousands(number), if number == 1 { "" } else { "s" })
}

/// Returns what an archive's text may not do to a terminal: control characters become `\u{fffd}`, but for line ends,
/// tabs and the styles that we set ourselves.
fn harmless(line: &str) -> Cow<'_, str> {
    let allowed = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    if line.chars().all(allowed) {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let style = [BOLD, FAINT, FOUND, PLAIN].into_iter().find(|style| rest.starts_with(style));
        let taken = style.map_or(c.len_utf8(), str::len);
        match style {
            Some(style) => out.push_str(style),
            None => out.push(if allowed(c) { c } else { char::REPLACEMENT_CHARACTER }),
        }
        rest = rest.get(taken..).unwrap_or_default();
    }
    Cow::Owned(out)
}

/// The five entities that escaped text has.
fn unescape(text: &str) -> String {
    let mut text = text.to_owned();
    for (entity, character) in
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#39;", "'"), ("&amp;", "&")]
    {
        text = text.replace(entity, character);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{BOLD, PLAIN, harmless};

    #[test]
    fn text_of_an_archive_cannot_steer_the_terminal() {
        assert_eq!(harmless("a\tb\nc é"), "a\tb\nc é");
        assert_eq!(
            harmless("\u{1b}]0;title\u{7} \u{1b}[2J\u{9b}31m \r"),
            "\u{fffd}]0;title\u{fffd} \u{fffd}[2J\u{fffd}31m \u{fffd}"
        );
        let ours = format!("{BOLD}Headline \u{1b}[31m{PLAIN}");
        assert_eq!(harmless(&ours), format!("{BOLD}Headline \u{fffd}[31m{PLAIN}"));
    }
}
