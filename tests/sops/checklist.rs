//! What a writer of SOPS files must get right, point by point, each shown to the real program.

use crate::pair::{ALICE, BOB, Pair, TO_ALICE, TO_BOB};
use serde_yaml::Value;

fn pair() -> Option<Pair> {
    Pair::new().map(|pair| pair.env("SOPS_AGE_KEY", &format!("{ALICE}\n{BOB}")))
}

/// Ours seals a text; what theirs reads in it.
#[track_caller]
fn sealed_by_ours(pair: &Pair, name: &str, clear: &str, flags: &[&str]) -> String {
    pair.write(name, clear);
    let sealed = pair.ours(&[&["encrypt", "--age", TO_ALICE], flags, &[name]].concat()).done();
    pair.write(name, &sealed);
    String::from_utf8(sealed).expect("text")
}

#[track_caller]
fn read_by_theirs(pair: &Pair, name: &str) -> String {
    String::from_utf8(pair.theirs(&["decrypt", name]).done()).expect("text")
}

#[test]
fn a_new_block_says_a_version_of_sops_and_a_quoted_time_in_utc() {
    let Some(pair) = pair() else { return };
    let sealed = sealed_by_ours(&pair, "a.yaml", "a: 1\n", &[]);
    let line = |key: &str| {
        let found = sealed.lines().find_map(|line| line.trim_start().strip_prefix(key));
        found.unwrap_or_else(|| panic!("no {key} in {sealed}")).trim().to_owned()
    };
    assert!(line("version:").starts_with("3."), "{sealed}");
    let time = line("lastmodified:");
    let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "\"0000-00-00T00:00:00Z\"");
    assert_eq!(read_by_theirs(&pair, "a.yaml"), "a: 1\n");
}

#[test]
fn a_new_block_has_the_order_and_shape_of_the_newest_sops() {
    let Some(pair) = pair() else { return };
    pair.write("a.yaml", "a: 1\n");
    let theirs =
        String::from_utf8(pair.theirs(&["encrypt", "--age", &format!("{TO_ALICE},{TO_BOB}"), "a.yaml"]).done()).expect("text");
    let ours = sealed_by_ours(&pair, "a.yaml", "a: 1\n", &["--age", &format!("{TO_ALICE},{TO_BOB}")]);
    // Lines without what differs in every run.
    let shape = |text: &str| -> Vec<String> {
        let block = text.split_once("sops:\n").expect("a block").1.to_owned();
        let mut inside = false;
        block
            .lines()
            .filter_map(|line| {
                inside &= !line.contains("END AGE");
                let kept = (!inside)
                    .then(|| line.split("ENC[").next().unwrap_or_default().split("\"20").next().unwrap_or_default().to_owned());
                inside |= line.contains("BEGIN AGE");
                kept
            })
            .collect()
    };
    assert_eq!(shape(&ours), shape(&theirs));
}

#[test]
fn age_files_in_a_block_are_strictly_armored() {
    let Some(pair) = pair() else { return };
    let sealed = sealed_by_ours(&pair, "a.yaml", "a: 1\n", &[]);
    let document: Value = serde_yaml::from_str(&sealed).expect("YAML");
    let enc = document["sops"]["age"][0]["enc"].as_str().expect("a text").to_owned();
    let lines: Vec<&str> = enc.lines().collect();
    assert_eq!((lines[0], lines[lines.len() - 1]), ("-----BEGIN AGE ENCRYPTED FILE-----", "-----END AGE ENCRYPTED FILE-----"));
    assert!(enc.ends_with('\n') && lines[1..lines.len() - 2].iter().all(|line| line.len() == 64), "{enc}");
}

/// Texts whose meaning is not their spelling; the MAC covers the meaning.
const MEANINGS: [(&str, &str); 20] = [
    ("a: 0x1F\n", "a: 31\n"),
    ("a: 0o14\n", "a: 12\n"),
    ("a: 014\n", "a: 12\n"),
    ("a: 1_000\n", "a: 1000\n"),
    ("a: True\n", "a: true\n"),
    ("a: yes\n", "a: \"yes\"\n"),
    ("a: 1.50\n", "a: 1.5\n"),
    ("a: 1e3\n", "a: 1000\n"),
    ("a: 1.0\n", "a: 1\n"),
    ("a: ~\n", "a: null\n"),
    ("a:\n", "a: null\n"),
    ("a: 2020-01-02\n", "a: 2020-01-02T00:00:00Z\n"),
    ("a: |\n  two\n  lines\n", "a: |\n    two\n    lines\n"),
    ("a: >-\n  two\n  words\n", "a: two words\n"),
    ("a: \"\\x41\\u00e9\"\n", "a: Aé\n"),
    ("a: 'it''s'\n", "a: it's\n"),
    ("a: one\n  two\n", "a: one two\n"),
    ("a: {b: [1, x]}\n", "a:\n    b:\n        - 1\n        - x\n"),
    ("a: \"\"\nb: []\nc: {}\n", "a: \"\"\nb: []\nc: {}\n"),
    ("a: !!str 1\n", "a: \"1\"\n"),
];

#[test]
fn the_mac_covers_what_scalars_mean() {
    let Some(pair) = pair() else { return };
    let mut wrong = Vec::new();
    for (clear, meaning) in MEANINGS {
        for flags in [&[][..], &["--encrypted-regex", "^zz$"]] {
            let clear = if flags.is_empty() { clear.to_owned() } else { format!("{clear}zz: sealed\n") };
            let meaning = if flags.is_empty() { meaning.to_owned() } else { format!("{meaning}zz: sealed\n") };
            let sealed = sealed_by_ours(&pair, "a.yaml", &clear, flags);
            let read = pair.theirs(&["decrypt", "a.yaml"]);
            if read.text() != meaning {
                wrong.push(format!("{clear}theirs reads: {} {}\n{sealed}", read.text(), read.err));
            }
            let own = pair.ours(&["decrypt", "a.yaml"]);
            if own.code != 0 {
                wrong.push(format!("{clear}ours does not: {}", own.err));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_alias_is_a_value_of_its_own_place() {
    let Some(pair) = pair() else { return };
    sealed_by_ours(&pair, "a.yaml", "a: &x secret\nb: *x\nc: {d: *x}\n", &[]);
    assert_eq!(read_by_theirs(&pair, "a.yaml"), "a: secret\nb: secret\nc:\n    d: secret\n");
}

#[test]
fn documents_of_one_file_share_key_and_mac() {
    let Some(pair) = pair() else { return };
    let sealed = sealed_by_ours(&pair, "a.yaml", "a: 1\n---\nb: 2\n", &[]);
    assert_eq!(sealed.matches("\nsops:").count(), 2, "{sealed}");
    assert_eq!(read_by_theirs(&pair, "a.yaml"), "a: 1\n---\nb: 2\n");
    let swapped: Vec<&str> = sealed.split("\n---\n").collect();
    assert_eq!(swapped.len(), 2, "{sealed}");
    pair.write("swapped.yaml", format!("{}---\n{}\n", swapped[1], swapped[0]));
    assert_eq!((pair.theirs(&["decrypt", "swapped.yaml"]).code, pair.ours(&["decrypt", "swapped.yaml"]).code), (51, 51));
}

#[test]
fn files_joined_after_they_were_sealed_are_never_half_opened() {
    let Some(pair) = pair() else { return };
    let joined = ["a: 1\n", "b: 2\n"].map(|clear| {
        pair.write("part.yaml", clear);
        String::from_utf8(pair.theirs(&["encrypt", "--age", TO_ALICE, "part.yaml"]).done()).expect("text")
    });
    pair.write("a.yaml", joined.join("---\n"));
    assert_ne!(pair.theirs(&["decrypt", "a.yaml"]).code, 0);
    let ours = pair.ours(&["decrypt", "a.yaml"]);
    // All of it or nothing.
    assert!(if ours.code == 0 { ours.text() == "a: 1\n---\nb: 2\n" } else { ours.out.is_empty() }, "{}", ours.text());
}

/// Texts that no SOPS file can hold, or that change their meaning in one.
const REFUSED: [(&str, &str); 9] = [
    ("a.yaml", "1: x\n"),
    ("a.yaml", "true: x\n"),
    ("a.yaml", "- x\n"),
    ("a.yaml", "text\n"),
    ("a.yaml", "a: 18446744073709551615\n"),
    ("a.yaml", "a: 1\nsops: {}\n"),
    ("a.yaml", "a: 1\na: 2\n"),
    ("a.json", "[1]"),
    ("a.env", "sops_x=1\n"),
];

#[test]
fn what_no_reader_would_take_is_not_written() {
    let Some(pair) = pair() else { return };
    for (name, clear) in REFUSED {
        pair.write(name, clear);
        for side in crate::pair::Side::BOTH {
            let run = pair.run(side, &["encrypt", "--age", TO_ALICE, name], b"");
            assert!(run.code != 0 && run.out.is_empty(), "{side:?} {clear}: {}", run.text());
        }
    }
}

#[test]
fn a_merge_key_is_a_key_like_any_other() {
    let Some(pair) = pair() else { return };
    let clear = "base: &b\n    k: v\nuse:\n    <<: *b\n    l: w\n";
    pair.write("b.yaml", clear);
    pair.theirs(&["encrypt", "--age", TO_ALICE, "-i", "b.yaml"]).done();
    sealed_by_ours(&pair, "a.yaml", clear, &[]);
    assert_eq!(read_by_theirs(&pair, "a.yaml"), read_by_theirs(&pair, "b.yaml"));
    assert_eq!(pair.ours(&["decrypt", "b.yaml"]).code, 0);
}

#[test]
fn nested_keys_may_be_called_sops() {
    let Some(pair) = pair() else { return };
    sealed_by_ours(&pair, "a.yaml", "a:\n    sops: x\n", &[]);
    assert_eq!(read_by_theirs(&pair, "a.yaml"), "a:\n    sops: x\n");
}

#[test]
fn the_data_of_a_secret_are_sealed_as_the_text_they_are() {
    let Some(pair) = pair() else { return };
    let clear = "apiVersion: v1\nkind: Secret\ndata:\n    k: aGk=\nstringData:\n    l: hi\n";
    let sealed = sealed_by_ours(&pair, "a.yaml", clear, &["--encrypted-regex", "^(data|stringData)$"]);
    assert!(sealed.starts_with("apiVersion: v1\nkind: Secret\ndata:\n    k: ENC["), "{sealed}");
    assert_eq!(read_by_theirs(&pair, "a.yaml"), clear);
}

#[test]
fn items_of_a_list_may_change_places_only_with_a_new_mac() {
    let Some(pair) = pair() else { return };
    let sealed = sealed_by_ours(&pair, "a.yaml", "a:\n- one\n- two\n", &[]);
    let items: Vec<&str> = sealed.lines().filter(|line| line.starts_with("- ENC")).collect();
    let [one, two] = items.as_slice() else { panic!("{sealed}") };
    let swapped = sealed.replace(one, "@").replace(two, one).replace('@', two);
    pair.write("a.yaml", swapped);
    assert_eq!((pair.theirs(&["decrypt", "a.yaml"]).code, pair.ours(&["decrypt", "a.yaml"]).code), (51, 51));
    let ignored = ["decrypt", "--ignore-mac", "a.yaml"];
    assert_eq!(pair.theirs(&ignored).text(), "a:\n    - two\n    - one\n");
    assert_eq!(pair.ours(&ignored).text(), "a:\n- two\n- one\n");
}

/// Blocks as older versions and other tools write them.
#[test]
fn a_block_may_stand_anywhere_and_in_any_order() {
    let Some(pair) = pair() else { return };
    pair.write("a.yaml", "a: secret\n");
    let sealed = String::from_utf8(pair.theirs(&["encrypt", "--age", TO_ALICE, "a.yaml"]).done()).expect("text");
    let (values, block) = sealed.split_once("sops:\n").expect("a block");
    let empty = "    kms: []\n    gcp_kms: []\n    azure_kv: []\n    hc_vault: []\n    pgp: []\n";
    let unknown = "    somebody_elses: {x: 1}\n";
    for text in [
        format!("sops:\n{block}{values}"),
        format!("{values}sops:\n{empty}{block}"),
        format!("{values}sops:\n{block}{unknown}"),
        format!("{values}\n\n# note\nsops:\n{block}"),
        format!("---\n{values}sops:\n{block}...\n"),
        sealed.replace('\n', "\r\n"),
        sealed.replace("unencrypted_suffix:", "mac_only_encrypted: \"false\"\n    unencrypted_suffix:"),
        sealed.replace("a: ENC", "a: !!str ENC"),
        sealed.replace("a: ENC", "a: &x ENC"),
    ] {
        pair.write("b.yaml", &text);
        let (theirs, ours) = (pair.theirs(&["decrypt", "b.yaml"]), pair.ours(&["decrypt", "b.yaml"]));
        assert_eq!((theirs.code, ours.code), (0, 0), "{text}\n{}{}", theirs.err, ours.err);
        let value = |text: &str| serde_yaml::from_str::<Value>(text).expect("YAML")["a"].clone();
        assert_eq!(value(&ours.text()), value(&theirs.text()), "{text}");
    }
}

#[test]
fn setting_a_value_changes_its_line_the_mac_and_the_time_and_nothing_else() {
    let Some(pair) = pair() else { return };
    let clear = "# a file as people write it\n\na: 'one'   # first\nb:   {c: \"two\", d: [3, 4]}\n\ne: |\n  five\n";
    let before = sealed_by_ours(&pair, "a.yaml", clear, &[]);
    pair.ours(&["set", "a.yaml", "[\"b\"][\"c\"]", "\"new\""]).done();
    let after = pair.read_text("a.yaml");
    let changed: Vec<&str> = before.lines().zip(after.lines()).filter(|(old, new)| old != new).map(|(old, _)| old).collect();
    assert_eq!(before.lines().count(), after.lines().count());
    let kinds: Vec<&str> = changed.iter().map(|line| line.trim_start().split([':', ' ']).next().unwrap_or_default()).collect();
    assert!(kinds.iter().all(|kind| ["b", "mac", "lastmodified"].contains(kind)) && kinds.contains(&"b"), "{kinds:?}");
    let theirs: Value = serde_yaml::from_str(&read_by_theirs(&pair, "a.yaml")).expect("YAML");
    assert_eq!(theirs["b"]["c"], Value::from("new"));
    let before = pair.read_text("a.yaml");
    pair.ours(&["set", "a.yaml", "[\"b\"][\"c\"]", "\"new\""]).done();
    assert_eq!(pair.read_text("a.yaml"), before, "the same value again is no change");
}

#[test]
fn new_keys_for_a_file_add_lines_only() {
    let Some(pair) = pair() else { return };
    for (name, clear) in [("a.yaml", "a: 1\n"), ("a.json", "{\n\t\"a\": 1\n}\n"), ("a.env", "a=1\n"), ("a.ini", "[s]\na = 1\n")] {
        let before = sealed_by_ours(&pair, name, clear, &[]);
        pair.write(".sops.yaml", format!("creation_rules:\n- age: {TO_ALICE},{TO_BOB}\n"));
        pair.ours(&["updatekeys", "-y", name]).done();
        let after = pair.read_text(name);
        let mut rest = after.lines();
        let gone: Vec<&str> =
            before.lines().filter(|line| !rest.any(|kept| kept == *line || kept.strip_suffix(',') == Some(line))).collect();
        assert!(gone.is_empty() && after.contains(TO_BOB), "{name}: {gone:?}\n{after}");
        let bob = Pair::new().expect("was there before").env("SOPS_AGE_KEY", BOB);
        bob.write(name, &after);
        assert_eq!(bob.theirs(&["decrypt", name]).code, 0, "{name}");
    }
}

#[test]
fn a_never_matching_or_broken_selector_leaves_no_plaintext_file_behind() {
    let Some(pair) = pair() else { return };
    for flags in [["--encrypted-regex", "^(?!x)"], ["--encrypted-regex", "nowhere"], ["--encrypted-suffix", "_none"]] {
        pair.write("a.yaml", "a: secret\n");
        let args = [&["encrypt", "-i", "--age", TO_ALICE][..], &flags, &["a.yaml"]].concat();
        assert_eq!(pair.ours(&args).code, 8, "{flags:?}");
        assert_eq!(pair.read_text("a.yaml"), "a: secret\n");
        assert_eq!(pair.theirs(&args).code, 0, "the original does leave one");
        assert!(pair.read_text("a.yaml").starts_with("a: secret\n"));
    }
}

/// Expressions that Go and others read differently, with a key that tells.
const EXPRESSIONS: [(&str, &str, bool); 10] = [
    (r"^\w+$", "é", false),
    (r"^\w+$", "e", true),
    (r"^\d$", "٣", false),
    (r"\bx\b", "éxé", true),
    (r"^\Qa.b\E$", "a.b", true),
    (r"^\Qa.b\E$", "axb", false),
    (r"(?i)^PASS", "password", true),
    (r"^[[:alpha:]]+$", "key", true),
    (r"^\pL+$", "é", true),
    (r"a\s+b", "a b", true),
];

#[test]
fn expressions_mean_what_they_mean_to_go() {
    let Some(pair) = pair() else { return };
    for (expression, key, matches) in EXPRESSIONS {
        // Something always matches, so that nothing is refused for sealing nothing.
        let expression = format!("^always$|{expression}");
        pair.write("a.yaml", format!("\"{key}\": v\nalways: v\n"));
        for side in crate::pair::Side::BOTH {
            let run = pair.run(side, &["encrypt", "--age", TO_ALICE, "--encrypted-regex", &expression, "a.yaml"], b"");
            let sealed: Value = serde_yaml::from_str(&String::from_utf8(run.done()).expect("text")).expect("YAML");
            assert_eq!(sealed[key].as_str() != Some("v"), matches, "{side:?} {expression} on {key}");
        }
    }
}

/// What the original writes wrongly is at least not taken for something else.
#[test]
fn texts_that_the_original_loses_are_kept() {
    let Some(pair) = pair() else { return };
    for clear in ["a: \"\\ttab\\nfirst\"\n", "a:\n- \" space\\nfirst\"\n- \"\\nnewline first\"\n"] {
        sealed_by_ours(&pair, "a.yaml", clear, &[]);
        assert_eq!(pair.ours(&["decrypt", "a.yaml"]).text(), clear);
    }
}

#[test]
fn comments_at_the_end_of_lists_are_sealed_where_sops_looks_for_them() {
    let Some(pair) = pair() else { return };
    for (clear, read) in [
        ("e:\n  - no\n  # c\n  -\na: x\n", "e:\n    - \"no\"\n    - null\n# c\na: x\n"),
        (
            "q:\n  e:\n    - x\n    # c\n    -\n  a: x\nz: w\n",
            "q:\n    e:\n        - x\n        - null\n    # c\n    a: x\nz: w\n",
        ),
        ("m:\r\n  c:\r\n  - x\r\n  # c\r\n  # d\r\n  d: w\r\n", "m:\n    c:\n        - x\n        # c\n    # d\n    d: w\n"),
        ("e:\n  - x\n  # c\n  -\n  - w\n", "e:\n    - x\n    - null\n    # c\n    - w\n"),
    ] {
        sealed_by_ours(&pair, "a.yaml", clear, &[]);
        assert_eq!(read_by_theirs(&pair, "a.yaml"), read, "{clear}");
    }
}
