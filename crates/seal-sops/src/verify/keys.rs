//! Master keys: each wrapped data key is a well-formed age file for the recipient beside it and for nobody else, of the right strength.

use std::collections::HashSet;

use seal_crypto::age::{self, Caps, Recipient, RecipientError, RecipientKind};

use super::{Finding, Policy};
use crate::unwrap::short;
use crate::{AgeKey, KeyGroup, Metadata};

/// A data key, or a share of one.
const CONTENTS: [usize; 2] = [32, 33];
const REWRAP: &str = "wrap the data key again with `seal rekey`";

pub(super) fn check(metadata: &Metadata, policy: &Policy, findings: &mut Vec<Finding>) {
    for group in &metadata.groups {
        check_group(group, metadata.groups.len() > 1, findings);
    }
    if metadata.age_keys().next().is_none() {
        let message = "no age recipient can open the file, only keys that sops uses";
        findings.push(Finding::warning("no-age-recipient", message, "add an age recipient with sops"));
    }
    if let (many, Some(threshold)) = (metadata.groups.len(), metadata.shamir_threshold)
        && many > 1
        && !(2..=many).contains(&(threshold as usize))
    {
        let message = format!("shamir_threshold is {threshold} for {many} key groups, which nothing can open");
        findings.push(Finding::error("threshold", message, REWRAP));
    }
    strength(metadata, policy, findings);
}

fn check_group(group: &KeyGroup, shares: bool, findings: &mut Vec<Finding>) {
    if group.age.is_empty() && group.others.is_empty() {
        findings.push(Finding::error("empty-group", "a key group has no key: nobody can open its part", REWRAP));
    }
    let mut seen = HashSet::new();
    for key in &group.age {
        if !seen.insert(key.recipient.as_str()) {
            let message = format!("{} is there twice", short(&key.recipient));
            findings.push(Finding::warning("recipient-twice", message, REWRAP));
        }
        if let Some((rule, what)) = wrapped(key, shares) {
            let message = format!("the data key for {}: {what}", short(&key.recipient));
            findings.push(Finding::error(rule, message, REWRAP));
        }
    }
}

/// What is wrong with a wrapped data key.
fn wrapped(key: &AgeKey, shares: bool) -> Option<(&'static str, String)> {
    let kind = match key.recipient.parse::<Recipient>() {
        Ok(recipient) => Some(recipient.kind()),
        Err(RecipientError::Plugin(_) | RecipientError::Ssh(_)) => None,
        Err(error) => return Some(("recipient-malformed", error.to_string())),
    };
    let header = age::armor::unwrap(key.enc.as_bytes()).and_then(|bytes| age::header(&bytes, &Caps::ITEM));
    let header = match header {
        Ok(header) => header,
        Err(error) => return Some(("age-malformed", error.to_string())),
    };
    let stanzas = header.stanzas.iter().filter(|stanza| !stanza.kind.ends_with("-grease"));
    let kinds: Vec<&str> = stanzas.map(|stanza| stanza.kind.as_str()).collect();
    if kinds.len() > 1 {
        return Some(("hidden-recipient", format!("it opens for {} recipients, and the block names one", kinds.len())));
    }
    let wanted = kind.and_then(stanza_of);
    if let (Some(wanted), found) = (wanted, kinds.first().copied().unwrap_or("none"))
        && wanted != found
    {
        return Some(("age-other-kind", format!("it is of kind {found}, for a recipient of kind {wanted}")));
    }
    let content = header.content_len();
    let wanted = CONTENTS[usize::from(shares)];
    (content != Some(wanted)).then(|| ("age-content", "what it holds has not the size of a data key".to_owned()))
}

fn stanza_of(kind: RecipientKind) -> Option<&'static str> {
    match kind {
        RecipientKind::X25519 => Some("X25519"),
        RecipientKind::PostQuantum => Some("mlkem768x25519"),
        RecipientKind::Tag => Some("p256tag"),
        RecipientKind::TagPostQuantum => Some("mlkem768p256tag"),
        _ => None,
    }
}

/// A file is as strong as its weakest key.
fn strength(metadata: &Metadata, policy: &Policy, findings: &mut Vec<Finding>) {
    let strong = |key: &&AgeKey| key.recipient.starts_with("age1pq1") || key.recipient.starts_with("age1tagpq1");
    if policy.half_post_quantum || !metadata.age_keys().any(|key| strong(&key)) {
        return;
    }
    let classic = metadata.age_keys().find(|key| !strong(key)).map(|key| short(&key.recipient));
    let foreign = || metadata.foreign_keys().next().map(|key| format!("{} {}", key.kind, short(&key.name)));
    if let Some(weakest) = classic.or_else(foreign) {
        let message = format!("post-quantum recipients beside {weakest}: the file is only as strong as that");
        findings.push(Finding::error(
            "half-post-quantum",
            message,
            "use post-quantum recipients only, or allow it in the policy",
        ));
    }
}
