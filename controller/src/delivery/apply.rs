//! Carries out a plan: writes the Secret with preconditions, then status and event, each only when it says something new.

use super::Reconciler;
use super::error::{EVENT_UNSEALED, Failure};
use super::mac::Recorder;
use super::observe::{Observed, digest, said};
use super::plan::Second;
use super::source::Subject;
use super::status::{self, Verdict};
use crate::events;
use crate::index::Version;
use crate::ports::{KubeError, LiveSecret, ObjectRef, Severity, Written};
use seal_api::{ConditionStatus, ConditionType, Reason, SecretRecord, Status};
use seal_crypto::Mac;
use serde_json::{Value, json};

/// Why a write did not happen.
pub enum Trouble {
    /// For good, or until a retry.
    Failure(Failure),
    /// The world moved between looking and writing: look again at once.
    Moved,
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// A good end.
#[derive(Default)]
pub struct Good {
    /// True when the Secret was written.
    pub wrote: bool,
    /// The Secret that is right now; `None` when it is left absent.
    pub verified: Option<Version>,
    /// The new record and keys; `None` when the old ones stand.
    pub record: Option<(SecretRecord, Vec<String>)>,
}

impl Reconciler {
    /// Writes what the plan says; answers what is there now and whether it was written.
    pub(super) async fn write(
        &self,
        at: &ObjectRef,
        plan: Second,
        live: Option<&LiveSecret>,
    ) -> Result<(Written, bool), Trouble> {
        match plan {
            Second::Keep => {
                let live = live.map(|l| Written { uid: l.uid.clone(), resource_version: l.resource_version.clone() });
                Ok((live.unwrap_or_default(), false))
            }
            Second::Create(draft) => written(at, self.context.kube.create_secret(at, &draft).await),
            Second::Replace(draft) => written(at, self.context.kube.replace_secret(at, &draft).await),
            Second::Stop(failure) => Err(failure.into()),
        }
    }

    /// Tells the outcome: memory first (so that our own echo is known), then status, metrics and event.
    pub(super) async fn tell(&self, seen: &Observed, outcome: &Result<Good, Failure>) -> Result<(), KubeError> {
        let verdict = match outcome {
            Ok(good) => Verdict::Synced(good.record.clone()),
            Err(failure) => Verdict::Failed(failure),
        };
        let old = &seen.subject.status;
        let weakness = seen.content.weakness();
        let now = self.context.clock.wall().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let new = status::next(old, seen.subject.meta.generation, verdict, weakness.as_deref(), &now);
        let first_word = self.remember(seen, outcome, new.as_ref().unwrap_or(old));
        self.measure(seen, new.as_ref().unwrap_or(old));
        let patched = match &new {
            Some(new) if self.settings.update_status => {
                self.context.kube.patch_status(self.kind(), &seen.at, &seen.subject.meta.uid, patch_body(new)).await
            }
            _ => Ok(()),
        };
        match outcome {
            Ok(good) if good.wrote || (first_word && new.is_some() && !status::says_synced(old, old.observed_generation)) => {
                let message = format!("{} unsealed successfully", seen.subject.names.kind);
                events::tell(&self.context, &seen.subject, Severity::Normal, EVENT_UNSEALED, &message).await;
            }
            Err(failure) if first_word => {
                events::tell(&self.context, &seen.subject, Severity::Warning, failure.event, &failure.event_message).await
            }
            _ => {}
        }
        if let Some(weakness) = weakness.filter(|weakness| new.is_some() && !says_weak(old, weakness)) {
            events::tell(&self.context, &seen.subject, Severity::Warning, Reason::MixedItems.as_str(), &weakness).await;
        }
        patched
    }

    /// Notes the outcome; true when it is not what was told last.
    fn remember(&self, seen: &Observed, outcome: &Result<Good, Failure>, status: &Status) -> bool {
        let keys = self.index.intern(&status.keys);
        let told = match outcome {
            Ok(_) => 0,
            Err(failure) => digest(&(failure.reason.as_str(), &failure.message, seen.subject.meta.generation)).max(1),
        };
        // After a restart the status knows what was told before.
        let told_before = outcome.as_ref().err().is_some_and(|failure| says(&seen.subject, failure));
        let mut news = false;
        self.index.update(&seen.at, |entry| {
            news = match outcome {
                Ok(_) => !entry.synced,
                Err(_) => entry.told != told && !(entry.told == 0 && told_before),
            };
            entry.resource_version = seen.subject.meta.resource_version.as_str().into();
            entry.face = seen.face();
            entry.said = said(status);
            entry.synced = outcome.is_ok();
            entry.verified = outcome.as_ref().ok().and_then(|good| good.verified.clone());
            entry.keys = keys;
            entry.told = told;
        });
        news
    }

    pub(super) fn measure(&self, seen: &Observed, status: &Status) {
        let instance = seen.subject.meta.labels.get("app.kubernetes.io/instance").map(String::as_str).unwrap_or_default();
        for kind in [ConditionType::Synced, ConditionType::Ready] {
            let Some(condition) = status.condition(kind) else { continue };
            let value = match condition.status {
                ConditionStatus::True => 1,
                ConditionStatus::Unknown => 0,
                ConditionStatus::False => -1,
            };
            self.context.meter.condition(self.kind(), &seen.at, instance, kind.as_str(), value);
        }
    }
}

/// A merge patch says what to remove with an explicit null.
fn patch_body(status: &Status) -> Value {
    let mut body = json!(status);
    for field in ["secret", "keys"] {
        if body.get(field).is_none() {
            body[field] = Value::Null;
        }
    }
    body
}

fn written(at: &ObjectRef, answer: Result<Written, KubeError>) -> Result<(Written, bool), Trouble> {
    match answer {
        Ok(written) => Ok((written, true)),
        Err(KubeError::Conflict | KubeError::AlreadyExists | KubeError::NotFound) => Err(Trouble::Moved),
        Err(KubeError::Immutable) => Err(Failure::immutable(&at.to_string()).into()),
        Err(error) => Err(Failure::api("writing the Secret", &error).into()),
    }
}

/// True when the status of this generation already says exactly this failure.
fn says(subject: &Subject, failure: &Failure) -> bool {
    let condition = subject.status.condition(ConditionType::Synced);
    subject.status.observed_generation == subject.meta.generation
        && condition.is_some_and(|c| {
            c.status == ConditionStatus::False && c.reason == failure.reason.as_str() && c.message == failure.message
        })
}

fn says_weak(status: &Status, weakness: &str) -> bool {
    status.condition(ConditionType::Weak).is_some_and(|condition| condition.message == weakness)
}

/// The record of a write, for the next restart.
pub(super) fn record_of(
    recorder: &Recorder<'_>,
    written: &Written,
    owned: bool,
    data: &Mac,
    opened_by: &[String],
) -> SecretRecord {
    recorder.sealed(SecretRecord {
        uid: written.uid.clone(),
        resource_version: written.resource_version.clone(),
        owned,
        inputs: recorder.inputs(opened_by).as_str().to_owned(),
        data: data.as_str().to_owned(),
        seal: String::new(),
    })
}
