//! Reading assets for a page: as they are, or as they stood at some moment.

use store::{
    AsOf, AssetId, AssetKind, AssetRef, AssetState, Byline, Content, Image, Live, ReadError, Snapshot, Status,
};

/// One snapshot, and the moment that a page is about.
pub(super) struct Reading<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) at: Option<AsOf>,
}

/// Longer chains of merged bylines are not followed.
const MAX_MERGES: usize = 16;

impl Reading<'_> {
    pub(super) fn state(&self, asset: &AssetRef) -> Result<Option<AssetState>, ReadError> {
        match self.at {
            Some(at) => self.snapshot.state_as_of(asset, at),
            None => self.snapshot.state(asset),
        }
    }

    pub(super) fn live(&self, asset: &AssetRef) -> Result<Option<Live>, ReadError> {
        match self.at {
            Some(at) => self.snapshot.live_as_of(asset, at),
            None => self.snapshot.live(asset),
        }
    }

    /// The byline that stands for this one, and what it says; an id alone where readers see nothing of it.
    pub(super) fn byline(&self, id: &AssetId) -> Result<(AssetId, Option<Byline>), ReadError> {
        let mut asset = AssetRef::new(AssetKind::Byline, id.clone());
        for _ in 0..MAX_MERGES {
            match self.state(&asset)? {
                Some(AssetState { status: Status::Merged { into }, .. }) => asset.id = into,
                _ => break,
            }
        }
        let byline = match self.live(&asset)?.map(|live| live.content) {
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
            let live = self.live(&AssetRef::new(AssetKind::Image, id.clone()))?;
            if let Some(Content::Image(image)) = live.map(|live| live.content) {
                found.push((id.clone(), *image));
            }
        }
        Ok(found)
    }
}
