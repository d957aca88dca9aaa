//! Two branches, one file: keys merge, what both changed is a conflict by name.

use rand::SeedableRng;
use rand::rngs::StdRng;
use seal_crypto::sops::DataKey;

use super::{groups, key, now, open, rng, seal, string};
use crate::{Change, Merged, NewValue, OpenOptions, Opened, Side, SopsFile, Store, merge3};

const YAML: Store = Store::Yaml;
const BASE: &str = "a: 1\nb:\n  c: x\n  d: w\nl: [1, 2]\n# note\nz: end\n";

fn edited(base: &Opened, clear: &str) -> Opened {
    match base.replace(clear.to_owned().into(), &key(), now(), &mut StdRng::seed_from_u64(clear.len() as u64)).expect("edits") {
        Change::Changed(bytes) => open(YAML, bytes.expose()).expect("opens"),
        Change::Unchanged => open(YAML, base.file().bytes().expose()).expect("opens"),
    }
}

#[track_caller]
fn merged(ours: &str, theirs: &str) -> (String, Vec<String>) {
    let base = open(YAML, &seal(YAML, BASE.as_bytes())).expect("opens");
    let (ours, theirs) = (edited(&base, ours), edited(&base, theirs));
    let result = merge3(Side::Ours, &base, &ours, &theirs, &key(), now(), &mut rng()).unwrap_or_else(|error| panic!("{error}"));
    let (bytes, conflicts) = match result {
        Merged::Clean(bytes) => (bytes, Vec::new()),
        Merged::Conflicts(conflicts, bytes) => (bytes, conflicts.iter().map(|conflict| conflict.path.to_string()).collect()),
    };
    let opened = open(YAML, bytes.expose()).unwrap_or_else(|error| panic!("{error}\n{}", string(&bytes)));
    (string(&opened.to_clear(YAML).expect("in clear")), conflicts)
}

#[test]
fn edits_of_different_keys_merge() {
    let (text, conflicts) = merged(&BASE.replace("a: 1", "a: 2"), &BASE.replace("d: w", "d: why"));
    assert_eq!((text, conflicts), (BASE.replace("a: 1", "a: 2").replace("d: w", "d: why"), vec![]));
    let (text, conflicts) =
        merged(&BASE.replace("z: end\n", "z: end\nours: 1\n"), &BASE.replace("  d: w\n", "  d: w\n  e: {f: 1}\n"));
    assert!(conflicts.is_empty() && text.contains("ours: 1\n") && text.contains("  d: w\n  e:"), "{text}");
    let (text, conflicts) = merged(&BASE.replace("a: 1\n", ""), &BASE.replace("l: [1, 2]", "l: [1, 2, 3]"));
    assert!(conflicts.is_empty() && !text.contains("a: 1") && text.contains('3'), "{text}");
}

#[test]
fn the_same_edit_on_both_sides_is_no_conflict() {
    let both = BASE.replace("a: 1", "a: 2");
    assert_eq!(merged(&both, &both), (both.clone(), vec![]));
}

#[test]
fn mappings_go_when_their_last_key_goes() {
    let gone = BASE.replace("b:\n  c: x\n  d: w\n", "");
    assert_eq!(merged(&BASE.replace("a: 1", "a: 3"), &gone), (gone.replace("a: 1", "a: 3"), vec![]));
}

#[test]
fn the_same_key_is_a_conflict_and_ours_stays() {
    let ours = BASE.replace("a: 1", "a: 2").replace("l: [1, 2]", "l: [1]");
    let theirs = BASE.replace("a: 1", "a: 3").replace("l: [1, 2]", "l: []").replace("z: end", "z: fin");
    assert_eq!(merged(&ours, &theirs), (ours.replace("z: end", "z: fin"), vec!["[\"a\"]".to_owned(), "[\"l\"]".to_owned()]));
    let (_, conflicts) = merged(&BASE.replace("a: 1\n", ""), &BASE.replace("a: 1", "a: 2"));
    assert_eq!(conflicts, ["[\"a\"]"]);
}

#[test]
fn a_data_key_that_was_retired_does_not_come_back() {
    let base = open(YAML, &seal(YAML, BASE.as_bytes())).expect("opens");
    let ours = edited(&base, &BASE.replace("a: 1", "a: 2"));
    let new = DataKey::generate(&mut StdRng::seed_from_u64(4));
    let rotated = base.rotate(&new, groups(&["age1z"]), None, now(), &mut rng()).expect("rotates");
    let theirs = SopsFile::parse("file", YAML, rotated).expect("reads").open(&new, OpenOptions::default()).expect("opens");
    let result = merge3(Side::Ours, &base, &ours, &theirs, &key(), now(), &mut rng()).unwrap_or_else(|error| panic!("{error}"));
    let Merged::Clean(bytes) = result else { panic!("no conflict") };
    let file = SopsFile::parse("file", YAML, bytes).expect("reads");
    let recipients: Vec<_> = file.metadata().expect("sealed").age_keys().map(|key| key.recipient.clone()).collect();
    assert_eq!(recipients, ["age1z"]);
    let opened = file.open(&new, OpenOptions::default()).expect("opens");
    assert_eq!(string(&opened.to_clear(YAML).expect("in clear")), BASE.replace("a: 1", "a: 2"));
}

#[test]
fn recipients_of_both_sides_are_kept() {
    let base = open(YAML, &seal(YAML, BASE.as_bytes())).expect("opens");
    let with = |names: &[&str]| {
        let bytes = base.file().rewrap(groups(names), None).expect("rewraps");
        open(YAML, bytes.expose()).expect("opens")
    };
    let (ours, theirs) = (with(&["age1a", "age1o"]), with(&["age1a", "age1t"]));
    let Merged::Clean(bytes) =
        merge3(Side::Ours, &base, &ours, &theirs, &key(), now(), &mut rng()).unwrap_or_else(|error| panic!("{error}"))
    else {
        panic!("no conflict")
    };
    let file = SopsFile::parse("file", YAML, bytes).expect("reads");
    let recipients: Vec<_> = file.metadata().expect("sealed").age_keys().map(|key| key.recipient.as_str()).collect();
    assert_eq!(recipients, ["age1a", "age1o", "age1t"]);
    let _ = NewValue::Null;
}
