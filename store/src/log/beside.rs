//! Values that the layers above keep beside the tables of one volume.

use std::{
    any::Any,
    sync::{Arc, OnceLock},
};

/// One value of a type that the tables need not know. It goes when the volume is given up.
#[derive(Default)]
pub(crate) struct Beside(OnceLock<Arc<dyn Any + Send + Sync>>);

impl Beside {
    /// Returns what is kept, made now if it is not there yet.
    pub(crate) fn get<T: Any + Default + Send + Sync>(&self) -> Arc<T> {
        let kept = self.0.get_or_init(|| Arc::new(T::default()));
        #[expect(clippy::expect_used, reason = "a programmer's slip, which every test would find")]
        Arc::clone(kept).downcast().expect("values of one type are kept")
    }
}
