//! A record as a tree, whatever it was written in: JSON, XML, or a row, which is an object of texts.

use std::{cell::RefCell, collections::HashSet};

use serde_json::{Map, Value};

use crate::{
    fields::{is_nothing, text_of},
    xml::{self, Element},
};

/// A value of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Node<'t> {
    Json(&'t Value),
    Element(&'t Element),
    /// The value of an attribute of XML.
    Attribute(&'t String),
}

/// A record, and which of its values were taken.
pub(crate) struct Record<'t> {
    pub(super) root: Node<'t>,
    /// The node that it lies in, where a path from the root begins.
    pub(super) outer: Node<'t>,
    /// Values that are known of it and are not in it: `$file`, `$row`.
    pub(super) around: Vec<(&'static str, String)>,
    /// The places in memory of values that have a field: the others go to `extra`.
    taken: RefCell<HashSet<usize>>,
}

impl<'t> Record<'t> {
    pub(crate) fn new(root: Node<'t>) -> Self {
        Self { root, outer: root, around: Vec::new(), taken: RefCell::default() }
    }

    /// Returns the record with what is known of it that is not in it.
    pub(crate) fn with(self, around: Vec<(&'static str, String)>) -> Self {
        Self { around, ..self }
    }

    /// Returns what is known of it that is not in it; empty where it is not.
    pub(super) fn around(&self, name: &str) -> String {
        self.around
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    }

    /// Notes that a value has a field.
    pub(super) fn take(&self, node: Node<'t>) {
        self.taken.borrow_mut().insert(node.place());
    }

    pub(super) fn is_taken(&self, node: Node<'t>) -> bool {
        self.taken.borrow().contains(&node.place())
    }

    /// Returns what was not taken and says something, by its names.
    pub(super) fn rest(&self) -> Map<String, Value> {
        let rest = match self.root {
            Node::Json(value) => self.rest_of(value),
            Node::Element(element) => self.without(element).value(),
            Node::Attribute(_) => Value::Null,
        };
        match rest {
            Value::Object(mut rest) => {
                rest.retain(|_, value| !is_nothing(value));
                rest
            }
            rest if is_nothing(&rest) => Map::new(),
            rest => Map::from_iter([("text".to_owned(), rest)]),
        }
    }

    fn rest_of(&self, value: &'t Value) -> Value {
        if self.is_taken(Node::Json(value)) {
            return Value::Null;
        }
        match value {
            Value::Array(list) => {
                list.iter().map(|one| self.rest_of(one)).filter(|one| !is_nothing(one)).collect()
            }
            Value::Object(map) => {
                let rest = map.iter().map(|(name, value)| (name.clone(), self.rest_of(value)));
                Value::Object(rest.filter(|(_, value)| !is_nothing(value)).collect())
            }
            other => other.clone(),
        }
    }

    /// Returns the element without what was taken.
    fn without(&self, element: &'t Element) -> Element {
        let attributes =
            element.attributes.iter().filter(|(_, value)| !self.is_taken(Node::Attribute(value)));
        let children = element.children.iter().filter_map(|child| match child {
            xml::Node::Element(inner) if self.is_taken(Node::Element(inner)) => {
                // Its text has a field; its attributes may have none.
                let bare = Element { children: Vec::new(), ..inner.clone() };
                let left = bare.attributes.iter().zip(&inner.attributes);
                let left = left.filter(|(_, (_, value))| !self.is_taken(Node::Attribute(value)));
                let attributes: Vec<_> = left.map(|(one, _)| one.clone()).collect();
                (!attributes.is_empty()).then_some(xml::Node::Element(Element { attributes, ..bare }))
            }
            xml::Node::Element(inner) => Some(xml::Node::Element(self.without(inner))),
            xml::Node::Text(text) => Some(xml::Node::Text(text.clone())),
        });
        Element {
            name: element.name.clone(),
            attributes: attributes.cloned().collect(),
            children: children.collect(),
        }
    }
}

impl<'t> Node<'t> {
    /// Returns the children of this name, or all.
    pub(super) fn children(self, name: Option<&str>) -> Vec<Self> {
        match (self, name) {
            (Self::Json(Value::Object(map)), Some(name)) => {
                map.get(name).map(Self::Json).into_iter().collect()
            }
            (Self::Json(Value::Object(map)), None) => map.values().map(Self::Json).collect(),
            (Self::Element(element), Some(name)) => match name.strip_prefix('@') {
                Some(name) => {
                    let is = |key: &str| key == name || key.rsplit(':').next() == Some(name);
                    let found = element.attributes.iter().filter(|(key, _)| is(key));
                    found.map(|(_, value)| Self::Attribute(value)).collect()
                }
                None => {
                    let is = |child: &&Element| {
                        child.name == name || (!name.contains(':') && child.local() == name)
                    };
                    element.elements().filter(is).map(Self::Element).collect()
                }
            },
            (Self::Element(element), None) => element.elements().map(Self::Element).collect(),
            _ => Vec::new(),
        }
    }

    /// Returns the entries of a list, and of lists in it; any other value is its own.
    pub(super) fn entries(self) -> Vec<Self> {
        match self {
            Self::Json(Value::Array(list)) => list.iter().flat_map(|one| Self::Json(one).entries()).collect(),
            other => vec![other],
        }
    }

    /// Returns its text in one line; nothing of an object.
    pub(super) fn line(self) -> String {
        match self {
            Self::Json(Value::Bool(flag)) => flag.to_string(),
            Self::Json(value) => text_of(value),
            Self::Element(element) => element.text(),
            Self::Attribute(value) => value.trim().to_owned(),
        }
    }

    /// Returns its text, paragraphs parted by an empty line.
    pub(super) fn paragraphs(self) -> String {
        match self {
            Self::Element(element) => element.paragraphs(&[]),
            other => other.line(),
        }
    }

    /// Adds its children that have a text and stand alone under their name: for what is told by names.
    pub(super) fn scalars(self, found: &mut Vec<(String, Self)>) {
        match self {
            Self::Json(Value::Object(map)) => {
                let scalars = map.iter().filter(|(_, value)| !value.is_object() && !value.is_array());
                found.extend(scalars.map(|(name, value)| (name.clone(), Self::Json(value))));
            }
            Self::Element(element) => {
                let attributes = element.attributes.iter();
                let local = |name: &str| name.rsplit(':').next().unwrap_or(name).to_owned();
                found.extend(attributes.map(|(name, value)| (local(name), Self::Attribute(value))));
                let alone = |child: &&Element| {
                    child.elements().next().is_none() && element.all(&child.name).count() == 1
                };
                let children = element.elements().filter(alone);
                found.extend(children.map(|child| (child.local().to_owned(), Self::Element(child))));
            }
            _ => {}
        }
    }

    /// Returns where it lies in memory: what two values never share.
    fn place(self) -> usize {
        match self {
            Self::Json(value) => std::ptr::from_ref(value).addr(),
            Self::Element(element) => std::ptr::from_ref(element).addr(),
            Self::Attribute(value) => std::ptr::from_ref(value).addr(),
        }
    }
}
