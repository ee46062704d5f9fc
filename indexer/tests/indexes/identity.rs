//! Of which view a generation is: it says so itself, and is searched as no other.

use std::fs;

use indexer::{Indexes, end::sealed};
use store::{Article, Log, NewEvent, Seq};
use views::ARTICLES;

use crate::{id, never};

/// A generation that was built before views had names of their own calls its view as the kind of asset that it shows, and
/// goes on. One of another view is not searched as this one, whoever has put it there.
#[test]
fn a_generation_says_of_which_view_it_is() {
    let home = tempfile::tempdir().unwrap();
    let log = Log::open(home.path().join("log")).unwrap();
    log.append_one(&NewEvent::published(id("a/1"), Article::default())).unwrap();
    let open = || Indexes::open(log.clone(), home.path().join("indexes")).unwrap();
    drop(open());
    let path = home.path().join("indexes/articles/g000001/generation.json");
    let written = fs::read(&path).unwrap();
    let json = std::str::from_utf8(sealed::unseal(&written).unwrap()).unwrap();
    assert!(json.contains(r#""view":"articles""#), "{json}");
    let says = |name: &str| {
        let json = json.replace(r#""view":"articles""#, &format!(r#""view":"{name}""#));
        sealed::write(&path, json.as_bytes()).unwrap();
    };
    says("article");
    let indexes = open();
    indexes.catch_up(ARTICLES, Seq::new(1), &never(), &|_| {}).unwrap();
    assert_eq!(indexes.searcher(ARTICLES).unwrap().1.digest().unwrap().documents, 1);
    assert_eq!(indexes.live(ARTICLES).unwrap().name(), "g000001", "it was built anew");
    for other in ["images", "image", "x"] {
        says(other);
        let refused = open().live(ARTICLES).err().unwrap();
        assert!(refused.is_damage() && refused.to_string().contains(other), "{refused}");
    }
}
