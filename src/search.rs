//! `morgue search`

use anyhow::Result;
use query::{Hit, PlainOrder, PlainSearch};
use search::{Search, better_spelling};
use search_api::SearchAnswer;
use serde_json::{Map, Value};
use store::AssetKind;
use views::ViewId;

use crate::{
    archive::Archive,
    past,
    terminal::{Outcome, Terminal, count, thousands},
    view,
};

const EXAMPLES: &str = "\
Examples:
  morgue search 'ferry -fog'                     all forms of ferry, none of fog
  morgue search '\"mast works\" byline:hallam'    a phrase, and an author
  morgue search '=\"running mate\" =run'           just so, in no other form
  morgue search titanic --sort oldest --to 1912  the first reports
  morgue search titanic --as-of 1912-04-16       what a reader of that day could find
  morgue search --view images lighthouse         pictures, by caption, credit and use";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Words, "a phrase", "near words"~5, -without or NOT without, one OR another, one AND (another OR third), field:word, word*, word~ (one or two letters off), date:1963-11..1964; =word and ="a phrase" as they
    /// are written, not in their other forms. Every word must be found somewhere in the document: in an article also in
    /// the captions of its images and the names of its authors.
    #[arg(required = true, value_name = "QUERY")]
    query: Vec<String>,

    /// All words as they are written, as if each had = before it.
    #[arg(long)]
    exact: bool,

    /// What to search.
    #[arg(long, value_name = "VIEW", value_parser = view::view(), default_value = "articles")]
    view: ViewId,

    /// Nothing before this date: 1912, 1912-04, 1912-04-15.
    #[arg(long, value_name = "DATE")]
    from: Option<String>,

    /// Nothing after this date.
    #[arg(long, value_name = "DATE")]
    to: Option<String>,

    /// Only this section; several are alternatives.
    #[arg(long)]
    section: Vec<String>,

    /// Only by this author, photographer or agency; several are alternatives.
    #[arg(long, value_name = "NAME")]
    byline: Vec<String>,

    /// In which order.
    #[arg(long, value_name = "ORDER", value_parser = view::order(), default_value = "relevance")]
    sort: PlainOrder,

    /// How many hits at most; 0 counts them alone.
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,

    /// How many hits to pass over.
    #[arg(long, value_name = "N", default_value_t = 0)]
    offset: usize,

    /// Search the archive as it stood then: a date, a time, seq:N, or a name from `morgue rebuild --as-of`. Built when
    /// it is first asked for.
    #[arg(long, value_name = "WHEN")]
    as_of: Option<String>,
}

pub(crate) fn run(archive: &Archive, args: &Args, terminal: &Terminal) -> Result<Outcome> {
    let indexes = archive.existing_indexes()?;
    let query = args.query.join(" ");
    let filters = args.section.iter().map(|section| ("section".to_owned(), section.clone()));
    let bylines = args.byline.iter().map(|byline| ("byline".to_owned(), byline.clone()));
    let as_of = args.as_of.as_ref().map(|as_of| past::make_ready(&indexes, args.view, as_of, terminal));
    let request = PlainSearch {
        q: query.clone(),
        exact: args.exact,
        from: args.from.clone().unwrap_or_default(),
        to: args.to.clone().unwrap_or_default(),
        filters: filters.chain(bylines).collect(),
        order: args.sort,
        limit: args.limit,
        offset: args.offset,
        as_of: as_of.transpose()?,
        ..PlainSearch::new(args.view)
    }
    .request()?;
    let behind = match args.as_of {
        Some(_) => 0,
        None => {
            let reached = indexes.live(args.view)?.reached()?;
            indexes.log().head()?.seq.get().saturating_sub(reached.get())
        }
    };
    if behind > 0 {
        let events = count(behind, "event");
        terminal.note(format!("{events} not in the index yet: `morgue serve` or another load takes them in"));
    }
    let search = Search::new(indexes);
    let inquiry = search.begin();
    let found = inquiry.search(&request)?;
    if terminal.is_json() {
        terminal.json(&SearchAnswer::from(found))?;
        return Ok(Outcome::Done);
    }
    let as_of = args.as_of.as_ref().map(|as_of| format!(" as of {as_of}")).unwrap_or_default();
    terminal.say(format!("{} for {query}{as_of}", count(found.total, args.view.kind().name())))?;
    if found.timed_out {
        terminal.note(
            "not all was looked at: this search would take too long; fewer or rarer words find everything",
        );
    }
    for hit in &found.hits {
        terminal.say("")?;
        show(hit, terminal)?;
    }
    for note in &found.notes {
        terminal.note(note);
    }
    if let Some(better) = better_spelling(&inquiry, args.view, &query, found.total) {
        terminal.say(format!("Did you mean: {better}"))?;
    }
    let shown = args.offset + found.hits.len();
    if (shown as u64) < found.total && args.limit > 0 {
        let total = thousands(found.total);
        terminal.say(format!("\n{} of {total} shown: --offset {shown} goes on", thousands(shown as u64)))?;
    }
    Ok(Outcome::Done)
}

/// A title line, a line of facts, what was found where, and where it comes from.
fn show(hit: &Hit, terminal: &Terminal) -> Result<()> {
    let title = show_title(hit, terminal)?;
    for (field, fragments) in &hit.highlights {
        for fragment in fragments.iter().take(2) {
            if terminal.plain(fragment) == title {
                continue;
            }
            let fragment: Vec<&str> = fragment.split_whitespace().collect();
            terminal.say(format!("  {field}: {}", terminal.marked(&fragment.join(" "))))?;
        }
    }
    terminal.say(
        terminal.faint(&format!("  {} {} · event {}, revision {}", hit.kind, hit.id, hit.seq, hit.revision)),
    )
}

/// A title line and a line of facts; returns the title.
pub(crate) fn show_title<'a>(hit: &'a Hit, terminal: &Terminal) -> Result<&'a str> {
    let text = |name: &str| hit.document.get(name).and_then(Value::as_str).unwrap_or_default();
    let (title, facts) = match hit.kind {
        AssetKind::Article => (
            first_of(&[text("headline"), text("summary"), hit.id.as_str()]),
            vec![text("published").to_owned(), text("section").to_owned(), names(&hit.document, "bylines")],
        ),
        AssetKind::Image => (
            first_of(&[text("caption"), text("alt"), hit.id.as_str()]),
            vec![text("taken").to_owned(), text("credit").to_owned(), used(&hit.document)],
        ),
        AssetKind::Byline => (
            first_of(&[text("name"), text("organization"), hit.id.as_str()]),
            vec![text("title").to_owned(), years(&hit.document), works(&hit.document)],
        ),
    };
    terminal.say(terminal.bold(title))?;
    let facts: Vec<String> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
    if !facts.is_empty() {
        terminal.say(format!("  {}", facts.join(" · ")))?;
    }
    Ok(title)
}

fn first_of<'a>(candidates: &[&'a str]) -> &'a str {
    candidates.iter().find(|text| !text.is_empty()).copied().unwrap_or_default()
}

fn names(document: &Map<String, Value>, list: &str) -> String {
    let entries = document.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let names: Vec<&str> = entries.iter().filter_map(|entry| entry.get("name")?.as_str()).collect();
    names.join(", ")
}

fn number(document: &Map<String, Value>, name: &str) -> u64 {
    document.get(name).and_then(Value::as_u64).unwrap_or(0)
}

fn used(document: &Map<String, Value>) -> String {
    format!("in {}", count(number(document, "used_in_count"), "article"))
}

fn works(document: &Map<String, Value>) -> String {
    match (number(document, "article_count"), number(document, "image_count")) {
        (articles, 0) => count(articles, "article"),
        (0, images) => count(images, "image"),
        (articles, images) => format!("{}, {}", count(articles, "article"), count(images, "image")),
    }
}

fn years(document: &Map<String, Value>) -> String {
    let year =
        |name: &str| document.get(name).and_then(Value::as_str).map(|date| date.chars().take(4).collect());
    let (first, last): (Option<String>, Option<String>) = (year("first_published"), year("last_published"));
    match (first, last) {
        (Some(first), Some(last)) if first == last => first,
        (Some(first), Some(last)) => format!("{first}–{last}"),
        _ => String::new(),
    }
}
