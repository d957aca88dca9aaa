//! Recipients by group, and the data key wrapped for them. Keys of other kinds in a file are kept where their text can be kept.

use super::failure::{Failure, code};
use rand::CryptoRng;
use seal_crypto::{
    age::{self, Recipient},
    sops::{DataKey, shamir},
};
use seal_secret::SecretBytes;
use seal_sops::{AgeKey, KeyGroup, Metadata};
use std::fmt;

/// One group: any one of its keys opens its part.
pub type Group = Vec<Key>;

/// An age recipient. In a file it may be of a kind that cannot be encrypted to here; then only its old text can be kept.
#[derive(Clone)]
pub struct Key {
    text: String,
    recipient: Option<Recipient>,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Recipients separated by commas, of a flag or a rule.
pub fn group(list: &str) -> Result<Group, Failure> {
    list.split(',').map(|text| key(text.trim())).collect()
}

/// As [`group`], of a flag that may be absent.
pub fn listed(list: Option<&str>) -> Result<Group, Failure> {
    list.map_or_else(|| Ok(Group::new()), group)
}

fn key(text: &str) -> Result<Key, Failure> {
    let recipient: Recipient = text
        .parse()
        .map_err(|error| Failure::generic(format!("failed to parse input, unknown recipient type: {text:?}: {error}")))?;
    Ok(Key { text: text.to_owned(), recipient: Some(recipient) })
}

/// The groups of a file, for a new data key or new shares. Keys of other kinds cannot get those here.
pub fn of_metadata(metadata: &Metadata) -> Result<Vec<Group>, Failure> {
    if let Some(foreign) = metadata.groups.iter().flat_map(|group| &group.others).next() {
        return Err(Failure::new(
            code::UNSUPPORTED,
            format!("the file is also encrypted to {} {}, which only sops itself can wrap a key for", foreign.kind, foreign.name),
        )
        .hint("use the original for this, or take that key out of the file with it first"));
    }
    Ok(metadata.groups.iter().map(|group| group.age.iter().map(|key| of_file(&key.recipient)).collect()).collect())
}

fn of_file(text: &str) -> Key {
    Key { text: text.to_owned(), recipient: text.parse().ok() }
}

/// The names of all keys of a file, by group.
pub fn names_by_group(metadata: &Metadata) -> Vec<Vec<String>> {
    let names = |group: &KeyGroup| {
        group.age.iter().map(|key| key.recipient.clone()).chain(group.others.iter().map(|key| key.name.clone())).collect()
    };
    metadata.groups.iter().map(names).collect()
}

/// The data key, or its shares, wrapped for every key.
pub fn wrap(key: &DataKey, groups: &[Group], threshold: Option<u32>, rng: &mut impl CryptoRng) -> Result<Vec<KeyGroup>, Failure> {
    let empty = || {
        Failure::generic("Could not generate data key: [empty key group provided]")
            .hint("every group needs a recipient; the rule for this file names none")
    };
    if groups.is_empty() || groups.iter().any(Vec::is_empty) {
        return Err(empty());
    }
    let parts = parts(key, groups.len(), threshold, rng)?;
    let mut wrapped = Vec::with_capacity(groups.len());
    for (group, part) in groups.iter().zip(&parts) {
        let age = group.iter().map(|key| key.wrap(part, rng)).collect::<Result<_, _>>()?;
        wrapped.push(KeyGroup { age, others: Vec::new() });
    }
    Ok(wrapped)
}

fn parts(key: &DataKey, groups: usize, threshold: Option<u32>, rng: &mut impl CryptoRng) -> Result<Vec<SecretBytes>, Failure> {
    let secret = key.to_secret();
    if groups == 1 {
        return Ok(vec![secret]);
    }
    let threshold = threshold.filter(|threshold| *threshold > 0).map_or(groups, |threshold| threshold as usize);
    shamir::split(&secret, groups, threshold, rng)
        .map_err(|error| Failure::generic(format!("Could not generate data key: {error}")))
}

impl Key {
    fn wrap(&self, part: &SecretBytes, rng: &mut impl CryptoRng) -> Result<AgeKey, Failure> {
        let Some(recipient) = &self.recipient else {
            return Err(Failure::new(
                code::UNSUPPORTED,
                format!("nothing can be encrypted to {} here: it is not an age recipient that is built in", self.text),
            ));
        };
        let sealed = age::encrypt(part, std::slice::from_ref(recipient), &[], rng)
            .map_err(|error| Failure::generic(format!("Could not generate data key: {error}")))?;
        Ok(AgeKey { recipient: self.text.clone(), enc: age::armor::wrap(&sealed) })
    }
}

/// The same data key for other keys. In a file with one group, keys that stay keep their text; shares are made anew for all.
pub fn rewrap(
    metadata: &Metadata,
    key: &DataKey,
    groups: &[Group],
    threshold: Option<u32>,
    rng: &mut impl CryptoRng,
) -> Result<Vec<KeyGroup>, Failure> {
    let ([old], [group]) = (metadata.groups.as_slice(), groups) else {
        of_metadata(metadata)?;
        return wrap(key, groups, threshold, rng);
    };
    if group.is_empty() && old.others.is_empty() {
        return wrap(key, groups, threshold, rng);
    }
    let part = key.to_secret();
    let kept = |wanted: &Key| old.age.iter().find(|have| have.recipient == wanted.text).cloned();
    let age = group.iter().map(|wanted| kept(wanted).map_or_else(|| wanted.wrap(&part, rng), Ok)).collect::<Result<_, _>>()?;
    Ok(vec![KeyGroup { age, others: Vec::new() }])
}
