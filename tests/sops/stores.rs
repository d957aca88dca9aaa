//! JSON, dotenv, INI and binary files, sealed by one and opened by the other, then edited by turns.

use crate::{
    library::{clear, file_name, seal, set, their_clear, their_seal},
    pair::Pair,
};
use seal_sops::{Selector, Store};

/// Files in sops' own layout: what both decrypt must be the same to the byte.
const IN_SOPS_LAYOUT: [(Store, &str); 14] = [
    (Store::Json, "{\n\t\"a\": 1,\n\t\"b\": \"x\"\n}\n"),
    (
        Store::Json,
        "{\n\t\"a\": [\n\t\ttrue,\n\t\tnull,\n\t\t1.5,\n\t\t\"\",\n\t\t{},\n\t\t[]\n\t],\n\t\"z\": {\n\t\t\"sops\": \"fine\",\n\t\t\"a:b\": -3\n\t}\n}\n",
    ),
    (
        Store::Json,
        "{\n\t\"big\": 9223372036854775807,\n\t\"é\": \"ü\\n\\\"\\\\\\t\",\n\t\"_unencrypted\": 12345678901234567\n}\n",
    ),
    (Store::Json, "{}\n"),
    (Store::Dotenv, "A=1\nB=two words\n# comment\nC=a=b\n"),
    (Store::Dotenv, "A=line\\nline\nexport B='x'\n =\nD=\n#\n"),
    (Store::Dotenv, "A=1\nA=2\nB_unencrypted=x\r\n"),
    (Store::Ini, "[s]\na = 1\nb = 2\n"),
    (Store::Ini, "top = 1\n\n; about s\n[s]\n; inline\na    = 1\nlong = `x;y`\n; two\n; lines\nc    = \" padded \"\n\n[t]\n"),
    (Store::Ini, "[a]\nk = v\n\n[a]\nk = w\n\n[DEFAULT]\nx = \"\"\"two\nlines\"\"\"\n"),
    (Store::Ini, "[s]\n`a=b` = v\nempty = \n"),
    (Store::Binary, "hello\n"),
    (Store::Binary, ""),
    (Store::Binary, "{\"data\": \"x\"}\n"),
];

/// Files as people write them: the other's reading of ours is their reading of their own.
const AS_WRITTEN: [(Store, &str); 12] = [
    (Store::Json, "{ \"a\" : 1.50, \"b\":[1e3,-0.0,1E-7,123456789012345678901234567890], \"c\": {\"d\": \"<&>\\u00e9\\/\"} }"),
    (Store::Json, "{\r\n  \"a\": 1.0,\r\n  \"b\": [ ]\r\n}\r\n"),
    (Store::Json, "{\"a\":\"ENC[not really]\",\"b\":\"\\u2028\\ud83d\\ude00\"}"),
    (Store::Dotenv, "\n\nA=1\n\n#  spaced\nB= x \n"),
    (Store::Dotenv, "A=1"),
    (Store::Dotenv, "A=1\r\nB=\"2\"\r\n"),
    (Store::Ini, "top=1\n; c\n[s] ; about s\n  a = 1 ; inline\n#x\nb:2\n\n\n[t]\nempty =\n"),
    (Store::Ini, "[s]\na = 'x' # why\nb = x \\\n   y\n`q` = 1\n\"z\" = \"2\"\n"),
    (Store::Ini, "[s]\r\na = 1\r\n\r\n; c\r\nb = 2\r\n"),
    (Store::Ini, "[s]\n; one\n  # two\n\n; three\na = 1 ; four\n; behind everything\n"),
    (Store::Ini, "a = `x`\nb = \"\"\"y\"\"\"\nc = \"p\"q\"\nd = it's\n"),
    (Store::Binary, "\u{0}\u{1}\u{2}é no newline"),
];

#[test]
fn files_in_their_layout_decrypt_to_the_same_bytes() {
    let Some(pair) = Pair::new() else { return };
    for (store, text) in IN_SOPS_LAYOUT {
        let theirs = their_seal(&pair, store, text.as_bytes(), &[]);
        let wanted = their_clear(&pair, store, &theirs).expect("they read their own");
        let shown = String::from_utf8_lossy(&theirs);
        assert_eq!(clear(store, &theirs).map(text_of), Ok(text_of(wanted.clone())), "theirs by us: {shown}");
        let ours = seal(store, text.as_bytes(), Selector::default()).unwrap_or_else(|error| panic!("{text}: {error}"));
        let shown = String::from_utf8_lossy(&ours);
        assert_eq!(their_clear(&pair, store, &ours).map(text_of), Ok(text_of(wanted)), "ours by them: {shown}");
        assert_eq!(clear(store, &ours).map(text_of), Ok(text.to_owned()), "ours by us: {shown}");
    }
}

#[test]
fn files_as_people_write_them_mean_the_same() {
    let Some(pair) = Pair::new() else { return };
    for (store, text) in AS_WRITTEN {
        let theirs = their_seal(&pair, store, text.as_bytes(), &[]);
        let wanted = their_clear(&pair, store, &theirs).expect("they read their own");
        let ours = seal(store, text.as_bytes(), Selector::default()).unwrap_or_else(|error| panic!("{text}: {error}"));
        let shown = String::from_utf8_lossy(&ours);
        assert_eq!(their_clear(&pair, store, &ours).map(text_of), Ok(text_of(wanted.clone())), "ours by them: {shown}");
        // What we open of theirs, they seal and read as what they opened themselves.
        let opened = clear(store, &theirs).unwrap_or_else(|error| panic!("{text}: {error}"));
        let again = their_seal(&pair, store, &opened, &[]);
        assert_eq!(their_clear(&pair, store, &again).map(text_of), Ok(text_of(wanted)), "theirs by us: {}", text_of(opened));
    }
}

#[test]
fn edits_by_turns_stay_readable() {
    let Some(pair) = Pair::new() else { return };
    for (store, text, path, other, json) in [
        (Store::Json, "{\"a\": {\"b\": [1, \"x\"]}, \"c\": true}", "[\"a\"][\"b\"][1]", "[\"a\"][\"new\"]", "\"y\""),
        (Store::Json, "{\"a\": 1}", "[\"a\"]", "[\"z\"][\"y\"]", "{\"k\": [1.5, null]}"),
        (Store::Dotenv, "# c\nA=1\n", "[\"A\"]", "[\"B\"]", "\"two\\nlines\""),
        (Store::Ini, "[s]\na = 1 ; c\n", "[\"s\"][\"a\"]", "[\"s\"][\"bb\"]", "\"x;y\""),
    ] {
        let mut sealed = their_seal(&pair, store, text.as_bytes(), &[]);
        sealed = set(store, &sealed, path, json).unwrap_or_else(|error| panic!("{text} {path}: {error}"));
        let name = file_name(store);
        pair.write(name, &sealed);
        let run = pair.theirs(&["set", name, other, json]);
        assert_eq!(run.code, 0, "{}\n{}", run.err, text_of(sealed));
        sealed = pair.read(name);
        sealed = set(store, &sealed, other, "\"last\"").unwrap_or_else(|error| panic!("{text} {other}: {error}"));
        let theirs = their_clear(&pair, store, &sealed).unwrap_or_else(|error| panic!("{error}\n{}", text_of(sealed.clone())));
        let ours = clear(store, &sealed).expect("opens");
        let again = their_seal(&pair, store, &ours, &[]);
        assert_eq!(their_clear(&pair, store, &again).map(text_of), Ok(text_of(theirs)), "{text}");
    }
}

fn text_of(bytes: impl Into<Vec<u8>>) -> String {
    String::from_utf8_lossy(&bytes.into()).into_owned()
}
