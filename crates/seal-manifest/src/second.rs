//! The second reader: another parser's opinion of an edited document. It has no say on what it read differently before the edit.
//!
//! Its tree is not wiped, so documents that hold a Secret in clear are never given to it.

use yaml_edit::{Document, Scalar, YamlFile, YamlNode};
use zeroize::Zeroizing;

use crate::resolve::{key_name, resolve_scalar};
use crate::tree::{Form, Style, Text, Tree};
use crate::{Format, Kind, Node, Position};

/// True when the second reader finds exactly this tree in the text of one document. Tags, aliases and merges are beyond it.
pub(crate) fn agrees(text: &str, format: Format, root: &Node) -> bool {
    match format {
        Format::Json => serde_json::from_str(text).is_ok_and(|value| Node::from_json(&value).means_the_same(root)),
        Format::Yaml => agrees_in_yaml(text, root),
    }
}

fn agrees_in_yaml(text: &str, root: &Node) -> bool {
    let Ok(file) = text.parse::<YamlFile>() else { return false };
    let mut documents = file.documents();
    documents.next().and_then(|document| content(&document)).is_some_and(|found| same(&found, root)) && documents.next().is_none()
}

/// True when an object of kind Secret is in it, at whatever depth.
pub(crate) fn holds_secret(node: &Node) -> bool {
    let entries = node.entries().unwrap_or_default();
    node.get("kind").and_then(Node::public_text).is_some_and(|kind| matches!(kind, "Secret" | "SecretList"))
        || entries.iter().any(|entry| holds_secret(&entry.value))
        || node.elements().unwrap_or_default().iter().any(holds_secret)
}

fn content(document: &Document) -> Option<YamlNode> {
    let mapping = document.as_mapping().map(YamlNode::Mapping);
    mapping.or_else(|| document.as_sequence().map(YamlNode::Sequence)).or_else(|| document.as_scalar().map(YamlNode::Scalar))
}

fn same(found: &YamlNode, node: &Node) -> bool {
    match (found, &node.kind) {
        (YamlNode::Scalar(scalar), Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_)) => same_scalar(scalar, node),
        (YamlNode::Sequence(sequence), Kind::List(items)) => {
            let mut values = sequence.values();
            items.iter().all(|item| values.next().is_some_and(|value| same(&value, item))) && values.next().is_none()
        }
        (YamlNode::Mapping(mapping), Kind::Map(entries)) => {
            let mut pairs = mapping.iter();
            let mut next =
                |key: &str, value: &Node| pairs.next().is_some_and(|(found, below)| same_key(&found, key) && same(&below, value));
            entries.iter().all(|entry| next(&entry.key, &entry.value)) && pairs.next().is_none()
        }
        _ => false,
    }
}

fn same_key(found: &YamlNode, key: &str) -> bool {
    let YamlNode::Scalar(scalar) = found else { return false };
    let (text, style) = read(scalar);
    let form = Form::Scalar { text: Text::Owned(Zeroizing::new(text)), style };
    // `on:` is the key `true` to kubectl: what a scalar means is the first reader's table, both times.
    let tree = Tree { form, tag: None, anchor: 0, outer_start: 0, span: 0..0, at: Position::default() };
    key_name(&tree, Format::Yaml).as_deref() == Some(key)
}

fn same_scalar(scalar: &Scalar, node: &Node) -> bool {
    let (text, style) = read(scalar);
    let kind = resolve_scalar(&text, style, None, Format::Yaml);
    kind.is_some_and(|kind| Node { kind, at: node.at }.means_the_same(node))
}

fn read(scalar: &Scalar) -> (String, Style) {
    let style = if scalar.value().starts_with(['"', '\'', '|', '>']) { Style::Quoted } else { Style::Plain };
    (scalar.as_string(), style)
}

#[cfg(test)]
mod tests {
    use super::{agrees, holds_secret};
    use crate::tests::parse;

    #[track_caller]
    fn opinion(text: &str, of: &str) -> bool {
        let file = parse(of);
        agrees(text, file.documents[0].format, &file.documents[0].root)
    }

    #[test]
    fn it_sees_every_difference_and_nothing_where_there_is_none() {
        for text in [
            "a: AgB+/=\nb: 'it''s'\nc: \"x\\ty\"\nd: |-\n  l1\n  l2\ne: >\n  f1\n  f2\n",
            "on: 0644\nn: 1_000\nnothing:\nl:\n- {a: [1, yes]}\n- - x\n",
            "# c\r\na: x # d\r\nb:\r\n  c: y\r\n",
            "{\"a\": [1, true, null], \"b\": {\"c\": \"x\"}}",
        ] {
            assert!(opinion(text, text), "{text}");
        }
        let was = "a: x\nb: [1, 2]\nc: {d: e}\n";
        for other in [
            "a: y\nb: [1, 2]\nc: {d: e}\n",
            "a: x\nb: [1, '2']\nc: {d: e}\n",
            "a: x\nb: [1, 2, 3]\nc: {d: e}\n",
            "a: x\nb: [1]\nc: {d: e}\n",
            "a: x\nb: [1, 2]\nc: {f: e}\n",
            "a: x\nb: [1, 2]\nc: {d: e}\ng:\n",
            "a: x\nb: [1, 2]\n",
            "a: x\nb: [1, 2]\nc: {d: e}\n---\na: x\n",
            "",
        ] {
            assert!(!opinion(other, was), "{other}");
        }
    }

    #[test]
    fn secrets_in_clear_are_found_wherever_they_stand() {
        for (text, holds) in [
            ("kind: Secret\n", true),
            ("kind: List\nitems:\n- kind: SealedSecret\n- kind: Secret\n", true),
            ("items: [{items: [{kind: SecretList}]}]\n", true),
            ("kind: SealedSecret\nspec:\n  template: {type: Secret}\n", false),
        ] {
            assert_eq!(holds_secret(&parse(text).documents[0].root), holds, "{text}");
        }
    }
}
