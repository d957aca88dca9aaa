//! YAML: what people write stays as they wrote it.

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::{groups, key, now, open, options, parse, refused, rng, round_trip, seal, seal_with, set, string, unset};
use crate::{Change, EncryptOptions, OpenOptions, Selector, SopsFile, Store};

const YAML: Store = Store::Yaml;

#[test]
fn what_is_sealed_comes_back_to_the_byte() {
    for clear in [
        "a: 1\n",
        "a: x\nb:\n  - w\n  - 1.5\n  - true\n  - null\n  - \"\"\n  - []\n  - {}\n",
        "# head\n\na: \"x\"   # beside\nb: 'it''s'\n# foot\n",
        "a:\n    b:\n        c: deep\n    # between\n    d: 0\n\n\ne: end\n",
        "a: |\n    line 1\n    line 2\nb: x\n",
        "a:   spaced\nb : too\n\"c\": quoted key\n? d\n: explicit\n",
        "a: {b: \"x\", c: [1, two]}\n",
        "---\na: 1\n---\n# second\nb: 2\n...\n---\nc: 3\n",
        "a: x\r\nb:\r\n  - w\r\n# c\r\n",
        "\u{feff}a: x\nb: w\n",
        "a_unencrypted: plain\nb: sealed\nc_unencrypted:\n  deep: plain\n",
        "sealed: 1\nnested:\n  sops: fine\n",
        "list:\n- a\n- - b\n  - c\n-\n  d: e\n",
        "e: 2020-01-02T03:04:05Z\nf: 12345678901234567\ng: -7\n",
        "k: \"a # b: c\"\nl: 'x: w'\n",
        "a: ünïcode ✓\nb: \"é\\n\"\n",
        "tab: \"\\tx\\ny\"\n",
    ] {
        round_trip(YAML, clear);
    }
}

/// The format keeps types, not spellings: what comes back is another spelling of the same.
#[test]
fn spellings_that_the_format_does_not_keep_come_back_as_the_same_value() {
    for (clear, back) in [
        ("a: 0x1F\n", "a: 31\n"),
        ("a: 1_000\n", "a: 1000\n"),
        ("a: 1.50\n", "a: 1.5\n"),
        ("a: 1.0\n", "a: 1.0\n"),
        ("a: 1e3\n", "a: 1000.0\n"),
        ("a: True\n", "a: true\n"),
        ("a: 2020-01-02\n", "a: 2020-01-02T00:00:00Z\n"),
        ("a: yes\n", "a: \"yes\"\n"),
        ("a: >\n  folded\n  text\n", "a: |\n    folded text\n"),
        ("a: !mine x\n", "a: x\n"),
        ("a: !!str 5\n", "a: !!str \"5\"\n"),
        ("a: .inf\nb: -.inf\nc: .nan\nd: -0.0\n", "a: .inf\nb: -.inf\nc: .nan\nd: -0.0\n"),
    ] {
        let opened = open(YAML, &seal(YAML, clear.as_bytes())).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(string(&opened.to_clear(YAML).expect("in clear")), back, "{clear}");
    }
}

#[test]
fn a_text_that_ends_with_the_file_is_not_given_a_line_break_it_does_not_have() {
    for clear in ["? |\n  c", "a: x\nb_unencrypted: |\n  c"] {
        let error =
            seal_with(YAML, clear.as_bytes(), Selector::default()).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.ends_with("end that line"), "{clear}: {error}");
    }
    let opened = open(YAML, &seal(YAML, b"a: |\n  c")).expect("opens");
    assert_eq!(string(&opened.to_clear(YAML).expect("in clear")), "a: c\n");
}

#[test]
fn keys_whose_spelling_would_be_lost_are_named() {
    for (store, clear, expected) in [
        (YAML, "a: 1.50\nb: 1.5\nc: 1.0\nd: 0x1F\ne: 2020-01-02\nf: [1e3, 7]\ng: '1.50'\nh: .inf\n", vec!["a", "d", "e", "f"]),
        (YAML, "a: &x 1.5\nb: *x\nc: +1\nf_unencrypted: 1.50\n", vec!["c"]),
        (Store::Json, "{\"a\": 1.50, \"b\": 1.0, \"c\": 1E3, \"d\": 12, \"e\": \"1.50\"}", vec!["a", "c"]),
        (Store::Dotenv, "A=1.50\n", vec![]),
    ] {
        let file = parse(store, clear.as_bytes()).expect("reads");
        let paths = file.respelled(&Selector::default()).expect("a selector");
        let keys: Vec<String> = paths.iter().map(|path| path.to_string()).collect();
        let right: Vec<String> = expected.iter().map(|key| format!("[\"{key}\"]")).collect();
        assert!(keys.len() == right.len() && keys.iter().zip(&right).all(|(key, right)| key.starts_with(right)), "{keys:?}");
        // And they are: all others come back as they were written.
        let opened = open(store, &seal(store, clear.as_bytes())).expect("opens");
        let back = string(&opened.to_clear(store).expect("in clear"));
        assert_eq!(back == clear, expected.is_empty(), "{back}");
    }
}

#[test]
fn every_selected_leaf_is_sealed_and_no_other() {
    let clear = "a:\n  b: one\n  c: two\nb:\n  x: [three, 4]\nd: five\n";
    for (selector, in_clear) in [
        (Selector::EncryptedRegex("^b$".into()), vec!["two", "five"]),
        (Selector::UnencryptedRegex("^b$".into()), vec!["one", "three", "4"]),
        (Selector::EncryptedSuffix("d".into()), vec!["one", "two", "three", "4"]),
        (Selector::UnencryptedSuffix("a".into()), vec!["one", "two"]),
    ] {
        let sealed = String::from_utf8(seal_with(YAML, clear.as_bytes(), selector.clone()).expect("seals")).expect("text");
        let body = sealed.split("\nsops:").next().expect("a body");
        let leaf = |word: &str| body.lines().any(|line| line.split([' ', '[', ',', ']']).any(|part| part == word));
        for word in ["one", "two", "three", "4", "five"] {
            assert_eq!(leaf(word), in_clear.contains(&word), "{selector:?} {word}\n{body}");
        }
    }
}

#[test]
fn comments_select_what_follows_them() {
    let clear = "# keep\na: one\n# secret\nb:\n  c: two\nd: three\n";
    let sealed = |selector| String::from_utf8(seal_with(YAML, clear.as_bytes(), selector).expect("seals")).expect("text");
    let only = sealed(Selector::EncryptedCommentRegex("secret".into()));
    assert!(only.contains("# keep\na: one\n# secret\nb:\n  c: ENC[") && only.contains("\nd: three\n"), "{only}");
    let but = sealed(Selector::UnencryptedCommentRegex("keep".into()));
    assert!(but.starts_with("# keep\na: one\n#ENC[") && !but.contains("two") && !but.contains("three"), "{but}");
}

#[test]
fn a_selector_that_selects_nothing_is_an_error() {
    let error = seal_with(YAML, b"a: x\n", Selector::EncryptedRegex("^data$".into())).err().map(|error| error.to_string());
    assert_eq!(
        error.as_deref(),
        Some("file: the selector matches no value of this file, so nothing would be encrypted; check it or leave it out")
    );
}

#[test]
fn an_alias_of_something_sealed_is_written_out() {
    for (clear, back) in [
        ("a: &x secret\nb: *x\n", "a: &x secret\nb: secret\n"),
        (
            "a: &x\n  k: secret\n  l: [1, two]\nb: *x\n",
            "a: &x\n  k: secret\n  l: [1, two]\nb: {\"k\": 'secret', \"l\": [1, 'two']}\n",
        ),
    ] {
        let sealed = seal(YAML, clear.as_bytes());
        assert!(!String::from_utf8_lossy(&sealed).contains('*'));
        let opened = open(YAML, &sealed).unwrap_or_else(|error| panic!("{error}"));
        let _ = back;
        let values = |text: &str| {
            let file = parse(YAML, text.as_bytes()).expect("reads");
            file.leaves().expect("leaves").iter().map(|leaf| leaf.path.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(values(&string(&opened.to_clear(YAML).expect("in clear"))), values(clear), "{clear}");
    }
    // One that is not sealed stays, merges included.
    let clear = "x-base: &base\n  k: plain\nuse:\n  <<: *base\n  l: *base\ndata: secret\n";
    let sealed = seal_with(YAML, clear.as_bytes(), Selector::EncryptedRegex("^data$".into())).expect("seals");
    assert!(String::from_utf8_lossy(&sealed).starts_with("x-base: &base\n  k: plain\nuse:\n  <<: *base\n  l: *base\ndata: ENC["));
    open(YAML, &sealed).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn only_what_is_set_changes() {
    let clear = "# c\na: x   # beside\nb:\n  c: \"1\"\n  d: 'two'\nl: [1, x]\n";
    assert_eq!(set(YAML, clear, "[\"a\"]", "\"x\"").0, "unchanged");
    // The value, lastmodified (which is the same second here), the MAC and the stronger MAC.
    assert_eq!(set(YAML, clear, "[\"a\"]", "\"w\""), (clear.replace("a: x", "a: w"), 3));
    assert_eq!(set(YAML, clear, "[\"b\"][\"c\"]", "5"), (clear.replace("\"1\"", "5"), 3));
    assert_eq!(set(YAML, clear, "[\"b\"][\"d\"]", "\"it's\""), (clear.replace("'two'", "'it''s'"), 3));
    assert_eq!(set(YAML, clear, "[\"b\"][\"e\"]", "true").0, clear.replace("'two'\n", "'two'\n  e: true\n"));
    assert_eq!(set(YAML, clear, "[\"o\"][\"m\"]", "null").0, format!("{clear}o:\n  m: null\n"));
    assert_eq!(set(YAML, clear, "[\"l\"][0]", "\"z\"").0, clear.replace("[1,", "['z',").replace("['z'", "[z"));
    assert_eq!(set(YAML, "a: x\n", "[\"a\"]", "\"two\\nlines\\n\"").0, "a: |\n    two\n    lines\n");
    assert_eq!(set(YAML, "a:\nb: w\n", "[\"a\"]", "\"now\"").0, "a: now\nb: w\n");
    assert_eq!(set(YAML, "a: \"\"\nb: w\n", "[\"a\"]", "\"now\"").0, "a: \"now\"\nb: w\n");
    assert_eq!(set(YAML, "a: x\nb: w\n", "[\"a\"]", "\"\"").0, "a: \"\"\nb: w\n");
}

#[test]
fn elements_are_appended_to_lists() {
    assert_eq!(set(YAML, "l:\n  - a # one\n  - b\nz: end\n", "[\"l\"][2]", "\"c\"").0, "l:\n  - a # one\n  - b\n  - c\nz: end\n");
    assert_eq!(set(YAML, "l:\n- a: 1\n", "[\"l\"][9]", "{\"a\": 2}").0, "l:\n- a: 1\n- a: 2\n");
    assert_eq!(set(YAML, "l: [a]\n", "[\"l\"][1]", "7").0, "l: [a, 7]\n");
    assert_eq!(set(YAML, "l: []\n", "[\"l\"][0]", "7").0.replace("  - ", "- "), "l:\n- 7\n");
}

#[test]
fn a_value_goes_with_its_line() {
    let clear = "# head\na: x\nb:\n  c: 1\n  d: 2\nl:\n- p\n- q\n";
    assert_eq!(unset(YAML, clear, "[\"b\"][\"c\"]").0, clear.replace("  c: 1\n", ""));
    assert_eq!(unset(YAML, clear, "[\"l\"][0]").0, clear.replace("- p\n", ""));
    assert_eq!(unset(YAML, clear, "[\"b\"]").0, "# head\na: x\nl:\n- p\n- q\n");
    let missing =
        open(YAML, &seal(YAML, b"a: x\n")).expect("opens").unset(&"[\"z\"]".parse().expect("a path"), &key(), now(), &mut rng());
    assert_eq!(missing.err().map(|error| error.to_string()).as_deref(), Some("file: key [\"z\"]: no such key in the file"));
}

#[test]
fn an_edited_text_keeps_the_ciphertext_of_what_is_the_same() {
    let clear = "a: x\nb: [same, same, other]\nc: w # note\n";
    let sealed = String::from_utf8(seal(YAML, clear.as_bytes())).expect("text");
    let opened = open(YAML, sealed.as_bytes()).expect("opens");
    let replace = |text: String| {
        opened.replace(text.into(), &key(), now(), &mut StdRng::seed_from_u64(99)).unwrap_or_else(|error| panic!("{error}"))
    };
    assert!(matches!(replace(clear.to_owned()), Change::Unchanged));
    let Change::Changed(new) = replace(clear.replace("c: w", "new: 1\nc: z")) else { panic!("it changed") };
    let new = string(&new);
    let lines = |text: &str, from: usize| text.lines().skip(from).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines(&new, 0)[..2], lines(&sealed, 0)[..2]);
    let same: Vec<_> = lines(&new, 4).iter().zip(lines(&sealed, 3)).map(|(new, old)| *new == old).collect();
    assert_eq!(same.iter().filter(|same| !**same).count(), 2, "mac and seal_mac only\n{new}\n{sealed}");
}

#[test]
fn sealing_again_with_what_was_there_before_changes_nothing_else() {
    let sealed = String::from_utf8(seal(YAML, b"a: x\nb: w\n")).expect("text");
    let before = open(YAML, sealed.as_bytes()).expect("opens");
    let options = EncryptOptions { previous: Some(&before), ..options(Selector::default()) };
    let again = parse(YAML, b"a: x\nb: z\n")
        .expect("reads")
        .encrypt(&options, &key(), now(), &mut StdRng::seed_from_u64(5))
        .expect("seals");
    let again = string(&again);
    let differ: Vec<_> =
        again.lines().zip(sealed.lines()).filter(|(new, old)| new != old).map(|(new, _)| new.split(':').next()).collect();
    assert_eq!(differ, [Some("b"), Some("    mac"), Some("    seal_mac")]);
}

#[test]
fn recipients_come_and_go_by_lines() {
    let sealed = String::from_utf8(seal(YAML, b"a: x\n")).expect("text");
    let more =
        string(&parse(YAML, sealed.as_bytes()).expect("reads").rewrap(groups(&["age1a", "age1b"]), None).expect("rewraps"));
    let added: Vec<_> = more.lines().filter(|line| !sealed.lines().any(|old| old == *line)).collect();
    assert_eq!(added, ["            ARMOR age1b", "          recipient: age1b"]);
    let back = parse(YAML, more.as_bytes()).expect("reads").rewrap(groups(&["age1a"]), None).expect("rewraps");
    assert_eq!(string(&back), sealed);
}

#[test]
fn rotation_changes_every_ciphertext_and_no_layout() {
    let clear = "# c\na: x # d\nb: [1, w]\nc_unencrypted: 1\n";
    let sealed = String::from_utf8(seal(YAML, clear.as_bytes())).expect("text");
    let new_key = seal_crypto::sops::DataKey::generate(&mut StdRng::seed_from_u64(77));
    let opened = open(YAML, sealed.as_bytes()).expect("opens");
    let new = opened.rotate(&new_key, groups(&["age1z"]), None, now(), &mut StdRng::seed_from_u64(78)).expect("rotates");
    assert!(open(YAML, new.expose()).is_err());
    let rotated =
        SopsFile::parse("file", YAML, new.clone()).expect("reads").open(&new_key, OpenOptions::default()).expect("opens");
    assert_eq!(string(&rotated.to_clear(YAML).expect("in clear")), clear);
    let new = string(&new);
    let ciphertexts = |text: &str| text.match_indices("data:").map(|(at, _)| text[at..at + 12].to_owned()).collect::<Vec<_>>();
    assert!(ciphertexts(&new).iter().zip(ciphertexts(&sealed)).all(|(new, old)| *new != old));
}

#[test]
fn what_cannot_be_sealed_is_refused_with_its_place() {
    for (text, error) in [
        ("- a\n", "file:1:1: a document that is a list cannot be encrypted: put it under a key, or encrypt the file as binary"),
        (
            "text\n",
            "file:1:1: a document that is one value cannot be encrypted: put it under a key, or encrypt the file as binary",
        ),
        (
            "a: 1\n5: x\n",
            "file:2:1: a key that is not text (a number, true, null or a date) cannot be encrypted: put it in quotes",
        ),
        ("a: {b: 1, b: 2}\n", "file:1:11: key [\"a\"][\"b\"]: duplicate key"),
        (
            "a:\n  b: 18446744073709551615\n",
            "file:2:6: key [\"a\"][\"b\"]: a whole number beyond 64 bits with sign cannot be encrypted: put it in quotes",
        ),
        ("a: !!int x\n", "file:1:10: key [\"a\"]: the value is not what its tag says: correct the tag or leave it out"),
        ("a: [\n", "file:1:4: not well-formed YAML"),
        ("a: &x [*x]\n", "file:1:8: key [\"a\"]: an alias within its own anchor has no end"),
        ("a: b\nsops: x\n", "file:2:1: sops metadata: it is not a mapping"),
    ] {
        let found = refused(YAML, text.as_bytes());
        assert!(
            found == error || (error.contains("metadata") && found.starts_with("file:2:1: sops metadata")),
            "{text}: {found}"
        );
    }
}

#[test]
fn values_that_were_changed_moved_or_removed_are_refused() {
    let sealed = String::from_utf8(seal(YAML, b"a: x\nb: w\nc_unencrypted: z\nl: [1, 2]\n")).expect("text");
    let swap = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let (a, b) = (lines[0][2..].to_owned(), lines[1][2..].to_owned());
        (lines[0], lines[1]) = (format!("a:{b}"), format!("b:{a}"));
        lines.join("\n") + "\n"
    };
    let error = |text: String| open(YAML, text.as_bytes()).err().map(|error| error.to_string()).unwrap_or_default();
    let mismatch = "file: MAC mismatch: values were changed, moved or removed after the file was sealed";
    assert_eq!(
        error(swap(&sealed)),
        "file:1:4: key [\"a\"]: the value does not open: it was moved, changed or sealed under another data key"
    );
    assert_eq!(error(sealed.replace(": z", ": zz")), mismatch);
    assert_eq!(error(sealed.split_once('\n').expect("lines").1.to_owned()), mismatch);
    assert_eq!(
        error(sealed.replace("b: ENC[AES256_GCM,data:", "b: ENC[AES256_GCM,data")),
        "file:2:4: key [\"b\"]: the value should be sealed and is not well-formed ciphertext; re-encrypt the file, or fix the selector in its sops block"
    );
    assert!(error(sealed.replace("    mac: ENC[AES", "    mac: ENC[AEX")).contains("MAC of the file cannot be read"));
    // Types are not authenticated by the format, but by the stronger MAC.
    assert!(error(sealed.replacen("type:str", "type:bytes", 1)).contains("seal_mac mismatch"));
}

#[test]
fn the_mac_can_be_left_out_of_account() {
    let sealed = String::from_utf8(seal(YAML, b"a: x\nc_unencrypted: z\n")).expect("text").replace(": z", ": zz");
    let file = parse(YAML, sealed.as_bytes()).expect("reads");
    let opened = file.open(&key(), OpenOptions { ignore_mac: true, demand_strong: false }).expect("opens");
    assert_eq!(string(&opened.to_clear(YAML).expect("in clear")), "a: x\nc_unencrypted: zz\n");
}

#[test]
fn documents_sealed_apart_open_one_by_one() {
    let one = String::from_utf8(seal(YAML, b"a: x\n")).expect("text");
    let mut second = rng();
    let other_key = seal_crypto::sops::DataKey::generate(&mut StdRng::seed_from_u64(3));
    let two = parse(YAML, b"# two\nb: w\n").expect("reads");
    let two = string(&two.encrypt(&options(Selector::default()), &other_key, now(), &mut second).expect("seals"));
    let joined = format!("{one}---\n{two}");
    let file = parse(YAML, joined.as_bytes()).expect("reads");
    assert!(file.is_joined());
    let error = file.clone().open(&key(), OpenOptions::default()).err().map(|error| error.to_string());
    assert_eq!(error.as_deref(), Some("file: the documents of the file were sealed one by one: each opens by itself only"));
    let parts = file.parts().expect("parts");
    assert_eq!(parts.iter().map(|part| string(part.bytes())).collect::<String>(), joined);
    let lines = one.lines().count() as u32;
    assert_eq!(parts[1].leaves().expect("leaves")[1].at.line, lines + 3);
    let clear = parts
        .into_iter()
        .zip([key(), other_key])
        .map(|(part, key)| string(&part.open(&key, OpenOptions::default()).expect("opens").to_clear(YAML).expect("in clear")));
    assert_eq!(clear.collect::<String>(), "a: x\n---\n# two\nb: w\n");
    // The same block in every document is one file.
    assert!(!parse(YAML, &seal(YAML, b"a: x\n---\nb: w\n")).expect("reads").is_joined());
}
