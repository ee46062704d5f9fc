//! Records that their source does not show are not seen by the archive's readers: passed over until public, taken in for those
//! alone who keep the archive, withdrawn where it was public before.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails is a panic"
)]

use std::{
    cell::Cell,
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
    time::Duration,
};

use ingest::{LoadOptions, LoadReport, Quarantine, load, watch};
use serde_json::value::RawValue;
use store::{
    AssetKind, AssetRef, Content, Digest, Fact, Gone, Log, NewEvent, Order, OrderedBy, Payload, Seq, Shown,
    Snapshot, Timestamp,
};

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

thread_local! {
    /// The clock of the loads of one test.
    static NOW: Cell<i64> = const { Cell::new(0) };
}

fn now() -> Timestamp {
    Timestamp::from_millis(NOW.get()).unwrap()
}

/// An archive, and the folder that is loaded into it.
struct Desk {
    dir: tempfile::TempDir,
    log: Log,
    unpublished: bool,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("in")).unwrap();
        let log = Log::open(dir.path().join("log")).unwrap();
        NOW.set(time("2025-06-01").as_millis());
        Self { dir, log, unpublished: false }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("in").join(name)
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn options(&self) -> LoadOptions {
        let quarantine = Quarantine::at(self.dir.path().join("quarantine"));
        let mut options = LoadOptions::new(vec![self.dir.path().join("in")], quarantine);
        options.unpublished = self.unpublished;
        options.now = now;
        options
    }

    fn load(&self) -> LoadReport {
        let report = load(&self.log, &self.options(), &(), &AtomicBool::new(false)).unwrap();
        assert_eq!((report.quarantined, report.refused), (0, 0), "{report:?}");
        report
    }

    /// Returns the heading, caption or name under which readers see an asset, or what they are told instead.
    fn seen(&self, asset: &str) -> String {
        let asset: AssetRef = asset_of(asset);
        let snapshot = self.log.snapshot().unwrap();
        match snapshot.shown(&asset).unwrap() {
            Shown::Seen => match snapshot.live(&asset).unwrap().unwrap().content {
                Content::Article(article) => article.headline,
                Content::Image(image) => image.renditions[0].href.clone(),
                Content::Byline(byline) => byline.name,
            },
            Shown::Gone(Gone { .. }) => "gone".to_owned(),
            Shown::Unknown => "unknown".to_owned(),
        }
    }

    /// Returns the order by which an asset was withdrawn last.
    fn order(&self, asset: &str) -> Order {
        let snapshot: Snapshot = self.log.snapshot().unwrap();
        let seqs = snapshot.history(&asset_of(asset), 100).unwrap();
        let orders = seqs.into_iter().filter_map(|seq| match snapshot.event(seq).unwrap().fact() {
            Some(Fact::Withdrawn(_, order)) => Some(order.clone()),
            _ => None,
        });
        orders.into_iter().next().unwrap()
    }
}

fn asset_of(text: &str) -> AssetRef {
    let (kind, id) = text.split_once(' ').unwrap();
    let kind = AssetKind::ALL.into_iter().find(|known| known.name() == kind).unwrap();
    AssetRef::new(kind, id.parse().unwrap())
}

/// Returns what a load tells of what is not public.
fn told(report: &LoadReport) -> String {
    report.unpublished.values().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn page(front: &str) -> String {
    format!("---\ntitle: The cable\ndate: 2020-01-01\n{front}\n---\nIt is laid.\n")
}

#[test]
fn what_is_not_public_is_passed_over_and_loaded_when_it_is() {
    let desk = Desk::new();
    for name in ["content/a.md", "content/b.md"] {
        desk.put(name, &page("draft: true\nauthors: [Nora Vance]\nimage: cable.jpg"));
    }
    desk.put("_drafts/c.md", &page(""));
    desk.put("content/d.md", &page("publishDate: 2030-01-01"));
    desk.put("content/e.md", &page("expiryDate: 2024-01-01"));
    desk.put("content/f.md", &page("expiryDate: 2040-01-01"));
    let report = desk.load();
    assert_eq!((report.events, report.articles), (1, 1), "{report:?}");
    assert_eq!(told(&report), "3 drafts, 1 expired 2024-01-01, 1 scheduled for 2030-01-01");
    let until = desk.log.next_due().unwrap();
    assert_eq!(until, Some(time("2040-01-01")), "what is public until a time is known to the log");
    let again = desk.load();
    assert_eq!((again.events, told(&again)), (0, told(&report)));
    // The time comes; and somebody finishes a draft.
    NOW.set(time("2030-01-01").as_millis());
    desk.put("content/a.md", &page("draft: false\nauthors: [Nora Vance]\nimage: cable.jpg"));
    let report = desk.load();
    assert_eq!((report.articles, report.bylines), (2, 1), "{report:?}");
    assert_eq!(told(&report), "2 drafts, 1 expired 2024-01-01");
    assert_eq!(desk.load().events, 0);
}

#[test]
fn what_is_taken_in_though_it_is_not_public_is_never_shown() {
    let mut desk = Desk::new();
    desk.unpublished = true;
    let item = |uri: &str, status: &str| {
        format!(
            r#"{{"uri":"{uri}","type":"text","versioncreated":"2020-01-02T03:04:05Z","headline":"{uri}","byline":"Nora Vance","body_text":"It is laid.","pubstatus":"{status}","associations":{{"main":{{"uri":"urn:p","type":"picture","pubstatus":"usable","renditions":{{"r":{{"href":"p.jpg"}}}}}}}}}}"#
        )
    };
    desk.put("a.json", &item("urn:a", "withheld"));
    desk.put("k.json", &item("urn:k", "canceled"));
    let report = desk.load();
    assert_eq!((report.articles, report.images, report.bylines), (1, 1, 1), "{report:?}");
    assert_eq!(told(&report), "1 canceled, 1 withheld");
    for asset in ["article urn:a", "article urn:k", "image urn:p", "byline byline:nora-vance"] {
        assert_eq!(desk.seen(asset), "unknown", "{asset}");
    }
    assert_eq!(desk.load().events, 0, "once");
    // Something that is public names its picture and its author.
    desk.put("b.json", &item("urn:b", "usable"));
    let report = desk.load();
    assert_eq!((report.articles, report.images, report.bylines), (1, 1, 1), "{report:?}");
    assert_eq!((desk.seen("image urn:p"), desk.seen("article urn:b")), ("p.jpg".into(), "urn:b".into()));
    assert_eq!(desk.seen("article urn:a"), "unknown");
    assert_eq!(desk.load().events, 0);
    // It is released, and nothing that it says has changed.
    desk.put("a.json", &item("urn:a", "usable"));
    assert_eq!((desk.load().articles, desk.seen("article urn:a")), (1, "urn:a".into()));
}

#[test]
fn what_its_source_takes_back_is_withdrawn_once_and_comes_back_with_it() {
    let desk = Desk::new();
    desk.put("content/a.md", &page(""));
    assert_eq!(desk.load().articles, 1);
    let ids = desk.log.snapshot().unwrap().assets(AssetKind::Article, None, 10).unwrap();
    let article = format!("article {}", ids[0].0);
    let check = |front: &str, events: (u64, u64), seen: &str| {
        desk.put("content/a.md", &page(front));
        let mut options = desk.options();
        options.dry_run = true;
        let would = load(&desk.log, &options, &(), &AtomicBool::new(false)).unwrap();
        let report = desk.load();
        assert_eq!((report.withdrawn, report.articles), events, "{front}");
        assert_eq!((would.withdrawn, would.articles), events, "{front}: what a dry run says");
        assert_eq!(desk.seen(&article), seen, "{front}");
        assert_eq!(desk.load().events, 0, "{front}: once");
    };
    check("draft: true", (1, 0), "gone");
    let order = desk.order(&article);
    assert_eq!((order.reason.as_str(), order.ordered_by), ("draft", OrderedBy::Source));
    check("draft: false", (0, 1), "The cable");
    check("publishDate: 2030-01-01", (1, 0), "gone");
    assert_eq!(desk.order(&article).reason, "scheduled for 2030-01-01");
    check("kicker: x", (0, 1), "The cable");
    check("expiryDate: 2025-01-01", (1, 0), "gone");
    assert_eq!(desk.order(&article).reason, "expired 2025-01-01");
    check("private: true", (0, 0), "gone");
    check("kicker: x", (0, 1), "The cable");
    // What a person took from readers, no source gives back.
    let id = asset_of(&article).id;
    let order = Order { reason: "a hoax".into(), ..Order::default() };
    desk.log.append_one(&NewEvent::new(id, Fact::Withdrawn(AssetKind::Article, order))).unwrap();
    check("draft: true", (0, 0), "gone");
    desk.put("content/a.md", &page("kicker: y"));
    let report = desk.load();
    assert_eq!((report.articles, report.withheld), (1, 1));
    assert_eq!(desk.seen(&article), "gone");
}

/// WordPress names its exports by the day. Each says how everything is then, and an older one takes nothing back.
#[test]
fn a_newer_file_takes_back_what_an_older_one_showed() {
    let desk = Desk::new();
    let export = |status: &str, modified: &str| {
        blog(&format!(
            "<item><title>Fire</title><link>https://quay.example/fire/</link><wp:post_id>7</wp:post_id>\
             <wp:post_date>2020-05-01 10:00:00</wp:post_date><wp:post_modified_gmt>{modified}</wp:post_modified_gmt>\
             <content:encoded>At the harbour.</content:encoded><wp:post_type>post</wp:post_type>\
             <wp:status>{status}</wp:status></item>"
        ))
    };
    let article = "article https://quay.example/?p=7";
    desk.put("blog.2023-02-01.xml", &export("trash", "2023-01-20 10:00:00"));
    desk.put("blog.2023-03-01.xml", &export("publish", "2023-02-20 10:00:00"));
    assert_eq!(
        (desk.load().articles, desk.seen(article)),
        (1, "Fire".into()),
        "the older says nothing of it"
    );
    desk.put("blog.2023-04-01.xml", &export("trash", "2023-03-20 10:00:00"));
    let report = desk.load();
    assert_eq!((report.withdrawn, desk.seen(article)), (1, "gone".into()));
    assert_eq!(desk.order(article).reason, "in the trash");
    assert_eq!(desk.load().events, 0, "nor does it come back by the one before it");
    desk.put("blog.2023-05-01.xml", &export("publish", "2023-04-20 10:00:00"));
    assert_eq!((desk.load().articles, desk.seen(article)), (1, "Fire".into()));
    assert_eq!(desk.load().events, 0);
    // What a person wrote since is no file's.
    let id = asset_of(article).id;
    let by_hand = store::Article { headline: "Fire, corrected".into(), ..store::Article::default() };
    desk.log.append_one(&NewEvent { source: "desk".into(), ..NewEvent::published(id, by_hand) }).unwrap();
    desk.put("blog.2023-06-01.xml", &export("trash", "2035-05-20 10:00:00"));
    assert_eq!((desk.load().withdrawn, desk.seen(article)), (0, "Fire, corrected".into()));
}

fn blog(items: &str) -> String {
    format!(
        "<rss xmlns:wp='http://wordpress.org/export/1.2/' xmlns:content='c' xmlns:dc='d' xmlns:excerpt='e'><channel>\
         <title>Quay</title><link>https://quay.example</link><wp:wxr_version>1.2</wp:wxr_version>\
         <wp:base_blog_url>https://quay.example</wp:base_blog_url>\
         <wp:author><wp:author_id>1</wp:author_id><wp:author_login>jane</wp:author_login><wp:author_display_name>Jane Roe</wp:author_display_name></wp:author>\
         <wp:author><wp:author_id>2</wp:author_id><wp:author_login>ghost</wp:author_login><wp:author_display_name>Guy Host</wp:author_display_name></wp:author>\
         <wp:author><wp:author_id>3</wp:author_id><wp:author_login>idle</wp:author_login><wp:author_display_name>Ida Lee</wp:author_display_name></wp:author>\
         {items}</channel></rss>"
    )
}

#[test]
fn what_came_only_with_drafts_of_a_blog_is_known_to_nobody() {
    let desk = Desk::new();
    let post = |number: u32, status: &str, creator: &str, inside: &str| {
        format!(
            "<item><title>Post {number}</title><dc:creator>{creator}</dc:creator><wp:post_id>{number}</wp:post_id>\
             <content:encoded><![CDATA[{inside}]]></content:encoded><wp:post_type>post</wp:post_type><wp:status>{status}</wp:status></item>"
        )
    };
    let upload = |number: u32, parent: u32| {
        format!(
            "<item><title>u</title><wp:post_id>{number}</wp:post_id><wp:post_parent>{parent}</wp:post_parent>\
             <wp:attachment_url>https://quay.example/{number}.jpg</wp:attachment_url>\
             <wp:post_type>attachment</wp:post_type><wp:status>inherit</wp:status></item>"
        )
    };
    let items = [
        upload(10, 1), // its post comes later
        post(1, "publish", "jane", "<img class='wp-image-13' src='x.jpg'>"),
        post(2, "draft", "ghost", "Unfinished."),
        upload(11, 2),  // of a draft
        upload(12, 0),  // of no post
        upload(13, 2),  // of a draft, and shown by a post
        upload(14, 99), // of a post that is not in the export
        post(3, "draft", "jane", "Unfinished, too."),
    ];
    desk.put("blog.xml", &blog(&items.concat()));
    let report = desk.load();
    assert_eq!(told(&report), "2 part of what is not public, 2 drafts");
    let image = |number: u32| desk.seen(&format!("image https://quay.example/?attachment_id={number}"));
    let shown = |number: u32| format!("https://quay.example/{number}.jpg");
    for number in [10, 12, 13, 14] {
        assert_eq!(image(number), shown(number));
    }
    assert_eq!(image(11), "unknown");
    let author = |number: u32| desk.seen(&format!("byline https://quay.example/?author={number}"));
    assert_eq!([author(1), author(2), author(3)], ["Jane Roe", "unknown", "Ida Lee"]);
    assert_eq!(desk.load().events, 0);
    // The draft is published: so is what came with it. Then it is one again.
    let published = items.concat().replace("<wp:status>draft</wp:status>", "<wp:status>publish</wp:status>");
    desk.put("blog.xml", &blog(&published));
    assert_eq!(desk.load().articles, 2);
    assert_eq!((image(11), author(2)), (shown(11), "Guy Host".into()));
    desk.put("blog.xml", &blog(&items.concat()));
    let report = desk.load();
    assert_eq!((report.withdrawn, image(11), image(13)), (3, "gone".into(), shown(13)));
    assert_eq!(author(2), "Guy Host", "a person is more than what was said of one");
    assert_eq!(desk.load().events, 0);
}

/// An item that cannot be read does not say that it is public: whom it names is not known by it.
#[test]
fn who_is_named_by_a_broken_draft_alone_is_known_to_nobody() {
    let desk = Desk::new();
    let item = |status: &str, creator: &str, title: &str| {
        format!(
            "<item><title>{title}</title><dc:creator>{creator}</dc:creator><wp:post_id>7</wp:post_id>\
             <wp:post_type>post</wp:post_type><wp:status>{status}</wp:status></item>"
        )
    };
    desk.put("blog.xml", &blog(&[item("draft", "ghost", "<b>"), item("publish", "jane", "<b>")].concat()));
    let report = load(&desk.log, &desk.options(), &(), &AtomicBool::new(false)).unwrap();
    assert_eq!(report.quarantined, 2);
    let author = |number: u32| desk.seen(&format!("byline https://quay.example/?author={number}"));
    assert_eq!([author(1), author(2), author(3)], ["Jane Roe", "unknown", "Ida Lee"]);
}

#[test]
fn messages_and_orders_of_a_blog_are_never_stored() {
    let mut desk = Desk::new();
    desk.unpublished = true;
    let item = |kind: &str| {
        format!(
            "<item><title>{kind}</title><link>https://quay.example/?post_type={kind}&amp;p=7</link><wp:post_id>7</wp:post_id>\
             <content:encoded>From: a reader</content:encoded><wp:post_type>{kind}</wp:post_type><wp:status>publish</wp:status></item>"
        )
    };
    desk.put("blog.xml", &blog(&[item("feedback"), item("shop_order"), item("feedback")].concat()));
    let report = desk.load();
    assert_eq!((report.articles, told(&report).as_str()), (0, ""));
    assert_eq!((report.skipped["(feedback)"], report.skipped["(shop_order)"]), (2, 1));
}

/// The wire kills a story and a picture: messages of their own, without a text, some with a word why.
#[test]
fn what_the_wire_kills_is_withdrawn_with_its_note() {
    let desk = Desk::new();
    let newsml = |class: &str, status: &str, more: &str| {
        format!(
            "<newsItem xmlns='http://iptc.org/std/nar/2006-10-01/' guid='urn:{class}' version='1'><itemMeta><itemClass qcode='ninat:{class}'/>\
             <pubStatus qcode='stat:{status}'/>{more}</itemMeta><contentMeta><headline>Mayor drowns</headline></contentMeta>\
             <contentSet><remoteContent href='m.jpg'/></contentSet></newsItem>"
        )
    };
    let nitf = |data: &str, text: &str| {
        format!(
            "<nitf><head><docdata {data}<doc-id id-string='urn:n'/><date.issue norm='20200102T100000Z'/></docdata></head>\
             <body><body.head><hedline><hl1>{text}</hl1></hedline></body.head></body></nitf>"
        )
    };
    let made = "<versionCreated>2020-01-02T10:00:00Z</versionCreated>";
    desk.put("1/text.xml", &newsml("text", "usable", made));
    desk.put("1/picture.xml", &newsml("picture", "usable", made));
    desk.put("1/nitf.xml", &nitf(">", "Mayor drowns"));
    let report = desk.load();
    assert_eq!((report.articles, report.images), (2, 1));
    let later = "<versionCreated>2020-01-02T11:00:00Z</versionCreated><edNote>Kill: the mayor lives</edNote>";
    desk.put("2/text.xml", &newsml("text", "canceled", later));
    desk.put("2/picture.xml", &newsml("picture", "withheld", later));
    desk.put("2/nitf.xml", &nitf("management-status='canceled'><ed-msg info='Kill: he swims'/>", ""));
    let report = desk.load();
    assert_eq!((report.withdrawn, report.articles), (3, 0), "{report:?}");
    assert_eq!(told(&report), "2 canceled, 1 withheld");
    for (asset, reason) in [
        ("article urn:text", "Kill: the mayor lives"),
        ("image urn:picture", "withheld"),
        ("article urn:n", "Kill: he swims"),
    ] {
        assert_eq!((desk.seen(asset), desk.order(asset).reason), ("gone".into(), reason.into()));
    }
    assert_eq!(desk.load().events, 0);
}

/// The lines of an export are facts, one after another: what is not public withdraws nothing.
#[test]
fn event_lines_say_themselves_what_is_public() {
    let mut desk = Desk::new();
    let line = |headline: &str, more: &str| {
        format!(
            r#"{{"type":"article.published","id":"a/1","time":"2020-01-01"{more},"data":{{"headline":"{headline}"}}}}"#
        ) + "\n"
    };
    desk.put("a.jsonl", &(line("A", "") + &line("B", r#","unpublished":"legal""#)));
    let report = desk.load();
    assert_eq!((report.events, told(&report).as_str()), (1, "1 legal"));
    desk.unpublished = true;
    assert_eq!((desk.load().events, desk.seen("article a/1")), (1, "A".into()));
    assert_eq!(desk.load().events, 0);
    desk.put("b.jsonl", &line("C", r#","until":"2030-01-01""#).replace("a/1", "a/2"));
    assert_eq!((desk.load().events, desk.seen("article a/2")), (1, "C".into()));
    assert_eq!(desk.log.next_due().unwrap(), Some(time("2030-01-01")));
}

/// A line of an export, its data as it is written.
#[derive(serde::Deserialize)]
struct Line {
    schema: u64,
    digest: String,
    data: Box<RawValue>,
}

/// Returns a log as programs wrote it that knew nothing of who may see a revision: its events are of the first schema.
fn as_of_before(log: &Log, dir: &Path) -> Log {
    let mut export = Vec::new();
    log.export(Seq::new(1), &mut export, &mut |_| {}).unwrap();
    let events = log.snapshot().unwrap().events(Seq::new(1), 1_000).unwrap();
    let (mut link, mut lines) = (Digest::ZERO, String::new());
    for (line, event) in String::from_utf8(export).unwrap().lines().zip(events) {
        let Line { schema, digest, data } = serde_json::from_str(line).unwrap();
        let Payload::Kept { salt, source, .. } = &event.payload else { panic!("{line}") };
        let source = serde_json::json!({ "source": source });
        let payload = Digest::of(&[salt.as_bytes(), format!("{source}\n{data}").as_bytes()]);
        let time = if event.time_stated { event.time.as_millis().to_string() } else { "-".to_owned() };
        let (seq, recorded, name, id) = (event.seq, event.recorded.as_millis(), event.event_type, event.id);
        let envelope = format!("{seq} {recorded} {time} 1 {name} {id}");
        link = Digest::of(&[link.as_bytes(), payload.as_bytes(), envelope.as_bytes()]);
        let line = line.replace(&format!("\"schema\":{schema},"), "").replace(&digest, &link.to_string());
        lines += &format!("{line}\n");
    }
    let before = Log::open(dir).unwrap();
    before.import(&mut lines.as_bytes(), &mut |_| {}).unwrap();
    assert_eq!(before.verify(None, &mut |_| {}).unwrap().problems, []);
    before
}

/// The archive of a program that took drafts and private matter for public.
#[test]
fn an_archive_that_shows_drafts_is_put_right_by_the_next_load() {
    let mut desk = Desk::new();
    let post = |number: u32, status: &str| {
        format!(
            "<item><title>Post {number}</title><dc:creator>jane</dc:creator><wp:post_id>{number}</wp:post_id>\
             <wp:post_date>2020-05-01 10:00:00</wp:post_date><content:encoded>Text.</content:encoded>\
             <wp:post_type>post</wp:post_type><wp:status>{status}</wp:status></item>"
        )
    };
    let statuses = ["publish", "draft", "private", "trash"];
    let items = |as_public: bool| {
        let items = (1..).zip(statuses).map(|(n, s)| post(n, if as_public { "publish" } else { s }));
        blog(&items.collect::<String>())
    };
    desk.put("blog.xml", &items(true));
    desk.put("site/content/a.md", &page("authors: [Nora Vance]\nimage: cable.jpg"));
    let old = desk.load();
    assert_eq!(old.articles, 5);
    desk.log = as_of_before(&desk.log, &desk.dir.path().join("before"));
    desk.put("blog.xml", &items(false));
    let report = desk.load();
    assert_eq!((report.articles + report.images + report.bylines, report.withdrawn), (0, 3), "{report:?}");
    assert_eq!(desk.seen("article https://quay.example/?p=1"), "Post 1");
    for number in 2..=4 {
        assert_eq!(desk.seen(&format!("article https://quay.example/?p={number}")), "gone");
    }
    assert_eq!(desk.load().events, 0);
}

/// The clock of the watched folder, which the test moves on.
static WATCHED: AtomicI64 = AtomicI64::new(0);

fn watched() -> Timestamp {
    Timestamp::from_millis(WATCHED.load(Ordering::SeqCst)).unwrap()
}

/// A folder is watched in which nothing changes: what is scheduled appears when it is due, and what is public until a
/// time goes with it.
#[test]
fn a_watched_folder_follows_the_clock() {
    let desk = Desk::new();
    let set = |now: &str| WATCHED.store(time(now).as_millis(), Ordering::SeqCst);
    set("2025-01-01");
    desk.put("content/a.md", &page("publishDate: 2030-01-01"));
    desk.put("content/b.md", &page("publishDate: 2031-01-01"));
    desk.put("content/c.md", &page("expiryDate: 2030-06-01"));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (tell, heard) = std::sync::mpsc::channel();
        let (log, stop) = (&desk.log, &stop);
        let mut options = desk.options();
        options.now = watched;
        let watching = scope.spawn(move || {
            watch(log, &options, Duration::from_millis(5), &(), stop, &mut |report| {
                let _ = tell.send((report.articles, report.expired, told(report)));
            })
        });
        let _ended = StopAtEnd(stop);
        let next = || heard.recv_timeout(Duration::from_secs(60)).unwrap();
        assert_eq!(next(), (1, 0, "2 scheduled, the next for 2030-01-01".to_owned()));
        set("2030-01-01");
        assert_eq!(next(), (1, 0, String::new()), "one is due, and only its file is read");
        set("2030-06-01");
        assert_eq!(next(), (0, 1, String::new()));
        set("2032-01-01");
        assert_eq!(next(), (1, 0, String::new()));
        stop.store(true, Ordering::Relaxed);
        watching.join().unwrap().unwrap();
        assert!(heard.try_recv().is_err(), "nothing was loaded that was not due");
    });
}

/// Ends the watching when the test does, in whatever way.
struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Sources mix what opens a door or reaches a person with what has no field of ours. Whatever the format, none of it is
/// stored, and the rest is.
#[test]
fn passwords_logins_and_addresses_are_stored_of_nobody() {
    let desk = Desk::new();
    let secrets = ["hunter2", "nvance", "nora@quay.example", "192.0.2.7"];
    let front = "user_pass: hunter2\nauthor_login: nvance\ncontact: nora@quay.example\nauthor_ip: 192.0.2.7\ndesk_code: Q9";
    desk.put("a.md", &page(front));
    desk.put(
        "b.csv",
        "id,headline,user_pass,author_login,contact,author_ip,desk_code\n7,The cable,hunter2,nvance,nora@quay.example,192.0.2.7,Q9\n",
    );
    desk.put(
        "c.json",
        r#"{"uri":"urn:c","type":"text","versioncreated":"2020-01-02T03:04:05Z","headline":"The cable","pubstatus":"usable",
            "desk":{"user_pass":"hunter2","author_login":"nvance","contact":"nora@quay.example","author_ip":"192.0.2.7","code":"Q9"}}"#,
    );
    assert_eq!(desk.load().articles, 3);
    let mut export = Vec::new();
    desk.log.export(Seq::new(1), &mut export, &mut |_| {}).unwrap();
    let kept = String::from_utf8(export).unwrap();
    assert_eq!(kept.matches("Q9").count(), 3, "{kept}");
    for secret in secrets {
        assert!(!kept.contains(secret), "{secret} in {kept}");
    }
}
