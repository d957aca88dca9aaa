//! Asks one controller about objects: over HTTP, or where that is closed, through the objects in the cluster.

use super::Outcome;
use crate::{
    cluster::{
        ClusterError, Controller,
        asking::{self, plan::Answer},
    },
    kubeseal::{essence, fresh_items},
    report::CliError,
};
use rand::{RngExt, rngs::StdRng};
use seal_core::sealed::SealedObject;
use seal_crypto::PublicKey;

/// How one controller is asked.
pub(super) struct Asker {
    /// Nothing is to be changed, in the cluster neither.
    planned: bool,
    /// Its endpoint is closed: it is asked through the objects.
    closed: bool,
    rng: StdRng,
}

impl Asker {
    pub(super) fn new(planned: bool, rng: StdRng) -> Self {
        Self { planned, closed: false, rng }
    }

    /// An object that the controller cannot open is that object's problem, and so is one that it cannot be asked about; everything
    /// else ends the run before a file is touched.
    pub(super) async fn ask(
        &mut self,
        controller: &Controller,
        object: &SealedObject,
        newest: &PublicKey,
    ) -> Result<Outcome, CliError> {
        if self.closed {
            return self.ask_through(controller, object, newest).await;
        }
        match controller.rotate(&essence(object)).await {
            Ok(answer) => Ok(match fresh_items(object, &answer) {
                Ok(fresh) => Outcome::of(fresh),
                Err(error) => Outcome::Failed(error.message),
            }),
            Err(ClusterError::Api { code: 400 | 409 | 413 | 500, message, .. }) => Ok(Outcome::Failed(message)),
            Err(error) if error.is_closed() => {
                self.closed = true;
                self.ask_through(controller, object, newest).await
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn ask_through(
        &mut self,
        controller: &Controller,
        object: &SealedObject,
        newest: &PublicKey,
    ) -> Result<Outcome, CliError> {
        let (api, newest) = (controller.api(), newest.fingerprint());
        let answer = match self.planned {
            true => match asking::stale(api, object, newest).await? {
                // What the new ciphertext would be is nobody's business in a dry run.
                Answer::Known(items) => Answer::Known(items.into_iter().map(|item| (item, String::new())).collect()),
                Answer::Refused(why) => Answer::Refused(why),
                Answer::Unknown(why) => Answer::Unknown(why),
            },
            false => asking::rotate(api, object, newest, &format!("{:032x}", self.rng.random::<u128>())).await?,
        };
        Ok(match answer {
            Answer::Known(fresh) => Outcome::of(fresh),
            Answer::Refused(why) => Outcome::Failed(why),
            Answer::Unknown(why) => {
                Outcome::Unknown(format!("the controller cannot be asked about it: {why}; --recovery-key works offline"))
            }
        })
    }
}
