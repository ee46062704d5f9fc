//! Reading assets for a page: as they are, or as they stood at some moment.

use store::{AssetId, AssetKind, AssetRef, Byline, Content, Image, ReadError, Snapshot};

/// The assets that one page shows, all from one snapshot: of now, or of the moment that the page is about.
pub(super) struct Reading<'a>(pub(super) &'a Snapshot);

impl Reading<'_> {
    /// The byline that stands for this one, and what it says; an id alone where readers see nothing of it.
    pub(super) fn byline(&self, id: &AssetId) -> Result<(AssetId, Option<Byline>), ReadError> {
        let asset = self.0.resolve(&AssetRef::new(AssetKind::Byline, id.clone()))?;
        let byline = match self.0.live(&asset)?.map(|live| live.content) {
            Some(Content::Byline(byline)) => Some(*byline),
            _ => None,
        };
        Ok((asset.id, byline))
    }

    /// Each person once, in the order in which they are named.
    pub(super) fn bylines(&self, ids: &[AssetId]) -> Result<Vec<(AssetId, Option<Byline>)>, ReadError> {
        let mut found: Vec<(AssetId, Option<Byline>)> = Vec::with_capacity(ids.len());
        for id in ids {
            let one = self.byline(id)?;
            if !found.iter().any(|(other, _)| *other == one.0) {
                found.push(one);
            }
        }
        Ok(found)
    }

    /// The images that readers see.
    pub(super) fn images(&self, ids: &[AssetId]) -> Result<Vec<(AssetId, Image)>, ReadError> {
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            let live = self.0.live(&AssetRef::new(AssetKind::Image, id.clone()))?;
            if let Some(Content::Image(image)) = live.map(|live| live.content) {
                found.push((id.clone(), *image));
            }
        }
        Ok(found)
    }
}
