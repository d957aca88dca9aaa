//! Every selector, `mac_only_encrypted` and key groups, in every store, both ways.

use crate::{
    library::{clear, file_name, open_with, seal, seal_groups, their_clear, their_seal},
    pair::{ALICE, BOB, Pair, TO_ALICE, TO_BOB},
};
use seal_sops::{Selector, Store};

const YAML: &str = "\
# first comment, public
plain: 1
# a secret follows
token: abc
nested:
    pass_unencrypted: x
    # public
    list:
        - one
        # a secret
        - two
    deep:
        token: 2
other_secret: 3
";
const JSON: &str = "{\n\t\"plain\": 1,\n\t\"token\": \"abc\",\n\t\"nested\": {\n\t\t\"pass_unencrypted\": \"x\",\n\t\t\"list\": [\n\t\t\t\"one\",\n\t\t\t\"two\"\n\t\t],\n\t\t\"deep\": {\n\t\t\t\"token\": 2\n\t\t}\n\t},\n\t\"other_secret\": 3\n}\n";
const DOTENV: &str = "# public\nplain=1\n# a secret\ntoken=abc\npass_unencrypted=x\nother_secret=3\n";
const INI: &str =
    "[plain]\n; public\na     = 1\n; a secret\ntoken = abc\n\n[nested]\npass_unencrypted = x\nother_secret     = 3\n";
const FILES: [(Store, &str); 4] = [(Store::Yaml, YAML), (Store::Json, JSON), (Store::Dotenv, DOTENV), (Store::Ini, INI)];
const SELECTORS: [(&str, &str); 14] = [
    ("unencrypted_suffix", "_unencrypted"),
    ("unencrypted_suffix", "en"),
    ("encrypted_suffix", "_secret"),
    ("encrypted_suffix", "ted"),
    ("unencrypted_regex", "^(plain|list)$"),
    ("unencrypted_regex", r"\bpass"),
    ("encrypted_regex", "^token$"),
    ("encrypted_regex", "(?i)TOKEN|secret"),
    ("encrypted_regex", r"^[\w]+_[[:alpha:]]+$"),
    ("encrypted_regex", r"\Qtoken\E"),
    ("encrypted_comment_regex", "secret"),
    ("encrypted_comment_regex", "^ ?a secret"),
    ("unencrypted_comment_regex", r"\bpublic"),
    ("unencrypted_comment_regex", "secret"),
];

#[test]
fn selectors_choose_the_same_values() {
    let Some(pair) = Pair::new() else { return };
    for (store, text) in FILES {
        for (name, regex) in SELECTORS {
            if store == Store::Json && name.contains("comment") {
                continue;
            }
            let what = format!("{store:?} {name} {regex}");
            let selector = Selector::new(name, regex).expect("valid").expect("a selector");
            let flag = format!("--{}", name.replace('_', "-"));
            let theirs = seal_by_them(&pair, store, text, &flag, regex);
            let ours = match seal(store, text.as_bytes(), selector) {
                Ok(ours) => ours,
                Err(error) => {
                    // They write the file in clear beside a block.
                    assert!(error.to_string().contains("matches no value"), "{what}: {error}");
                    assert!(shape(&theirs).0.iter().all(|(_, sealed)| !sealed), "{what}");
                    continue;
                }
            };
            assert_eq!(shape(&ours), shape(&theirs), "{what}");
            let wanted = their_clear(&pair, store, &theirs).unwrap_or_else(|error| panic!("{what}: {error}"));
            let wanted = String::from_utf8_lossy(&wanted).into_owned();
            let ours = their_clear(&pair, store, &ours).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(String::from_utf8_lossy(&ours), wanted, "{what}: ours by them");
            let theirs = clear(store, &theirs).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(String::from_utf8_lossy(&theirs), wanted, "{what}: theirs by us");
        }
    }
}

/// The comment flags are known to the old form of the command line only.
fn seal_by_them(pair: &Pair, store: Store, text: &str, flag: &str, regex: &str) -> Vec<u8> {
    let name = file_name(store);
    if !flag.contains("comment") {
        return their_seal(pair, store, text.as_bytes(), &[flag, regex]);
    }
    pair.write(name, text);
    pair.theirs(&["--encrypt", "--age", TO_ALICE, flag, regex, name]).done()
}

/// Lines with and without ciphertext, up to the block; and how many comments are sealed, which sops may write as elements of a list.
fn shape(sealed: &[u8]) -> (Vec<(String, bool)>, usize) {
    let text = String::from_utf8_lossy(sealed).into_owned();
    let is_block = |line: &str| line.trim_start_matches([' ', '\t', '"', '[']).starts_with("sops");
    let lines: Vec<&str> = text.lines().take_while(|line| !is_block(line)).filter(|line| !line.trim().is_empty()).collect();
    let comments = lines.iter().filter(|line| line.contains("type:comment]")).count();
    let is_comment = |line: &&&str| line.contains("type:comment]") || line.trim_start().starts_with(['#', ';']);
    let values = lines.iter().filter(|line| !is_comment(line)).map(|line| {
        let (before, sealed) = line.split_once("ENC[").map_or((*line, false), |(before, _)| (before, true));
        (before.trim_end_matches(',').split_whitespace().collect::<Vec<_>>().join(" "), sealed)
    });
    (values.collect(), comments)
}

#[test]
fn a_mac_over_sealed_values_only_lets_others_change() {
    let Some(pair) = Pair::new() else { return };
    let rule = format!("creation_rules:\n- age: {TO_ALICE}\n  mac_only_encrypted: true\n  encrypted_regex: token\n");
    pair.write(".sops.yaml", rule);
    for (store, text) in FILES {
        let selector = Selector::new("encrypted_regex", "token").expect("valid").expect("a selector");
        pair.write(file_name(store), text);
        let theirs = pair.theirs(&["encrypt", file_name(store)]).done();
        let ours = seal_groups(store, text.as_bytes(), selector, &[&[TO_ALICE]], None, true).expect("seals");
        for (sealed, by) in [(theirs, "theirs"), (ours, "ours")] {
            let wanted = their_clear(&pair, store, &sealed).unwrap_or_else(|error| panic!("{store:?} {by}: {error}"));
            assert_eq!(clear(store, &sealed), Ok(wanted), "{store:?} {by}");
            // Our own MAC covers all of the file; without it, what is in clear may change.
            let changed: String = String::from_utf8_lossy(&sealed)
                .lines()
                .filter(|line| !line.contains("seal_mac"))
                .map(
                    |line| {
                        if line.contains("plain") || line.starts_with("a ") { line.replace('1', "9") } else { line.to_owned() }
                    },
                )
                .map(|line| line + "\n")
                .collect();
            assert!(changed.contains('9'), "{store:?} {by}");
            assert!(their_clear(&pair, store, changed.as_bytes()).is_ok(), "{store:?} {by}");
            assert_eq!(clear(store, changed.as_bytes()).map(|_| ()), Ok(()), "{store:?} {by}");
        }
    }
}

#[test]
fn key_groups_open_with_as_many_as_they_need() {
    let Some(pair) = Pair::new() else { return };
    let config = |threshold: u32| {
        format!(
            "creation_rules:\n- shamir_threshold: {threshold}\n  key_groups:\n  - age: [{TO_ALICE}]\n  - age: [{TO_BOB}]\n  - age: [{TO_BOB}, {TO_ALICE}]\n"
        )
    };
    for (store, text) in FILES {
        for threshold in [2, 3] {
            pair.write(".sops.yaml", config(threshold));
            pair.write(file_name(store), text);
            let theirs = pair.theirs(&["encrypt", file_name(store)]).done();
            let groups: [&[&str]; 3] = [&[TO_ALICE], &[TO_BOB], &[TO_BOB, TO_ALICE]];
            let ours = seal_groups(store, text.as_bytes(), Selector::default(), &groups, Some(threshold), false).expect("seals");
            for (sealed, by) in [(&theirs, "theirs"), (&ours, "ours")] {
                let what = format!("{store:?}, {threshold} of 3, {by}");
                // Alice alone has two groups.
                let alone = open_with(store, sealed, &[ALICE]).map(|_| ());
                let real = their_clear(&pair, store, sealed);
                assert_eq!((alone.is_ok(), real.is_ok()), (threshold == 2, threshold == 2), "{what}: {alone:?} {real:?}");
                let both = open_with(store, sealed, &[ALICE, BOB]).map(|_| ());
                assert_eq!(both, Ok(()), "{what}");
            }
        }
    }
    let both = Pair::new().expect("there was one").env("SOPS_AGE_KEY", &format!("{ALICE}\n{BOB}"));
    let groups: [&[&str]; 2] = [&[TO_ALICE], &[TO_BOB]];
    let ours = seal_groups(Store::Json, JSON.as_bytes(), Selector::default(), &groups, None, false).expect("seals");
    assert_eq!(
        their_clear(&both, Store::Json, &ours).map(|clear| String::from_utf8_lossy(&clear).into_owned()),
        Ok(JSON.to_owned())
    );
}
