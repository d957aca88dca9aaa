//! Hostile and damaged YAML: bounded, with a place, never with a value, never a panic.

use proptest::prelude::*;

use super::{open, parse, refused, seal};
use crate::Store;

const YAML: Store = Store::Yaml;

#[test]
fn bombs_are_refused() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let below = format!("*a{}", level - 1);
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![below; 10].join(", ")));
    }
    assert!(refused(YAML, bomb.as_bytes()).contains("exceeds the alias budget"), "{}", refused(YAML, bomb.as_bytes()));
    let deep = format!("a: {}1{}\n", "[".repeat(5000), "]".repeat(5000));
    assert!(refused(YAML, deep.as_bytes()).contains("exceeds the depth budget"));
}

#[test]
fn not_text_has_a_place() {
    assert_eq!(refused(YAML, b"a: x\nb: \xff\n"), "file:2:4: not UTF-8 text");
}

#[test]
fn a_truncated_file_never_opens_as_if_it_were_whole() {
    let sealed = seal(YAML, b"# c\na: secret\nb: [1, two]\nc: |\n  lines\n  more\nd_unencrypted: x\n");
    for end in 0..sealed.len() - 1 {
        let Ok(file) = parse(YAML, &sealed[..end]) else { continue };
        if let Ok(opened) = file.open(&super::key(), crate::OpenOptions::default()) {
            // Cut off behind the MACs, it still holds everything.
            assert_eq!(opened.values().len(), 5, "{end}");
        }
    }
}

#[test]
fn errors_never_hold_a_value() {
    let sealed = String::from_utf8(seal(YAML, b"a: CANARY\nb_unencrypted: CANARY\n")).expect("text");
    for broken in [
        sealed.replace("b_unencrypted: ", "a: "),
        sealed.replace("b_unencrypted", "b"),
        sealed.replace("CANARY", "\"CANARY"),
        sealed.replace("CANARY", "CANARY: CANARY: ["),
        sealed.replace("CANARY", "!!int CANARY"),
        sealed.replace("CANARY", "CANARY2"),
    ] {
        let error = match parse(YAML, broken.as_bytes()) {
            Ok(_) => open(YAML, broken.as_bytes()).err().map(|error| format!("{error} {error:?}")),
            Err(error) => Some(format!("{error} {error:?}")),
        };
        let error = error.expect("refused");
        assert!(!error.contains("CANARY"), "{error}");
    }
}

fn yaml() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("a: "),
        Just("b: "),
        Just("- "),
        Just("\n"),
        Just("\n  "),
        Just("\n    "),
        Just("# c"),
        Just("\""),
        Just("'"),
        Just("["),
        Just("]"),
        Just("{"),
        Just("}"),
        Just(", "),
        Just("&x "),
        Just("*x"),
        Just("|\n"),
        Just("x"),
        Just("1.5"),
        Just("!!str "),
        Just("---\n"),
        Just("\r\n"),
        Just("\t"),
        Just("? "),
        Just(": "),
        Just("é"),
        Just("<<: "),
        Just("\u{feff}"),
        Just("sops: "),
    ];
    proptest::collection::vec(word, 0..24).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever can be sealed opens again to the same values.
    #[test]
    fn what_can_be_sealed_opens(text in yaml()) {
        let Ok(file) = parse(YAML, text.as_bytes()) else { return Ok(()) };
        let leaves = |file: &crate::SopsFile| -> Vec<(String, bool)> {
            let all = file.leaves().expect("leaves");
            let counted = all.iter().filter(|leaf| !matches!(&leaf.state, crate::LeafState::Clear(value) if value.kind == crate::Type::Comment));
            counted.map(|leaf| (leaf.path.to_string(), matches!(leaf.state, crate::LeafState::Empty))).collect()
        };
        let options = super::options(crate::Selector::default());
        let sealed = match file.encrypt(&options, &super::key(), super::now(), &mut super::rng()) {
            Ok(sealed) => sealed,
            Err(error) => {
                prop_assert_ne!(error.problem, crate::Problem::ReadBack, "sealing {:?}", text);
                return Ok(());
            }
        };
        let opened = open(YAML, sealed.expose()).unwrap_or_else(|error| panic!("{error}\n{text:?}"));
        let clear = opened.to_clear(YAML).unwrap_or_else(|error| panic!("{error}\n{text:?}\n{}", super::string(&sealed)));
        let back = parse(YAML, clear.expose()).unwrap_or_else(|error| panic!("{error}\n{text:?}"));
        prop_assert_eq!(leaves(&back), leaves(&file));
    }
}
