//! Reading Secrets and SealedSecrets from one input: several documents, concatenated JSON, `v1.List`.
//!
//! The original takes any kind and guesses; here a document without `kind` is taken for what was asked for, and another kind is refused.

use crate::{Io, objects, report::CliError};
use seal_core::{
    sealed::SealedObject,
    secret::{SecretObject, kind_of},
};
use seal_manifest::{Entry, Format, Kind, ManifestFile, Node, Position};
use seal_secret::SecretBytes;
use serde_json::Value;

/// What users know when there is nothing to work on.
const NOTHING: &str = "no secrets found. Ensure the input is valid and UTF-8 encoded";

/// Parses the input; nothing in it is an error.
pub fn parse(name: &str, bytes: SecretBytes) -> Result<ManifestFile, CliError> {
    let file = ManifestFile::parse(name, bytes).map_err(|error| CliError::failed(format!("{NOTHING} ({error})")))?;
    if file.documents.is_empty() { Err(CliError::failed(NOTHING)) } else { Ok(file) }
}

/// All Secrets of the input.
pub fn secrets(file: &ManifestFile, io: &mut Io) -> Result<Vec<SecretObject>, CliError> {
    let mut found = Vec::new();
    for place in objects::all(file) {
        let mut unquoted = Vec::new();
        let yaml = file.documents[place.document].format == Format::Yaml;
        let node = if yaml { as_text(place.node, &mut unquoted) } else { place.node.clone() };
        for field in unquoted {
            io.say(format_args!("warning: {}: {field} is not text: quote it, or what YAML makes of it is sealed", file.name));
        }
        found.push(secret(&file.name, &node)?);
    }
    if found.is_empty() { Err(CliError::failed(NOTHING)) } else { Ok(found) }
}

/// YAML numbers and booleans where the API has text: the original reads them as the text of what YAML resolves them to (`yes` is `true`,
/// `0644` is `420`). Names the values of `stringData` this happens to.
fn as_text(node: &Node, unquoted: &mut Vec<String>) -> Node {
    const TEXTS: [&[&str]; 5] = [&["stringData"], &["metadata", "labels"], &["metadata", "annotations"], &["metadata"], &[]];
    let mut node = node.clone();
    for path in TEXTS {
        let Some(Kind::Map(entries)) = path.iter().try_fold(&mut node, |at, key| child(at, key)).map(|at| &mut at.kind) else {
            continue;
        };
        for entry in entries {
            let text_field = match path {
                [] => entry.key == "type",
                ["metadata"] => entry.key == "name" || entry.key == "namespace",
                _ => true,
            };
            if let Some(text) = scalar_text(&entry.value).filter(|_| text_field) {
                entry.value.kind = Kind::Text(text.into());
                if *path == ["stringData"] {
                    unquoted.push(format!("stringData.{} ({}:{})", entry.key, entry.value.at.line, entry.value.at.column));
                }
            }
        }
    }
    node
}

fn child<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    let Kind::Map(entries) = &mut node.kind else { return None };
    entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.value)
}

fn scalar_text(node: &Node) -> Option<String> {
    match &node.kind {
        Kind::Bool(value) => Some(value.to_string()),
        Kind::Number(number) if number.bytes().all(|b| b.is_ascii_digit() || b == b'-') => Some(number.clone()),
        Kind::Number(number) => number.parse().ok().map(go_float),
        _ => None,
    }
}

/// The shortest text that reads back as the number, with an exponent of two digits at least where it is below -4 or above 20.
fn go_float(value: f64) -> String {
    let text = format!("{value:e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    if exponent.parse().is_ok_and(|exponent: i32| (-4..21).contains(&exponent)) {
        return value.to_string();
    }
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    format!("{digits}e{sign}{exponent:0>2}")
}

fn secret(file: &str, node: &Node) -> Result<SecretObject, CliError> {
    if node.entries().is_none() {
        return Err(CliError::failed(format!(
            "{NOTHING} ({file}:{}:{}: expected a Secret, found a {})",
            node.at.line,
            node.at.column,
            node.kind_name()
        )));
    }
    let node = with_kind(node, "v1", "Secret");
    let secret = objects::secret(file, &node)?;
    for field in ["labels", "annotations"] {
        let bad =
            secret.metadata.get(field).and_then(Value::as_object).into_iter().flatten().find(|(_, value)| !value.is_string());
        if let Some((key, _)) = bad {
            return Err(CliError::failed(format!("{file}: metadata.{field}: the value of {key:?} must be text (quote it)")));
        }
    }
    Ok(secret)
}

/// All SealedSecrets of the input, whole.
pub fn sealed(file: &ManifestFile) -> Result<Vec<SealedObject>, CliError> {
    let nodes = objects::all(file).into_iter().map(|place| place.node);
    nodes
        .map(|node| {
            let node = with_kind(node, seal_core::sealed::API_VERSION, seal_core::sealed::KIND);
            SealedObject::from_node(&node)
                .map_err(|error| CliError::failed(format!("{}:{}:{}: {error}", file.name, node.at.line, node.at.column)))
        })
        .collect()
}

/// The node with `apiVersion` and `kind` filled in where it has neither.
fn with_kind(node: &Node, api: &str, kind: &str) -> Node {
    let (Kind::Map(entries), ("", "")) = (&node.kind, kind_of(node)) else { return node.clone() };
    let entry =
        |key: &str, value: &str| Entry { key: key.to_owned(), key_at: Position::default(), value: Node::text(value.to_owned()) };
    let mut entries: Vec<Entry> =
        entries.iter().filter(|entry| entry.key != "apiVersion" && entry.key != "kind").cloned().collect();
    entries.extend([entry("apiVersion", api), entry("kind", kind)]);
    Node { kind: Kind::Map(entries), at: node.at }
}

#[cfg(test)]
mod tests {
    use super::go_float;

    #[test]
    fn floats_look_as_go_prints_them() {
        for (value, text) in [
            (1.0, "1"),
            (1.5, "1.5"),
            (1e21, "1e+21"),
            (1e20, "100000000000000000000"),
            (0.000_001, "1e-06"),
            (0.0001, "0.0001"),
            (-1.5e-7, "-1.5e-07"),
            (0.0, "0"),
        ] {
            assert_eq!(go_float(value), text);
        }
    }
}
