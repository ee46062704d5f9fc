//! HTTP: the surfaces of an archive, and the door before them.
//!
//! [`router`] and [`serve`] put an archive on HTTP: the native API and Elasticsearch's; [`pages`] are for readers with a
//! browser.
//!
//! What is *not* here: what can be asked (crate `query`), how it is found and highlighted (crate `search`), what an event
//! must satisfy (crate `store`). Only this crate knows HTTP.

mod app;
mod door;
mod es;
mod links;
mod native;
pub mod pages;
mod state;

pub use app::{Listeners, app, router, serve};
pub use door::{
    access::{Access, InvalidKey, InvalidRole, Key, KeysError, Role},
    access_log::{AccessLog, LineForm},
    cors::{InvalidOrigin, Origins},
    server::{ServerLimits, serve_router},
    site::{InvalidUrl, PublicUrl},
};
pub use native::answer::{HitAnswer, SearchAnswer};
pub use state::ApiState;
