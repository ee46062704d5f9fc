//! The publicity that XML states: feeds, NewsML-G2, NITF, WordPress.

use store::ArchiveDate;

use super::{
    Hidden, Publicity,
    words::{plain, untimed},
};
use crate::{dates, xml::Element};

/// Returns the publicity by Atom's `app:draft` (RFC 5023, section 13.1.1), and the status that Blogger gives its
/// entries.
pub(crate) fn atom(entry: &Element) -> Publicity {
    let local = |parent: &Element, name: &str| {
        parent.elements().find(|child| child.local() == name).map(Element::text).unwrap_or_default()
    };
    let control = entry.elements().find(|child| child.local() == "control");
    let draft = control.is_some_and(|control| plain(&local(control, "draft")) == "yes");
    let said = if draft { Publicity::hidden(Hidden::Draft) } else { Publicity::default() };
    said.and(untimed(&local(entry, "status")))
}

/// Returns the publicity of NewsML-G2: `pubStatus`, its code given; `embargoed`, which is without an end where it is
/// empty; `expires`; and what NITF in it says.
pub(crate) fn newsml(item: &Element, status: &str) -> Publicity {
    let said = match plain(status).as_str() {
        "canceled" | "cancelled" => Publicity::hidden(Hidden::Canceled(item.text_at("itemMeta/edNote"))),
        _ => untimed(status),
    };
    let said = said.until(dates::parse(&item.text_at("itemMeta/expires")).as_ref());
    let said = match item.at("itemMeta/embargoed") {
        Some(embargo) => said.embargoed(dates::parse(&embargo.text()).as_ref()),
        None => said,
    };
    let inside = item.all("contentSet").flat_map(|set| set.all("inlineXML")).filter_map(|xml| xml.at("nitf"));
    inside.map(nitf).fold(said, Publicity::and)
}

/// Returns the publicity of NITF 3.x, `docdata`: `management-status`, `date.release` (when it may be released) and
/// `date.expire` (when it loses its validity).
pub(crate) fn nitf(root: &Element) -> Publicity {
    let Some(data) = root.at("head/docdata") else { return Publicity::default() };
    let date = |name: &str| data.at(name).and_then(|date| dates::parse(date.attribute("norm")));
    let status = data.attribute("management-status");
    let release = date("date.release");
    let said = match plain(status).as_str() {
        "canceled" | "cancelled" => {
            let note = data.at("ed-msg").map(|note| note.attribute("info").to_owned());
            Publicity::hidden(Hidden::Canceled(note.unwrap_or_default()))
        }
        "embargoed" => Publicity::default().embargoed(release.as_ref()),
        _ if release.is_some() => untimed(status).embargoed(release.as_ref()),
        _ => untimed(status),
    };
    said.until(date("date.expire").as_ref())
}

/// Returns the publicity of WordPress: `wp:status`, `wp:post_password`, and what the type of the item is for. The
/// `inherit` of an upload is what its post says, which stands elsewhere in the file.
pub(crate) fn wordpress(item: &Element) -> Publicity {
    let kind = item.text_at("wp:post_type");
    if !is_for_readers(&kind, &item.text_at("link")) {
        return Publicity::hidden(Hidden::Internal(kind));
    }
    let locked = !item.text_at("wp:post_password").is_empty();
    let said = if locked { Publicity::hidden(Hidden::Password) } else { Publicity::default() };
    let status = item.text_at("wp:status");
    said.and(match status.as_str() {
        // A site's own and old ones among them: nothing else is shown to everybody.
        "" | "publish" | "inherit" | "closed" | "static" | "attachment" => Publicity::default(),
        "future" => match posted(item) {
            Some(date) => Publicity::default().scheduled(&date),
            None => Publicity::hidden(Hidden::Scheduled(None)),
        },
        other => match untimed(other) {
            known if known != Publicity::default() => known,
            _ => Publicity::hidden(Hidden::Other(other.to_owned())),
        },
    })
}

/// Returns when WordPress is to show it. A year of 0 or less stands for none.
fn posted(item: &Element) -> Option<ArchiveDate> {
    let date = |name: &str| dates::parse(&item.text_at(name)).filter(|date| date.year() > 1);
    date("wp:post_date_gmt").or_else(|| date("wp:post_date"))
}

/// Returns true if a type of WordPress is one for readers. What a plugin or a theme defines is, if its items have
/// addresses of their own: WordPress gives those that are not (messages of forms, orders of a shop) an address with a
/// query.
fn is_for_readers(kind: &str, link: &str) -> bool {
    let address = link.split_once("://").map_or("", |(_, rest)| rest);
    let path = address.split_once('/').map_or("", |(_, path)| path);
    match kind {
        "" | "post" | "page" | "attachment" => true,
        "feedback" | "product_variation" | "elementor_library" => false,
        kind if ["shop_", "wp_", "acf-", "flamingo_", "wpcf7"].iter().any(|head| kind.starts_with(head)) => {
            false
        }
        _ => !path.trim_matches('/').is_empty() && !path.contains('?'),
    }
}
