//! The configuration: a file in TOML whose sections are the subcommands and whose keys are their flags.
//!
//! What it says becomes the flags' defaults, so the environment goes before it, and what is typed before both. The flags are the
//! only list of keys: what is read is looked up among them, and `morgue config example` is made of their help.

mod example;
mod read;

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use clap::{Arg, Command, Subcommand};
use ingest::Mappings;
use serde_json::json;

use crate::terminal::{Outcome, Terminal};

/// The file that is read where none is named: in the directory that the command is given in.
pub(crate) const FILE: &str = "morgue.toml";
/// The variable that names another.
pub(crate) const VARIABLE: &str = "MORGUE_CONFIG";
/// The flag that does, which therefore has no key.
const FLAG: &str = "config";

const EXAMPLES: &str = "\
Examples:
  morgue config example > morgue.toml             all keys, as remarks with their help: take away the # of some
  morgue config check                             before the server is started again
  morgue config show                              what is in force, and what says so

A section is a subcommand, a key one of its flags: [serve] title = 'The Harbour Ledger'. At the head of the file, before
any section, stand the keys for all of them, as data_dir. Flags go before variables of the environment, and those before the
file. Paths are looked up from where the file is. [mapping.NAME] is a mapping (docs/mapping.md), for load and serve.";

#[derive(Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Action {
    /// Say whether the file can be used, and if not, which line is wrong.
    Check,
    /// Print what is in force, in TOML, and what says so: the file's line, a variable, or nothing but the default.
    Show,
    /// Print a file with all keys, as remarks.
    Example,
}

/// A file of configuration, read and found right.
pub(crate) struct Config {
    path: PathBuf,
    settings: Vec<Setting>,
    mappings: Mappings,
}

/// A flag that the file sets.
#[derive(Debug)]
struct Setting {
    /// The subcommand, by its names from the outermost in; none for what all take.
    section: Vec<String>,
    /// The flag, by clap's id.
    id: String,
    /// Its values, as they would be typed.
    values: Vec<String>,
    /// The line that sets it, from 1.
    line: usize,
}

impl Config {
    /// Returns the file that the command line or the environment names, or [`FILE`] if it is there.
    pub(crate) fn place(args: impl IntoIterator<Item = OsString>) -> Option<PathBuf> {
        let mut args = args.into_iter().skip(1).take_while(|arg| arg != "--");
        let mut named = None;
        while let Some(arg) = args.next() {
            if arg == "--config" {
                named = args.next();
            } else if let Some(value) = arg.to_str().and_then(|arg| arg.strip_prefix("--config=")) {
                named = Some(value.into());
            }
        }
        let named = named.or_else(|| env::var_os(VARIABLE)).map(PathBuf::from);
        named.or_else(|| Some(PathBuf::from(FILE)).filter(|file| file.exists()))
    }

    /// Returns the command with what the file says as its flags' defaults.
    pub(crate) fn apply(&self, command: Command) -> Command {
        self.settings.iter().fold(command, |command, setting| set(command, &setting.section, setting))
    }

    /// Returns the mappings that stand in it.
    pub(crate) fn mappings(&self) -> &Mappings {
        &self.mappings
    }

    /// Returns where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

fn set(command: Command, section: &[String], setting: &Setting) -> Command {
    match section {
        [name, rest @ ..] => command.mut_subcommand(name, |command| set(command, rest, setting)),
        [] => command.mut_arg(&setting.id, |arg| arg.default_values(&setting.values)),
    }
}

/// Returns the key of a flag; `None` for what is no flag or has no key.
fn key_of(arg: &Arg) -> Option<String> {
    arg.get_long().filter(|long| *long != FLAG).map(|long| long.replace('-', "_"))
}

/// Returns what may stand at the head of a section, or of a whole file: its keys, and the sections in it that have any.
pub(crate) fn names(command: &Command) -> Vec<String> {
    let keys = command.get_arguments().filter_map(key_of);
    let sections = command.get_subcommands().filter(|sub| !names(sub).is_empty());
    keys.chain(sections.map(|sub| sub.get_name().to_owned())).collect()
}

/// Calls `see` for each subcommand with its names from the outermost in; first for the command itself, with none.
fn each_section<'c>(command: &'c Command, path: &[&'c str], see: &mut impl FnMut(&[&'c str], &'c Command)) {
    see(path, command);
    for inner in command.get_subcommands() {
        each_section(inner, &[path, &[inner.get_name()]].concat(), see);
    }
}

/// What a flag is set to.
struct InForce {
    section: String,
    key: String,
    value: toml::Value,
    from: String,
}

/// Returns all flags that have a value, but for those of subcommands that neither file nor environment speak of.
fn in_force(command: &Command, config: Option<&Config>) -> Vec<InForce> {
    let mut all = Vec::new();
    each_section(command, &[], &mut |path, command| {
        let mut of_section = Vec::new();
        let mut is_spoken_of = path.is_empty();
        for arg in command.get_arguments() {
            let Some(key) = key_of(arg) else { continue };
            let of_file = config.and_then(|config| {
                let found = config.settings.iter();
                let mut found =
                    found.filter(|setting| setting.section == path && arg.get_id() == setting.id.as_str());
                Some((config, found.next()?))
            });
            let variable = arg.get_env().and_then(|name| Some((name, env::var_os(name)?)));
            let (values, from) = match (variable, of_file) {
                (Some((name, value)), _) => {
                    (vec![value.to_string_lossy().into_owned()], name.to_string_lossy().into_owned())
                }
                (None, Some((config, setting))) => {
                    (setting.values.clone(), format!("{}:{}", config.path.display(), setting.line))
                }
                (None, None) => {
                    let values = arg.get_default_values().iter();
                    (values.map(|value| value.to_string_lossy().into_owned()).collect(), "default".to_owned())
                }
            };
            is_spoken_of |= from != "default";
            if !values.is_empty() {
                let value = example::value(arg, &values);
                of_section.push(InForce { section: path.join("."), key, value, from });
            }
        }
        if is_spoken_of {
            all.extend(of_section);
        }
    });
    all
}

pub(crate) fn run(
    action: &Action,
    command: &Command,
    config: Option<&Config>,
    terminal: &Terminal,
) -> anyhow::Result<Outcome> {
    match action {
        Action::Example => terminal.print(example::text(command).trim_end())?,
        Action::Show => {
            let all = in_force(command, config);
            if terminal.is_json() {
                let all = all.iter().map(|one| {
                    json!({"section": one.section, "key": one.key, "value": one.value, "from": one.from})
                });
                terminal.json(&json!({"settings": all.collect::<Vec<_>>()}))?;
                return Ok(Outcome::Done);
            }
            let mut section = "";
            for one in &all {
                if one.section != section {
                    terminal.say(format!("\n[{}]", one.section))?;
                    section = &one.section;
                }
                let line = format!("{} = {}", one.key, one.value);
                terminal.say(format!("{line:48} # {}", one.from))?;
            }
        }
        Action::Check => {
            let Some(config) = config else {
                terminal.note(format!(
                    "there is no {FILE} here and none is named: `morgue config example` prints one"
                ));
                return Ok(Outcome::Failed);
            };
            let (keys, mappings) = (config.settings.len(), config.mappings.len());
            if terminal.is_json() {
                terminal.json(&json!({"file": config.path, "keys": keys, "mappings": mappings}))?;
            } else {
                terminal.say(format!(
                    "{} can be used: {keys} keys, {mappings} mappings",
                    config.path.display()
                ))?;
            }
        }
    }
    Ok(Outcome::Done)
}
