//! The sample archive is as the README says, and every line of it is an event that the log would take.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

use std::{collections::BTreeSet, fs, path::Path};

use store::{AssetKind, AssetRef, Content, Fact, NewEvent};

fn events() -> Vec<NewEvent> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("archive");
    let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut events = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "jsonl")) {
        for (number, line) in fs::read_to_string(file).unwrap().lines().enumerate() {
            let event = NewEvent::from_json(line);
            events.push(event.unwrap_or_else(|error| panic!("{}:{}: {error}", file.display(), number + 1)));
        }
    }
    events
}

fn ids(events: &[NewEvent], kind: AssetKind) -> BTreeSet<AssetRef> {
    let published = events.iter().filter(|event| matches!(event.fact, Fact::Published(_)));
    published.filter_map(NewEvent::asset).filter(|asset| asset.kind == kind).collect()
}

#[test]
fn it_is_large_enough_to_be_a_pleasure() {
    let events = events();
    assert!(ids(&events, AssetKind::Article).len() >= 60);
    assert!(ids(&events, AssetKind::Image).len() >= 25);
    assert!(ids(&events, AssetKind::Byline).len() >= 15);
    let languages: BTreeSet<&str> = events
        .iter()
        .filter_map(|event| match &event.fact {
            Fact::Published(Content::Article(article)) => Some(article.language.as_str()),
            _ => None,
        })
        .collect();
    assert!(languages.len() >= 8, "{languages:?}");
}

#[test]
fn every_reference_and_every_picture_is_there() {
    let events = events();
    let known: BTreeSet<AssetRef> = AssetKind::ALL.into_iter().flat_map(|kind| ids(&events, kind)).collect();
    for event in &events {
        let Fact::Published(content) = &event.fact else { continue };
        for named in content.references() {
            assert!(known.contains(&named), "{} names {named}, which is not there", event.id);
        }
        if let Content::Image(image) = content {
            for rendition in &image.renditions {
                let picture = data_samples::picture(&rendition.href);
                let picture =
                    std::str::from_utf8(picture.unwrap_or_else(|| panic!("{} is missing", rendition.href)));
                let picture = picture.unwrap();
                assert!(picture.contains("<title>") && !picture.contains("<script"), "{}", rendition.href);
            }
        }
    }
}

#[test]
fn it_has_corrections_a_renamed_byline_a_withdrawal_and_shared_images() {
    let events = events();
    let count = |test: &dyn Fn(&NewEvent) -> bool| events.iter().filter(|event| test(event)).count();
    assert!(
        count(
            &|event| matches!(&event.fact, Fact::Published(Content::Article(a)) if !a.corrections.is_empty())
        ) >= 4
    );
    assert_eq!(count(&|event| matches!(event.fact, Fact::Withdrawn(AssetKind::Article, _))), 1);
    assert_eq!(count(&|event| matches!(event.fact, Fact::Merged(_))), 1);
    let renamed = |event: &NewEvent| event.id.as_str() == "b/nora-vance";
    assert_eq!(count(&renamed), 2);
    let uses = |image: &AssetRef| {
        let users = events.iter().filter(|event| match &event.fact {
            Fact::Published(content) => {
                content.kind() == AssetKind::Article && content.references().contains(image)
            }
            _ => false,
        });
        users.map(|event| event.id.clone()).collect::<BTreeSet<_>>().len()
    };
    assert!(ids(&events, AssetKind::Image).iter().filter(|image| uses(image) >= 2).count() >= 3);
}
