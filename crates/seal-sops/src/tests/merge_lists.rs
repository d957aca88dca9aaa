//! Two branches that both changed a list.

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::{key, now, open, rng, seal, string};
use crate::{Change, Merged, Opened, Side, Store, merge3};

const YAML: Store = Store::Yaml;

fn edited(base: &Opened, clear: &str) -> Opened {
    match base.replace(clear.to_owned().into(), &key(), now(), &mut StdRng::seed_from_u64(clear.len() as u64)).expect("edits") {
        Change::Changed(bytes) => open(YAML, bytes.expose()).expect("opens"),
        Change::Unchanged => open(YAML, base.file().bytes().expose()).expect("opens"),
    }
}

/// The merged file in clear, `None` for a conflict; how many ciphertexts of ours stand in it still.
fn merged(side: Side, base: &str, ours: &str, theirs: &str) -> (String, bool, usize) {
    let base = open(YAML, &seal(YAML, base.as_bytes())).expect("opens");
    let (ours, theirs) = (edited(&base, ours), edited(&base, theirs));
    let result = merge3(side, &base, &ours, &theirs, &key(), now(), &mut rng()).unwrap_or_else(|error| panic!("{error}"));
    let (bytes, clean) = match result {
        Merged::Clean(bytes) => (bytes, true),
        Merged::Conflicts(_, bytes) => (bytes, false),
    };
    let opened = open(YAML, bytes.expose()).unwrap_or_else(|error| panic!("{error}\n{}", string(&bytes)));
    let before = string(ours.file().bytes());
    let kept = string(&bytes).lines().filter(|line| line.contains("ENC[") && before.lines().any(|old| old == *line)).count();
    (string(&opened.to_clear(YAML).expect("in clear")), clean, kept)
}

/// Without indentation: a list that has to be written anew has its own.
fn flat(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).collect()
}

/// Lists in one line, the way they are written here.
fn block(list: &str) -> String {
    let items = list.split_whitespace().map(|item| format!("  - {item}\n"));
    format!("a: 1\nl:\n{}z: end\n", items.collect::<String>())
}

#[test]
fn scalars_merge_like_lines() {
    for (base, ours, theirs, expected) in [
        ("a b c", "a b c d", "b c", Some("b c d")),
        ("a b c", "x a b c", "a b c w", Some("x a b c w")),
        ("a b c d e", "a B c d e", "a b c D e", Some("a B c D e")),
        ("a b c d e", "a c d e", "a b c e", Some("a c e")),
        ("a b c", "a p b c", "a b q c", Some("a p b q c")),
        ("a b c", "a b c d", "a b c d", Some("a b c d")),
        ("a a b", "a a b c", "a b", Some("a b c")),
        ("a", "a b", "c a", Some("c a b")),
        // At one place, or right beside each other, only a person can tell.
        ("a b", "a b c", "a b d", None),
        ("a b", "x b", "w b", None),
        ("a b c", "a B c", "a b C", None),
        ("a b c", "a c", "a B c", None),
        ("a b", "b a", "a b c", None),
    ] {
        let (base, ours, theirs) = (block(base), block(ours), block(theirs));
        for (ours, theirs) in [(&ours, &theirs), (&theirs, &ours)] {
            let (text, clean, _) = merged(Side::Ours, &base, ours, theirs);
            let right = expected.map_or(ours.clone(), block);
            assert_eq!((flat(&text), clean), (flat(&right), expected.is_some()), "{ours}{theirs}");
            if expected.is_none() {
                // Neither side's list is lost: each is in the answer that was asked for.
                assert_eq!(flat(&merged(Side::Theirs, &base, ours, theirs).0), flat(theirs));
            }
        }
    }
}

#[test]
fn what_stays_keeps_its_ciphertext_where_the_place_says_which_it_is() {
    let (text, clean, kept) = merged(Side::Ours, &block("a b c d"), &block("a b c d e"), &block("a c d"));
    // a, l[0], l[2], l[3], l[4], z.
    assert_eq!((text, clean, kept), (block("a c d e"), true, 6));
    let list = "l: # which\n  - a # first\n  - b\n  # last\n  - c\n";
    let (text, clean, _) = merged(Side::Ours, list, &list.replace("- a #", "- A #"), &format!("{list}  - d\n"));
    assert_eq!((text, clean), (format!("{}  - d\n", list.replace("- a #", "- A #")), true));
}

#[test]
fn elements_with_a_name_merge_by_it() {
    let base = "l:\n  - name: a\n    v: 1\n    w: 2\n  - name: b\n    v: 3\n";
    let with = |changes: &[(&str, &str)]| {
        changes.iter().fold(base.to_owned(), |text, (old, new)| {
            assert!(text.contains(old), "{old}");
            text.replace(old, new)
        })
    };
    let c = "  - name: c\n    v: 5\n";
    let d = "  - name: d\n    v: 6\n";
    for (ours, theirs, expected) in [
        // Fields of one element, on both sides.
        (with(&[("v: 1", "v: 9")]), with(&[("w: 2", "w: 8")]), Some(with(&[("v: 1", "v: 9"), ("w: 2", "w: 8")]))),
        (with(&[("v: 1", "v: 9")]), with(&[("v: 3", "v: 8")]), Some(with(&[("v: 1", "v: 9"), ("v: 3", "v: 8")]))),
        (with(&[("v: 1", "v: 9")]), with(&[("    w: 2\n", "")]), Some(with(&[("v: 1", "v: 9"), ("    w: 2\n", "")]))),
        (
            with(&[("v: 1", "v: 9")]),
            with(&[("    w: 2\n", "    w: 2\n    x: 7\n")]),
            Some(with(&[("v: 1", "v: 9"), ("    w: 2\n", "    w: 2\n    x: 7\n")])),
        ),
        // New elements of both sides.
        (format!("{base}{c}"), format!("{base}{d}"), Some(format!("{base}{c}{d}"))),
        (format!("{base}{c}"), with(&[("v: 1", "v: 9")]), Some(with(&[("v: 1", "v: 9")]) + c)),
        (format!("{base}{c}"), with(&[("  - name: b\n    v: 3\n", "")]), Some(with(&[("  - name: b\n    v: 3\n", "")]) + c)),
        (
            with(&[("v: 1", "v: 9")]),
            with(&[("  - name: b", &format!("{d}  - name: b"))]),
            Some(with(&[("v: 1", "v: 9"), ("  - name: b", &format!("{d}  - name: b"))])),
        ),
        // The same element, the same field, or one that went.
        (with(&[("v: 1", "v: 9")]), with(&[("v: 1", "v: 8")]), None),
        (format!("{base}{c}"), format!("{base}{}", c.replace('5', "7")), None),
        (with(&[("v: 3", "v: 9")]), with(&[("  - name: b\n    v: 3\n", "")]), None),
        (with(&[("  - name: b\n    v: 3\n", "")]), with(&[("v: 3", "v: 9")]), None),
    ] {
        let (text, clean, _) = merged(Side::Ours, base, &ours, &theirs);
        let right = expected.clone().unwrap_or(ours.clone());
        assert_eq!((flat(&text), clean), (flat(&right), expected.is_some()), "--- ours\n{ours}--- theirs\n{theirs}");
        if expected.is_none() {
            assert_eq!(flat(&merged(Side::Theirs, base, &ours, &theirs).0), flat(&theirs));
        }
    }
}

/// Random lists of few words: a clean merge has every change of both sides, and turning the sides round changes nothing but the order.
#[test]
fn no_element_is_lost() {
    use rand::RngExt;
    let mut dice = StdRng::seed_from_u64(7);
    let mut clean_ones = 0;
    for _ in 0..300 {
        let words = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let base: Vec<&str> = words[..dice.random_range(1..6)].to_vec();
        let mut change = |new: [&'static str; 2]| {
            let mut list = base.clone();
            for word in new {
                match dice.random_range(0..3) {
                    0 => list.insert(dice.random_range(0..=list.len()), word),
                    1 if list.len() > 1 => drop(list.remove(dice.random_range(0..list.len()))),
                    _ => {}
                }
            }
            list
        };
        let (ours, theirs) = (change(["o", "p"]), change(["t", "u"]));
        let text = |list: &[&str]| block(&list.join(" "));
        let (merged, clean, _) = merged(Side::Ours, &text(&base), &text(&ours), &text(&theirs));
        if !clean {
            assert_eq!(merged, text(&ours));
            continue;
        }
        clean_ones += 1;
        let mut expected: Vec<&str> = base.iter().copied().filter(|word| ours.contains(word) && theirs.contains(word)).collect();
        expected.extend(ours.iter().chain(&theirs).filter(|word| !base.contains(word)));
        let mut seen: Vec<&str> = flat(&merged).into_iter().filter_map(|line| line.strip_prefix("- ")).collect();
        expected.sort_unstable();
        seen.sort_unstable();
        assert_eq!(seen, expected, "{base:?} {ours:?} {theirs:?}");
    }
    assert!(clean_ones > 50, "{clean_ones}");
}
