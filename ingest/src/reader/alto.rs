//! ALTO, versions 1 to 4: the text of one page as a recogniser read it.

mod page;

use std::sync::Arc;

pub(super) use self::page::Page;

use super::{
    beside::Archives,
    common::Reader,
    entry::{Again, Entry, RecordShape, Says, Stage},
};
use crate::{
    cut::{Cutter, Whole},
    nested::{Nested, id_or, language},
    record::{Found, Origin, Raw, Reason},
    xml,
};

pub(super) const ENTRY: Entry = Entry {
    name: "alto",
    called: "ALTO",
    told: &[(Stage::Markup, |head| head.root == "alto")],
    says: Says::Format,
    record: RecordShape::Xml,
    again: Again::Another,
    reader: |shared| Box::new(Alto { archives: Arc::clone(shared.archives) }),
    #[cfg(test)]
    sample: "<alto><Layout><Page><TextBlock ID='b'><TextLine><String CONTENT='a' WC='0.5' SUBS_TYPE='HypPart1' SUBS_CONTENT='ab'/><HYP CONTENT='-'/></TextLine></TextBlock></Page></Layout></alto>",
};

/// A page without the METS of its issue.
pub(crate) struct Alto {
    pub(super) archives: Arc<Archives>,
}

impl Reader for Alto {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::<Whole>::default()
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        if self.archives.has_issue(origin) {
            return Err(Reason::NoAsset("ALTO page, read with the METS of its issue".to_owned()));
        }
        let root = xml::parse(raw)?;
        let mut nested = Nested::default();
        let page = Page::of(&root);
        nested.article.body = page.text(None);
        nested.article.genre = "page".to_owned();
        if let Some(page) = root.deep("Page").first() {
            let number = [page.attribute("PRINTED_IMG_NR"), page.attribute("PHYSICAL_IMG_NR")];
            nested.article.page =
                number.into_iter().find(|number| !number.is_empty()).unwrap_or("").to_owned();
        }
        let tag = root
            .deep("TextBlock")
            .into_iter()
            .map(|block| block.attribute("LANG").to_owned() + block.attribute("language"));
        nested.article.language =
            tag.map(|tag| language(&tag)).find(|tag| !tag.is_empty()).unwrap_or_default();
        let file = root.text_at("Description/sourceImageInformation/fileName");
        if !file.is_empty() {
            nested.article.extra.insert("scan".to_owned(), file.into());
        }
        nested.article.extra.extend(page.confidence());
        let stem = origin.stem.rsplit_once('.').map_or(origin.stem.as_str(), |(stem, _)| stem);
        nested.article.headline = stem.rsplit('/').next().unwrap_or(stem).to_owned();
        Ok(nested.finish(id_or("", || stem.to_owned())?))
    }
}
