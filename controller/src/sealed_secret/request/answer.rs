//! Reads what is asked, does the work on the background lane, writes the answer. One object at a time.

use super::plan::{Owed, answer, owed, question};
use crate::delivery::run::again;
use crate::delivery::{Next, Reconciler};
use crate::pool::Abandoned;
use crate::ports::{Kind, KubeError, ObjectRef};
use crate::queue::Queue;
use crate::reseal::{Fresh, Stopped, fresh_items};
use futures::FutureExt;
use seal_core::sealed::SealedObject;
use seal_crypto::PublicKey;
use serde_json::{Value, json};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Answers for ever; dropping it gives up the work in progress.
pub async fn work(reconciler: Arc<Reconciler>, queue: Arc<Queue<ObjectRef>>) {
    loop {
        let at = queue.take().await.key;
        let next = AssertUnwindSafe(reconciler.answer(&at)).catch_unwind().await.unwrap_or_else(|_panic| {
            // The hook has told where; what it said may hold anything and is dropped.
            tracing::error!(object = %at, "an answer ended in a panic");
            Next::Slowly
        });
        again(&queue, &at, next);
        queue.done(&at);
    }
}

impl Reconciler {
    /// Gives one object what is owed to it.
    pub(crate) async fn answer(&self, at: &ObjectRef) -> Next {
        match self.answered(at).await {
            Ok(()) | Err(KubeError::NotFound) => Next::OnChange,
            Err(error) => {
                tracing::warn!(object = %at, %error, "a question of its annotation is not answered");
                if error.is_transient() { Next::Soon } else { Next::Slowly }
            }
        }
    }

    async fn answered(&self, at: &ObjectRef) -> Result<(), KubeError> {
        let Some(object) = self.context.kube.object(Kind::SealedSecrets, at).await? else { return Ok(()) };
        let rotation = match owed(&object) {
            Owed::Nothing => return Ok(()),
            Owed::Removal => Value::Null,
            Owed::Answer(id) => {
                let newest = self.context.keys.newest();
                let outcome = self.sealed_anew(&object, newest.clone()).await;
                let key = newest.as_ref().map(PublicKey::fingerprint);
                let told = answer(&id, &object, key, outcome).ok_or(KubeError::Transport("the work was given up"))?;
                tracing::info!(object = %at, items = told.items.len(), problem = %told.problem, "sealed anew because its annotation asks");
                json!(told)
            }
        };
        let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
        self.context.kube.patch_status(Kind::SealedSecrets, at, uid, json!({"rotation": rotation})).await
    }

    async fn sealed_anew(&self, object: &Value, newest: Option<PublicKey>) -> Result<Result<Fresh, Stopped>, String> {
        let sealed: SealedObject = question(object)?;
        let newest = newest.ok_or("there is no key to seal to")?;
        let ring = self.context.keys.view().ring;
        let (send, receive) = oneshot::channel();
        let work = move |abandoned: &Abandoned| {
            drop(send.send(fresh_items(&sealed, &ring, &newest, &mut rand::rng(), abandoned)));
        };
        self.context.crypto.run_aside(Box::new(work)).await;
        let done = receive.await.unwrap_or(Err(Stopped::Abandoned));
        if let Ok(fresh) = &done {
            self.context.meter.decrypts(u64::try_from(fresh.operations).unwrap_or(u64::MAX));
        }
        Ok(done)
    }
}
