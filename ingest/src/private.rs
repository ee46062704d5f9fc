//! Private data of persons that an archive must not hold: passwords, logins, addresses of mail and of machines.
//!
//! Sources mix them with what has no field of ours. They are told by the names of fields, and by values that are an
//! address and nothing else. A published text is not touched, whatever it says.

use serde_json::{Map, Value};
use store::{Content, Fact, NewEvent};

/// Names of fields, letters and digits alone, that hold such a thing.
const NAMES: [&str; 10] =
    ["email", "mail", "emails", "mailto", "mbox", "ip", "ipaddress", "remoteaddr", "username", "login"];
/// Endings of the names of others: `author_login`, `wp:post_password`, `comment_author_IP`.
const ENDINGS: [&str; 10] = [
    "email",
    "emailaddress",
    "password",
    "passwd",
    "passwordhash",
    "userpass",
    "login",
    "loginname",
    "ipaddress",
    "username",
];

/// Takes such fields out of what an event keeps beside its own fields, however deep.
pub(crate) fn forget(event: &mut NewEvent) {
    let Fact::Published(content) = &mut event.fact else { return };
    let extra = match content {
        Content::Article(article) => &mut article.extra,
        Content::Image(image) => &mut image.extra,
        Content::Byline(byline) => {
            if is_address(&byline.url) {
                byline.url.clear();
            }
            &mut byline.extra
        }
    };
    clean(extra);
}

fn clean(fields: &mut Map<String, Value>) {
    fields.retain(|name, value| !is_private(name) && keep(value));
}

/// Cleans a value. Returns true if anything that may be kept is left, or nothing was there before.
fn keep(value: &mut Value) -> bool {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            clean(fields);
            !fields.is_empty()
        }
        Value::Array(list) if !list.is_empty() => {
            list.retain_mut(keep);
            !list.is_empty()
        }
        Value::String(text) => !is_address(text),
        _ => true,
    }
}

/// Returns true if a field is called like something private.
pub(crate) fn is_private(name: &str) -> bool {
    // `geo_ip` holds an address, `trip` holds a journey.
    let lower = name.to_ascii_lowercase();
    let parted = lower.strip_suffix("ip").is_some_and(|rest| rest.ends_with(['_', '-', ':', '.']));
    let letters: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    parted || NAMES.contains(&letters.as_str()) || ENDINGS.iter().any(|ending| letters.ends_with(ending))
}

/// Returns true if a text is an address of mail, or of a machine, and nothing else.
fn is_address(text: &str) -> bool {
    let text = text.trim();
    let text = text.strip_prefix("mailto:").unwrap_or(text);
    if text.len() > 254 {
        return false;
    }
    let is_mail = text.split_once('@').is_some_and(|(local, host)| {
        !local.is_empty()
            && host.contains('.')
            && local.chars().all(|c| c.is_alphanumeric() || ".+-_'".contains(c))
            && host.chars().all(|c| c.is_alphanumeric() || ".-".contains(c))
    });
    is_mail || text.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_ipv6() || text.contains('.'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn private_fields_are_told_by_their_names() {
        let check = |name: &str, expected: bool| assert_eq!(is_private(name), expected, "{name}");
        for name in [
            "email",
            "E-Mail",
            "author_email",
            "wp:author_login",
            "_password",
            "comment_author_IP",
            "userLogin",
        ] {
            check(name, true);
        }
        for name in
            ["trip", "mailing", "relationship", "blog", "internet_archive", "word", "passenger", "ipo"]
        {
            check(name, false);
        }
    }

    #[test]
    fn addresses_go_and_everything_else_stays() {
        let check = |before: Value, after: Value| {
            let mut fields = before.as_object().unwrap().clone();
            clean(&mut fields);
            assert_eq!(Value::Object(fields), after, "{before}");
        };
        check(json!({"a": {"email": "x@y.example", "tel": 1}}), json!({"a": {"tel": 1}}));
        check(json!({"a": {"email": "x@y.example"}, "b": {}}), json!({"b": {}}));
        check(json!({"desk": ["k@y.example", "Kai", []]}), json!({"desk": ["Kai", []]}));
        check(json!({"from": "203.0.113.9", "to": "2001:db8::1", "n": "12"}), json!({"n": "12"}));
        check(json!({"text": "write to x@y.example today"}), json!({"text": "write to x@y.example today"}));
        check(
            json!({"handle": "@quay", "link": "https://a@b.example/"}),
            json!({"handle": "@quay", "link": "https://a@b.example/"}),
        );
    }
}
