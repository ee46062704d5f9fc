//! `morgue correct` and `morgue edit`: a field of an asset put right, the change shown before it is appended.

use std::{env, ffi::OsString, fs, process::Command};

use anyhow::{Context, Result, bail};
use ingest::append::{Terms, admit};
use serde_json::{Map, Value, json};
use store::{
    AssetId, AssetKind, AssetRef, Change, Content, EventType, Fact, FieldChange, NewEvent, Paragraph,
    Payload, Piece, Revision, Seq, Timestamp, Visibility,
};

use crate::{
    archive::Archive,
    events::append,
    terminal::{Outcome, Terminal},
    view,
};

const EXAMPLES: &str = "\
Examples:
  morgue correct article a/1912-04-16-titanic --set headline='Titanic Sunk' --note 'A headline said she was in tow.'
  morgue correct byline b/nora-vance --set name='Nora Hallam-Pell' --dry-run
  morgue correct article a/7 --set 'bylines:=[\"b/nora-vance\"]' --unset subheadline
  EDITOR=nano morgue edit article a/1912-04-16-titanic";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CorrectArgs {
    #[command(flatten)]
    of: Of,

    /// A field and its text, or `FIELD:=JSON` for a list, a number or an object; may be given several times. A field of `extra` is
    /// extra.NAME.
    #[arg(long, value_name = "FIELD=TEXT", value_parser = set, required_unless_present_any = ["unset", "note"])]
    set: Vec<(String, Value)>,

    /// A field to be taken away; may be given several times.
    #[arg(long, value_name = "FIELD")]
    unset: Vec<String>,

    /// What was wrong, for readers: it joins the article's corrections, with today's date.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct EditArgs {
    #[command(flatten)]
    of: Of,

    /// Append what the editor leaves without asking.
    #[arg(long)]
    yes: bool,
}

/// The asset, and how far to go.
#[derive(clap::Args)]
struct Of {
    /// What it is.
    #[arg(value_name = "KIND", value_parser = view::kind())]
    kind: AssetKind,
    /// Which one.
    id: AssetId,
    /// Only show what would change.
    #[arg(long)]
    dry_run: bool,
}

fn set(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("write FIELD=TEXT, or FIELD:=JSON")?;
    let (name, value) = match name.strip_suffix(':') {
        None => (name, Value::String(value.to_owned())),
        Some(name) => (
            name,
            serde_json::from_str(value).map_err(|error| format!("behind `{name}:=` is no JSON: {error}"))?,
        ),
    };
    match name.is_empty() {
        true => Err("a field is missing before the `=`".to_owned()),
        false => Ok((name.to_owned(), value)),
    }
}

/// The last revision of an asset.
struct Last {
    asset: AssetRef,
    seq: Seq,
    revision: Revision,
    content: Content,
    visibility: Visibility,
    /// Fields of the event's envelope that this version does not know.
    unknown: Map<String, Value>,
}

impl Last {
    fn of(archive: &Archive, of: &Of) -> Result<Self> {
        let asset = AssetRef::new(of.kind, of.id.clone());
        let snapshot = archive.existing_log()?.snapshot()?;
        let Some(state) = snapshot.state(&asset)? else {
            bail!("there is no {asset} in the archive: a search prints the id of each hit");
        };
        if state.published == Seq::ZERO {
            bail!("{asset} has no revision yet: `morgue publish` makes the first");
        }
        match snapshot.event(state.published)?.payload {
            Payload::Kept { fact: Fact::Published(content), visibility, unknown, .. } => Ok(Self {
                asset,
                seq: state.published,
                revision: state.revision,
                content,
                visibility,
                unknown,
            }),
            _ => bail!(
                "the contents of {asset} were erased: `morgue log history {} {}` says when",
                of.kind,
                of.id
            ),
        }
    }

    /// Returns the event that has these fields, if they differ from what there is: as public, or not, as the revision was.
    ///
    /// # Errors
    /// The fields cannot be of such an asset, or one has a name that it has not and that none had before.
    fn with(&self, fields: &Map<String, Value>) -> Result<Option<(NewEvent, Content)>> {
        let read = |fields: &Map<String, Value>| -> Result<_> {
            let text = Value::Object(fields.clone()).to_string();
            let fact = Fact::from_json(&EventType::Published(self.asset.kind), &text)?;
            let event = NewEvent {
                visibility: self.visibility.clone(),
                unknown: self.unknown.clone(),
                ..NewEvent::new(self.asset.id.clone(), fact)
            };
            Ok(admit(event, Terms::default())?)
        };
        let before =
            read(&self.content.fields()?).map(|admitted| admitted.remarks).unwrap_or_else(|_| Vec::new());
        let after = read(fields).with_context(|| format!("{} cannot be that", self.asset))?;
        let news: Vec<_> = after.remarks.into_iter().filter(|remark| !before.contains(remark)).collect();
        if !news.is_empty() {
            bail!("{}; a field of your own is extra.NAME", news.join("; "));
        }
        match &after.event.fact {
            Fact::Published(content) if *content != self.content => {
                let content = content.clone();
                Ok(Some((after.event, content)))
            }
            _ => Ok(None),
        }
    }

    /// Shows what changes, and appends it unless it is only to be shown, or somebody says no.
    fn change(
        &self,
        archive: &Archive,
        fields: &Map<String, Value>,
        go: Go,
        terminal: &Terminal,
    ) -> Result<Outcome> {
        let Some((event, content)) = self.with(fields)? else {
            if terminal.is_json() {
                terminal.json(&json!({"seq": self.seq, "appended": false}))?;
            } else {
                terminal.say("nothing changes")?;
            }
            return Ok(Outcome::Done);
        };
        let differences = self.content.differences(&content);
        for change in &differences.fields {
            show(change, terminal)?;
        }
        match go {
            Go::Nowhere => {
                if terminal.is_json() {
                    terminal.json(&json!({"appended": false, "changes": differences.fields}))?;
                }
                return Ok(Outcome::Done);
            }
            Go::IfAgreed if !terminal.agreed("append this?")? => return Ok(Outcome::Failed),
            Go::IfAgreed | Go::On => {}
        }
        append(archive, &event, Some((self.asset.clone(), self.revision)), terminal)
    }
}

/// How far a change goes.
#[derive(Clone, Copy)]
enum Go {
    /// It is only shown.
    Nowhere,
    /// It is appended if the person at the terminal agrees.
    IfAgreed,
    /// It is appended.
    On,
}

pub(crate) fn correct(archive: &Archive, args: &CorrectArgs, terminal: &Terminal) -> Result<Outcome> {
    let last = Last::of(archive, &args.of)?;
    let mut fields = last.content.fields()?;
    for (name, value) in &args.set {
        let (inside, name) = place(&mut fields, name)?;
        inside.insert(name.to_owned(), value.clone());
    }
    for name in &args.unset {
        let (inside, own) = place(&mut fields, name)?;
        if inside.remove(own).is_none() {
            bail!("{} has no field {name}", last.asset);
        }
    }
    if let Some(note) = &args.note {
        if args.of.kind != AssetKind::Article {
            bail!("a {} has no corrections for readers: leave --note out", args.of.kind);
        }
        let today: String = Timestamp::now().to_string().chars().take("2026-12-01".len()).collect();
        let corrections = fields.entry("corrections").or_insert_with(|| json!([]));
        let corrections = corrections.as_array_mut().context("its corrections are no list")?;
        corrections.push(json!({"date": today, "text": note}));
    }
    let go = if args.of.dry_run { Go::Nowhere } else { Go::On };
    last.change(archive, &fields, go, terminal)
}

/// Returns the object that a field stands in, and its name there.
fn place<'f>(
    fields: &'f mut Map<String, Value>,
    name: &'f str,
) -> Result<(&'f mut Map<String, Value>, &'f str)> {
    match name.split_once('.') {
        None => Ok((fields, name)),
        Some(("extra", own)) => {
            let extra = fields.entry("extra").or_insert_with(|| json!({}));
            Ok((extra.as_object_mut().context("its `extra` is no object")?, own))
        }
        Some((outer, _)) => {
            bail!("{name} lies inside of {outer}: set {outer} whole, as {outer}:=JSON, or use `morgue edit`")
        }
    }
}

pub(crate) fn edit(archive: &Archive, args: &EditArgs, terminal: &Terminal) -> Result<Outcome> {
    let last = Last::of(archive, &args.of)?;
    let editor = ["VISUAL", "EDITOR"].into_iter().find_map(env::var_os).filter(|name| !name.is_empty());
    let editor = editor.unwrap_or_else(|| OsString::from("vi"));
    let dir = tempfile::tempdir().context("no temporary directory can be made")?;
    let file = dir.path().join(format!("{}.json", args.of.kind));
    fs::write(&file, format!("{:#}\n", Value::Object(last.content.fields()?)))
        .context("the editor's file cannot be written")?;
    // A shell reads it, as everybody's does: `code --wait`.
    let status = Command::new("sh")
        .args(["-c", &format!("{} \"$1\"", editor.to_string_lossy()), "sh"])
        .arg(&file)
        .status()
        .with_context(|| format!("the editor {} cannot be started", editor.display()))?;
    if !status.success() {
        bail!("the editor {} ended with {status}: nothing was appended", editor.display());
    }
    let text = fs::read_to_string(&file).context("the editor's file cannot be read")?;
    let fields: Map<String, Value> = match serde_json::from_str(&text) {
        Ok(fields) => fields,
        Err(error) => {
            let kept = dir.keep().join(format!("{}.json", args.of.kind));
            bail!("what the editor left is no JSON: {error}; it is kept in {}", kept.display());
        }
    };
    let go = match () {
        () if args.of.dry_run => Go::Nowhere,
        () if args.yes => Go::On,
        () => Go::IfAgreed,
    };
    last.change(archive, &fields, go, terminal)
}

/// Shows how a field changes, as the page with the difference does.
fn show(FieldChange { field, change }: &FieldChange, terminal: &Terminal) -> Result<()> {
    terminal.say(terminal.bold(field))?;
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let line = |sign: char, text: &str| match text.is_empty() {
        true => Ok(()),
        false => terminal.say(format!("  {sign} {text}")),
    };
    let (removed, added) = (|text: &str| line('-', text), |text: &str| line('+', text));
    match change {
        Change::Text { pieces } => {
            removed(&side(pieces, false))?;
            added(&side(pieces, true))?;
        }
        Change::Paragraphs { paragraphs } => {
            for paragraph in paragraphs {
                match paragraph {
                    Paragraph::Same(_) => {}
                    Paragraph::Removed(text) => removed(text)?,
                    Paragraph::Added(text) => added(text)?,
                    Paragraph::Changed(pieces) => {
                        removed(&side(pieces, false))?;
                        added(&side(pieces, true))?;
                    }
                }
            }
        }
        Change::List { removed: gone, added: new, reordered } => {
            gone.iter().try_for_each(|value| removed(&text(value)))?;
            new.iter().try_for_each(|value| added(&text(value)))?;
            if *reordered {
                terminal.say("  in another order")?;
            }
        }
        Change::Value { before, after } => {
            before.iter().try_for_each(|value| removed(&text(value)))?;
            after.iter().try_for_each(|value| added(&text(value)))?;
        }
    }
    Ok(())
}

/// Returns one side of a text that changed.
fn side(pieces: &[Piece], after: bool) -> String {
    let of = |piece: &Piece| match piece {
        Piece::Same(text) => text.clone(),
        Piece::Removed(text) if !after => text.clone(),
        Piece::Added(text) if after => text.clone(),
        Piece::Removed(_) | Piece::Added(_) => String::new(),
    };
    pieces.iter().map(of).collect()
}
