//! One look at one object: observe, plan, apply.
//!
//! Guarantees: a look that changes nothing writes nothing; a Secret is only written against the very version that was
//! judged; a failure leaves the Secret as it is. Crashing between any two writes leaves a state from which the next look
//! goes on, because every look starts from what the API server holds.

use super::apply::{Good, Trouble, record_of};
use super::error::{Again, Failure};
use super::observe::{Observed, said};
use super::plan::{First, Seen, Standing, after_opening, before_opening};
use super::settings::Settings;
use super::source::{self, Opened, OpeningKeys, Source};
use super::{plan, status};
use crate::context::Context;
use crate::index::{Index, Version};
use crate::ports::{KeyView, Kind, KubeError, LiveSecret, ObjectRef};
use seal_api::SecretRecord;
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::{Semaphore, oneshot};

/// Looks at a world that moves this often in a row before standing back.
const MOVES: u32 = 4;

/// When to look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// When something changes.
    OnChange,
    /// Soon, with back-off.
    Soon,
    /// Slowly, with back-off.
    Slowly,
    /// After the short while in which someone may be replacing a Secret.
    Gap,
}

/// Reconciles the objects of one kind.
pub struct Reconciler {
    /// Ports.
    pub context: Context,
    /// The administrator's decisions.
    pub settings: Settings,
    /// Memory.
    pub index: Arc<Index>,
    /// The kind.
    pub source: Arc<dyn Source>,
    /// Memory of the kind that goes first where both have an object of one name, and so of one Secret.
    pub elder: Option<Arc<Index>>,
    /// The turn of those that take long: one at a time, so that the other workers stay free.
    pub slow: Semaphore,
}

impl Reconciler {
    /// The kind's whole objects.
    pub fn kind(&self) -> Kind {
        self.source.kinds()[0]
    }

    /// Looks at one object and does what is to be done.
    pub async fn reconcile(&self, at: &ObjectRef) -> Next {
        if self.index.take_needless(at) {
            self.context.meter.skipped();
            return Next::OnChange;
        }
        for _ in 0..MOVES {
            match self.attempt(at).await {
                Ok(next) => return next,
                Err(Trouble::Moved) => {}
                Err(Trouble::Failure(failure)) => {
                    tracing::warn!(object = %at, reason = failure.reason.as_str(), message = %failure.message, "look failed");
                    return Next::Soon;
                }
            }
        }
        Next::Soon
    }

    async fn attempt(&self, at: &ObjectRef) -> Result<Next, Trouble> {
        let value =
            self.context.kube.object(self.kind(), at).await.map_err(|error| Failure::api("reading the object", &error))?;
        let Some(value) = value else {
            self.forget(at);
            return Ok(Next::OnChange);
        };
        let seen = self.observe(&value);
        if seen.subject.meta.deleting || seen.content.is_suspended() {
            return Ok(Next::OnChange);
        }
        let version = seen.subject.meta.resource_version.as_str();
        self.index.update(at, |entry| entry.resource_version = version.into());
        self.index.wants(at, seen.own_keys_at());
        let keys = self.context.keys.view();
        if self.known_good(&seen, &keys).is_some() {
            self.context.meter.skipped();
            return Ok(Next::OnChange);
        }
        self.context.meter.unseal_requested();
        let outcome = match self.look(&seen, &keys).await {
            Ok(Some(good)) => Ok(good),
            Ok(None) => return Ok(Next::Gap),
            Err(Trouble::Failure(failure)) => Err(failure),
            Err(Trouble::Moved) => return Err(Trouble::Moved),
        };
        self.finish(&seen, outcome).await
    }

    async fn finish(&self, seen: &Observed, outcome: Result<Good, Failure>) -> Result<Next, Trouble> {
        let told = self.tell(seen, &outcome).await;
        let next = match &outcome {
            Ok(good) => {
                if !good.wrote && good.record.is_none() {
                    self.context.meter.skipped();
                }
                Next::OnChange
            }
            Err(failure) => {
                self.context.meter.unseal_failed(failure.reason.metric(), &seen.subject.meta.namespace);
                tracing::warn!(object = %seen.at, reason = failure.reason.as_str(), message = %failure.message, "not synced");
                match failure.again {
                    Again::Soon => Next::Soon,
                    Again::Slowly => Next::Slowly,
                    Again::OnChange => Next::OnChange,
                }
            }
        };
        match told {
            Ok(()) => Ok(next),
            // Gone or born anew meanwhile: the watch brings the successor.
            Err(KubeError::NotFound) => Ok(Next::OnChange),
            Err(error) => {
                self.context.meter.unseal_failed("status", &seen.subject.meta.namespace);
                // The Secret is right; it is the object that still wants a look.
                self.index.update(&seen.at, |entry| (entry.said, entry.asked) = (0, true));
                tracing::warn!(object = %seen.at, %error, "status not written");
                Ok(Next::Soon)
            }
        }
    }

    /// True without reading the Secret: nothing of this object has changed since it was found right. Answers the Secret that is.
    ///
    /// Two ways to know: this process found it right, or an earlier one left an authentic record that names the present
    /// version of the Secret.
    pub(super) fn known_good(&self, seen: &Observed, keys: &KeyView) -> Option<Version> {
        let there = self.index.secret(&seen.at)?.version;
        let status = &seen.subject.status;
        if self.settings.update_status && !status::says_synced(status, seen.subject.meta.generation) {
            return None;
        }
        let entry = self.index.entry(&seen.at).unwrap_or_default();
        let own_keys = seen.own_keys_at();
        // A change of the keys that an object names clears `synced`.
        let held = own_keys.is_some() || entry.keys.iter().all(|key| keys.holds(key));
        let remembered = entry.synced && entry.face == seen.face() && entry.verified.as_ref() == Some(&there) && held;
        if remembered {
            return Some(there);
        }
        let own_keys = match own_keys {
            Some(at) => Some(self.index.secret(&at)?.version),
            None => None,
        };
        let record = seen.record(keys, own_keys.as_ref())?;
        let allowed = source::check_again(&*seen.content, &self.settings.guard, &seen.at).is_ok();
        (allowed && Version::new(&record.uid, &record.resource_version) == there).then_some(there)
    }

    /// Where an object of an elder kind has the same name, it writes the Secret, unless this object has it already: it would
    /// be taken from it only by the elder, and then for good.
    fn check_rival(&self, seen: &Observed, live: Option<&LiveSecret>) -> Result<(), Failure> {
        let has_it = live.is_some_and(|live| Standing::of(&live.metadata, &seen.subject).controlled);
        match &self.elder {
            Some(elder) if !has_it && elder.entry(&seen.at).is_some() => {
                Err(Failure::rival(seen.subject.names.kind, &seen.subject.meta.name))
            }
            _ => Ok(()),
        }
    }

    async fn look(&self, seen: &Observed, keys: &KeyView) -> Result<Option<Good>, Trouble> {
        source::check(&*seen.content, &self.settings.guard, &seen.at)?;
        let own = self.read_own_keys(seen).await?;
        let live = self.read_secret(&seen.at).await?;
        self.check_rival(seen, live.as_ref())?;
        if let Some(live) = live.as_ref().filter(|live| Standing::of(&live.metadata, &seen.subject).ours()) {
            self.settings.guard.check_live(live)?;
        }
        let own_version = own.as_ref().map(|own| own.version.clone());
        let record = seen.record(keys, own_version.as_ref());
        let recorder = seen.recorder(keys, own_version.as_ref());
        let shape = seen.content.shape();
        let facts = Seen {
            subject: &seen.subject,
            shape: shape.as_ref(),
            record: record.as_ref(),
            live: live.as_ref(),
            same_data: seen.same_data(recorder.as_ref(), record.as_ref(), live.as_ref()),
            foreign_just_gone: live.is_none() && self.index.foreign_just_gone(&seen.at, self.context.clock.now()),
        };
        match before_opening(&facts, self.settings.policy) {
            First::Settled => Ok(Some(Good { verified: live.as_ref().map(version), ..Good::default() })),
            First::LeftAbsent => Ok(Some(Good::default())),
            First::Wait => Ok(None),
            First::Stop(failure) => Err(failure.into()),
            First::Open => {
                let keys = OpeningKeys { view: keys.clone(), own };
                self.open_and_write(seen, keys, record.as_ref(), live.as_ref()).await.map(Some)
            }
        }
    }

    async fn open_and_write(
        &self,
        seen: &Observed,
        keys: OpeningKeys,
        record: Option<&SecretRecord>,
        live: Option<&LiveSecret>,
    ) -> Result<Good, Trouble> {
        let view = keys.view.clone();
        let own = keys.own.as_ref().map(|own| own.version.clone());
        let Opened { data, shape, keys, .. } = self.open(seen, keys).await?;
        let opened_by: Vec<String> = keys.into_iter().collect();
        self.settings.guard.check(&seen.at, &shape)?;
        let recorder = seen.recorder(&view, own.as_ref());
        let digest = recorder.as_ref().map(|recorder| recorder.data(data.iter()));
        let next = after_opening(&seen.subject, &shape, live, data, record.is_some(), self.settings.policy);
        let owned = plan::owned_after(&shape, live.map(|live| Standing::of(&live.metadata, &seen.subject)));
        let (written, wrote) = self.write(&seen.at, next, live).await?;
        let verified = Some(Version::new(&written.uid, &written.resource_version));
        let new = recorder.zip(digest).map(|(recorder, digest)| record_of(&recorder, &written, owned, &digest, &opened_by));
        let record =
            new.filter(|new| wrote || record.is_none() || record.is_some_and(|old| old != new)).map(|new| (new, opened_by));
        Ok(Good { wrote, verified, record })
    }

    async fn open(&self, seen: &Observed, keys: OpeningKeys) -> Result<Opened, Failure> {
        let content = seen.content.clone();
        let hint = seen.subject.status.keys.first().and_then(|key| key.parse().ok());
        let (send, receive) = oneshot::channel();
        let work = Box::new(move || drop(send.send(content.open(&keys, hint.as_ref()))));
        if seen.content.is_slow() {
            let _turn = self.slow.try_acquire().map_err(|_| Failure::waits_for_its_turn())?;
            self.context.crypto.run_slow(work).await;
        } else {
            self.context.crypto.run(work).await;
        }
        let opened = receive.await.map_err(|_| Failure::internal())??;
        self.context.meter.decrypts(u64::from(opened.tries));
        Ok(opened)
    }

    /// Says in the object's status that working on it ended in a defect of ours.
    pub(super) async fn report_internal(&self, at: &ObjectRef) {
        if let Ok(Some(value)) = self.context.kube.object(self.kind(), at).await {
            let told = self.tell(&self.observe(&value), &Err(Failure::internal())).await;
            tracing::debug!(object = %at, told = told.is_ok(), "internal error reported");
        }
    }

    /// The object is gone; Kubernetes collects its Secret by the owner reference.
    pub(super) fn forget(&self, at: &ObjectRef) {
        if self.index.forget(at) {
            self.context.meter.forget(self.kind(), at);
        }
    }

    /// Whether what a watch or list showed needs a look. Remembers it when it does not.
    pub(super) fn glance(&self, value: &Value) -> (ObjectRef, bool) {
        let seen = self.observe(value);
        let at = seen.at.clone();
        if seen.subject.meta.deleting {
            return (at, false);
        }
        self.index.wants(&at, seen.own_keys_at());
        let entry = self.index.entry(&at).unwrap_or_default();
        let version = &seen.subject.meta.resource_version;
        if seen.content.is_suspended() {
            self.index.update(&at, |entry| (entry.resource_version, entry.face) = (version.as_str().into(), 0));
            return (at, false);
        }
        let echo = entry.face == seen.face() && (entry.said == said(&seen.subject.status) || !self.settings.update_status);
        if echo {
            self.index.update(&at, |entry| entry.resource_version = version.as_str().into());
            return (at, false);
        }
        let good = self.known_good(&seen, &self.context.keys.view());
        let found_good = good.is_some();
        let keys = if found_good { self.index.intern(&seen.subject.status.keys) } else { entry.keys };
        self.index.update(&at, |entry| {
            entry.resource_version = version.as_str().into();
            entry.synced = found_good;
            entry.asked = !found_good;
            entry.keys = keys;
            if found_good {
                entry.face = seen.face();
                entry.said = said(&seen.subject.status);
                entry.verified = good;
            }
        });
        if found_good {
            self.context.meter.skipped();
            self.measure(&seen, &seen.subject.status);
        }
        (at, !found_good)
    }
}

fn version(live: &LiveSecret) -> Version {
    Version::new(&live.uid, &live.resource_version)
}
