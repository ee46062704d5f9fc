//! JSON objects read into places that wait for their fields: texts are borrowed from the record, nothing is looked up
//! in a map. Whatever a field holds it can be read; what has no place, or does not fit it, is kept.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

use crate::fields::{Pruned, is_nothing, text_of};

/// An object whose known fields have places.
pub(crate) trait Object<'d>: Default {
    /// Puts the value of this field where it belongs; `false`, and nothing read, where it has no place.
    fn place<A: MapAccess<'d>>(&mut self, name: &str, value: &mut A) -> Result<bool, A::Error>;

    /// Returns where fields go that have no place.
    fn others(&mut self) -> &mut Map<String, Value>;

    /// Returns what was not taken, and says something.
    fn rest(self) -> Map<String, Value>;
}

/// A value that may be an object of this kind, or anything else.
#[derive(Debug)]
pub(crate) enum Maybe<T> {
    Object(T),
    Other(Value),
}

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Self::Other(Value::Null)
    }
}

impl<'d, T: Object<'d>> Maybe<T> {
    /// Returns it as JSON again, without what says nothing.
    pub(crate) fn rest(self) -> Value {
        match self {
            Self::Object(object) => Value::Object(object.rest()),
            Self::Other(value) => value,
        }
    }
}

/// A list of such objects, with other values among them; one value is a list of one.
#[derive(Debug)]
pub(crate) struct List<T>(pub(crate) Vec<Maybe<T>>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// A value that should be a text.
#[derive(Debug)]
pub(crate) enum Text<'d> {
    Borrowed(Cow<'d, str>),
    /// A number, or what is no text at all.
    Other(Value),
}

impl Default for Text<'_> {
    fn default() -> Self {
        Self::Borrowed(Cow::Borrowed(""))
    }
}

impl<'d> Text<'d> {
    /// Takes the text, or the number as a text; what is neither stays.
    pub(crate) fn take(&mut self) -> Cow<'d, str> {
        match self {
            Self::Borrowed(text) => match std::mem::take(text) {
                Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
                Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
                Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
            },
            Self::Other(Value::Number(number)) => {
                let text = number.to_string();
                *self = Self::default();
                Cow::Owned(text)
            }
            Self::Other(_) => Cow::Borrowed(""),
        }
    }

    /// Returns the text without taking it.
    pub(crate) fn get(&self) -> Cow<'_, str> {
        match self {
            Self::Borrowed(text) => Cow::Borrowed(text.trim()),
            Self::Other(value) => Cow::Owned(text_of(value)),
        }
    }

    /// Puts a text back.
    pub(crate) fn keep(&mut self, text: impl Into<Cow<'d, str>>) {
        let text = text.into();
        if !text.is_empty() {
            *self = Self::Borrowed(text);
        }
    }

    /// Returns it as JSON again.
    pub(crate) fn rest(self) -> Value {
        match self {
            Self::Borrowed(text) => text.into_owned().into(),
            Self::Other(value) => value,
        }
    }
}

/// Keeps what says something.
pub(crate) fn keep(map: &mut Map<String, Value>, name: &str, value: Value) {
    if !is_nothing(&value) {
        map.insert(name.to_owned(), value);
    }
}

/// Declares objects: each place is a field, the name that it has in JSON, and its type.
macro_rules! objects {
    ($($(#[$doc:meta])* $name:ident { $($field:ident $key:literal: $kind:ty,)* })*) => { $(
        $(#[$doc])*
        #[derive(Debug, Default)]
        struct $name<'d> {
            $($field: $kind,)*
            others: serde_json::Map<String, serde_json::Value>,
        }

        impl<'d> crate::typed::Object<'d> for $name<'d> {
            fn place<A: serde::de::MapAccess<'d>>(&mut self, name: &str, value: &mut A) -> Result<bool, A::Error> {
                match name {
                    $($key => self.$field = value.next_value()?,)*
                    _ => return Ok(false),
                }
                Ok(true)
            }

            fn others(&mut self) -> &mut serde_json::Map<String, serde_json::Value> {
                &mut self.others
            }

            fn rest(self) -> serde_json::Map<String, serde_json::Value> {
                let mut rest = self.others;
                $(crate::typed::keep(&mut rest, $key, self.$field.rest());)*
                rest
            }
        }

        impl<'d> serde::Deserialize<'d> for crate::typed::Maybe<$name<'d>> {
            fn deserialize<D: serde::Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
                crate::typed::maybe(from)
            }
        }
    )* };
}
pub(crate) use objects;

/// The name of a field.
struct Name<'d>(Cow<'d, str>);

impl<'d> Deserialize<'d> for Name<'d> {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl<'d> Visitor<'d> for NameVisitor {
            type Value = Name<'d>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a field")
            }

            fn visit_borrowed_str<E: Error>(self, name: &'d str) -> Result<Name<'d>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Name<'d>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        from.deserialize_str(NameVisitor)
    }
}

impl<'d> Deserialize<'d> for Text<'d> {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyVisitor::<TextKind>(PhantomData))
    }
}

impl<'d, T> Deserialize<'d> for List<T>
where
    T: Object<'d>,
    Maybe<T>: Deserialize<'d>,
{
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyVisitor::<ListKind<T>>(PhantomData))
    }
}

impl<'d, T: Object<'d>> List<T>
where
    Maybe<T>: Deserialize<'d>,
{
    /// Returns it as JSON again, without what says nothing.
    pub(crate) fn rest(self) -> Value {
        Value::Array(self.0.into_iter().map(Maybe::rest).collect())
    }
}

/// Reads a list, and tells whether it was one object instead.
pub(crate) fn one_or_list<'d, T, D>(from: D) -> Result<(List<T>, bool), D::Error>
where
    T: Object<'d>,
    Maybe<T>: Deserialize<'d>,
    D: Deserializer<'d>,
{
    from.deserialize_any(AnyVisitor::<OneOrList<T>>(PhantomData))
}

/// Reads an object, or anything else.
pub(crate) fn maybe<'d, T: Object<'d>, D: Deserializer<'d>>(from: D) -> Result<Maybe<T>, D::Error> {
    from.deserialize_any(AnyVisitor::<MaybeKind<T>>(PhantomData))
}

/// A result that is made of each kind of JSON value; of scalars unless said otherwise the value itself.
trait Kind<'d> {
    type Made;

    fn other(value: Value) -> Self::Made;

    fn text(text: Cow<'d, str>) -> Self::Made {
        Self::other(Value::String(text.into_owned()))
    }

    fn seq<A: SeqAccess<'d>>(mut list: A) -> Result<Self::Made, A::Error> {
        let mut found = Vec::new();
        while let Some(Pruned(value)) = list.next_element()? {
            found.push(value);
        }
        Ok(Self::other(Value::Array(found)))
    }

    fn map<A: MapAccess<'d>>(mut map: A) -> Result<Self::Made, A::Error> {
        let mut found = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let Pruned(value) = map.next_value()?;
            keep(&mut found, &name, value);
        }
        Ok(Self::other(Value::Object(found)))
    }
}

struct TextKind;

impl<'d> Kind<'d> for TextKind {
    type Made = Text<'d>;

    fn other(value: Value) -> Text<'d> {
        Text::Other(value)
    }

    fn text(text: Cow<'d, str>) -> Text<'d> {
        Text::Borrowed(text)
    }
}

struct MaybeKind<T>(PhantomData<T>);

impl<'d, T: Object<'d>> Kind<'d> for MaybeKind<T> {
    type Made = Maybe<T>;

    fn other(value: Value) -> Maybe<T> {
        Maybe::Other(value)
    }

    fn map<A: MapAccess<'d>>(mut map: A) -> Result<Maybe<T>, A::Error> {
        let mut object = T::default();
        while let Some(Name(name)) = map.next_key()? {
            if !object.place(&name, &mut map)? {
                let Pruned(value) = map.next_value()?;
                keep(object.others(), &name, value);
            }
        }
        Ok(Maybe::Object(object))
    }
}

struct ListKind<T>(PhantomData<T>);

impl<'d, T: Object<'d>> Kind<'d> for ListKind<T>
where
    Maybe<T>: Deserialize<'d>,
{
    type Made = List<T>;

    fn other(value: Value) -> List<T> {
        List(if is_nothing(&value) { Vec::new() } else { vec![Maybe::Other(value)] })
    }

    fn seq<A: SeqAccess<'d>>(mut list: A) -> Result<List<T>, A::Error> {
        let mut found = Vec::new();
        while let Some(one) = list.next_element()? {
            found.push(one);
        }
        Ok(List(found))
    }

    fn map<A: MapAccess<'d>>(map: A) -> Result<List<T>, A::Error> {
        Ok(List(vec![MaybeKind::<T>::map(map)?]))
    }
}

struct OneOrList<T>(PhantomData<T>);

impl<'d, T: Object<'d>> Kind<'d> for OneOrList<T>
where
    Maybe<T>: Deserialize<'d>,
{
    type Made = (List<T>, bool);

    fn other(value: Value) -> Self::Made {
        (ListKind::other(value), false)
    }

    fn seq<A: SeqAccess<'d>>(list: A) -> Result<Self::Made, A::Error> {
        Ok((ListKind::seq(list)?, false))
    }

    fn map<A: MapAccess<'d>>(map: A) -> Result<Self::Made, A::Error> {
        Ok((ListKind::map(map)?, true))
    }
}

struct AnyVisitor<K>(PhantomData<K>);

impl<'d, K: Kind<'d>> Visitor<'d> for AnyVisitor<K> {
    type Value = K::Made;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<K::Made, E> {
        Ok(K::other(flag.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<K::Made, E> {
        Ok(K::other(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<K::Made, E> {
        Ok(K::other(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<K::Made, E> {
        Ok(K::other(number.into()))
    }

    fn visit_borrowed_str<E>(self, text: &'d str) -> Result<K::Made, E> {
        Ok(K::text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<K::Made, E> {
        Ok(K::text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<K::Made, E> {
        Ok(K::other(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'d>>(self, list: A) -> Result<K::Made, A::Error> {
        K::seq(list)
    }

    fn visit_map<A: MapAccess<'d>>(self, map: A) -> Result<K::Made, A::Error> {
        K::map(map)
    }
}
