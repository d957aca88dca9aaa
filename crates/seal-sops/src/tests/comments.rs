//! Comments: what each of them is about, as sops' reader has it.

use super::{key, now, open, parse, rng, seal, seal_with, string};
use crate::layout::{Form, Layout, Name, NodeId, Odd};
use crate::{Change, LeafState, NewValue, Path, Problem, Selector, Store, Type};

/// The tree of a document without its values, as `comments.txt` has it.
fn tree(layout: &Layout, text: &str, id: NodeId, depth: usize, out: &mut String) {
    let pad = " ".repeat(depth);
    let (open, close) = match layout.nodes[id as usize].form {
        Form::Map => ('{', '}'),
        Form::List => ('[', ']'),
        _ => return out.push_str(&format!("{pad}.\n")),
    };
    out.push_str(&format!("{pad}{open}\n"));
    for child in layout.children(id) {
        let node = &layout.nodes[child as usize];
        if node.form.is_comment() {
            if layout.odd(child) != Some(Odd::Lost) {
                out.push_str(&format!("{pad} #{}\n", &text[node.span.clone()]));
            }
            continue;
        }
        if let Name::Key(key) = &node.name {
            out.push_str(&format!("{pad} {key}:\n"));
        }
        tree(layout, text, child, depth + 1, out);
    }
    out.push_str(&format!("{pad}{close}\n"));
}

#[test]
fn comments_stand_where_sops_reads_them() {
    let mut cases = 0;
    for case in include_str!("comments.txt").split("=====\n").skip(1) {
        let (document, expected) = case.split_once("-----\n").expect("a document and its tree");
        let text = document.replace("\\r", "\r").replace("\\\n", "");
        let layout = crate::file::read(Store::Yaml, "file", text.as_bytes()).unwrap_or_else(|error| panic!("{text}\n{error}"));
        let mut seen = String::new();
        layout.documents.iter().for_each(|document| tree(&layout, &text, document.root, 0, &mut seen));
        assert_eq!(seen, expected, "{document}");
        cases += 1;
    }
    assert!(cases == 50, "the file was read");
}

/// Which values a comment that matches seals, or the line and column of the comment that sealing refuses.
fn sealed(clear: &str) -> Result<Vec<String>, (u32, u32)> {
    let selector = Selector::EncryptedCommentRegex("seal".into());
    let bytes = match seal_with(Store::Yaml, clear.as_bytes(), selector) {
        Ok(bytes) => bytes,
        Err(error) if error.problem == Problem::MisleadingComment => {
            let at = error.at.expect("a place");
            return Err((at.line, at.column));
        }
        Err(error) => panic!("{clear}\n{error}"),
    };
    let opened = open(Store::Yaml, &bytes).unwrap_or_else(|error| panic!("{clear}\n{error}"));
    assert_eq!(string(&opened.to_clear(Store::Yaml).expect("in clear")), clear);
    let file = parse(Store::Yaml, &bytes).expect("reads");
    let leaves = file.leaves().expect("has leaves");
    Ok(leaves
        .iter()
        .filter(|leaf| matches!(leaf.state, LeafState::Sealed(kind, _) if kind != Type::Comment))
        .map(|leaf| leaf.path.to_string())
        .collect())
}

#[test]
fn a_comment_that_does_not_say_what_it_seems_to_is_no_selector() {
    for (clear, expected) in [
        ("# seal\na: x\nb: w\n", Ok(vec![r#"["a"]"#])),
        ("a: x # seal\nb: w\n", Ok(vec![r#"["a"]"#])),
        ("a:\n  # seal\n  b: x\n  c: w\nd: v\n", Ok(vec![r#"["a"]["b"]"#])),
        ("l:\n# seal\n- a: x\n  b: w\n- c: v\n", Ok(vec![r#"["l"][0]["a"]"#, r#"["l"][0]["b"]"#])),
        ("l:\n-\n  # seal\n  a: x\n  b: w\n", Ok(vec![r#"["l"][0]["a"]"#])),
        // What is in clear here would be what follows, and the first pair would not be sealed.
        ("l:\n-\n  # seal\n\n  a: x\n  b: w\n", Err((3, 4))),
        ("l:\r\n-\r\n  # seal\r\n  a: x\r\n  b: w\r\n", Err((3, 4))),
        ("l:\n-\n  # seal\n\n  a: x\n", Err((3, 4))),
        ("z: y\nk: &x\n  # seal\n\n  a: x\n  b: w\n", Err((3, 4))),
        ("l:\n-\n  # seal\n\n  {a: x}\n", Err((3, 4))),
        // The end of something is nobody's selector.
        ("# seal\na: x\nb: w\n# seal\n", Ok(vec![r#"["a"]"#])),
        ("# seal\na:\n  b: x\n  # seal\n\nc: v\n", Ok(vec![r#"["a"]["b"]"#])),
    ] {
        let expected = expected.map(|paths| paths.into_iter().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(sealed(clear), expected, "{clear}");
    }
}

/// The new value of `m` has lines of its own: what stood behind the old one stands behind the key, in the mapping around.
#[test]
fn a_comment_that_comes_to_stand_elsewhere_is_sealed_for_its_new_place() {
    let sealed = seal(Store::Yaml, b"m: [x] # which\nk: w\n");
    let value = NewValue::from_json(&"{\"x\": 1}".to_owned().into()).expect("JSON");
    let changed = open(Store::Yaml, &sealed).expect("opens").set(&Path::of_keys(&["m"]), value, &key(), now(), &mut rng());
    let Ok(Change::Changed(bytes)) = changed else { panic!("it is another value") };
    let file = parse(Store::Yaml, bytes.expose()).expect("reads");
    let (walk, cipher) = (file.walk().expect("walks"), key().cipher());
    let comments: Vec<NodeId> = file.layout.ids().filter(|id| file.layout.nodes[*id as usize].form.is_comment()).collect();
    assert!(!comments.is_empty() && comments.iter().all(|id| file.is_sealed_here(&cipher, &walk, *id)), "{}", string(&bytes));
    let opened = file.open(&key(), Default::default()).expect("opens");
    assert_eq!(string(&opened.to_clear(Store::Yaml).expect("in clear")), "m: # which\n  x: 1\nk: w\n");
}

#[test]
fn what_stands_in_the_way_of_an_edit_is_named_with_its_place() {
    let sealed = seal(Store::Yaml, b"a: x\nb_unencrypted: .inf\n");
    let value = NewValue::from_json(&"1".to_owned().into()).expect("JSON");
    let error = open(Store::Yaml, &sealed).expect("opens").set(&Path::of_keys(&["c"]), value, &key(), now(), &mut rng());
    let message = error.err().expect("refused").to_string();
    assert!(message.starts_with("file:2:16: YAML readers disagree about this"), "{message}");
}
