//! What is asked of an archive: searches, assets, generations, and mistakes in asking.

use serde_json::json;

use crate::{Archive, text};

#[test]
fn mistakes_get_one_clear_line_and_the_right_code() {
    let archive = Archive::new();
    let told = archive.run(&["search", "x"], 1);
    assert!(told.contains("there is no archive in"), "{told}");
    archive.load_samples();
    for (args, code, part) in [
        (&["search", "--from", "19xx", "x"][..], 2, "19xx"),
        (&["search", "--sort", "best", "x"][..], 2, "best"),
        (&["search", "--as-of", "whenever", "x"][..], 1, "whenever"),
        (&["search"][..], 2, "QUERY"),
        (&["status", "--view"][..], 2, "--view"),
        (&["log", "show", "99999"][..], 1, "99999"),
        (&["log", "history", "article", "a/none"][..], 1, "a/none"),
        (&["rollback"][..], 1, "no generation to go back to"),
        (&["search", "--view", "foo", "x"][..], 2, "[possible values: articles, images, bylines]"),
        (&["generations", "--remove", "g000001"][..], 1, "g000001"),
        (&["serve", "--listen", ":80"][..], 2, "localhost:7700"),
    ] {
        let told = archive.run(args, code);
        assert!(told.contains(part), "{args:?}: {told}");
    }
}

/// One article as it stood on a day, with the event that says so.
#[test]
fn an_asset_is_shown_whole_with_its_evidence() {
    let archive = Archive::new();
    archive.load_samples();
    let then = archive.run(&["show", "article", "a/1912-04-16-titanic", "--as-of", "1912-04-16"], 0);
    for part in
        ["Titanic Strikes an Iceberg\n", "Eleanor Quill", "[image i/ice-chart]", "event 117, revision 1"]
    {
        assert!(then.contains(part), "{part}: {then}");
    }
    let now = archive.json(&["show", "article", "a/1912-04-16-titanic"], 0);
    assert_eq!((&now["seq"], &now["document"]["headline"]), (&202.into(), &"Titanic Sunk".into()));
    let event = archive.json(&["log", "show", "202"], 0);
    assert_eq!(now["evidence"]["digest"], event["digest"]);
    let hidden = archive.run(&["show", "article", "a/2025-09-12-lighthouse-pink"], 1);
    assert!(
        hidden.contains("`morgue log history article a/2025-09-12-lighthouse-pink` says why"),
        "{hidden}"
    );
    assert!(archive.run(&["show", "article", "a/none"], 1).contains("there is no article a/none"));
}

/// Whoever searches what was loaded, but not indexed yet, is told so.
#[test]
fn a_search_says_what_it_cannot_have_found() {
    let archive = Archive::new();
    data_samples::write_archive(&archive.path("samples")).unwrap();
    archive.run(&["load", "--async", text(&archive.path("samples"))], 0);
    let told = archive.run(&["search", "titanic"], 0);
    assert!(
        told.contains("0 articles for titanic") && told.contains("210 events not in the index yet"),
        "{told}"
    );
}

#[test]
fn generations_are_told_of_and_removed() {
    let archive = Archive::new();
    archive.load_samples();
    archive
        .run(&["rebuild", "--view", "articles", "--as-of", "seq:117", "--name", "then", "--threads", "1"], 0);
    let told = archive.run(&["generations", "--view", "articles"], 0);
    assert!(told.contains("live") && told.contains("@then") && told.contains("as of seq:117"), "{told}");
    let one = archive.json(&["generations", "--view", "articles"], 0);
    assert_eq!(
        [&one["generation"], &one["state"], &one["checkpoint"], &one["as_of"]],
        [&json!("@then"), &json!("as of"), &json!(117), &json!("seq:117")]
    );
    assert!(
        one["bytes"].as_u64() > Some(0) && one["documents"].as_u64() > Some(0) && one["created"].is_string()
    );
    assert!(archive.run(&["generations", "--remove", "then"], 0).contains("then is removed"));
    assert!(!archive.run(&["generations"], 0).contains("@then"));
    assert!(archive.run(&["generations", "--remove", "then"], 1).contains("then"));
    assert!(archive.run(&["search", "--help"], 0).contains("word~"));
}
