//! Which key is the newest, in which order they are tried, and whether one is to be made. Pure: facts and time in, plan out.

use std::collections::BTreeSet;

use seal_crypto::Fingerprint;

use super::read::KeyFacts;
use crate::config::{KeyConfig, KeyMode, KeyOrder};

/// A key from further in the future than clocks may differ is not sealed to.
const SKEW: i64 = 300;

/// What was seen.
pub struct Seen<'a> {
    /// Keys that were read, in the order they were found.
    pub keys: &'a [KeyFacts],
    /// Number of key Secrets that were not.
    pub unreadable: usize,
    /// Recorded fingerprints; `None` before the first record, which adopts whatever is there.
    pub trusted: Option<&'a BTreeSet<Fingerprint>>,
    /// A SealedSecret exists.
    pub any_sealed: bool,
    /// Somebody asked for a new key now.
    pub asked: bool,
    /// This process leads.
    pub leads: bool,
    /// Seconds since 1970.
    pub now: i64,
}

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPlan {
    /// Fingerprints in the order they are tried, the newest first, each once.
    pub order: Vec<Fingerprint>,
    /// The key to seal to.
    pub newest: Option<Fingerprint>,
    /// Keys that may only open.
    pub decrypt_only: BTreeSet<Fingerprint>,
    /// Whether to make one.
    pub make: Make,
    /// When time alone changes this plan, seconds since 1970.
    pub look_again: Option<i64>,
}

/// Whether to make a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Make {
    /// No.
    Nothing,
    /// Yes, and why.
    Key(Because),
    /// One is needed, and is not made.
    Withheld(Withheld),
}

/// Why a key is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// There is none to seal to.
    First,
    /// The newest is older than the renewal period.
    Renewal,
    /// The newest is older than the cutoff.
    Cutoff,
    /// Somebody asked.
    Asked,
}

/// Why none is made although there is none to seal to, or one was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Withheld {
    /// Key Secrets exist that cannot be read.
    #[error(
        "no sealing key is usable, but key Secrets exist that cannot be read: repair or restore them, or start once with --force-first-key to make a new key"
    )]
    Unreadable,
    /// SealedSecrets exist that no key opens.
    #[error(
        "no sealing key exists, but SealedSecrets do, which a new key would not open: restore the keys from a backup, or start once with --force-first-key to make a new key"
    )]
    Unopened,
    /// Keys come from outside.
    #[error(
        "no sealing key is usable and --key-mode=external forbids making one: create a key Secret with the label sealedsecrets.bitnami.com/sealed-secrets-key=active"
    )]
    External,
    /// The pinned key is not there.
    #[error("the key of --pinned-key is not among the key Secrets: restore it, or pin another one")]
    Pinned,
}

/// Decides.
pub fn plan(config: &KeyConfig, seen: &Seen<'_>) -> KeyPlan {
    let time = |key: &KeyFacts| match config.order {
        KeyOrder::CertNotBefore => key.not_before,
        KeyOrder::SecretCreationTimestamp => key.created,
    };
    let keys = in_order(seen.keys, time);
    let decrypt_only: BTreeSet<Fingerprint> =
        keys.iter().filter(|key| !trusted(config, seen, &key.fingerprint)).map(|key| key.fingerprint.clone()).collect();
    let sealable = |key: &&&KeyFacts| match &config.pinned {
        Some(pinned) => key.fingerprint == *pinned,
        None => !decrypt_only.contains(&key.fingerprint) && time(key) <= seen.now.saturating_add(SKEW),
    };
    let newest = keys.iter().find(sealable).copied();
    let (make, renewal) = whether_to_make(config, seen, newest.map(|key| (time(key), key.not_after)), keys.is_empty());
    let matures = keys.iter().map(|key| time(key) - SKEW).filter(|at| *at > seen.now).min();
    let order = newest.into_iter().chain(keys.iter().copied().filter(|key| Some(*key) != newest));
    KeyPlan {
        order: order.map(|key| key.fingerprint.clone()).collect(),
        newest: newest.map(|key| key.fingerprint.clone()),
        make,
        look_again: renewal.into_iter().chain(matures).min(),
        decrypt_only,
    }
}

/// When a key that is made now begins. Certificates count in seconds, and of two of one second the first stays the newest; so
/// the new one begins after the newest, yet never so far ahead that it would not be sealed to.
pub fn begins(newest: Option<i64>, now: i64) -> i64 {
    let after = newest.map_or(now, |newest| newest.saturating_add(1));
    after.clamp(now, now.saturating_add(SKEW))
}

/// Each fingerprint once, newest first; among equals the later certificate, then the one registered first, and registered is
/// by age of the Secret.
fn in_order(keys: &[KeyFacts], time: impl Fn(&KeyFacts) -> i64) -> Vec<&KeyFacts> {
    let mut sorted: Vec<&KeyFacts> = keys.iter().collect();
    sorted.sort_by(|a, b| (a.created, &a.name).cmp(&(b.created, &b.name)));
    let mut known = BTreeSet::new();
    sorted.retain(|key| known.insert(&key.fingerprint));
    sorted.sort_by_key(|key| std::cmp::Reverse((time(key), key.not_before)));
    sorted
}

fn trusted(config: &KeyConfig, seen: &Seen<'_>, fingerprint: &Fingerprint) -> bool {
    !config.import_required
        || config.import.contains(fingerprint)
        || config.pinned.as_ref() == Some(fingerprint)
        || seen.trusted.is_none_or(|trusted| trusted.contains(fingerprint))
}

/// Whether to make a key, and when time alone will ask again.
fn whether_to_make(config: &KeyConfig, seen: &Seen<'_>, newest: Option<(i64, i64)>, none_opens: bool) -> (Make, Option<i64>) {
    let may = config.mode == KeyMode::Generate && config.pinned.is_none();
    let when_leading = |because| if seen.leads { Make::Key(because) } else { Make::Nothing };
    let Some((newest, not_after)) = newest else {
        let make = match (&config.pinned, config.mode) {
            (Some(_), _) => Make::Withheld(Withheld::Pinned),
            (None, KeyMode::External) => Make::Withheld(Withheld::External),
            _ if config.force_first => when_leading(Because::First),
            _ if seen.unreadable > 0 => Make::Withheld(Withheld::Unreadable),
            _ if none_opens && seen.any_sealed => Make::Withheld(Withheld::Unopened),
            _ => when_leading(Because::First),
        };
        return (make, None);
    };
    if !may {
        return (Make::Nothing, None);
    }
    // People cannot seal to a certificate that has ended, so its end is a reason to renew as well.
    let renewal = config
        .renew_period
        .map(|period| newest.saturating_add(i64::try_from(period.as_secs()).unwrap_or(i64::MAX)).min(not_after));
    let cutoff = config.cutoff.filter(|cutoff| newest < *cutoff);
    let due = |at: Option<i64>| at.is_some_and(|at| at <= seen.now);
    let because = if seen.asked {
        Some(Because::Asked)
    } else if due(cutoff) {
        Some(Because::Cutoff)
    } else if due(renewal) {
        Some(Because::Renewal)
    } else {
        None
    };
    (because.map_or(Make::Nothing, when_leading), renewal.into_iter().chain(cutoff).filter(|at| *at > seen.now).min())
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
