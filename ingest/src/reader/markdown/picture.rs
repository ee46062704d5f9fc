//! Pictures of a site: those that front matter names, and the records that some sites keep of them.

use super::super::entry::{Again, Entry, RecordShape, Says, Stage};
use serde_json::Value;
use store::{Image, Rendition};

use super::front;
use crate::{
    cut::{Cutter, Whole},
    fields::{Fields, text_of},
    html::Picture,
    link,
    reader::common::{Reader, text_of as decoded},
    record::{Found, Origin, Raw, Reason, time_of},
};

pub(crate) const ENTRY: Entry = Entry {
    name: "image-yaml",
    called: "records of pictures in YAML",
    told: &[(Stage::Yaml, |head| is_image_data(head.text))],
    says: Says::Format,
    record: RecordShape::Front,
    again: Again::Another,
    reader: |_| Box::new(ImageData),
    #[cfg(test)]
    sample: "uid: x\nalt: y\nwidth: 1\nformat: png\ndate: 2020-01-01\n",
};

/// A YAML file that is one picture's record: `uid`, `caption`, `credit`, `alt`.
pub(crate) struct ImageData;

impl Reader for ImageData {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::<Whole>::default()
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let mut fields = front::yaml(&decoded(&raw.bytes), 0)?;
        let uid = fields.text("uid");
        let site = origin.stem.split('/').next().unwrap_or("");
        let id = link::picture_of(site, &uid)
            .ok_or_else(|| Reason::Content("a picture's record needs a `uid` to be known by".to_owned()))?;
        let format = fields.text("format");
        let media_type = media_type(&format);
        if media_type.is_empty() {
            fields.keep("format", format.clone().into());
        }
        let mut pixels = |name| text_of(&fields.0.remove(name).unwrap_or_default()).parse().ok();
        let (width, height) = (pixels("width"), pixels("height"));
        let href = if format.is_empty() { uid } else { format!("{uid}.{format}") };
        let image = Image {
            caption: fields.text("caption"),
            alt: fields.text("alt"),
            credit: fields.text("credit"),
            taken: fields.first_date(&["taken", "date_taken"]),
            renditions: vec![Rendition { href, width, height, media_type, ..Rendition::default() }],
            rights: fields.first_text(&["rights", "license", "copyright"]),
            ..Image::default()
        };
        let date = fields.date("date");
        if let Some(date) = &date {
            fields.keep("date", date.as_str().into());
        }
        let time = time_of(None, date.as_ref());
        Ok(vec![Found::published(id, Image { extra: fields.rest(), ..image }, time)])
    }
}

/// Returns true if a YAML file is the record of a picture.
pub(crate) fn is_image_data(head: &str) -> bool {
    let has = |wanted: &str| {
        head.lines()
            .any(|line| line.trim_start().split_once(':').is_some_and(|(name, _)| name.trim() == wanted))
    };
    has("uid") && (has("caption") || has("alt") || has("credit"))
}

/// Returns the pictures that front matter names, in whatever of the usual ways.
pub(super) fn of_front_matter(fields: &mut Fields) -> Vec<Picture> {
    let mut found = Vec::new();
    let alt = fields.first_text(&["image_alt", "image_alt_text", "hero_alt"]);
    let caption = fields.first_text(&["image_caption", "image_figcaption"]);
    let credit = fields.text("image_credit");
    for name in [
        "primary_image",
        "image",
        "featured_image",
        "cover",
        "hero",
        "thumbnail",
        "header",
        "images",
        "logo",
        "dg_logo",
    ] {
        let mut others = Vec::new();
        for value in fields.list(name) {
            match value {
                Value::String(href) if looks_like_picture(&href) => {
                    found.push(Picture { href: href.trim().to_owned(), ..Picture::default() });
                }
                Value::Object(map) => {
                    let mut record = Fields(map);
                    let href = record.first_text(&["uid", "src", "href", "url", "path", "image", "filename"]);
                    if looks_like_picture(&href) {
                        found.push(Picture {
                            href,
                            alt: record.first_text(&["alt", "image_alt"]),
                            caption: record.first_text(&["caption", "image_caption"]),
                            credit: record.text("credit"),
                            ..Picture::default()
                        });
                    } else {
                        record.keep("image", href.into());
                    }
                    others.push(Value::Object(record.rest()));
                }
                other => others.push(other),
            }
        }
        fields.keep(name, Value::Array(others));
    }
    match found.first_mut() {
        Some(first) => {
            let fill = |field: &mut String, text: String| {
                if field.is_empty() {
                    *field = text;
                }
            };
            fill(&mut first.alt, alt);
            fill(&mut first.caption, caption);
            fill(&mut first.credit, credit);
        }
        None => {
            fields.keep("image_alt", alt.into());
            fields.keep("image_caption", caption.into());
            fields.keep("image_credit", credit.into());
        }
    }
    found
}

fn looks_like_picture(href: &str) -> bool {
    let href = href.trim();
    !href.is_empty() && href.len() < 400 && !href.contains(char::is_whitespace) && !href.starts_with("data:")
}

/// Returns true if a link names a file, and not a record of the site.
pub(super) fn is_file(href: &str) -> bool {
    href.contains('/') || href.rsplit_once('.').is_some_and(|(_, ending)| !media_type(ending).is_empty())
}

fn media_type(ending: &str) -> String {
    match ending.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "svg" => "image/svg+xml",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "tif" | "tiff" => "image/tiff",
        _ => "",
    }
    .to_owned()
}
