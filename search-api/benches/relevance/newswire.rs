//! What the newswire of 1987 (Reuters-21578) can be asked without a judge: the headline of a story should find the
//! others that its editors filed under the same one topic.

use std::{collections::BTreeMap, error::Error, fs, path::Path};

use crate::judged::{Judged, Text};

/// Stories of each topic whose headlines are asked; they are not searched themselves.
const ASKED_OF_TOPIC: usize = 3;
/// How many stories a topic has that says something.
const TOPIC: std::ops::RangeInclusive<usize> = 8..=300;

struct Story {
    id: String,
    headline: String,
    body: String,
    topics: Vec<String>,
}

/// Reads the collection's folder.
pub(crate) fn read(dir: &Path) -> Result<Judged, Box<dyn Error>> {
    let mut files: Vec<_> = fs::read_dir(dir)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "sgm"));
    files.sort();
    let mut stories = Vec::new();
    for file in files {
        let text = String::from_utf8_lossy(&fs::read(file)?).into_owned();
        stories.extend(text.split("<REUTERS ").skip(1).map(story));
    }
    stories.retain(|story| !story.headline.is_empty() && !story.body.is_empty());
    Ok(by_topic(&stories))
}

fn by_topic(stories: &[Story]) -> Judged {
    let mut judged = Judged { name: "newswire".into(), ..Judged::default() };
    let mut of_topic: BTreeMap<&str, Vec<&Story>> = BTreeMap::new();
    for story in stories {
        if let [topic] = story.topics.as_slice() {
            of_topic.entry(topic).or_default().push(story);
        }
    }
    of_topic.retain(|_, stories| TOPIC.contains(&stories.len()));
    for of_topic in of_topic.values() {
        let (asked, others) = of_topic.split_at(ASKED_OF_TOPIC);
        for story in asked {
            judged.queries.insert(story.id.clone(), story.headline.clone());
            let others = others.iter().map(|other| other.id.clone());
            judged.relevant.insert(story.id.clone(), others.collect());
        }
    }
    let searched = stories.iter().filter(|story| !judged.queries.contains_key(&story.id));
    judged.texts = searched.map(text).collect();
    judged
}

fn text(story: &Story) -> Text {
    Text { id: story.id.clone(), headline: story.headline.clone(), body: story.body.clone() }
}

fn story(sgml: &str) -> Story {
    let id = between(sgml, "NEWID=\"", "\"").unwrap_or_default().to_owned();
    let element = |name: &str| {
        let inner = between(sgml, &format!("<{name}>"), &format!("</{name}>")).unwrap_or_default();
        let plain =
            inner.replace("&#3;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        plain.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let topics = between(sgml, "<TOPICS>", "</TOPICS>").unwrap_or_default();
    let topics = topics.split("<D>").filter_map(|topic| Some(topic.split_once("</D>")?.0.to_owned()));
    Story { id, headline: element("TITLE"), body: element("BODY"), topics: topics.collect() }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    Some(text.split_once(start)?.1.split_once(end)?.0)
}
