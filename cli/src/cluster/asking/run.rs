//! Reads and writes the object that carries question and answer. Needs `get` on SealedSecrets, and `update` to rotate.

use super::plan::{self, Answer, asking, difference};
use crate::{
    cluster::{Api, ClusterError, encoded},
    report::CliError,
};
use seal_core::sealed::SealedObject;
use seal_crypto::Fingerprint;
use serde_json::Value;
use std::{collections::BTreeMap, time::Duration};

/// How long an answer may take: ten seconds of work, and others may have asked before.
const PATIENCE: Duration = Duration::from_secs(60);
/// Attempts at a write that others overtake.
const ATTEMPTS: usize = 8;

fn path(file: &SealedObject) -> String {
    format!("/apis/bitnami.com/v1alpha1/namespaces/{}/sealedsecrets/{}", encoded(file.namespace()), encoded(file.name()))
}

/// The object in the cluster under the file's namespace and name.
async fn live(api: &Api, file: &SealedObject) -> Result<Option<Value>, ClusterError> {
    if file.namespace().is_empty() || file.name().is_empty() {
        return Ok(None);
    }
    match api.get("get the SealedSecret", &path(file)).await {
        Ok(object) => Ok(Some(object)),
        Err(ClusterError::Api { code: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the controller opens it.
pub async fn opens(api: &Api, file: &SealedObject) -> Result<Answer<()>, ClusterError> {
    Ok(plan::opens(file, live(api, file).await?.as_ref()))
}

/// What of it is stale, without asking anybody to do anything.
pub async fn stale(api: &Api, file: &SealedObject, newest: &Fingerprint) -> Result<Answer<Vec<String>>, ClusterError> {
    Ok(plan::stale(file, live(api, file).await?.as_ref(), newest))
}

/// Its stale items sealed to the newest key. The question is taken away again whatever happens, Ctrl-C included.
pub async fn rotate(
    api: &Api,
    file: &SealedObject,
    newest: &Fingerprint,
    id: &str,
) -> Result<Answer<BTreeMap<String, String>>, CliError> {
    let before = live(api, file).await?;
    if let Some(why) = difference(file, before.as_ref()) {
        return Ok(Answer::Unknown(why));
    }
    if plan::stale(file, before.as_ref(), newest) == Answer::Known(Vec::new()) {
        return Ok(Answer::Known(BTreeMap::new()));
    }
    let answered = async {
        put(api, file, id, true).await?;
        wait(api, file, newest, id).await
    };
    let outcome = tokio::select! {
        outcome = answered => outcome,
        _ = tokio::signal::ctrl_c() => Err(CliError::interrupted()),
    };
    let cleared = put(api, file, id, false).await;
    let answer = outcome?;
    cleared.map_err(|error| error.context("the question could not be taken away again"))?;
    Ok(answer)
}

/// Sets or removes the annotation, on the object as it is at that moment.
async fn put(api: &Api, file: &SealedObject, id: &str, ask: bool) -> Result<(), CliError> {
    for _ in 0..ATTEMPTS {
        let Some(object) = live(api, file).await? else { return Ok(()) };
        let Some(changed) = asking(object, id, ask) else { return Ok(()) };
        let body = changed.to_string().into_bytes();
        let to = format!("{}?fieldManager=seal", path(file));
        match api.send("ask through the SealedSecret", http::Method::PUT, &to, "application/json", body).await {
            Ok(_) => return Ok(()),
            Err(ClusterError::Api { code: 409, .. }) => {}
            Err(ClusterError::Api { code: 404, .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
    Err(CliError::failed(format!("{}/{} changes too often to write to it", file.namespace(), file.name())).hint("try again"))
}

async fn wait(
    api: &Api,
    file: &SealedObject,
    newest: &Fingerprint,
    id: &str,
) -> Result<Answer<BTreeMap<String, String>>, CliError> {
    let answered = async {
        let mut pause = Duration::from_millis(50);
        loop {
            let Some(object) = live(api, file).await? else {
                return Ok(Answer::Unknown("it is no longer in the cluster".to_owned()));
            };
            if let Some(answer) = plan::answer(file, &object, id, newest) {
                return Ok(answer);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    };
    tokio::time::timeout(PATIENCE, answered).await.unwrap_or_else(|_| {
        let seconds = PATIENCE.as_secs();
        Err(CliError::failed(format!("{}/{}: no answer of the controller in {seconds} s", file.namespace(), file.name()))
            .hint("see with `seal doctor` whether a controller of this project runs and its definitions are applied"))
    })
}
