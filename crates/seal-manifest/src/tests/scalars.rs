//! Plain scalars, one by one, against kubectl's reader; and text that must survive every reader.

use proptest::prelude::*;
use serde_json::Value;

use super::show;
use crate::scalar_write::{is_plain_safe, push_inline};
use crate::{Kind, ManifestFile, Node, to_json_pretty, to_yaml};

#[test]
fn plain_scalars_resolve_as_kubectl_resolves_them() {
    let mut wrong = Vec::new();
    for line in include_str!("../../vectors/scalars.jsonl").lines() {
        let case: Value = serde_json::from_str(line).expect("a vector is JSON");
        let plain = case["text"].as_str().expect("a vector has a text");
        let read = |text: String| ManifestFile::parse("f", text).ok().map(|file| file.documents[0].root.clone());
        let value = read(format!("v: {plain}\n")).and_then(|root| root.get("v").map(show));
        if value.as_deref() != case["value"].as_str() {
            wrong.push(format!("{plain}: ours {value:?}, kubectl {}", case["value"]));
        }
        let key = read(format!("{plain}: v\n")).and_then(|root| root.entries().map(|entries| entries[0].key.clone()));
        if plain != "<<" && key.as_deref() != case["key"].as_str() {
            wrong.push(format!("key {plain}: ours {key:?}, kubectl {}", case["key"]));
        }
        assert!(
            !is_plain_safe(plain, false) || case["value"] == Value::String(format!("{plain:?}")),
            "{plain} would be written plain"
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn quotes_are_those_that_need_no_escapes() {
    for (text, expected) in [
        ("word", "word"),
        ("yes", "\"yes\""),
        (r#"{"a":"b"}"#, r#"'{"a":"b"}'"#),
        (r"\d+: \w", r"'\d+: \w'"),
        (r#"{"a":"it's"}"#, r#""{\"a\":\"it's\"}""#),
        ("{\"a\"\t", r#""{\"a\"\t""#),
        ("{\"a\"\n", r#""{\"a\"\n""#),
    ] {
        for flow in [false, true] {
            let mut out = crate::output::Output::default();
            push_inline(&mut out, text, flow);
            assert_eq!(out.text(), expected);
        }
    }
}

/// Text with what gives writers trouble: line breaks, indicators, words, numbers, spaces at the ends, odd characters.
fn tricky() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~]{0,6}",
        "[\\n\\t\\r #:,\\-?!&*|>'\"%@`{}\\[\\]]{1,4}",
        prop::sample::select(vec![
            "yes", "on", "~", "0o17", "1_0", ".inf", "---", "...", "\n\n", "  ", "é😀", "\u{85}", "\u{2028}", "\u{feff}",
            "\u{7f}", "<<", "=", "1:30", "\u{a0}", "\u{e000}", "\0"
        ])
        .prop_map(str::to_owned),
        "\\PC{0,3}",
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => tricky().prop_map(Value::String),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => any::<i64>().prop_map(Into::into),
        1 => any::<i32>().prop_map(|n| (f64::from(n) / 16.0).into()),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::vec((tricky(), inner), 0..5).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// What an older reader (libyaml's scanner, YAML 1.1 line breaks) makes of a text.
fn older(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// And a YAML 1.2 reader with its own scalar rules.
fn newer(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn same(a: &Value, b: &Value) -> bool {
    Node::from_json(a).means_the_same(&Node::from_json(b))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn printed_yaml_reads_back_everywhere(value in any_value()) {
        prop_assume!(!value.is_null());
        let node = Node::from_json(&value);
        let yaml = String::from_utf8(to_yaml(&node).expose().to_vec()).expect("text");
        let ours = ManifestFile::parse("f", yaml.clone()).map_err(|error| TestCaseError::fail(format!("{error}\n{yaml}")))?;
        prop_assert!(ours.documents[0].root.means_the_same(&node), "{}", yaml);
        prop_assert!(same(&older(&yaml), &value), "older: {} for\n{}", older(&yaml), yaml);
        prop_assert!(same(&newer(&yaml), &value), "newer: {} for\n{}", newer(&yaml), yaml);
    }

    #[test]
    fn printed_json_reads_back(value in any_value()) {
        let node = Node::from_json(&Value::Array(vec![value.clone()]));
        for json in [to_json_pretty(&node), node.to_json()] {
            let text = String::from_utf8(json.expose().to_vec()).expect("text");
            let read: Value = serde_json::from_str(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
            prop_assert!(same(&read[0], &value), "{}", text);
            let ours = ManifestFile::parse("f", text.clone()).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
            prop_assert!(ours.documents[0].root.means_the_same(&node), "{}", text);
            prop_assert!(ours.documents[0].format == crate::Format::Json);
        }
    }

    #[test]
    fn one_line_scalars_read_back_in_block_and_flow(text in tricky()) {
        for flow in [false, true] {
            let mut out = crate::output::Output::default();
            push_inline(&mut out, &text, flow);
            let yaml = if flow { format!("{{v: {}, w: 1}}\n", out.text()) } else { format!("v: {}\nw: 1\n", out.text()) };
            let older = older(&yaml);
            prop_assert_eq!(older["v"].as_str(), Some(text.as_str()), "{}", yaml);
            let ours = ManifestFile::parse("f", yaml.clone()).map_err(|error| TestCaseError::fail(format!("{error}\n{yaml}")))?;
            let read = ours.documents[0].root.get("v").expect("written above").kind.clone();
            prop_assert!(matches!(read, Kind::Text(read) if read.expose() == text.as_bytes()), "{}", yaml);
        }
    }
}
