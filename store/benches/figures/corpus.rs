//! Real text to measure with: press releases and news wires, from the folder that `MORGUE_CORPORA` names.

use std::{
    fs,
    path::{Path, PathBuf},
};

use store::{Article, AssetId, NewEvent};

/// Returns the events of two corpora, as many of each as there are and `count` allows; or why there are none.
pub(crate) fn events(count: usize) -> Result<Vec<NewEvent>, String> {
    let folder = std::env::var("MORGUE_CORPORA").unwrap_or_else(|_| "target/corpora".to_owned());
    let found = [PathBuf::from(&folder), Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(&folder)]
        .into_iter()
        .find(|path| path.join("senate_press").is_dir() && path.join("reuters21578").is_dir());
    let Some(folder) = found else {
        return Err(format!(
            "no corpora in {folder}: set MORGUE_CORPORA to a folder with senate_press/ and reuters21578/"
        ));
    };
    let stories = reuters(&folder.join("reuters21578"), count / 2);
    let mut events = senate(&folder.join("senate_press"), count - stories.len());
    events.extend(stories);
    Ok(events)
}

/// One press release a file: `18Jun2007Kerry302.txt`.
fn senate(folder: &Path, count: usize) -> Vec<NewEvent> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "txt") {
                files.push(path);
            }
        }
    }
    // Evenly spread, so that all senators speak.
    let (all, count) = (files.len(), count.min(files.len()));
    let read = |path: &PathBuf| {
        let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        article(&format!("senate/{name}"), &text, "Press release")
    };
    (0..count).filter_map(|n| files.get(n * all / count)).map(read).collect()
}

/// Many stories a file, in SGML.
fn reuters(folder: &Path, count: usize) -> Vec<NewEvent> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut events = Vec::new();
    for path in files.iter().filter(|path| path.extension().is_some_and(|ending| ending == "sgm")) {
        let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        for story in text.split("<REUTERS ").skip(1) {
            let number = between(story, "NEWID=\"", "\"").unwrap_or("0");
            let title = between(story, "<TITLE>", "</TITLE>").unwrap_or("");
            let body = between(story, "<BODY>", "</BODY>").unwrap_or("");
            let mut event = article(&format!("reuters/{number}"), &format!("{title}\n\n{body}"), "Wire");
            event.source = "load:reuters".to_owned();
            events.push(event);
            if events.len() == count {
                return events;
            }
        }
    }
    events
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let from = text.find(start)? + start.len();
    let length = text.get(from..)?.find(end)?;
    text.get(from..from + length)
}

fn article(id: &str, text: &str, genre: &str) -> NewEvent {
    let words: Vec<&str> = text.split_whitespace().collect();
    let body = words.chunks(80).map(|paragraph| paragraph.join(" ")).collect::<Vec<_>>().join("\n\n");
    let article = Article {
        headline: words.iter().take(10).copied().collect::<Vec<_>>().join(" "),
        body,
        genre: genre.to_owned(),
        language: "en".to_owned(),
        published: "1987-02-26".parse().ok(),
        bylines: vec![AssetId::new(format!("b/{}", words.len() % 500)).unwrap()],
        ..Article::default()
    };
    NewEvent::published(AssetId::new(id).unwrap(), article)
}
