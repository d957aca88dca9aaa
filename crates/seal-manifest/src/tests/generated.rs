//! Generated files and edits of them, and what is too much to read.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::{json, text, tree};
use crate::{Edit, ManifestFile, Node, Problem, Segment, to_yaml};

fn any_value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i32>().prop_map(Value::from),
        // Lines, white space, words of YAML 1.1, and the line breaks that only YAML 1.1 knows.
        "[ -~]{0,12}|(l[0-9] ?\n){1,3}|yes|0644|[\u{85}\u{2028}\u{2029}é]{1,3}x".prop_map(Value::String),
    ];
    scalar.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec(("[a-z]{1,3}|on|a b", inner), 0..4).prop_map(|pairs| Value::Object(Map::from_iter(pairs))),
        ]
    })
}

/// One top-level entry as it stands in the file, with the comments and blank lines in front of it.
fn chunk(index: usize, value: &Value, flow: bool, before: &str) -> String {
    let entry = Node::from_json(&serde_json::json!({format!("k{index}"): value}));
    let printed = to_yaml(&entry);
    let text = std::str::from_utf8(printed.expose()).expect("text").to_owned();
    let flow = flow.then(|| format!("k{index}: {value} # c{index}\n"));
    format!("{before}{}", flow.unwrap_or(text))
}

fn paths(node: &Node, at: &mut Vec<Segment>, into: &mut Vec<Vec<Segment>>) {
    for entry in node.entries().unwrap_or_default() {
        at.push(entry.key.as_str().into());
        into.push(at.clone());
        paths(&entry.value, at, into);
        at.pop();
    }
    for (index, item) in node.elements().unwrap_or_default().iter().enumerate() {
        at.push(index.into());
        into.push(at.clone());
        paths(item, at, into);
        at.pop();
    }
}

fn edit(kind: u8, mut path: Vec<Segment>) -> Edit {
    match kind {
        0 => Edit::Set { path, value: text("AgB+/x0=") },
        1 => Edit::Set { path, value: text("l1\n  l2\n") },
        2 => Edit::Set { path, value: tree(r#"{"k":["v",{"x":"a\nb\n"}]}"#) },
        3 => Edit::Remove { path },
        4 => Edit::Rename { path, key: "yes".to_owned() },
        _ => {
            path.extend(["zz".into(), "new".into()]);
            Edit::Set { path, value: text("x") }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn an_edit_of_a_generated_file_touches_only_its_own_entry(
        values in prop::collection::vec((any_value(), any::<bool>(), "(# c ?\n|\n|  # in\n){0,2}"), 1..5),
        which in any::<prop::sample::Index>(),
        kind in 0_u8..6,
        crlf in any::<bool>(),
    ) {
        let mut chunks: Vec<String> =
            values.iter().enumerate().map(|(index, (value, flow, before))| chunk(index, value, *flow, before)).collect();
        if crlf {
            chunks.iter_mut().for_each(|chunk| *chunk = chunk.replace('\n', "\r\n"));
        }
        let Ok(file) = ManifestFile::parse("f", chunks.concat()) else { return Ok(()) };
        prop_assume!(file.documents.len() == 1);
        let mut all = Vec::new();
        paths(&file.documents[0].root, &mut Vec::new(), &mut all);
        let path = which.get(&all).clone();
        let touched: usize = match &path[0] {
            Segment::Key(key) => key[1..].parse().expect("the key of a chunk"),
            Segment::Index(_) => unreachable!("the root is a mapping"),
        };
        match file.edit(&[(0, edit(kind, path))]) {
            Err(error) => prop_assert!(error.problem != Problem::ReadBack, "{}", error),
            Ok(new) => {
                let new = String::from_utf8(new.expose().to_vec()).expect("text");
                let before = chunks[..touched].concat();
                prop_assert!(new.starts_with(before.trim_end()), "{new:?} lost something in front of k{touched} in {:?}", chunks.concat());
                for (index, chunk) in chunks.iter().enumerate().skip(touched + 1) {
                    // The comment in front may have ended a text that is gone; the entry itself stands.
                    let own = &chunk[chunk.find(&format!("k{index}:")).expect("its key")..];
                    prop_assert!(new.contains(own), "{new:?} lost k{index} of {:?}", chunks.concat());
                }
            }
        }
    }
}

#[test]
fn too_deep_too_many_and_too_far_are_errors_with_a_position() {
    let laughs = (1..9).fold("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, level| {
        let below = vec![format!("*a{}", level - 1); 10].join(",");
        format!("{text}a{level}: &a{level} [{below}]\n")
    });
    let many = format!("[{}0]", "0,".repeat(crate::tree::MAX_NODES));
    for (input, expected) in [
        (many, "size"),
        ("[".repeat(200) + &"]".repeat(200), "depth"),
        ("{\"a\":".repeat(200) + "1" + &"}".repeat(200), "depth"),
        ("- ".repeat(200) + "x\n", "depth"),
        ((0..200).map(|level| format!("{}a:\n", " ".repeat(level))).collect(), "depth"),
        ("{a: ".repeat(200) + &"}".repeat(200), "depth"),
        (laughs, "alias"),
    ] {
        let told = json(&input);
        assert!(
            told.starts_with("f.yaml:") && told.ends_with(&format!("the document exceeds the {expected} budget")),
            "{told:.200}"
        );
    }
    assert!(json(&("[".repeat(100) + &"]".repeat(100))).starts_with("[[["), "what people write is far from it");
}

#[test]
fn line_breaks_of_yaml_1_1_are_text_as_kubectl_has_them_and_are_written_escaped() {
    let expected = r#"{"a":"x\u0085y\u2028z\u2029"}"#;
    for input in ["a: \"x\\u0085y\\u2028z\\u2029\"\n", "a: \"x\\Ny\\Lz\\P\"\n", "a: 'x\u{85}y\u{2028}z\u{2029}'\n"] {
        assert_eq!(json(input), expected, "{input:?}");
    }
    let set = Edit::set(["a"], text("x\u{85}y\u{2028}z\u{2029}"));
    assert_eq!(super::edited("a: 1\n", &[set]), "a: \"x\\u0085y\\u2028z\\u2029\"\n");
}
