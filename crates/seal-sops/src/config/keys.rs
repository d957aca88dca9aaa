//! The keys of a rule: lists and comma-separated texts, and groups that take other groups in.

use seal_manifest::{Kind, Node};

use super::read::Reader;
use super::{ConfigError, RuleGroup};

/// Groups inside groups, at most.
const MOST_DEPTH: usize = 16;
/// Keys of a group.
const GROUP: [&str; 8] = ["merge", "kms", "gcp_kms", "hckms", "azure_keyvault", "hc_vault", "age", "pgp"];

/// The keys that stand in a rule itself.
pub(super) fn of_rule(reader: &mut Reader<'_>, rule: &Node) -> Result<RuleGroup, ConfigError> {
    let mut group = RuleGroup { age: listed(reader, rule, "age")?, others: Vec::new() };
    for (key, kind) in [
        ("pgp", "pgp"),
        ("kms", "kms"),
        ("gcp_kms", "gcp_kms"),
        ("hckms", "hckms"),
        ("azure_keyvault", "azure_kv"),
        ("hc_vault_transit_uri", "hc_vault"),
    ] {
        let names = listed(reader, rule, key)?;
        group.others.extend(names.into_iter().map(|name| (kind, canonical(kind, &name))));
    }
    Ok(group)
}

/// One entry of `key_groups`, without repetitions.
pub(super) fn of_group(reader: &mut Reader<'_>, node: &Node) -> Result<RuleGroup, ConfigError> {
    let mut group = RuleGroup::default();
    collect(reader, node, MOST_DEPTH, &mut group)?;
    let mut seen = std::collections::HashSet::new();
    group.age.retain(|name| seen.insert(name.clone()));
    let mut seen = std::collections::HashSet::new();
    group.others.retain(|name| seen.insert(name.clone()));
    Ok(group)
}

fn collect(reader: &mut Reader<'_>, node: &Node, depth: usize, group: &mut RuleGroup) -> Result<(), ConfigError> {
    if node.is_null() {
        return Ok(());
    }
    if depth == 0 {
        return Err(reader.wrong(node, "a key group inside others", "less deep"));
    }
    reader.map(node, "a key group", &|key| GROUP.contains(&key))?;
    if let Some(merged) = node.get("merge") {
        for inner in reader.list(merged, "merge")? {
            collect(reader, inner, depth - 1, group)?;
        }
    }
    group.age.extend(listed(reader, node, "age")?);
    group.others.extend(listed(reader, node, "pgp")?.into_iter().map(|name| ("pgp", canonical("pgp", &name))));
    for (key, kind, fields) in [
        ("kms", "kms", &["arn"][..]),
        ("gcp_kms", "gcp_kms", &["resource_id"]),
        ("hckms", "hckms", &["key_id"]),
        ("azure_keyvault", "azure_kv", &["vaultUrl", "key", "version"]),
    ] {
        let Some(entries) = node.get(key) else { continue };
        for entry in reader.list(entries, key)? {
            let mut parts = Vec::new();
            for field in fields {
                parts.push(entry.get(field).map_or(Ok(String::new()), |value| reader.text(value, field))?);
            }
            parts.retain(|part| !part.is_empty());
            group.others.push((kind, parts.join("/")));
        }
    }
    group.others.extend(listed(reader, node, "hc_vault")?.into_iter().map(|name| ("hc_vault", canonical("hc_vault", &name))));
    Ok(())
}

/// A text with commas, or a list of texts.
fn listed(reader: &Reader<'_>, node: &Node, key: &str) -> Result<Vec<String>, ConfigError> {
    let Some(value) = node.get(key) else { return Ok(Vec::new()) };
    let texts = match &value.kind {
        Kind::List(items) => items.iter().map(|item| reader.text(item, key)).collect::<Result<Vec<_>, _>>()?,
        _ => vec![reader.text(value, key)?],
    };
    let parts = texts.iter().flat_map(|text| text.split(',')).map(str::trim).filter(|part| !part.is_empty());
    Ok(parts.map(str::to_owned).collect())
}

/// An address as the metadata of a file takes it apart.
fn canonical(kind: &str, name: &str) -> String {
    match kind {
        "hc_vault" => name.replacen("/v1/", "/", 1).replacen("/keys/", "/", 1),
        "azure_kv" => name.replacen("/keys/", "/", 1),
        "kms" => name.split('+').next().unwrap_or_default().to_owned(),
        "pgp" => name.split_whitespace().collect(),
        _ => name.to_owned(),
    }
}
