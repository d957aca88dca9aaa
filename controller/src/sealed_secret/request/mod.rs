//! Answers in `status.rotation` to whoever may update a SealedSecret and asks, by an annotation, for its items sealed to
//! the newest key. `plan` says what is owed and what the answer is; `answer` reads, works and writes it.
//!
//! It is apart from reconciling: a queue and a worker of its own, and the pool's background lane. Nothing asked costs
//! nothing; a question is answered once; an answer goes when its question goes.

mod answer;
mod feed;
pub mod plan;

pub use answer::work;
pub use feed::AskingFeed;
