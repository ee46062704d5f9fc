//! An archive with canaries of every kind and fate, among assets that readers see, and all that answers for it: the live
//! indexes, those before them, the archive as it stood when all was public, open points in time and scrolls.

use std::{fs, sync::atomic::AtomicBool};

use axum::http::Method;
use indexer::{Indexes, RebuildOptions};
use search::Search;
use serde_json::json;
use store::{
    Article, AsOf, AssetId, AssetKind, Byline, Fact, Image, Keyword, Log, NewEvent, Order, OrderedBy,
    Rendition, Seq, Timestamp, Visibility,
};
use tempfile::TempDir;
use views::VIEWS;

use super::{Question, Servers, Who};
use crate::{
    app::app,
    door::access::{Access, Role},
    pages::PagesConfig,
    state::ApiState,
};

/// The beginning of every word of the canaries, and of no other word.
pub(super) const MARK: &str = "zqxj";
/// The notice that readers are told.
pub(super) const NOTICE: &str = "Taken down for now.";

/// The fate of a canary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    NeverPublic,
    ByPerson,
    BySource,
    Expired,
    Erased,
}

impl Fate {
    const ALL: [Self; 5] = [Self::NeverPublic, Self::ByPerson, Self::BySource, Self::Expired, Self::Erased];

    pub(super) fn is_public(self) -> bool {
        self != Self::NeverPublic
    }

    pub(super) fn is_erased(self) -> bool {
        self == Self::Erased
    }

    pub(super) fn has_notice(self) -> bool {
        matches!(self, Self::ByPerson | Self::BySource)
    }
}

/// An asset that readers may not see.
#[derive(Debug, Clone, Copy)]
pub(super) struct Canary {
    pub(super) kind: AssetKind,
    pub(super) fate: Fate,
}

impl Canary {
    pub(super) fn id(self) -> AssetId {
        AssetId::new(format!("{}/{:?}", self.kind, self.fate).to_lowercase()).unwrap()
    }

    pub(super) fn address(self) -> String {
        format!("/api/v1/{}/{}", self.kind.plural(), self.id())
    }

    pub(super) fn page(self) -> String {
        format!("/{}/{}", self.kind.plural(), self.id())
    }

    /// The file of its picture.
    pub(super) fn file(self) -> String {
        format!("pictures/{:?}.svg", self.fate).to_lowercase()
    }

    /// A word that stands in this field of it, and nowhere else.
    pub(super) fn word(self, field: &str) -> String {
        format!("{MARK}{:?}{}{field}", self.fate, self.kind).to_lowercase()
    }

    fn content(self) -> store::Content {
        let word = |field| self.word(field);
        let ids = |kind: &str| vec![AssetId::new(format!("{kind}/{:?}", self.fate).to_lowercase()).unwrap()];
        match self.kind {
            AssetKind::Article => Article {
                headline: format!("Harbour {}", word("headline")),
                summary: word("summary"),
                body: format!("The harbour was {} all night.", word("body")),
                section: word("section"),
                credit: word("credit"),
                published: Some("1931-05-02".parse().unwrap()),
                keywords: vec![Keyword {
                    name: "place".into(),
                    value: word("keyword"),
                    ..Keyword::default()
                }],
                bylines: ids("byline"),
                images: ids("image"),
                ..Article::default()
            }
            .into(),
            AssetKind::Image => Image {
                caption: format!("Harbour {}", word("caption")),
                credit: word("credit"),
                alt: word("alt"),
                photographer: ids("byline").pop(),
                renditions: vec![Rendition { href: self.file(), ..Rendition::default() }],
                ..Image::default()
            }
            .into(),
            AssetKind::Byline => Byline {
                name: format!("Harbour {}", word("name")),
                bio: word("bio"),
                also_known_as: vec![word("alias")],
                ..Byline::default()
            }
            .into(),
        }
    }
}

/// Things that clients have open, by the names of [`Servers::kept`].
pub(super) struct Kept {
    pub(super) points: Vec<String>,
    pub(super) scrolls: Vec<String>,
}

pub(super) struct Archive {
    pub(super) log: Log,
    indexes: Indexes,
    dir: TempDir,
    public_until: Seq,
}

impl Archive {
    /// With all canaries public that ever were.
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(dir.path().join("log")).unwrap();
        let indexes = Indexes::open(log.clone(), dir.path().join("indexes")).unwrap();
        let mut archive = Self { log, indexes, dir, public_until: Seq::ZERO };
        fs::create_dir_all(archive.dir.path().join("media/pictures")).unwrap();
        for (canary, _) in archive.canaries() {
            let visibility = match canary.fate {
                Fate::NeverPublic => Visibility::unpublished(canary.word("why")),
                Fate::Expired => Visibility::Public { until: Some("2000-01-01".parse().unwrap()) },
                _ => Visibility::PUBLIC,
            };
            let event = NewEvent::published(canary.id(), canary.content());
            archive.append(&NewEvent { visibility, source: "test".into(), ..event });
            let file = archive.dir.path().join("media").join(canary.file());
            fs::write(file, format!("<svg>{}</svg>", canary.word("file"))).unwrap();
            archive.append(&NewEvent::published(canary.neighbour(), canary.beside()));
        }
        archive.public_until = archive.log.head().unwrap().seq;
        archive.append(&NewEvent::published(
            AssetId::new("article/last").unwrap(),
            Article { headline: "Harbour lights".into(), ..Article::default() },
        ));
        archive.catch_up();
        let never = AtomicBool::new(false);
        for view in VIEWS {
            let options = RebuildOptions::default();
            archive.indexes.rebuild(view, &options, &never, &|_| {}).unwrap();
            let then = AsOf::Seq(archive.public_until);
            archive.indexes.build_as_of(view, &then, "then", &options, &never, &|_| {}).unwrap();
        }
        archive
    }

    /// All canaries, each with its words.
    pub(super) fn canaries(&self) -> Vec<(Canary, Vec<String>)> {
        let fields = |kind| match kind {
            AssetKind::Article => &["headline", "summary", "body", "section", "credit", "keyword"][..],
            AssetKind::Image => &["caption", "credit", "alt"],
            AssetKind::Byline => &["name", "bio", "alias"],
        };
        let all = Fate::ALL.into_iter().flat_map(|fate| AssetKind::ALL.map(|kind| Canary { kind, fate }));
        all.map(|canary| (canary, fields(canary.kind).iter().map(|field| canary.word(field)).collect()))
            .collect()
    }

    /// A moment at which all were public that ever were.
    pub(super) fn when_public(&self) -> String {
        format!("seq:{}", self.public_until)
    }

    /// Withdraws what is to be, by whoever it is.
    pub(super) fn withdraw(&self) {
        self.order(&[Fate::ByPerson, Fate::BySource]);
        assert_eq!(self.log.withdraw_due(Timestamp::now()).unwrap(), 3);
        self.catch_up();
    }

    /// Erases what is to be.
    pub(super) fn erase(&self) {
        self.order(&[Fate::Erased]);
        self.catch_up();
    }

    fn order(&self, fates: &[Fate]) {
        for (canary, _) in self.canaries().into_iter().filter(|(canary, _)| fates.contains(&canary.fate)) {
            let order = |ordered_by| Order {
                reason: canary.word("reason"),
                by: canary.word("by"),
                notice: NOTICE.into(),
                ordered_by,
                ..Order::default()
            };
            let fact = match canary.fate {
                Fate::ByPerson => Fact::Withdrawn(canary.kind, order(OrderedBy::Person)),
                Fate::BySource => Fact::Withdrawn(canary.kind, order(OrderedBy::Source)),
                Fate::Erased => Fact::Erased(canary.kind, order(OrderedBy::Person)),
                Fate::NeverPublic | Fate::Expired => continue,
            };
            self.append(&NewEvent::new(canary.id(), fact));
        }
    }

    fn append(&self, event: &NewEvent) {
        self.log.append_one(event).unwrap();
    }

    fn catch_up(&self) {
        let head = self.log.head().unwrap().seq;
        for view in VIEWS {
            self.indexes.catch_up(view, head, &AtomicBool::new(false), &|_| {}).unwrap();
        }
    }

    pub(super) fn servers(&self) -> Servers {
        let lines = [(Role::Read, "r"), (Role::Write, "w"), (Role::Admin, "a")]
            .map(|(role, key)| Access::line(role, key));
        let access = Access::parse(&lines.join("\n")).unwrap();
        let state = ApiState::new(Search::new(self.indexes.clone())).unwrap();
        let pages = PagesConfig { media: vec![self.dir.path().join("media")], ..PagesConfig::default() };
        let keyed = app(state.clone().with_access(access), pages.clone());
        Servers { keyed, open: app(state, pages), kept: Vec::new() }
    }

    /// Opens points in time and scrolls over everything, now and as it stood, on both servers.
    pub(super) async fn keep_open(&self, servers: &mut Servers) -> Kept {
        let mut kept = Kept { points: Vec::new(), scrolls: Vec::new() };
        for index in ["articles", "images", "bylines", "_all", "articles@then"] {
            let point = Question::new(Method::POST, format!("/es/{index}/_pit?keep_alive=1h"));
            let scroll = Question::new(Method::POST, format!("/es/{index}/_search?scroll=1h"));
            let scroll = scroll.with(&json!({"size": 1, "query": {"match_all": {}}}));
            for (sort, open, id, names) in [
                ("point", point, "id", &mut kept.points),
                ("scroll", scroll, "_scroll_id", &mut kept.scrolls),
            ] {
                let mut ids = [String::new(), String::new()];
                for (who, to) in [Who::Key("r"), Who::Here].into_iter().zip(&mut ids) {
                    servers.ask(who, &open).await.json()[id].as_str().unwrap().clone_into(to);
                }
                let name = format!("{sort} of {index}");
                names.push(name.clone());
                servers.kept.push((name, ids));
            }
        }
        kept
    }
}

impl Canary {
    fn neighbour(self) -> AssetId {
        AssetId::new(format!("{}/beside-{:?}", self.kind, self.fate).to_lowercase()).unwrap()
    }

    /// An asset that readers see, and that names canaries.
    fn beside(self) -> store::Content {
        let Self { fate, .. } = self;
        let of = |kind| Self { kind, fate }.id();
        match self.kind {
            AssetKind::Article => Article {
                headline: "Harbour at dawn".into(),
                bylines: vec![of(AssetKind::Byline)],
                images: vec![of(AssetKind::Image)],
                section: "Harbour".into(),
                ..Article::default()
            }
            .into(),
            AssetKind::Image => Image {
                caption: "The harbour".into(),
                photographer: Some(of(AssetKind::Byline)),
                ..Image::default()
            }
            .into(),
            AssetKind::Byline => {
                Byline { name: format!("Harbour {fate:?} Reporter"), ..Byline::default() }.into()
            }
        }
    }
}
