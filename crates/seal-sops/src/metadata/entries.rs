//! What a block is to say, as a tree: the keys of the block that is there in their order, new ones at their place in the alphabet.

use super::{AgeKey, FOREIGN, KeyGroup, Metadata};
use crate::Selector;
use crate::layout::{Raw, RawForm};

/// A metadata value to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meta {
    /// `null`.
    Null,
    /// A text.
    Text(String),
    /// A number or a boolean, which stands without quotes.
    Bare(String),
    /// A list.
    List(Vec<Meta>),
    /// A mapping in the order it is written.
    Map(Vec<(String, Meta)>),
}

/// The entries of the block for `new`. With an old block, its order and every key nobody here knows stay.
pub(crate) fn entries(new: &Metadata, old: Option<&Raw>) -> Vec<(String, Meta)> {
    let mut fresh = fresh(new);
    match old.map(|old| &old.form) {
        Some(RawForm::Map(old)) => {
            // A block without a selector means the default one; it need not say so now.
            if new.selector == Selector::default() && !old.iter().any(|(key, _)| Selector::NAMES.contains(&key.as_str())) {
                fresh.retain(|(key, _)| key != new.selector.name());
            }
            merge_map(old, fresh, is_known)
        }
        _ => fresh,
    }
}

/// Keys of a block whose absence means something: they go when the new metadata lacks them.
fn is_known(key: &str) -> bool {
    let others = ["age", "key_groups", "mac_only_encrypted", "shamir_threshold", "seal_mac"];
    others.contains(&key) || Selector::NAMES.contains(&key) || FOREIGN.iter().any(|(kind, _)| *kind == key)
}

/// The entries of a block that nobody has written yet, in alphabetical order.
fn fresh(new: &Metadata) -> Vec<(String, Meta)> {
    let mut all = match new.groups.as_slice() {
        [one] => lists(one),
        groups => vec![("key_groups".to_owned(), Meta::List(groups.iter().map(|group| Meta::Map(lists(group))).collect()))],
    };
    let mut add = |key: &str, value| all.push((key.to_owned(), value));
    add("lastmodified", Meta::Text(new.lastmodified.clone()));
    if !new.mac.is_empty() {
        add("mac", Meta::Text(new.mac.clone()));
    }
    if new.mac_only_encrypted {
        add("mac_only_encrypted", Meta::Bare("true".to_owned()));
    }
    if let Some(mac) = &new.strong_mac {
        add("seal_mac", Meta::Text(mac.clone()));
    }
    add(new.selector.name(), Meta::Text(new.selector.text().to_owned()));
    if let Some(threshold) = new.shamir_threshold {
        add("shamir_threshold", Meta::Bare(threshold.to_string()));
    }
    if !new.version.is_empty() {
        add("version", Meta::Text(new.version.clone()));
    }
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    all
}

fn lists(group: &KeyGroup) -> Vec<(String, Meta)> {
    let mut lists = Vec::new();
    if !group.age.is_empty() {
        lists.push(("age".to_owned(), Meta::List(group.age.iter().map(age_key).collect())));
    }
    for (kind, _) in FOREIGN {
        let keys = group.others.iter().filter(|key| key.kind == kind);
        let keys: Vec<Meta> =
            keys.map(|key| Meta::Map(key.fields.iter().map(|(name, value)| (name.clone(), of_json(value))).collect())).collect();
        if !keys.is_empty() {
            lists.push((kind.to_owned(), Meta::List(keys)));
        }
    }
    lists.sort_by(|(a, _), (b, _)| a.cmp(b));
    lists
}

fn age_key(key: &AgeKey) -> Meta {
    let field = |name: &str, text: &str| (name.to_owned(), Meta::Text(text.to_owned()));
    Meta::Map(vec![field("enc", &key.enc), field("recipient", &key.recipient)])
}

fn of_json(value: &serde_json::Value) -> Meta {
    match value {
        serde_json::Value::Null => Meta::Null,
        serde_json::Value::String(text) => Meta::Text(text.clone()),
        serde_json::Value::Array(items) => Meta::List(items.iter().map(of_json).collect()),
        serde_json::Value::Object(map) => Meta::Map(map.iter().map(|(key, value)| (key.clone(), of_json(value))).collect()),
        other => Meta::Bare(other.to_string()),
    }
}

fn of_raw(raw: &Raw) -> Meta {
    match &raw.form {
        RawForm::Null => Meta::Null,
        RawForm::Scalar(text) => Meta::Text(text.clone()),
        RawForm::List(items) => Meta::List(items.iter().map(of_raw).collect()),
        RawForm::Map(entries) => Meta::Map(entries.iter().map(|(key, value)| (key.clone(), of_raw(value))).collect()),
    }
}

/// Old keys in their order with new values; old keys that say nothing (empty lists) or that nobody knows stay; new keys come before the
/// first one that follows them in the alphabet.
fn merge_map(old: &[(String, Raw)], new: Vec<(String, Meta)>, known: fn(&str) -> bool) -> Vec<(String, Meta)> {
    let mut left: Vec<Option<(String, Meta)>> = new.into_iter().map(Some).collect();
    let mut merged = Vec::new();
    for (key, value) in old {
        let same = |name: &str| name == key || (known(name) && name.eq_ignore_ascii_case(key));
        let found = left.iter_mut().find(|entry| entry.as_ref().is_some_and(|(name, _)| same(name)));
        if let Some((_, new)) = found.and_then(Option::take) {
            merged.push((key.clone(), merge(value, new)));
        } else if says_nothing(value) || !known(key) {
            merged.push((key.clone(), of_raw(value)));
        }
    }
    for (key, value) in left.into_iter().flatten() {
        let at = merged.iter().position(|(other, _)| *other > key).unwrap_or(merged.len());
        merged.insert(at, (key, value));
    }
    merged
}

fn says_nothing(raw: &Raw) -> bool {
    match &raw.form {
        RawForm::Null => true,
        RawForm::Scalar(text) => text.is_empty(),
        RawForm::List(items) => items.is_empty(),
        RawForm::Map(entries) => entries.is_empty(),
    }
}

fn merge(old: &Raw, new: Meta) -> Meta {
    match (&old.form, new) {
        (RawForm::Map(old), Meta::Map(new)) => Meta::Map(merge_map(old, new, is_known)),
        (RawForm::List(old), Meta::List(new)) => Meta::List(merge_list(old, new)),
        (_, new) => new,
    }
}

/// Items keep the order of their fields: that of the same master key, else that of the first one. Groups are matched by position.
fn merge_list(old: &[Raw], new: Vec<Meta>) -> Vec<Meta> {
    let name = |meta: &Meta| identity(meta).map(str::to_owned);
    let mut merged = Vec::new();
    for (at, item) in new.into_iter().enumerate() {
        let known = match name(&item) {
            Some(name) => old.iter().find(|old| raw_identity(old) == Some(name.as_str())),
            None => old.get(at),
        };
        merged.push(match (known, old.first(), item) {
            (Some(old), _, item) => merge(old, item),
            (None, Some(first), Meta::Map(fields)) => Meta::Map(in_order_of(first, fields)),
            (None, _, item) => item,
        });
    }
    merged
}

fn in_order_of(model: &Raw, mut fields: Vec<(String, Meta)>) -> Vec<(String, Meta)> {
    if let RawForm::Map(model) = &model.form {
        fields.sort_by_key(|(key, _)| model.iter().position(|(other, _)| other == key).unwrap_or(model.len()));
    }
    fields
}

/// The fields that tell master keys of one list apart.
const IDENTITY: [&str; 6] = ["recipient", "fp", "arn", "resource_id", "key_id", "vault_url"];

pub(super) fn identity(meta: &Meta) -> Option<&str> {
    let Meta::Map(entries) = meta else { return None };
    entries.iter().find_map(|(key, value)| match value {
        Meta::Text(text) if IDENTITY.contains(&key.as_str()) => Some(text.as_str()),
        _ => None,
    })
}

pub(super) fn raw_identity(raw: &Raw) -> Option<&str> {
    let RawForm::Map(entries) = &raw.form else { return None };
    entries.iter().find_map(|(key, value)| match &value.form {
        RawForm::Scalar(text) if IDENTITY.contains(&key.as_str()) => Some(text.as_str()),
        _ => None,
    })
}
