//! The text an editor sees: `stringData` for text, `data` for anything else, as in a Secret. Pure: text in, change out.

use crate::report::CliError;
use seal_core::{merge::Change, secret::SecretObject};
use seal_manifest::{Entry, Kind, ManifestFile, Node, Position, to_yaml};
use seal_secret::SecretBytes;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// Name of the sheet in messages.
const NAME: &str = "values.yaml";

/// The sheet of an object: its values where they are known, else the names of its items as comments.
pub(super) fn write<'a>(
    described: &str,
    shown: Option<&BTreeMap<String, SecretBytes>>,
    items: impl Iterator<Item = &'a String>,
) -> SecretBytes {
    let mut text = Zeroizing::new(format!("# {described}: save and close to seal what you changed.\n").into_bytes());
    match shown {
        Some(values) => {
            text.extend_from_slice(b"# A key that you take out is removed. stringData is text, data is base64.\n");
            text.extend_from_slice(to_yaml(&tree(values)).expose());
        }
        None => {
            text.extend_from_slice(b"# The present values cannot be shown without --recovery-key. Give new ones under stringData (text)\n# or data (base64); keys that are not named stay as they are.\nstringData:\n");
            items.for_each(|item| text.extend_from_slice(format!("  # {item}: \n").as_bytes()));
        }
    }
    text.into()
}

/// What the edited sheet asks for, compared with the values that were shown.
pub(super) fn read(text: SecretBytes, shown: Option<&BTreeMap<String, SecretBytes>>) -> Result<Change, CliError> {
    let manifest = ManifestFile::parse(NAME, text)?;
    let data = match manifest.documents.as_slice() {
        [] => BTreeMap::new(),
        [document] => values(&document.root)?,
        _ => return Err(CliError::failed("the edited text holds more than one document")),
    };
    let Some(shown) = shown else { return Ok(Change { set: data, ..Change::default() }) };
    let remove = shown.keys().filter(|key| !data.contains_key(*key)).cloned().collect();
    let set = data.into_iter().filter(|(key, value)| shown.get(key) != Some(value)).collect();
    Ok(Change { set, remove, ..Change::default() })
}

/// Reads the sheet by the rules of a Secret, so that base64, types and key names are checked with positions.
fn values(root: &Node) -> Result<BTreeMap<String, SecretBytes>, CliError> {
    let fields = root.entries().unwrap_or_default();
    if let Some(odd) = fields.iter().find(|entry| !["stringData", "data"].contains(&entry.key.as_str())) {
        let at = odd.key_at;
        return Err(CliError::failed(format!("{NAME}:{}:{}: unknown field {:?}", at.line, at.column, odd.key))
            .hint("put values under stringData or data"));
    }
    let mut secret = vec![text_entry("apiVersion", "v1"), text_entry("kind", "Secret")];
    secret.extend(fields.iter().cloned());
    let secret = SecretObject::from_node(&Node { kind: Kind::Map(secret), at: root.at })
        .map_err(|error| CliError::failed(format!("{NAME}:{error}")))?;
    Ok(secret.data)
}

/// `stringData` and `data` of values.
fn tree(values: &BTreeMap<String, SecretBytes>) -> Node {
    let is_text = |value: &SecretBytes| {
        std::str::from_utf8(value.expose()).is_ok_and(|text| !text.contains(|c: char| c.is_control() && !"\n\t".contains(c)))
    };
    let (text, binary): (BTreeMap<_, _>, BTreeMap<_, _>) = values.iter().partition(|(_, value)| is_text(value));
    let mut fields = Vec::new();
    let text = text
        .into_iter()
        .map(|(key, value)| entry(key, Node { kind: Kind::Text(value.clone()), at: Position::default() }))
        .collect();
    fields.push(entry("stringData", map(text)));
    if !binary.is_empty() {
        let secret = SecretObject {
            data: binary.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
            ..SecretObject::default()
        };
        fields.extend(secret.to_node().get("data").map(|data| entry("data", data.clone())));
    }
    map(fields)
}

fn map(entries: Vec<Entry>) -> Node {
    Node { kind: Kind::Map(entries), at: Position::default() }
}

fn entry(key: &str, value: Node) -> Entry {
    Entry { key: key.to_owned(), key_at: Position::default(), value }
}

fn text_entry(key: &str, text: &str) -> Entry {
    entry(key, Node::text(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &[u8])]) -> BTreeMap<String, SecretBytes> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), SecretBytes::from(value.to_vec()))).collect()
    }

    #[test]
    fn an_untouched_sheet_asks_for_nothing_whatever_the_values() {
        let shown = values(&[("a", b"yes"), ("b", b"two\nlines\n"), ("c", &[0, 159, 146]), ("d", b""), ("e", b" 0123 ")]);
        let change = read(write("x", Some(&shown), std::iter::empty()), Some(&shown)).unwrap();
        assert!(change.set.is_empty() && change.remove.is_empty());
    }

    #[test]
    fn changed_new_and_removed_keys_are_told_apart() {
        let shown = values(&[("a", b"1"), ("b", b"2"), ("c", b"3")]);
        let change = read("stringData: {a: '1', b: '22', fresh: new}\n".to_owned().into(), Some(&shown)).unwrap();
        assert_eq!(change.remove, ["c"]);
        assert!(change.set == values(&[("b", b"22"), ("fresh", b"new")]));
    }

    #[test]
    fn without_values_nothing_is_removed_and_names_are_comments() {
        let items = ["a".to_owned(), "b".to_owned()];
        let sheet = write("x", None, items.iter());
        assert!(String::from_utf8_lossy(sheet.expose()).ends_with("stringData:\n  # a: \n  # b: \n"));
        let change = read(sheet, None).unwrap();
        assert!(change.set.is_empty() && change.remove.is_empty());
    }

    #[test]
    fn mistakes_are_named_by_place_and_never_by_value() {
        for (text, message) in [
            ("stringdata: {a: hunter2}\n", "values.yaml:1:1: unknown field \"stringdata\""),
            ("data: {a: hunter2}\n", "values.yaml:1:11: data.a is not base64 (put clear text under stringData)"),
            ("stringData: {a: 1}\n", "values.yaml:1:17: stringData.a must be text (quote it), found number"),
            (
                "stringData: {a b: x}\n",
                "values.yaml:1:14: key \"a b\" is not valid: use 1 to 253 letters, digits, '-', '_' or '.'",
            ),
        ] {
            assert_eq!(read(text.to_owned().into(), None).err().unwrap().message, message);
        }
    }
}
