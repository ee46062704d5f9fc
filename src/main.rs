//! The command line: parse, match, run. Each subcommand has a file of its own.

mod archive;
mod bylines;
mod check;
mod completions;
mod config;
mod correct;
mod demo;
mod doctor;
mod events;
mod generations;
mod key;
mod load;
mod log;
mod logging;
mod man;
mod map;
mod past;
mod quarantine;
mod rebuild;
mod search;
mod serve;
mod show;
mod status;
mod stop;
mod terminal;
mod view;

use std::{env, path::PathBuf, process::ExitCode, time::Duration};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use ingest::Mappings;
use store::LogOptions;

use crate::{archive::Archive, config::Config, logging::EVERYWHERE, terminal::Terminal};

/// Making documents is half allocating: `cargo bench -p indexer` tells what this one saves.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The morgue of a newspaper: an append-only archive of everything it ever ran, and the search over it.
///
/// Articles, images and bylines are kept as events in a log, the source of truth. Search indexes are made from the
/// log, kept up to date with it, and can be thrown away and built again at any time.
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but some records were quarantined or refused.
#[derive(Parser)]
#[command(version, propagate_version = true, max_term_width = 100, after_help = BEGINNING)]
struct Cli {
    /// Where the archive lies: log, indexes, quarantine.
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "DIR", env = "MORGUE_DATA_DIR", default_value = "morgue-data")]
    data_dir: PathBuf,

    /// Print JSON for machines instead of text for people.
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    json: bool,

    /// Record events by this machine's clock, though it has leapt or is behind the last event.
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    trust_clock: bool,

    /// Wait for another process that holds the log so long, and refuse the write then: if that one is stopped, or, in a
    /// server, in any case.
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "SECONDS", env = "MORGUE_WRITE_WAIT", default_value_t = 10.0, value_parser = seconds)]
    write_wait: f64,

    /// A file of configuration, in which each subcommand is a section and each flag a key. Without it, morgue.toml of this
    /// directory, if there is one; /dev/null for none.
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE", env = config::VARIABLE)]
    config: Option<PathBuf>,

    #[command(flatten)]
    logging: logging::Logging,

    #[command(subcommand)]
    command: Command,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok(seconds),
        _ => Err("write seconds, from 0 to 86400".to_owned()),
    }
}

impl Cli {
    /// Returns how this subcommand opens the log.
    fn log_options(&self, subcommand: &str) -> LogOptions {
        LogOptions {
            name: format!("morgue {subcommand}"),
            write_wait: Duration::from_secs_f64(self.write_wait),
            patient: !matches!(self.command, Command::Serve(_) | Command::Demo(_)),
            trust_clock: self.trust_clock,
            ..LogOptions::default()
        }
    }
}

/// What to type first.
const BEGINNING: &str = "\
To begin:
  morgue demo                    the sample archive, in a browser
  morgue load ~/clippings        an archive of your own
  morgue search ferry disaster   in the terminal
  morgue serve                   pages, API and the routes of Elasticsearch";

#[derive(Subcommand)]
enum Command {
    /// Load a small sample archive, index it, and serve it: the place to begin.
    Demo(demo::Args),
    /// Search, with what was found highlighted.
    Search(search::Args),
    /// Show one article, image or byline whole, now or as it stood, with its evidence.
    Show(show::Args),
    /// Serve the API and the pages, and keep the indexes up to date.
    Serve(serve::Args),
    /// Make a key for the server's file of keys.
    Key(key::Args),
    /// List the keys of a file, or revoke some.
    Keys(key::ListArgs),
    /// Load files and folders into the log, and index them.
    Load(load::Args),
    /// Propose a mapping for files of a shape that no reader knows, and show what their records become.
    Map(map::Args),
    /// What could not be read, and why.
    #[command(subcommand)]
    Quarantine(quarantine::Command),
    /// How the log and each view's index stand.
    Status(status::Args),
    /// Build the indexes again from the first event, beside the live ones, and put them in their place.
    Rebuild(rebuild::Args),
    // What it is for is told where its options are.
    Check(check::Args),
    /// List the built indexes of each view, or remove one of the archive as it stood.
    Generations(generations::ListArgs),
    /// Make the index before the live one live again.
    Rollback(generations::RollbackArgs),
    /// Look into the log, check it, copy it.
    #[command(subcommand)]
    Log(log::Command),
    /// Put fields of an article, image or byline right.
    Correct(correct::CorrectArgs),
    /// Change an article, image or byline in an editor.
    Edit(correct::EditArgs),
    /// Append one event that publishes a revision of an asset.
    Publish(events::PublishArgs),
    /// Take an asset from readers, until it is restored.
    Withdraw(events::OrderArgs),
    /// Give a withdrawn article, image or byline back to readers.
    Restore(events::RestoreArgs),
    /// Remove the contents of all revisions of an asset for good.
    Erase(events::OrderArgs),
    /// List the bylines with how much each wrote and when, or those that may be one person.
    Bylines(bylines::Args),
    /// Say that two bylines are one person: all articles of both are that person's.
    Merge(events::MergeArgs),
    /// Say that a byline which was merged into another is a person of its own after all.
    Unmerge(events::UnmergeArgs),
    /// Say what of this machine will trouble an archive: limits, disk, file system, clock.
    Doctor(doctor::Args),
    /// Check the configuration, show what is in force, or print a file to begin with.
    #[command(subcommand)]
    Config(config::Action),
    /// Print what a shell needs to complete this command line.
    Completions(completions::Args),
    /// Write the manual pages, one for each subcommand.
    Man(man::Args),
}

fn main() -> ExitCode {
    let command = Cli::command();
    let config = Config::place(env::args_os()).map(|path| Config::read(&path, &command)).transpose();
    let config = match config {
        Ok(config) => config,
        Err(error) => return terminal::wrong_usage(&error.to_string()),
    };
    let configured = config.iter().fold(command.clone(), |command, config| config.apply(command));
    let matches = configured.get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let options = cli.log_options(matches.subcommand_name().unwrap_or_default());
    cli.logging.start(matches!(cli.command, Command::Serve(_)));
    let terminal = Terminal::new(cli.json);
    let archive = Archive::at(
        cli.data_dir,
        options,
        config.as_ref().map_or_else(Mappings::default, |config| config.mappings().clone()),
    );
    if let (Command::Serve(_), Some(config)) = (&cli.command, &config) {
        terminal.note(format!("configured by {}", config.path().display()));
    }
    let done = match cli.command {
        Command::Demo(args) => demo::run(&archive, &args, &terminal),
        Command::Search(args) => search::run(&archive, &args, &terminal),
        Command::Show(args) => show::run(&archive, &args, &terminal),
        Command::Serve(args) => serve::run(&archive, &args, &terminal),
        Command::Key(args) => key::run(&args, &terminal),
        Command::Keys(args) => key::list(&args, &terminal),
        Command::Load(args) => load::run(&archive, &args, &terminal),
        Command::Map(args) => map::run(&args, &terminal),
        Command::Quarantine(command) => quarantine::run(&archive, &command, &terminal),
        Command::Status(args) => status::run(&archive, &args, &terminal),
        Command::Rebuild(args) => rebuild::run(&archive, &args, &terminal),
        Command::Check(args) => check::run(&archive, &args, &terminal),
        Command::Generations(args) => generations::list(&archive, &args, &terminal),
        Command::Rollback(args) => generations::rollback(&archive, &args, &terminal),
        Command::Log(command) => log::run(&archive, command, &terminal),
        Command::Correct(args) => correct::correct(&archive, &args, &terminal),
        Command::Edit(args) => correct::edit(&archive, &args, &terminal),
        Command::Publish(args) => events::publish(&archive, &args, &terminal),
        Command::Withdraw(args) => events::withdraw(&archive, &args, &terminal),
        Command::Restore(args) => events::restore(&archive, &args, &terminal),
        Command::Erase(args) => events::erase(&archive, &args, &terminal),
        Command::Bylines(args) => bylines::run(&archive, &args, &terminal),
        Command::Merge(args) => events::merge(&archive, &args, &terminal),
        Command::Unmerge(args) => events::unmerge(&archive, &args, &terminal),
        Command::Doctor(args) => doctor::run(&archive, &args, &terminal),
        Command::Config(action) => config::run(&action, &command, config.as_ref(), &terminal),
        Command::Completions(args) => completions::run(command, &args),
        Command::Man(args) => man::run(command, &args, &terminal),
    };
    terminal::exit_code(done)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn every_subcommand_can_be_parsed() {
        super::Cli::command().debug_assert();
    }

    /// Returns the words of a command as a shell would part them, up to whatever is no argument of it.
    fn words(line: &str) -> Vec<String> {
        let (mut words, mut quote) = (vec![String::new()], None);
        for sign in line.chars() {
            let word = words.last_mut().unwrap();
            match quote {
                Some(end) if sign == end => quote = None,
                Some(_) => word.push(sign),
                None if matches!(sign, '\'' | '"') => quote = Some(sign),
                None if matches!(sign, '|' | '>' | '<' | '&' | '#' | ';') => break,
                None if sign == ' ' => words.push(String::new()),
                None => word.push(sign),
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }

    #[test]
    fn every_command_of_the_documents_can_be_parsed() {
        let mut parsed = 0;
        let documents = [
            include_str!("../README.md"),
            include_str!("../docs/operating.md"),
            include_str!("../docs/mapping.md"),
        ];
        for line in documents.iter().flat_map(|text| text.lines()) {
            let Some(line) = line.strip_prefix("    ") else { continue };
            let line = line.strip_prefix("$ ").unwrap_or(line);
            for command in line.split("&& ").filter(|command| command.starts_with("morgue ")) {
                let read = super::Cli::command().try_get_matches_from(words(command));
                assert!(read.is_ok(), "{command}: {}", read.unwrap_err());
                parsed += 1;
            }
        }
        assert!(parsed > 30, "{parsed}");
    }
}
