//! Searching the archive as it stood.

use std::sync::atomic::AtomicBool;

use serde_json::json;
use store::AssetKind;

use crate::archive::Archive;

fn build(archive: &Archive, kind: AssetKind, as_of: &str, name: &str) {
    let stop = AtomicBool::new(false);
    archive.indexes.build_as_of(kind, &as_of.parse().unwrap(), name, &stop, &|_| {}).unwrap();
}

#[test]
fn the_archive_as_it_stood_is_searched_as_it_stood() {
    let archive = Archive::small();
    archive.append(&[json!({"type": "article.published", "id": "a/ferry", "time": "1950", "data":
        {"headline": "Corrected", "body": "There was no fog.", "published": "1931-05-02", "language": "en"}})]);
    build(&archive, AssetKind::Article, "seq:8", "before");
    archive.index();
    let now = archive.find(&[("q", "fog")]);
    assert_eq!(
        (now.hits[0].document["headline"].as_str(), now.hits[0].revision.get()),
        (Some("Corrected"), 2)
    );
    let then = archive.find(&[("q", "fog"), ("as_of", "before")]);
    assert_eq!(then.hits[0].document["headline"], "Ferries stopped by fog");
    assert_eq!(then.hits[0].revision.get(), 1);
}

/// A story: the server has answered from last year's archive before a court orders a name to be forgotten. It must
/// not go on saying it from what it remembers of last year.
#[test]
fn what_is_erased_is_gone_from_the_past_at_once() {
    let archive = Archive::small();
    let views = [(AssetKind::Article, "articles"), (AssetKind::Image, "images")];
    for (kind, _) in views {
        build(&archive, kind, "seq:8", "before");
    }
    let ferry = |view: &str| {
        let found = archive.find(&[("view", view), ("q", "ferry"), ("as_of", "before")]);
        serde_json::to_string(&found.hits[0].document).unwrap()
    };
    for (_, view) in views {
        assert!(ferry(view).contains("Eleanor Quill"), "{view}: {}", ferry(view));
    }
    archive.append(&[
        json!({"type": "byline.erased", "id": "b/quill", "data": {"by": "a court", "reason": "an order"}}),
    ]);
    for (_, view) in views {
        assert!(!ferry(view).contains("Eleanor Quill"), "{view}: {}", ferry(view));
    }
}

#[test]
fn a_name_that_is_built_again_shows_its_new_moment() {
    let archive = Archive::small();
    archive.append(&[json!({"type": "article.published", "id": "a/ferry", "data": {"headline": "Corrected", "body": "Fog."}})]);
    for (as_of, headline) in
        [("seq:8", "Ferries stopped by fog"), ("seq:9", "Corrected"), ("seq:8", "Ferries stopped by fog")]
    {
        build(&archive, AssetKind::Article, as_of, "a-day");
        let then = archive.find(&[("q", "fog"), ("as_of", "a-day")]);
        assert_eq!(then.hits[0].document["headline"], headline, "as of {as_of}");
    }
}
