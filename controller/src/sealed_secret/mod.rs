//! The SealedSecret kind: SealedSecrets are watched, Secrets are written.
//!
//! `source` reads, refuses and opens SealedSecrets; `delivery` does the rest. `templates` renders;
//! `request` answers whoever asks through an object.

pub mod request;
mod source;
pub mod templates;

#[cfg(test)]
pub(crate) mod tests;

pub use source::{Rules, SealedSource};

use crate::delivery::Reconciler;
use crate::delivery::run::Line;
use crate::queue::Queue;
use std::sync::Arc;

/// The kind at work, with answers beside it.
pub fn line(reconciler: Arc<Reconciler>) -> Line {
    let context = &reconciler.context;
    let queue = Arc::new(Queue::new(context.clock.clone(), context.dice.clone()));
    let questions = reconciler.settings.update_status.then(|| queue.clone());
    let line = Line::new(reconciler.clone());
    let sink = Arc::new(request::AskingFeed { objects: line.feed.clone(), questions });
    Line { sink, beside: Some(Box::pin(request::work(reconciler, queue))), ..line }
}
