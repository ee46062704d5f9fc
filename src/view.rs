//! The names of views and of what they are of, as options and arguments take them; shells complete them.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use query::PlainOrder;
use search_api::Role;
use store::AssetKind;
use views::{VIEWS, ViewId};

/// Returns what reads a view by its name, or by that of the kind of asset that it shows by itself.
pub(crate) fn view() -> impl TypedValueParser<Value = ViewId> {
    let shows_its_kind = |view: ViewId| ViewId::of_kind(view.kind()) == view;
    let name = |view: ViewId| {
        PossibleValue::new(view.name()).aliases(shows_its_kind(view).then(|| view.kind().name()))
    };
    PossibleValuesParser::new(VIEWS.map(name)).try_map(|name| name.parse::<ViewId>())
}

/// Returns what reads `article`, `image` or `byline`, or the name of their view.
pub(crate) fn kind() -> impl TypedValueParser<Value = AssetKind> {
    let names = AssetKind::ALL.map(|kind| PossibleValue::new(kind.name()).alias(kind.plural()));
    PossibleValuesParser::new(names).try_map(|name| name.parse::<AssetKind>())
}

/// Returns what reads the name of an order.
pub(crate) fn order() -> impl TypedValueParser<Value = PlainOrder> {
    let unknown = |name: &str| format!("there is no order `{name}`: use {}", PlainOrder::NAMES.join(", "));
    PossibleValuesParser::new(PlainOrder::NAMES)
        .try_map(move |name| PlainOrder::named(&name).ok_or_else(|| unknown(&name)))
}

/// Returns what reads the name of a role.
pub(crate) fn role() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.map(Role::name)).try_map(|name| name.parse::<Role>())
}
