//! A page's body: Markdown and its HTML made plain text, its pictures found.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::shortcode;
use crate::html::{self, Links, Picture};

/// A body as plain text, with its pictures and links.
#[derive(Default)]
pub(super) struct Body {
    pub(super) text: String,
    /// The first heading, for pages without a title.
    pub(super) heading: String,
    /// Pictures that stand in the text, their links relative to the page.
    pub(super) pictures: Vec<Picture>,
    /// Pictures that a shortcode or a template shows by their place on the site.
    pub(super) named: Vec<Picture>,
    /// The addresses that the text's links lead to, as they are written.
    pub(super) links: Links,
}

/// Reads Markdown.
pub(super) fn read(markdown: &str) -> Body {
    let stripped = shortcode::strip(markdown);
    let mut writer = Writer::default();
    let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH;
    for event in Parser::new_ext(&stripped.text, options) {
        writer.event(event);
    }
    writer.body.named = stripped.pictures;
    let length = writer.body.text.trim_end().len();
    writer.body.text.truncate(length);
    writer.body
}

#[derive(Default)]
struct Writer {
    body: Body,
    /// The picture whose text in words is being read.
    picture: Option<Picture>,
    /// Raw HTML of the block that is being read.
    markup: String,
    in_heading: bool,
}

impl Writer {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.text(&text);
            }
            Event::SoftBreak => self.text(" "),
            Event::HardBreak => self.text("\n"),
            Event::Html(markup) => self.markup.push_str(&markup),
            Event::InlineHtml(markup) => {
                let found = html::plain(&markup);
                self.body.pictures.extend(found.pictures);
                self.links_of(&markup);
                if markup.starts_with("<br") {
                    self.text("\n");
                }
            }
            Event::FootnoteReference(_) | Event::TaskListMarker(_) => {}
            Event::Rule => self.paragraph(),
        }
    }

    fn text(&mut self, text: &str) {
        match &mut self.picture {
            Some(picture) => picture.alt.push_str(text),
            None => {
                self.body.text.push_str(text);
                if self.in_heading {
                    self.body.heading.push_str(text);
                }
            }
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Image { dest_url, title, .. } => {
                self.picture = Some(Picture {
                    href: dest_url.to_string(),
                    caption: title.to_string(),
                    ..Picture::default()
                });
            }
            Tag::Link { dest_url, .. } => self.body.links.add(dest_url),
            Tag::Heading { .. } => {
                self.paragraph();
                self.in_heading = self.body.heading.is_empty();
            }
            Tag::Item | Tag::TableRow => self.line(),
            Tag::TableCell if !self.body.text.ends_with('\n') => self.body.text.push(' '),
            Tag::Paragraph if self.body.text.ends_with('\n') => {}
            Tag::Paragraph
            | Tag::BlockQuote(_)
            | Tag::CodeBlock(_)
            | Tag::HtmlBlock
            | Tag::Table(_)
            | Tag::FootnoteDefinition(_) => self.paragraph(),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Image => {
                if let Some(picture) = self.picture.take() {
                    self.body.pictures.push(picture);
                }
            }
            TagEnd::Heading(_) => {
                self.in_heading = false;
                self.paragraph();
            }
            TagEnd::HtmlBlock => {
                let markup = std::mem::take(&mut self.markup);
                self.links_of(&markup);
                let found = html::plain(&markup);
                self.body.pictures.extend(found.pictures);
                self.body.text.push_str(&found.text);
                self.paragraph();
            }
            TagEnd::Item | TagEnd::TableRow | TagEnd::TableHead => self.line(),
            TagEnd::Paragraph
            | TagEnd::BlockQuote(_)
            | TagEnd::CodeBlock
            | TagEnd::List(_)
            | TagEnd::Table
            | TagEnd::FootnoteDefinition => self.paragraph(),
            _ => {}
        }
    }

    /// Keeps where the links of raw HTML lead.
    fn links_of(&mut self, markup: &str) {
        let tags = markup.split("<a").skip(1).filter(|tag| tag.starts_with(char::is_whitespace));
        for tag in tags {
            let tag = tag.split('>').next().unwrap_or("");
            if let Some(address) = html::attribute(&format!("<a{tag}>"), "href") {
                self.body.links.add(&address);
            }
        }
    }

    fn line(&mut self) {
        if !self.body.text.is_empty() && !self.body.text.ends_with('\n') {
            self.body.text.push('\n');
        }
    }

    fn paragraph(&mut self) {
        let length = self.body.text.trim_end().len();
        self.body.text.truncate(length);
        if length > 0 {
            self.body.text.push_str("\n\n");
        }
    }
}
