//! JSON: every byte around the values stays.

use super::{after, groups, key, now, open, parse, refused, rng, round_trip, seal, seal_with, set, string, unset};
use crate::{Path, Selector, Store};

const JSON: Store = Store::Json;

#[test]
fn what_is_sealed_comes_back_to_the_byte() {
    for clear in [
        "{\n\t\"a\": 1,\n\t\"b\": \"x\"\n}\n",
        "{\"a\":1,\"b\":[true,null,1.5,\"\",{\"c\":{}},[]]}",
        "{ \"a\" : \"é\\n\\\"\\u0001\" }",
        "\u{feff}{\r\n  \"a\": -0.5,\r\n  \"n_unencrypted\": 12345678901234567\r\n}\r\n",
        "{\n  \"a\": {\n    \"b\": [\n      1,\n      2\n    ]\n  }\n}\n\n",
        "{\"\": \"empty key\", \"a:b\": \"x\", \"nested\": {\"sops\": \"fine\"}}",
        "{\"big\": 9223372036854775807}",
    ] {
        round_trip(JSON, clear);
    }
}

#[test]
fn spellings_that_a_type_does_not_keep_become_the_shortest() {
    for (clear, back) in [
        ("{\"a\": 1.50}", "{\"a\": 1.5}"),
        ("{\"a\": 1e3}", "{\"a\": 1000.0}"),
        ("{\"a\": 1.0}", "{\"a\": 1.0}"),
        ("{\"a\": 9223372036854775808}", "{\"a\": 9223372036854776000.0}"),
        ("{\"a\": \"\\u0041\\/\"}", "{\"a\": \"A/\"}"),
    ] {
        let opened = open(JSON, &seal(JSON, clear.as_bytes())).expect("opens");
        assert_eq!(string(&opened.to_clear(JSON).expect("in clear")), back);
    }
}

#[test]
fn the_block_is_laid_out_as_the_file_is() {
    let sealed = String::from_utf8(seal(JSON, b"{\n  \"a\": 1\n}\n")).expect("text");
    assert!(
        sealed.contains(",type:int]\",\n  \"sops\": {\n    \"age\": [\n      {\n        \"enc\": \"ARMOR age1a\\nEND\\n\",\n"),
        "{sealed}"
    );
    assert!(sealed.ends_with("\"version\": \"3.13.3\"\n  }\n}\n"), "{sealed}");
    let sealed = String::from_utf8(seal(JSON, b"{\"a\":1}")).expect("text");
    assert!(sealed.contains(",\"sops\":{\"age\": [{\"enc\": \"ARMOR age1a\\nEND\\n\", \"recipient\": \"age1a\"}], "), "{sealed}");
    let sealed = String::from_utf8(seal(JSON, b"{}\n")).expect("text");
    assert!(sealed.starts_with("{\n\t\"sops\": {\n\t\t\"age\": [\n"), "{sealed}");
    assert!(sealed.ends_with("\n\t}\n}\n"), "{sealed}");
}

#[test]
fn values_are_set_where_they_stand() {
    let clear = "{\n  \"a\": {\"b\": 1, \"c\": [1, 2]},\n  \"d\": \"x\"\n}\n";
    for (path, json, wanted) in [
        ("[\"d\"]", "\"x\"", "unchanged"),
        ("[\"d\"]", "\"y\"", "{\n  \"a\": {\"b\": 1, \"c\": [1, 2]},\n  \"d\": \"y\"\n}\n"),
        ("[\"a\"][\"c\"][1]", "true", "{\n  \"a\": {\"b\": 1, \"c\": [1, true]},\n  \"d\": \"x\"\n}\n"),
        ("[\"a\"][\"c\"][2]", "3", "{\n  \"a\": {\"b\": 1, \"c\": [1, 2, 3]},\n  \"d\": \"x\"\n}\n"),
        ("[\"a\"][\"z\"]", "null", "{\n  \"a\": {\"b\": 1, \"c\": [1, 2], \"z\": null},\n  \"d\": \"x\"\n}\n"),
        ("[\"e\"]", "7", "{\n  \"a\": {\"b\": 1, \"c\": [1, 2]},\n  \"d\": \"x\",\n  \"e\": 7\n}\n"),
        ("[\"d\"]", "{\"k\": [1]}", "{\n  \"a\": {\"b\": 1, \"c\": [1, 2]},\n  \"d\": {\n    \"k\": [\n      1\n    ]\n  }\n}\n"),
        (
            "[\"n\"][\"m\"]",
            "\"v\"",
            "{\n  \"a\": {\"b\": 1, \"c\": [1, 2]},\n  \"d\": \"x\",\n  \"n\": {\n    \"m\": \"v\"\n  }\n}\n",
        ),
    ] {
        assert_eq!(set(JSON, clear, path, json).0, wanted, "{path} {json}");
    }
    // The value and the MACs; `lastmodified` says the same second.
    assert_eq!(set(JSON, clear, "[\"d\"]", "\"y\"").1, 3);
}

#[test]
fn entries_go_with_their_commas() {
    let clear = "{\"a\": 1, \"b\": [1, 2, 3], \"c\": {\"d\": 4}}";
    for (path, wanted) in [
        ("[\"a\"]", "{\"b\": [1, 2, 3], \"c\": {\"d\": 4}}"),
        ("[\"b\"]", "{\"a\": 1, \"c\": {\"d\": 4}}"),
        ("[\"c\"]", "{\"a\": 1, \"b\": [1, 2, 3]}"),
        ("[\"c\"][\"d\"]", "{\"a\": 1, \"b\": [1, 2, 3], \"c\": {}}"),
        ("[\"b\"][0]", "{\"a\": 1, \"b\": [2, 3], \"c\": {\"d\": 4}}"),
        ("[\"b\"][2]", "{\"a\": 1, \"b\": [1, 2], \"c\": {\"d\": 4}}"),
    ] {
        assert_eq!(unset(JSON, clear, path).0, wanted, "{path}");
    }
    assert_eq!(unset(JSON, "{\n\t\"k\\\"q\": 1,\n\t\"b\": 2\n}", "[\"b\"]").0, "{\n\t\"k\\\"q\": 1\n}");
    assert_eq!(unset(JSON, "{\n\t\"k\\\\\": 1,\n\t\"b\": 2\n}", "[\"k\\\"]").0, "{\n\t\"b\": 2\n}");
    assert_eq!(unset(JSON, "{\"only\": 1}", "[\"only\"]").0, "{}");
}

#[test]
fn one_more_recipient_adds_lines_only() {
    let sealed = seal(JSON, b"{\n\t\"a\": 1\n}\n");
    let file = parse(JSON, &sealed).expect("reads");
    let changed = string(&file.rewrap(groups(&["age1a", "age1b"]), None).expect("rewraps"));
    let old = String::from_utf8(sealed.clone()).expect("text");
    let lines: Vec<&str> = changed.lines().collect();
    let gone = old.lines().filter(|line| !lines.contains(line)).count();
    assert_eq!((gone, lines.len() - old.lines().count()), (0, 4), "{changed}");
    assert!(open(JSON, changed.as_bytes()).is_ok());
    let _ = (after, key, now, rng);
}

#[test]
fn other_stores_get_sops_layout() {
    let opened = open(JSON, &seal(JSON, b"{\"a\": {\"b\": [1, \"x<\", true]}, \"c\": 1e21}")).expect("opens");
    let binary = opened.to_clear(Store::Binary).map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(
        binary,
        Err("file: only a file with one document and a text under the key data can become binary; use another output type"
            .to_owned())
    );
    let part = opened.get(&Path::of_keys(&["a"]), JSON).expect("there");
    assert_eq!(string(&part), "{\n\t\"b\": [\n\t\t1,\n\t\t\"x\\u003c\",\n\t\ttrue\n\t]\n}\n");
}

#[test]
fn nothing_is_left_in_clear_by_accident() {
    let none = seal_with(JSON, b"{\"a\": 1}", Selector::EncryptedRegex("^x$".into())).expect_err("nothing selected");
    assert_eq!(
        none.to_string(),
        "file: the selector matches no value of this file, so nothing would be encrypted; check it or leave it out"
    );
    let sealed = seal_with(JSON, b"{\"a\": 1, \"x\": {\"y\": 2}}", Selector::EncryptedRegex("^x$".into())).expect("seals");
    let sealed = String::from_utf8(sealed).expect("text");
    assert!(sealed.contains("\"a\": 1,") && sealed.contains("\"y\": \"ENC["), "{sealed}");
}

#[test]
fn other_texts_are_refused_with_a_place_and_without_their_content() {
    for (text, message) in [
        ("", "file: the file is empty; a JSON file needs an object"),
        ("[1]", "file:1:1: a JSON file needs an object at the top; wrap it, as in {\"data\": ...}"),
        ("{\"a\": 1", "file:1:8: not well-formed JSON"),
        ("{\"a\": 1,}", "file:1:9: not well-formed JSON"),
        ("{\"a\": 1}x", "file:1:9: not well-formed JSON"),
        ("{\"a\": 1}\n{}", "file:2:1: not well-formed JSON"),
        ("{\"a\": \"\\ud800\"}", "file:1:8: not well-formed JSON"),
        ("{\"a\": \"\\x\"}", "file:1:8: not well-formed JSON"),
        ("{\"a\": \"x\ny\"}", "file:1:9: not well-formed JSON"),
        ("{\"a\": 01}", "file:1:7: not well-formed JSON"),
        ("{\"a\": nul}", "file:1:7: not well-formed JSON"),
        ("{\"a\": 1e999}", "file:1:7: a number that no double can hold"),
        ("{\"a\": 1, \"\\u0061\": 2}", "file:1:10: duplicate key"),
        ("{\"sops\": 1}", "file:1:2: sops metadata: it is not a mapping"),
    ] {
        let wanted = if text.is_empty() { "file:1:1: the file is empty; a JSON file needs an object" } else { message };
        assert_eq!(refused(JSON, text.as_bytes()), wanted, "{text}");
    }
    assert_eq!(refused(JSON, b"{\"a\": \"\xff\"}"), "file:1:8: not UTF-8 text");
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(refused(JSON, deep.as_bytes()), "file:1:206: the file exceeds the depth budget");
}
