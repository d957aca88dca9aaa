//! Asks the controller about objects for `--validate` and `--re-encrypt`: over HTTP as the original does, and where that is closed
//! (strict profile, or a caller without the right), through the same object in the cluster.

use super::reencrypt::{essence, fresh_items};
use crate::{
    Io,
    cluster::{
        ClusterError, Controller,
        asking::{self, plan::Answer},
    },
    report::CliError,
};
use rand::RngExt;
use seal_core::sealed::SealedObject;
use seal_crypto::{Certificate, PublicKey};
use std::collections::BTreeMap;

/// One controller and how it turned out to be asked.
pub(super) struct Asker<'a> {
    controller: &'a Controller,
    io: &'a mut Io,
    closed: bool,
    newest: Option<PublicKey>,
}

impl<'a> Asker<'a> {
    pub(super) fn new(controller: &'a Controller, io: &'a mut Io) -> Self {
        Self { controller, io, closed: false, newest: None }
    }

    /// Ends well only when the controller opens the object.
    pub(super) async fn validate(&mut self, object: &SealedObject) -> Result<(), CliError> {
        let refused = || CliError::failed(format!("unable to decrypt sealed secret: {}", object.name()));
        let context = "cannot validate sealed secret";
        if !self.closed {
            match self.controller.verify(&essence(object)).await {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(refused()),
                Err(error) if error.is_closed() => self.close("verify"),
                Err(error) => return Err(CliError::from(error).context(context)),
            }
        }
        match asking::opens(self.controller.api(), object).await.map_err(|error| CliError::from(error).context(context))? {
            Answer::Known(()) => Ok(()),
            Answer::Refused(why) => Err(refused().hint(format!("the controller says: {why}"))),
            Answer::Unknown(why) => Err(unknown(object, &why, "validate it after it was applied").context(context)),
        }
    }

    /// The items of the object that are to be replaced, sealed to the newest key.
    pub(super) async fn rotate(&mut self, object: &SealedObject) -> Result<BTreeMap<String, String>, CliError> {
        let refused = || CliError::failed(format!("unable to rotate secret {:?}", object.name()));
        let context = "cannot re-encrypt secret";
        if !self.closed {
            match self.controller.rotate(&essence(object)).await {
                Ok(answer) => return fresh_items(object, &answer),
                Err(ClusterError::Api { code: 409, .. }) => return Err(refused()),
                Err(error) if error.is_closed() => self.close("rotate"),
                Err(error) => return Err(CliError::from(error).context(context)),
            }
        }
        let newest = self.newest().await?;
        let id = format!("{:032x}", self.io.rng().random::<u128>());
        let answer = asking::rotate(self.controller.api(), object, newest.fingerprint(), &id).await;
        match answer.map_err(|error| error.context(context))? {
            Answer::Known(fresh) => Ok(fresh),
            Answer::Refused(why) => Err(refused().hint(format!("the controller says: {why}"))),
            Answer::Unknown(why) => Err(unknown(object, &why, "apply it first").context(context)),
        }
    }

    /// The key that the controller seals to now.
    pub(super) async fn newest(&mut self) -> Result<PublicKey, CliError> {
        if let Some(known) = &self.newest {
            return Ok(known.clone());
        }
        let pem = self.controller.certificate().await?;
        let certificate = Certificate::from_pem(pem.as_bytes())
            .map_err(|error| CliError::failed(format!("the controller's certificate: {error}")))?;
        Ok(self.newest.insert(certificate.public_key).clone())
    }

    fn close(&mut self, endpoint: &str) {
        self.closed = true;
        self.io.say(format_args!(
            "note: the controller's {endpoint} endpoint is closed, so it is asked through the SealedSecret in the cluster"
        ));
    }
}

fn unknown(object: &SealedObject, why: &str, hint: &str) -> CliError {
    CliError::failed(format!("{}: the controller cannot be asked about it: {why}", object.name()))
        .hint(format!("{hint}, or open it offline with --recovery-unseal"))
}
