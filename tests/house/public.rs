//! What a crate shows, somebody uses: each item at a crate's root is named by another crate, or stands in the signature of
//! one that is.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Fields, ImplItem, Item, UseTree, Visibility,
    visit::{self, Visit},
};

use crate::{FOLDERS, sources};

/// Items that nobody names, with the reason why they are shown all the same. The list only shrinks.
const EXCEPTIONS: [(&str, &str, &str); 3] = [
    (
        "query/src",
        "write_query",
        "each kind is written where it is read; an end in a cluster sends what is written",
    ),
    ("search-api/src", "app", "its own tests serve all surfaces on a socket"),
    ("search-api/src", "serve_router", "its own tests serve on a socket within other limits"),
];

/// The crate that is built before its user: the indexer writes to it from its next step on, and this goes.
const NOT_USED_YET: &str = "ends/opensearch/src";

/// Where the users of a crate are: everything of the workspace but its own sources, tests and benches.
const USERS: [&str; 3] = ["", "tests", "benches"];

fn idents(tokens: TokenStream, into: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                into.insert(ident.to_string());
            }
            TokenTree::Group(group) => idents(group.stream(), into),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// The names in the signatures of what a crate shows.
#[derive(Default)]
struct Signatures {
    names: BTreeSet<String>,
}

impl Signatures {
    fn add(&mut self, tokens: &impl ToTokens) {
        idents(tokens.to_token_stream(), &mut self.names);
    }

    fn fields(&mut self, fields: &Fields) {
        for field in fields.iter().filter(|field| matches!(field.vis, Visibility::Public(_))) {
            self.add(&field.ty);
        }
    }
}

impl<'ast> Visit<'ast> for Signatures {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Fn(item) if matches!(item.vis, Visibility::Public(_)) => {
                self.add(&item.sig.inputs);
                self.add(&item.sig.output);
            }
            Item::Const(item) if matches!(item.vis, Visibility::Public(_)) => self.add(&item.ty),
            Item::Static(item) if matches!(item.vis, Visibility::Public(_)) => self.add(&item.ty),
            Item::Type(item) if matches!(item.vis, Visibility::Public(_)) => self.add(&item.ty),
            Item::Struct(item) if matches!(item.vis, Visibility::Public(_)) => self.fields(&item.fields),
            Item::Enum(item) if matches!(item.vis, Visibility::Public(_)) => {
                item.variants
                    .iter()
                    .flat_map(|variant| &variant.fields)
                    .for_each(|field| self.add(&field.ty));
            }
            Item::Trait(item) if matches!(item.vis, Visibility::Public(_)) => {
                self.add(&item.supertraits);
                item.items.iter().for_each(|item| self.add(item));
            }
            Item::Impl(item) => {
                for part in &item.items {
                    match part {
                        ImplItem::Fn(part) if matches!(part.vis, Visibility::Public(_)) => {
                            self.add(&part.sig.inputs);
                            self.add(&part.sig.output);
                        }
                        ImplItem::Const(part) if matches!(part.vis, Visibility::Public(_)) => {
                            self.add(&part.ty);
                        }
                        // What a trait's implementation gives and takes.
                        ImplItem::Type(part) => self.add(&part.ty),
                        _ => {}
                    }
                }
                // `From<Other>` and the like: the other end stands in the trait's own name.
                if let Some((_, path, _)) = &item.trait_ {
                    self.add(path);
                }
            }
            _ => {}
        }
        visit::visit_item(self, item);
    }
}

fn flatten(tree: &UseTree, names: &mut BTreeSet<String>) {
    match tree {
        UseTree::Path(path) => flatten(&path.tree, names),
        UseTree::Name(name) => names.extend([name.ident.to_string()]),
        UseTree::Rename(name) => names.extend([name.rename.to_string()]),
        UseTree::Glob(_) => {}
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, names)),
    }
}

/// Returns the names of what a crate's root shows.
fn shown(file: &syn::File) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for item in &file.items {
        let (visibility, name) = match item {
            Item::Use(item) => {
                if matches!(item.vis, Visibility::Public(_)) {
                    flatten(&item.tree, &mut names);
                }
                continue;
            }
            Item::Fn(item) => (&item.vis, &item.sig.ident),
            Item::Struct(item) => (&item.vis, &item.ident),
            Item::Enum(item) => (&item.vis, &item.ident),
            Item::Const(item) => (&item.vis, &item.ident),
            Item::Type(item) => (&item.vis, &item.ident),
            _ => continue,
        };
        if matches!(visibility, Visibility::Public(_)) {
            names.insert(name.to_string());
        }
    }
    names
}

/// Returns all names in the sources of a folder, documentation apart.
fn named_in(folder: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (path, text) in sources(folder) {
        let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        idents(file.to_token_stream(), &mut names);
    }
    names
}

#[test]
fn what_a_crate_shows_is_named_by_another() {
    let named: BTreeMap<&str, BTreeSet<String>> =
        FOLDERS.into_iter().map(|folder| (folder, named_in(folder))).collect();
    let tests: BTreeMap<&str, BTreeSet<String>> = FOLDERS
        .into_iter()
        .map(|folder| {
            let root = folder.strip_suffix("src").unwrap();
            let beside = USERS.iter().skip(1).map(|user| format!("{root}{user}"));
            (folder, beside.filter(|dir| crate::is_there(dir)).flat_map(|dir| named_in(&dir)).collect())
        })
        .collect();
    let mut unused = Vec::new();
    for folder in FOLDERS.into_iter().filter(|folder| *folder != "src" && *folder != NOT_USED_YET) {
        let mut signatures = Signatures::default();
        let mut root = None;
        for (path, text) in sources(folder) {
            let file = syn::parse_file(&text).unwrap();
            signatures.visit_file(&file);
            if path.ends_with("src/lib.rs") {
                root = Some(file);
            }
        }
        let others = || named.iter().chain(&tests).filter(|(other, _)| **other != folder);
        for name in shown(&root.expect("a crate has a root")) {
            let used = signatures.names.contains(&name) || others().any(|(_, names)| names.contains(&name));
            if !used {
                unused.push((folder, name));
            }
        }
    }
    let known: BTreeSet<(&str, String)> =
        EXCEPTIONS.iter().map(|(folder, name, _)| (*folder, (*name).to_owned())).collect();
    let new: Vec<_> = unused.iter().filter(|item| !known.contains(item)).collect();
    assert!(
        new.is_empty(),
        "nobody else names these: make them private, or list them with the reason: {new:?}"
    );
    for item in &known {
        assert!(unused.contains(item), "somebody names it now, strike it from the list: {item:?}");
    }
}
