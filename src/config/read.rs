//! Reading the file: each key is a flag, each value one that the flag takes, or the line is told that is wrong.

use std::{
    any::TypeId,
    borrow::Cow,
    error::Error,
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
};

use clap::{
    Arg, ArgAction, Command,
    error::{ContextKind, ContextValue},
};
use ingest::{InvalidMapping, Mappings};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Config, Setting, each_section, key_of, names};

/// The table of the mappings.
const MAPPING: &str = "mapping";

/// Why a file of configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidConfig {
    /// It cannot be read.
    #[error("the configuration {} cannot be read: {error}", path.display())]
    Unreadable {
        /// Where it lies.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A line is wrong.
    #[error("{file}:{line}: {why}")]
    Line {
        /// Its name.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what to do.
        why: String,
    },
    /// A mapping is wrong.
    #[error(transparent)]
    Mapping(#[from] InvalidMapping),
}

type Result<T> = std::result::Result<T, InvalidConfig>;
type Key<'i> = Spanned<Cow<'i, str>>;

struct Source<'i> {
    file: String,
    /// Paths in it are looked up from here.
    dir: &'i Path,
    text: &'i str,
    root: &'i Command,
}

impl Config {
    /// Reads a file for a command.
    ///
    /// # Errors
    /// [`InvalidConfig`], with the line.
    pub(crate) fn read(path: &Path, command: &Command) -> Result<Self> {
        let text = fs::read_to_string(path)
            .map_err(|error| InvalidConfig::Unreadable { path: path.to_owned(), error })?;
        let source = Source {
            file: path.display().to_string(),
            dir: path.parent().unwrap_or(Path::new("")),
            text: &text,
            root: command,
        };
        let root = DeTable::parse(&text)
            .map_err(|error| source.error(error.span().unwrap_or(0..0), error.message()))?;
        let mut settings = Vec::new();
        source.section(command, &[], root.get_ref(), &mut settings)?;
        let mappings = match root.get_ref().contains_key(MAPPING) {
            true => Mappings::parse_beside(&source.file, &text, &names(command))?,
            false => Mappings::default(),
        };
        Ok(Self { path: path.to_owned(), settings, mappings })
    }
}

/// Returns the flag of a subcommand that has this key.
fn find<'c>(command: &'c Command, key: &str) -> Option<&'c Arg> {
    command.get_arguments().find(|arg| key_of(arg).as_deref() == Some(key))
}

impl Source<'_> {
    fn line(&self, at: Range<usize>) -> usize {
        let before = self.text.as_bytes().iter().take(at.start);
        before.filter(|byte| **byte == b'\n').count() + 1
    }

    fn error(&self, at: Range<usize>, why: impl Into<String>) -> InvalidConfig {
        InvalidConfig::Line { file: self.file.clone(), line: self.line(at), why: why.into() }
    }

    fn section(
        &self,
        command: &Command,
        path: &[&str],
        table: &DeTable<'_>,
        into: &mut Vec<Setting>,
    ) -> Result<()> {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            match value.get_ref() {
                DeValue::Table(_) if path.is_empty() && name == MAPPING => {}
                DeValue::Table(inner) => {
                    let sub =
                        command.find_subcommand(name).ok_or_else(|| self.unknown(command, path, key))?;
                    self.section(sub, &[path, &[name]].concat(), inner, into)?;
                }
                _ => {
                    let arg = find(command, name).ok_or_else(|| self.unknown(command, path, key))?;
                    let values = self.values(arg, key, value)?;
                    let section = path.iter().copied().map(str::to_owned).collect();
                    let (id, line) = (arg.get_id().to_string(), self.line(key.span()));
                    if !values.is_empty() {
                        into.push(Setting { section, id, values, line });
                    }
                }
            }
        }
        Ok(())
    }

    fn unknown(&self, command: &Command, path: &[&str], key: &Key<'_>) -> InvalidConfig {
        let name = key.get_ref().as_ref();
        let at = match path {
            [] => "the configuration".to_owned(),
            path => format!("[{}]", path.join(".")),
        };
        let mut elsewhere = Vec::new();
        each_section(self.root, &[], &mut |path, section| match path {
            [] if find(section, name).is_some() => elsewhere.push("at the head of the file".to_owned()),
            path if find(section, name).is_some() => elsewhere.push(format!("under [{}]", path.join("."))),
            _ => {}
        });
        let mut known = names(command);
        if path.is_empty() {
            known.push(MAPPING.to_owned());
        }
        let near = match ingest::nearest(name, known.iter().map(String::as_str)) {
            Some(near) => format!("do you mean `{near}`?"),
            None if !elsewhere.is_empty() => format!("it stands {}", elsewhere.join(", or ")),
            None => "`morgue config example` prints what there is".to_owned(),
        };
        self.error(key.span(), format!("{at} has no `{name}`: {near}"))
    }

    /// Returns the values of a flag as they would be typed; none where it is as if it were not there.
    fn values(&self, arg: &Arg, key: &Key<'_>, value: &Spanned<DeValue<'_>>) -> Result<Vec<String>> {
        let name = key.get_ref();
        let wrong = |why: String| self.error(value.span(), format!("`{name}`: {why}"));
        if matches!(arg.get_action(), ArgAction::SetTrue) {
            return match value.get_ref() {
                DeValue::Boolean(true) => Ok(vec!["true".to_owned()]),
                DeValue::Boolean(false) => Ok(Vec::new()),
                other => {
                    Err(wrong(format!("true or false is expected; this is of type {}", other.type_str())))
                }
            };
        }
        let several = matches!(arg.get_action(), ArgAction::Append);
        let values = match value.get_ref() {
            DeValue::Array(all) if several => all.iter().collect(),
            DeValue::Array(_) => return Err(wrong("one value is expected, not several".to_owned())),
            _ => vec![value],
        };
        let values = values.into_iter().map(|value| {
            let text = match value.get_ref() {
                DeValue::String(text) => self.as_typed(arg, text),
                DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix())
                    .map_err(|error| wrong(error.to_string()))?
                    .to_string(),
                DeValue::Float(number) => number.to_string(),
                other => {
                    return Err(wrong(format!(
                        "a text or a number is expected; this is of type {}",
                        other.type_str()
                    )));
                }
            };
            check(arg, &text).map_err(wrong)?;
            Ok(text)
        });
        values.collect()
    }

    /// Returns a text as it would be typed in this directory: paths are looked up from where the file is.
    fn as_typed(&self, arg: &Arg, text: &str) -> String {
        match arg.get_value_parser().type_id() == TypeId::of::<PathBuf>() {
            true => self.dir.join(text).display().to_string(),
            false => text.to_owned(),
        }
    }
}

/// Returns what a flag has against a value.
fn check(arg: &Arg, value: &str) -> std::result::Result<(), String> {
    let alone = Arg::new("value")
        .required(true)
        .allow_hyphen_values(true)
        .value_parser(arg.get_value_parser().clone());
    let parsed = Command::new("value").no_binary_name(true).arg(alone).try_get_matches_from([value]);
    parsed.map(drop).map_err(|error| match (error.source(), error.get(ContextKind::ValidValue)) {
        (Some(why), _) => format!("{value:?}: {why}"),
        (None, Some(ContextValue::Strings(values))) => {
            format!("it may be {}, not {value:?}", values.join(", "))
        }
        (None, _) => format!("{value:?} is not of its form: {}", error.kind()),
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::Cli;

    fn read(text: &str) -> std::result::Result<Config, String> {
        let dir = tempfile::tempdir().expect("a directory can be made");
        let path = dir.path().join("m.toml");
        fs::write(&path, text).expect("a file can be written");
        let read = Config::read(&path, &Cli::command());
        read.map_err(|error| error.to_string().replace(&path.display().to_string(), "m.toml"))
    }

    #[test]
    fn the_line_is_told_that_is_wrong_and_what_to_write() {
        for (text, expected) in [
            ("[serv]", "m.toml:1: the configuration has no `serv`: do you mean `serve`?"),
            ("[mappng.x]", "m.toml:1: the configuration has no `mappng`: do you mean `mapping`?"),
            (
                "[opensearch]",
                "m.toml:1: the configuration has no `opensearch`: `morgue config example` prints what there is",
            ),
            ("\n[serve]\ntitel = 'x'", "m.toml:3: [serve] has no `titel`: do you mean `title`?"),
            (
                "[serve]\ndata_dir = 'x'",
                "m.toml:2: [serve] has no `data_dir`: it stands at the head of the file",
            ),
            ("media = 'x'", "m.toml:1: the configuration has no `media`: it stands under [serve]"),
            (
                "config = 'x'",
                "m.toml:1: the configuration has no `config`: `morgue config example` prints what there is",
            ),
            (
                "[serve]\nlisten = 'x'",
                "m.toml:2: `listen`: \"x\": write ADDRESS:PORT, as in localhost:7700 or 0.0.0.0:7700, or a port of this machine alone",
            ),
            ("[serve]\ntitle = ['a', 'b']", "m.toml:2: `title`: one value is expected, not several"),
            (
                "[serve]\ntitle = true",
                "m.toml:2: `title`: a text or a number is expected; this is of type boolean",
            ),
            (
                "trust_clock = 1",
                "m.toml:1: `trust_clock`: true or false is expected; this is of type integer",
            ),
            (
                "[search]\nsort = 'best'",
                "m.toml:2: `sort`: it may be relevance, newest, oldest, not \"best\"",
            ),
            ("[search]\nlimit = -1", "m.toml:2: `limit`: \"-1\": invalid digit found in string"),
            ("write_wait = 1e9", "m.toml:1: `write_wait`: \"1e9\": write seconds, from 0 to 86400"),
            ("a = ", "m.toml:1: string values must be quoted, expected literal string"),
            ("[mapping.x]\nfiels = '*'", "m.toml:2: a mapping has no `fiels`: do you mean `files`?"),
        ] {
            assert_eq!(read(text).err().as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn values_are_as_they_would_be_typed() {
        let config = read("[search]\nlimit = 1_0\noffset = 0x10\nexact = true\nsection = ['a', 'b']\n[load]\nstrict = false").unwrap();
        let values = config.settings.iter().map(|one| (one.id.as_str(), one.values.join(",")));
        let mut values: Vec<_> = values.collect();
        values.sort();
        let expected = [("exact", "true"), ("limit", "10"), ("offset", "16"), ("section", "a,b")];
        assert_eq!(values, expected.map(|(id, value)| (id, value.to_owned())));
    }

    #[test]
    fn the_readmes_can_be_used() {
        let readme = include_str!("../../README.md");
        let section = readme.split_once("### The configuration").unwrap().1;
        let section = section.split_once("\n### ").unwrap().0;
        let lines = section.lines().filter_map(|line| line.strip_prefix("    "));
        let config = read(&lines.collect::<Vec<_>>().join("\n")).unwrap();
        assert_eq!((config.settings.len(), config.mappings.len()), (4, 1));
    }

    #[test]
    fn every_key_of_the_example_is_one() {
        let command = Cli::command();
        let example = super::super::example::text(&command);
        let is_key = |line: &&str| line.starts_with('[') || line.starts_with('#') && !line.starts_with("# ");
        let keys: Vec<&str> =
            example.lines().filter(is_key).map(|line| line.trim_start_matches('#')).collect();
        assert!(keys.len() > 60, "{example}");
        // What a placeholder stands for is not always of the flag's form; its name is the flag's all the same.
        let mut section = "";
        for line in keys {
            if line.starts_with('[') {
                section = line;
            } else {
                let told = read(&format!("{section}\n{line}")).err();
                assert!(told.as_ref().is_none_or(|why| !why.contains("has no")), "{line}: {told:?}");
            }
        }
        let mut defaults = String::new();
        each_section(&command, &[], &mut |path, section| {
            if !path.is_empty() {
                defaults.push_str(&format!("[{}]\n", path.join(".")));
            }
            for arg in section.get_arguments().filter(|arg| !arg.get_default_values().is_empty()) {
                let Some(key) = key_of(arg) else { continue };
                let values: Vec<String> = arg
                    .get_default_values()
                    .iter()
                    .map(|value| value.to_string_lossy().into_owned())
                    .collect();
                defaults.push_str(&format!("{key} = {}\n", super::super::example::value(arg, &values)));
            }
        });
        assert!(read(&defaults).unwrap().settings.len() > 5, "{defaults}");
    }
}
