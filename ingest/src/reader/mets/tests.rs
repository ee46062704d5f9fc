use serde_json::{Value, json};

use super::*;

fn read(mets: &str, pages: &[(&str, &str)]) -> Vec<Value> {
    let dir = tempfile::tempdir().unwrap();
    for (name, words) in pages {
        let words = words.split(' ').map(|word| format!("<String CONTENT='{word}'/>")).collect::<String>();
        let page = format!(
            "<alto xmlns='http://www.loc.gov/standards/alto/ns-v2#'><Layout><Page><PrintSpace><TextBlock ID='B'><TextLine>{words}</TextLine></TextBlock></PrintSpace></Page></Layout></alto>"
        );
        std::fs::write(dir.path().join(name), page).unwrap();
    }
    let path = dir.path().join("mets.xml").display().to_string();
    let origin = Origin { path, stem: "i/mets.xml".to_owned(), changed: None };
    let reader = Mets { archives: Arc::default(), notes: Arc::default() };
    let found = reader.read(&Raw::new(Place::START, mets.into()), &origin).unwrap();
    found.into_iter().map(|found| serde_json::to_value(found.event.fact).unwrap()).collect()
}

const FILES: &str = "<fileSec><fileGrp><fileGrp USE='ocr'><file ID='a'><FLocat href='10.xml'/></file><file ID='b'><FLocat href='./9.xml'/></file></fileGrp>\
                     <file ID='s'><FLocat href='10.tif'/></file></fileGrp></fileSec>";

/// As the newspaper programme of the Library of Congress keeps its issues: pages in the physical structure, and no
/// articles.
#[test]
fn pages_come_in_the_order_of_the_physical_structure() {
    let mets = format!(
        "<mets LABEL='The Bee'>{FILES}<structMap TYPE='physical'><div TYPE='np:issue'>\
         <div TYPE='np:page' ORDER='2' ORDERLABEL='B1'><fptr FILEID='s'/><fptr FILEID='a'/></div>\
         <div TYPE='np:page' ORDER='1'><fptr FILEID='b'/></div></div></structMap></mets>"
    );
    let found = read(&mets, &[("9.xml", "first page"), ("10.xml", "second page")]);
    let pages: Vec<_> = found.iter().map(|page| (&page["page"], &page["body"])).collect();
    assert_eq!(pages, [(&json!("1"), &json!("first page")), (&json!("B1"), &json!("second page"))]);
    assert_eq!(found[1]["headline"], "The Bee, page B1");
}

#[test]
fn an_article_may_be_a_whole_page() {
    let mets = format!(
        "<m:mets xmlns:m='http://www.loc.gov/METS/'>{}<m:structMap TYPE='LOGICAL'><m:div TYPE='ARTICLE' ID='x' LABEL='Bees'>\
         <m:fptr FILEID='s'/><m:fptr FILEID='a'/></m:div></m:structMap></m:mets>",
        FILES.replace("</", "</m:").replace("<f", "<m:f").replace("<F", "<m:F")
    );
    let found = read(&mets, &[("10.xml", "of bees")]);
    assert_eq!((&found[0]["headline"], &found[0]["body"]), (&json!("Bees"), &json!("of bees")));
}

/// Returns an issue of two pages with the words `one`, `two`, `three`, each in a block of its number, and this in its
/// METS.
fn issue(links: [&str; 2], sections: &str, divisions: &str) -> Vec<Value> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("alto")).unwrap();
    for page in 1..=2 {
        let block = |number: u32, word: &str| {
            format!(
                "<TextBlock ID='P{page}B{number}'><TextLine><String CONTENT='{word}{page}'/></TextLine></TextBlock>"
            )
        };
        let blocks = [block(1, "one"), block(2, "two"), block(3, "three")].concat();
        let text = format!("<alto><Layout><Page>{blocks}</Page></Layout></alto>");
        std::fs::write(dir.path().join(format!("alto/{page}.xml")), text).unwrap();
    }
    let file = |(at, link): (usize, &str)| format!("<file ID='f{}'><FLocat href='{link}'/></file>", at + 1);
    let files: String = links.into_iter().enumerate().map(file).collect();
    let mets = format!(
        "<mets LABEL='The Gull'>{sections}<fileSec><fileGrp>{files}</fileGrp></fileSec>\
         <structMap TYPE='PHYSICAL'><div><div ORDER='1' ORDERLABEL='i'><fptr FILEID='f1'/></div><div ORDER='2'><fptr FILEID='f2'/></div></div></structMap>\
         <structMap TYPE='LOGICAL'><div TYPE='ISSUE'>{divisions}</div></structMap></mets>"
    );
    let path = dir.path().join("mets.xml").display().to_string();
    let origin = Origin { path, stem: "i/mets.xml".to_owned(), changed: None };
    let reader = Mets { archives: Arc::default(), notes: Arc::default() };
    let found = reader.read(&Raw::new(Place::START, mets.into_bytes()), &origin).unwrap();
    let told = reader.notes.take();
    let mut found: Vec<Value> =
        found.into_iter().map(|found| serde_json::to_value(found.event.fact).unwrap()).collect();
    found.push(json!(told.into_iter().map(|note| note.reason).collect::<Vec<_>>()));
    found
}

fn area(block: &str) -> String {
    format!("<fptr><area FILEID='f{}' BEGIN='{block}'/></fptr>", &block[1..2])
}

const LINKS: [&str; 2] = ["alto/1.xml", "alto/2.xml"];

#[test]
fn pages_are_found_however_they_are_linked() {
    let check = |links: [&str; 2]| {
        let found =
            issue(links, "", &format!("<div TYPE='ARTICLE' ID='a'>{}{}</div>", area("P1B1"), area("P2B3")));
        assert_eq!((&found[0]["body"], &found[1]), (&json!("one1\n\nthree2"), &json!([])), "{links:?}");
    };
    check(LINKS);
    check(["./alto/1.xml", "file://alto/2.xml"]);
    check(["alto\\1.xml", ".\\alto\\2.xml"]);
    check(["ALTO/1.XML", "Alto/2.xml"]);
    check(["https://archive.example/x/alto/1.xml", "http://archive.example/alto/2.xml"]);
    check(["/mnt/scans/alto/1.xml", "C:\\scans\\alto\\2.xml"]);
}

#[test]
fn a_page_that_is_missing_takes_only_itself() {
    let articles = format!(
        "<div TYPE='ARTICLE' ID='a'>{}{}</div><div TYPE='ARTICLE' ID='b'>{}</div>",
        area("P1B1"),
        area("P2B1"),
        area("P1B2")
    );
    let found = issue(["alto/1.xml", "alto/7.xml"], "", &articles);
    assert_eq!((&found[0]["body"], &found[1]["body"]), (&json!("one1"), &json!("two1")));
    let told = found[2][0].as_str().unwrap();
    assert!(told.contains("`alto/7.xml`") && told.contains("the rest of the issue was loaded"), "{told}");
}

#[test]
fn an_article_without_words_leaves_its_pages() {
    let found = issue(
        LINKS,
        "",
        "<div TYPE='ARTICLE' ID='a' LABEL='A'><fptr><area FILEID='f1' BEGIN='none'/></fptr></div>",
    );
    assert_eq!(
        (&found[0]["headline"], &found[0]["page"], &found[0]["body"]),
        (&json!("A"), &json!("i"), &Value::Null)
    );
    assert_eq!((&found[1]["body"], &found[2]["page"]), (&json!("one1\n\ntwo1\n\nthree1"), &json!("2")));
    assert_eq!(found[3], json!(["its articles lead to no words: its pages were loaded as pages"]));
    let unnamed =
        issue(LINKS, "", "<div TYPE='ARTICLE' ID='a'><fptr><area FILEID='f1' BEGIN='none'/></fptr></div>");
    assert_eq!(unnamed.len(), 3);
}

#[test]
fn an_article_whose_pages_are_not_there_has_its_title_and_their_links() {
    let found = issue(
        ["alto/8.xml", "alto/9.xml"],
        "",
        "<div TYPE='ARTICLE' ID='a' LABEL='Ice'><fptr><area FILEID='f2' BEGIN='P1B1'/></fptr></div>",
    );
    assert_eq!((&found[0]["headline"], &found[0]["page"]), (&json!("Ice"), &json!("2")));
    assert_eq!(found[0]["extra"]["files"], json!(["alto/9.xml"]));
    let told: Vec<&str> = found[1].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(
        told.contains(&"its pages have no words: its articles were loaded by their titles alone"),
        "{told:?}"
    );
}

#[test]
fn a_text_is_given_once_and_in_its_order() {
    let check = |divisions: &str, expected: &[&str]| {
        let mut found = issue(LINKS, "", divisions);
        found.pop();
        let bodies: Vec<&str> = found.iter().map(|one| one["body"].as_str().unwrap_or("")).collect();
        assert_eq!(bodies, expected, "{divisions}");
    };
    let (one, two, three) = (area("P1B1"), area("P1B2"), area("P1B3"));
    check(
        &format!(
            "<div TYPE='ARTICLE'><div TYPE='BODY' ORDER='2'>{two}</div><div TYPE='HEAD' ORDER='1'>{one}</div></div>"
        ),
        &["one1\n\ntwo1"],
    );
    check(&format!("<div TYPE='ARTICLE'>{one}<div TYPE='TEXTSECTION'>{two}</div></div>"), &["one1\n\ntwo1"]);
    check(&format!("<div TYPE='TEXTSECTION'>{one}</div>"), &["one1"]);
    check(
        &format!("<div TYPE='ARTICLE'>{one}<div TYPE='ADVERTISEMENT'>{two}</div>{three}</div>"),
        &["one1\n\nthree1", "two1"],
    );
}

/// Whatever somebody calls it: what has words is a text, unless it is furniture, or holds texts, or belongs to one.
#[test]
fn what_is_of_an_unknown_type_is_a_text() {
    let check = |divisions: &str, expected: &[(&str, &str)]| {
        let mut found = issue(LINKS, "", divisions);
        found.pop();
        let texts: Vec<(&str, &str)> = found
            .iter()
            .map(|one| (one["type"].as_str().unwrap_or(""), one["body"].as_str().unwrap_or("")))
            .collect();
        assert_eq!(texts, expected, "{divisions}");
    };
    let article = format!("<div TYPE='ARTICLE'>{}</div>", area("P1B1"));
    let (two, three) = (area("P1B2"), area("P1B3"));
    for kind in ["ADVERT", "ILLUSTRATION", "FAMILY_NOTICE", "np:notice", ""] {
        let name = kind.to_lowercase();
        check(&format!("{article}<div TYPE='{kind}'>{two}</div>"), &[("article", "one1"), (&name, "two1")]);
    }
    // As a whole, with its parts.
    check(
        &format!(
            "{article}<div TYPE='TABLE'><div TYPE='CAPTION'>{two}</div><div TYPE='ROWS'>{three}</div></div>"
        ),
        &[("article", "one1"), ("table", "two1\n\nthree1")],
    );
    // In a section beside articles.
    check(
        &format!("<div TYPE='SECTION'>{article}<div TYPE='Quotes'>{two}</div></div>"),
        &[("article", "one1"), ("quotes", "two1")],
    );
    check(
        &format!(
            "{article}<div TYPE='SECTION'><div TYPE='Notice'>{two}</div><div TYPE='Notice'>{three}</div></div>"
        ),
        &[("article", "one1"), ("notice", "two1"), ("notice", "three1")],
    );
    check(&format!("<div TYPE='MASTHEAD'>{two}</div>{article}"), &[("article", "one1")]);
    check(&format!("<div TYPE='ISSUE'>{article}</div><div TYPE='COVER'/>"), &[("article", "one1")]);
    check(
        &format!("<div TYPE='ARTICLE'>{}<div TYPE='ILLUSTRATION'>{two}</div></div>", area("P1B1")),
        &[("article", "one1\n\ntwo1")],
    );
    check(&format!("<div TYPE='ADVERT'>{two}</div>"), &[("advert", "two1")]);
}

#[test]
fn what_the_metadata_says_is_kept() {
    let mods = "<dmdSec ID='d'><mdWrap><xmlData><mods><titleInfo><nonSort>The</nonSort><title>Tide</title><partName>II</partName></titleInfo>\
         <name type='personal'><namePart type='given'>Ada</namePart><namePart type='family'>Moor</namePart></name>\
         <name type='personal'><displayForm>Kern, Otto</displayForm></name>\
         <name type='personal'><namePart>Fuchs, Eva</namePart><role><roleTerm>trl</roleTerm></role></name>\
         <name type='corporate'><namePart>Gull and Sons</namePart></name>\
         <abstract>Of ebb and flood.</abstract><genre>essay</genre><note type='shelf'>B 12</note></mods></xmlData></mdWrap></dmdSec>";
    let found = issue(
        LINKS,
        mods,
        &format!("<div TYPE='ARTICLE' ID='a' DMDID='d'>{}{}</div>", area("P1B1"), area("P2B1")),
    );
    let article = found.iter().find(|one| one["headline"].is_string()).unwrap();
    assert_eq!(
        (&article["headline"], &article["summary"]),
        (&json!("The Tide"), &json!("Of ebb and flood."))
    );
    assert_eq!(article["bylines"], json!(["byline:ada-moor", "byline:otto-kern", "byline:gull-and-sons"]));
    assert_eq!((&article["page"], &article["extra"]["pages"]), (&json!("i"), &json!(["i", "2"])));
    let extra = article["extra"].to_string();
    for kept in ["II", "Fuchs, Eva", "trl", "essay", "B 12", "shelf"] {
        assert!(extra.contains(kept), "{kept} in {extra}");
    }
}
