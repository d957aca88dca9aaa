//! `get` on a SOPS file: what it says about itself. No key is used; values in clear are not shown either.

use super::{file, keypath};
use crate::{objects::printable, report::CliError};
use seal_secret::SecretBytes;
use seal_sops::{LeafState, Metadata, Selector, SopsFile, Store};
use serde_json::{Value, json};
use std::path::Path;

/// Reads a file that should be sealed.
pub fn read(path: &Path, store: Option<Store>, bytes: SecretBytes) -> Result<SopsFile, CliError> {
    let sealed = file::parse(path, store, bytes)?;
    match sealed.metadata() {
        Some(_) => Ok(sealed),
        None => Err(CliError::failed(format!("{}: it is not a SOPS file", path.display()))),
    }
}

/// For scripts.
pub fn as_json(sealed: &SopsFile) -> Result<Value, CliError> {
    let Some(metadata) = sealed.metadata() else { return Ok(Value::Null) };
    let groups = metadata.groups.iter().map(|group| {
        json!({
            "age": group.age.iter().map(|key| key.recipient.as_str()).collect::<Vec<_>>(),
            "others": group.others.iter().map(|key| json!({"kind": key.kind, "name": key.name})).collect::<Vec<_>>(),
        })
    });
    let (selector, text) = selector(&metadata.selector);
    let keys = sealed.leaves()?.into_iter().filter(|leaf| !is_comment(&leaf.state)).map(|leaf| {
        json!({"key": keypath::shown(&leaf.path), "document": leaf.document, "line": leaf.at.line, "state": state(&leaf.state)})
    });
    Ok(json!({
        "file": sealed.name(),
        "format": "sops",
        "store": sealed.store().name(),
        "groups": groups.collect::<Vec<_>>(),
        "threshold": metadata.shamir_threshold,
        "selector": {selector: text},
        "macOnlyEncrypted": metadata.mac_only_encrypted,
        "strongMac": metadata.strong_mac.is_some(),
        "lastModified": metadata.lastmodified,
        "version": metadata.version,
        "keys": keys.collect::<Vec<_>>(),
    }))
}

/// For people.
pub fn as_text(sealed: &SopsFile) -> Result<String, CliError> {
    let Some(metadata) = sealed.metadata() else { return Ok(String::new()) };
    let mut text = format!("{}  (SOPS, {})\n", sealed.name(), sealed.store().name());
    let mut row = |name: &str, value: &str| text.push_str(&format!("  {name:<12}{}\n", printable(value)));
    for (index, line) in keys_of(metadata).iter().enumerate() {
        row(if index == 0 { "opens with" } else { "" }, line);
    }
    if metadata.groups.len() > 1 {
        let needed = metadata.shamir_threshold.map_or(metadata.groups.len(), |threshold| threshold as usize);
        row("groups", &format!("{needed} of {} are needed", metadata.groups.len()));
    }
    let (name, value) = selector(&metadata.selector);
    row("selector", &format!("{name}: {value}"));
    row("changed", &metadata.lastmodified);
    row("version", &metadata.version);
    row("strong MAC", if metadata.strong_mac.is_some() { "yes" } else { "no" });
    for leaf in sealed.leaves()?.into_iter().filter(|leaf| !is_comment(&leaf.state)) {
        row(state(&leaf.state), &keypath::shown(&leaf.path));
    }
    Ok(text)
}

fn keys_of(metadata: &Metadata) -> Vec<String> {
    let many = metadata.groups.len() > 1;
    let mut lines = Vec::new();
    for (index, group) in metadata.groups.iter().enumerate() {
        let prefix = if many { format!("group {}: ", index + 1) } else { String::new() };
        lines.extend(group.age.iter().map(|key| format!("{prefix}{}", short(&key.recipient))));
        lines.extend(group.others.iter().map(|key| format!("{prefix}{} {} (only sops can use it)", key.kind, key.name)));
    }
    lines
}

/// A post-quantum recipient has some 2,000 characters; its ends tell it apart.
pub fn short(recipient: &str) -> String {
    match (recipient.get(..24), recipient.get(recipient.len().saturating_sub(8)..)) {
        (Some(start), Some(end)) if recipient.len() > 120 => format!("{start}...{end}"),
        _ => recipient.to_owned(),
    }
}

/// Name and text of a selector, as the metadata have them.
pub fn selector(selector: &Selector) -> (&'static str, &str) {
    match selector {
        Selector::UnencryptedSuffix(text) => ("unencrypted_suffix", text),
        Selector::EncryptedSuffix(text) => ("encrypted_suffix", text),
        Selector::UnencryptedRegex(text) => ("unencrypted_regex", text),
        Selector::EncryptedRegex(text) => ("encrypted_regex", text),
        Selector::UnencryptedCommentRegex(text) => ("unencrypted_comment_regex", text),
        Selector::EncryptedCommentRegex(text) => ("encrypted_comment_regex", text),
    }
}

fn is_comment(state: &LeafState<'_>) -> bool {
    match state {
        LeafState::Sealed(kind, _) => *kind == seal_sops::Type::Comment,
        LeafState::Clear(value) => value.kind == seal_sops::Type::Comment,
        LeafState::Empty => false,
    }
}

fn state(state: &LeafState<'_>) -> &'static str {
    match state {
        LeafState::Sealed(..) => "sealed",
        LeafState::Clear(_) => "in clear",
        LeafState::Empty => "empty",
    }
}
