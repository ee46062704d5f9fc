//! The main text of a page: what its publisher wrote, without what stands around it.
//!
//! Three steps: what is by its element, role or name no part of an article is left out; the smallest element is taken that
//! holds nearly all prose that is left; of what is in it, blocks that are mostly links are left out.

use super::{Plain, Tree, text};

/// Elements that are never a part of a text.
const AROUND: &[&str] = &["aside", "button", "dialog", "footer", "form", "menu", "nav"];
/// Roles (WAI-ARIA) of what stands around a text.
const ROLES: &[&str] = &[
    "alert",
    "banner",
    "complementary",
    "contentinfo",
    "dialog",
    "navigation",
    "search",
    "tablist",
    "toolbar",
];
/// Words in the names of elements that stand around a text.
const AROUND_NAMES: &[&str] = &[
    "ad",
    "ads",
    "adslot",
    "adv",
    "advert",
    "advertisement",
    "advertising",
    "banner",
    "bio",
    "caption",
    "breadcrumb",
    "breadcrumbs",
    "byline",
    "comment",
    "comments",
    "consent",
    "cookie",
    "copyright",
    "credit",
    "credits",
    "dateline",
    "disclaimer",
    "disqus",
    "follow",
    "footer",
    "forum",
    "hidden",
    "inline-promo",
    "legal",
    "login",
    "masthead",
    "menu",
    "meta",
    "modal",
    "mostread",
    "nav",
    "navbar",
    "navigation",
    "newsletter",
    "outbrain",
    "overlay",
    "pager",
    "pagination",
    "placeholder",
    "popular",
    "popup",
    "gallery",
    "slideshow",
    "print",
    "promo",
    "promoted",
    "readmore",
    "recirc",
    "recirculation",
    "recommend",
    "recommendation",
    "recommendations",
    "recommended",
    "related",
    "rhs",
    "share",
    "sharing",
    "sidebar",
    "signup",
    "skip",
    "social",
    "sponsor",
    "sponsored",
    "subscribe",
    "subscription",
    "taboola",
    "tags",
    "toolbar",
    "tooltip",
    "trending",
    "widget",
];
/// Words in the names of elements that hold a text, whatever else they are called.
const TEXT_NAMES: &[&str] = &["article", "articlebody", "body", "content", "entry", "main", "story", "text"];
/// The part of a page's prose that its main element holds.
const NEARLY_ALL: f64 = 0.8;
/// Characters of a block that is prose.
const PROSE: usize = 50;

/// Returns the text and pictures of the part of a page that is its article.
pub(crate) fn main_text(tree: &Tree) -> Plain {
    let page = Page::of(tree);
    let main = page.main();
    let mut writer = text::Writer::default();
    writer.write(tree, main, &|node| page.is_wanted(node));
    writer.finish()
}

/// The counts of each element of a page.
struct Page<'t> {
    tree: &'t Tree,
    /// It, or what it lies in, is left out.
    out: Vec<bool>,
    /// Characters inside, and those of them that are links.
    length: Vec<usize>,
    linked: Vec<usize>,
    /// Characters of prose inside.
    prose: Vec<usize>,
}

impl<'t> Page<'t> {
    fn of(tree: &'t Tree) -> Self {
        let count = tree.nodes.len();
        let mut page = Self {
            tree,
            out: vec![false; count],
            length: vec![0; count],
            linked: vec![0; count],
            prose: vec![0; count],
        };
        page.count();
        page.leave_out();
        page.count();
        page
    }

    /// Counts from the leaves up: a node's number is above its parent's.
    fn count(&mut self) {
        for counts in [&mut self.length, &mut self.linked, &mut self.prose] {
            counts.fill(0);
        }
        for node in (1..self.tree.nodes.len()).rev() {
            if self.out.get(node).copied().unwrap_or(true) {
                continue;
            }
            if let Some(text) = self.tree.text(node) {
                let length = text.split_whitespace().map(|word| word.chars().count() + 1).sum();
                add(&mut self.length, node, length);
            }
            let name = self.tree.name(node);
            let length = get(&self.length, node);
            let linked = if name == "a" { length } else { get(&self.linked, node) };
            let is_block = matches!(
                name,
                "p" | "pre" | "blockquote" | "li" | "td" | "div" | "section" | "article" | "main" | "span"
            );
            // A block is prose where what is in it is none already.
            if is_block
                && get(&self.prose, node) == 0
                && name != "span"
                && length >= PROSE
                && linked * 3 < length
            {
                add(&mut self.prose, node, length);
            }
            let (parent, prose) = (self.tree.parent(node), get(&self.prose, node));
            add(&mut self.length, parent, length);
            add(&mut self.linked, parent, linked);
            add(&mut self.prose, parent, prose);
        }
    }

    /// Leaves out what stands around a text, unless it holds most of the page's prose.
    fn leave_out(&mut self) {
        let all = get(&self.prose, 0);
        for node in 1..self.tree.nodes.len() {
            let parent = self.tree.parent(node);
            let inherited = self.out.get(parent).copied().unwrap_or(false);
            let most = get(&self.prose, node) * 2 > all;
            if let Some(out) = self.out.get_mut(node) {
                *out = inherited || (!most && self.tree.text(node).is_none() && is_around(self.tree, node));
            }
        }
    }

    /// Returns the smallest element that holds nearly all prose.
    fn main(&self) -> usize {
        let stated = self.tree.nodes.len();
        let stated = (1..stated).filter(|node| self.tree.attribute(*node, "itemprop") == "articleBody");
        if let Some(body) = stated.max_by_key(|node| get(&self.prose, *node))
            && get(&self.prose, body) * 3 > get(&self.prose, 0)
        {
            return body;
        }
        let mut main = 0;
        loop {
            let best = self.tree.children(main).iter().copied().max_by_key(|child| get(&self.prose, *child));
            match best {
                Some(child) if self.tree.text(child).is_none() && self.holds_nearly_all(child, main) => {
                    main = child;
                }
                _ => return main,
            }
        }
    }

    fn holds_nearly_all(&self, child: usize, main: usize) -> bool {
        let (child, main) = (get(&self.prose, child) as f64, get(&self.prose, main) as f64);
        child > 0.0 && child >= NEARLY_ALL * main
    }

    /// Returns true if an element of the main one is a part of the text.
    fn is_wanted(&self, node: usize) -> bool {
        if self.out.get(node).copied().unwrap_or(false) {
            return false;
        }
        let (length, linked) = (get(&self.length, node), get(&self.linked, node));
        match self.tree.name(node) {
            "h1" | "time" => false,
            "article" | "p" | "div" | "ul" | "ol" | "li" | "section" | "table" | "h2" | "h3" | "h4"
            | "h5" => linked * 2 <= length,
            _ => true,
        }
    }
}

fn get(counts: &[usize], node: usize) -> usize {
    counts.get(node).copied().unwrap_or(0)
}

fn add(counts: &mut [usize], node: usize, more: usize) {
    if let Some(count) = counts.get_mut(node) {
        *count += more;
    }
}

/// Returns true if an element says that it is no part of a text.
fn is_around(tree: &Tree, node: usize) -> bool {
    let name = tree.name(node);
    if AROUND.contains(&name) || text::UNSEEN.contains(&name) || ROLES.contains(&tree.attribute(node, "role"))
    {
        return true;
    }
    let style = tree.attribute(node, "style");
    let is_hidden = tree.attribute(node, "aria-hidden") == "true"
        || style.contains("display:none")
        || style.contains("display: none");
    // The words of a picture are no part of the text, however they are called.
    if is_hidden || matches!(name, "html" | "body" | "article" | "main" | "figcaption") {
        return is_hidden;
    }
    let mut around = false;
    for names in [tree.attribute(node, "class"), tree.attribute(node, "id")] {
        for word in words(names) {
            if TEXT_NAMES.contains(&word.as_str()) {
                return false;
            }
            around |= AROUND_NAMES.contains(&word.as_str());
        }
    }
    around
}

/// Returns the words of names such as `related-Stories_list`.
fn words(names: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in names.chars().take(400) {
        if !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && before.is_ascii_lowercase()) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_ascii_alphanumeric(), words.last_mut()) {
            word.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}
