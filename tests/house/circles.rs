//! Circles of modules: none crosses a wall between folders, and those inside a folder are small.

use std::collections::{BTreeMap, BTreeSet};

use syn::{
    Attribute, Item, ItemMod, ItemUse, Path as SynPath, UseTree, Visibility,
    visit::{self, Visit},
};

use crate::{FOLDERS, sources};

/// How many modules of one folder may know each other.
const MOST: usize = 4;

/// Circles that are there today although none should be: a crate and its modules on each line. The list only shrinks: a
/// circle that is gone, or has another member, fails the test, too.
const EXCEPTIONS: &str = include_str!("circles.txt");

type Module = Vec<String>;

/// Which modules of a crate name which.
struct Graph {
    names: BTreeMap<Module, BTreeSet<Module>>,
    /// What the crate's root hands on under a shorter name.
    root: BTreeMap<String, Module>,
}

impl Graph {
    fn of(folder: &str) -> Self {
        let files: Vec<(Module, syn::File)> = sources(folder)
            .into_iter()
            .map(|(path, text)| {
                let within = path.strip_prefix(format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"))).unwrap();
                let mut module: Module = within
                    .with_extension("")
                    .iter()
                    .map(|part| part.to_str().unwrap().to_owned())
                    .filter(|part| part != "mod")
                    .collect();
                if matches!(module.as_slice(), [one] if one == "lib" || one == "main") {
                    module.clear();
                }
                (module, syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
            })
            .collect();
        let mut graph = Self {
            names: files.iter().map(|(module, _)| (module.clone(), BTreeSet::new())).collect(),
            root: BTreeMap::new(),
        };
        for (module, file) in &files {
            let mut reader = Reader { module, paths: Vec::new(), uses: Vec::new() };
            reader.visit_file(file);
            if module.is_empty() {
                for path in reader.uses.iter().filter(|path| path.len() > 1) {
                    let mut path = path.clone();
                    path.retain(|part| part != "crate");
                    graph.root.insert(path.last().unwrap().clone(), path);
                }
            }
        }
        for (module, file) in &files {
            let mut reader = Reader { module, paths: Vec::new(), uses: Vec::new() };
            reader.visit_file(file);
            let named: BTreeSet<Module> = reader
                .paths
                .into_iter()
                .chain(reader.uses)
                .filter_map(|path| graph.module_of(module, &path))
                .collect();
            let own = graph.names.get_mut(module).unwrap();
            own.extend(named.into_iter().filter(|named| named != module && !named.is_empty()));
        }
        graph
    }

    /// Returns the module that a path leads to, as written in `from`.
    fn module_of(&self, from: &Module, path: &[String]) -> Option<Module> {
        let (first, rest) = path.split_first()?;
        let mut at = match first.as_str() {
            "crate" => Vec::new(),
            "self" => from.clone(),
            "super" => from[..from.len().checked_sub(1)?].to_vec(),
            // A module below this one.
            below => {
                let at = [from.as_slice(), &[below.to_owned()]].concat();
                return self.names.contains_key(&at).then(|| self.deepest(at, rest));
            }
        };
        let mut rest = rest;
        while let ([first, more @ ..], true) = (rest, rest.first().is_some_and(|part| part == "super")) {
            debug_assert_eq!(first, "super");
            at.pop();
            rest = more;
        }
        if at.is_empty()
            && let Some(at) = rest.first().and_then(|name| self.root.get(name))
        {
            return Some(self.deepest(Vec::new(), at));
        }
        Some(self.deepest(at, rest))
    }

    fn deepest(&self, mut at: Module, rest: &[String]) -> Module {
        for part in rest {
            at.push(part.clone());
            if !self.names.contains_key(&at) {
                at.pop();
                break;
            }
        }
        at
    }

    /// Returns the groups of modules that know each other, directly or by others.
    fn circles(&self) -> Vec<BTreeSet<Module>> {
        let reach: BTreeMap<&Module, BTreeSet<&Module>> = self
            .names
            .keys()
            .map(|module| {
                let (mut seen, mut next) = (BTreeSet::new(), vec![module]);
                while let Some(at) = next.pop() {
                    for named in &self.names[at] {
                        if seen.insert(named) {
                            next.push(named);
                        }
                    }
                }
                (module, seen)
            })
            .collect();
        let circles: BTreeSet<BTreeSet<Module>> = reach
            .iter()
            .filter(|(module, seen)| seen.contains(*module))
            .map(|(module, seen)| {
                seen.iter().filter(|other| reach[*other].contains(module)).map(|&m| m.clone()).collect()
            })
            .collect();
        circles.into_iter().collect()
    }

    /// Returns the folder of a module: one that has modules below it is the front of its own.
    fn folder(&self, module: &Module) -> Module {
        let is_front = self.names.keys().any(|other| other.len() > module.len() && other.starts_with(module));
        if is_front { module.clone() } else { module[..module.len() - 1].to_vec() }
    }
}

struct Reader<'a> {
    module: &'a Module,
    paths: Vec<Vec<String>>,
    uses: Vec<Vec<String>>,
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || (attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Ident>().is_ok_and(|name| name == "test"))
    })
}

impl Reader<'_> {
    fn flatten(&mut self, tree: &UseTree, before: &[String]) {
        let with = |name: String| [before, &[name]].concat();
        match tree {
            UseTree::Path(path) => self.flatten(&path.tree, &with(path.ident.to_string())),
            UseTree::Name(name) => self.uses.push(with(name.ident.to_string())),
            UseTree::Rename(name) => self.uses.push(with(name.ident.to_string())),
            UseTree::Glob(_) => self.uses.push(before.to_vec()),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.flatten(tree, before)),
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => &Vec::new(),
        };
        if !is_test(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        // What is written inside one file is one module here; tests are none.
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let _ = self.module;
        self.flatten(&item.tree, &[]);
    }

    fn visit_visibility(&mut self, _: &'ast Visibility) {
        // Who may see a thing is not what it names.
    }

    fn visit_path(&mut self, path: &'ast SynPath) {
        if path.segments.len() > 1 {
            self.paths.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }
}

#[test]
fn no_circle_of_modules_crosses_a_wall_or_is_large() {
    let mut found = Vec::new();
    for folder in FOLDERS {
        let graph = Graph::of(folder);
        for circle in graph.circles() {
            let folders: BTreeSet<Module> = circle.iter().map(|module| graph.folder(module)).collect();
            if folders.len() > 1 || circle.len() > MOST {
                let names: Vec<String> = circle.iter().map(|module| module.join("::")).collect();
                found.push((folder, names));
            }
        }
    }
    let found: BTreeSet<String> =
        found.iter().map(|(folder, names)| format!("{folder}: {}", names.join(", "))).collect();
    let known: BTreeSet<String> = EXCEPTIONS.lines().map(str::to_owned).collect();
    let new: Vec<&String> = found.difference(&known).collect();
    assert!(new.is_empty(), "circles that were not there before:\n{new:#?}");
    let gone: Vec<&String> = known.difference(&found).collect();
    assert!(gone.is_empty(), "these circles are gone, strike them from circles.txt:\n{gone:#?}");
}
