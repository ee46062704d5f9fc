//! `morgue key` and `morgue keys`: keys for who may read, write or administer.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, bail};
use search_api::{Access, Key, Role};
use serde_json::json;
use store::{AsOf, Timestamp};

use crate::{
    terminal::{Outcome, Terminal},
    view,
};

const EXAMPLES: &str = "\
Examples:
  morgue key admin >> keys
  morgue key write --name 'nightly import' --until 2027-12-31 --path /api/v1/events >> keys
  morgue keys --keys keys                             which there are
  morgue keys --keys keys --revoke 'nightly import'   a running server knows it no more a second later";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What it allows: write reads, too, and admin does all.
    #[arg(value_name = "ROLE", value_parser = view::role())]
    role: Role,

    /// What it is told from others by.
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true, value_parser = name)]
    name: String,

    /// The last day that it is good for, or moment: 2027-06-30.
    #[arg(long, value_name = "DATE", value_parser = until)]
    until: Option<Timestamp>,

    /// The beginning of the addresses that it is good for, as /es; may be given several times. Without one, all.
    #[arg(long = "path", value_name = "PATH", value_parser = path)]
    paths: Vec<String>,
}

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ListArgs {
    /// The file of keys.
    #[arg(long, value_name = "FILE", env = "MORGUE_KEYS")]
    keys: PathBuf,

    /// Strike the keys of this name, or with these first eight digits, from the file.
    #[arg(long, value_name = "NAME")]
    revoke: Option<String>,
}

fn name(text: &str) -> Result<String, String> {
    match text.contains(['=', '#', '\n', '\r']) {
        true => Err("a name has no `=`, no `#` and is one line".to_owned()),
        false => Ok(text.split_whitespace().collect::<Vec<_>>().join(" ")),
    }
}

fn until(text: &str) -> Result<Timestamp, String> {
    match text.parse() {
        Ok(AsOf::Time(time)) => Ok(time),
        _ => Err("write a day, as in 2027-06-30, or a time".to_owned()),
    }
}

fn path(text: &str) -> Result<String, String> {
    match text.starts_with('/') && !text.contains([',', ' ']) {
        true => Ok(text.to_owned()),
        false => Err("write the beginning of an address, as in /es or /api/v1/events".to_owned()),
    }
}

/// The key itself is shown once and kept nowhere; the server's file has its digest.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Result<Outcome> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("the system gives no random bytes: {error}"))?;
    let key: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut line = Key::new(args.role, &key);
    (line.name, line.until, line.paths) = (args.name.clone(), args.until, args.paths.clone());
    if terminal.is_json() {
        terminal.json(&json!({ "key": key, "line": line.to_string() }))?;
    } else {
        terminal.note(format!("the key, shown only now: {key}"));
        terminal.note("the line for the file of `morgue serve --keys FILE`:");
        terminal.say(line)?;
    }
    Ok(Outcome::Done)
}

/// Lists the keys of a file, or strikes some.
pub(crate) fn list(args: &ListArgs, terminal: &Terminal) -> Result<Outcome> {
    let keys = Access::open(&args.keys)?.keys();
    if let Some(name) = &args.revoke {
        return revoke(&args.keys, &keys, name, terminal);
    }
    let now = Timestamp::now();
    if terminal.is_json() {
        let keys = keys.iter().map(|key| {
            json!({
                "role": key.role.name(), "name": key.name, "mark": key.mark(), "until": key.until, "over": key.is_over(now),
                "paths": key.paths,
            })
        });
        terminal.json(&json!({ "keys": keys.collect::<Vec<_>>() }))?;
        return Ok(Outcome::Done);
    }
    terminal.say("role   digest    until                     name")?;
    for key in keys.iter() {
        let until = key.until.map_or_else(|| "for ever".to_owned(), |until| until.to_string());
        let over = if key.is_over(now) { " (over)" } else { "" };
        let paths =
            if key.paths.is_empty() { String::new() } else { format!("  for {}", key.paths.join(", ")) };
        terminal.say(format!(
            "{:6} {}  {until:24}  {}{over}{paths}",
            key.role.name(),
            key.mark(),
            key.name
        ))?;
    }
    Ok(Outcome::Done)
}

/// The lines of all others, and remarks, stay as they are.
fn revoke(path: &Path, keys: &[Key], name: &str, terminal: &Terminal) -> Result<Outcome> {
    let is_meant = |key: &Key| key.name == name || key.mark() == name;
    let count = keys.iter().filter(|key| is_meant(key)).count();
    if count == 0 {
        bail!("{} has no key of the name or the digits {name}: `morgue keys` lists them", path.display());
    }
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let is_kept = |line: &&str| match Access::parse(line) {
        Ok(access) => !access.keys().iter().any(is_meant),
        Err(_) => true,
    };
    let kept: String = text.split_inclusive('\n').filter(is_kept).collect();
    replace(path, &kept).with_context(|| format!("{} cannot be written", path.display()))?;
    terminal.say(format!(
        "{count} struck from {}: a running server knows it no more a second later",
        path.display()
    ))?;
    if terminal.is_json() {
        terminal.json(&json!({ "revoked": count }))?;
    }
    Ok(Outcome::Done)
}

/// Replaces a file in one step, by one of the same owner and permissions.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let next = path.with_extension("next");
    let metadata = fs::metadata(path)?;
    fs::write(&next, text)?;
    fs::set_permissions(&next, metadata.permissions())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, chown};
        chown(&next, Some(metadata.uid()), Some(metadata.gid()))?;
    }
    fs::rename(&next, path)
}
