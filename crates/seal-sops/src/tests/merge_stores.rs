//! Two branches of a JSON, dotenv or INI file.

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::{key, now, open, rng, seal, string};
use crate::{Change, Merged, Opened, Side, Store, merge3};

fn edited(store: Store, base: &Opened, clear: &str) -> Opened {
    match base.replace(clear.to_owned().into(), &key(), now(), &mut StdRng::seed_from_u64(clear.len() as u64)).expect("edits") {
        Change::Changed(bytes) => open(store, bytes.expose()).expect("opens"),
        Change::Unchanged => open(store, base.file().bytes().expose()).expect("opens"),
    }
}

/// The merged file in clear and the keys in conflict.
#[track_caller]
fn merged(store: Store, base: &str, ours: &str, theirs: &str) -> (String, Vec<String>) {
    let base = open(store, &seal(store, base.as_bytes())).expect("opens");
    let (ours, theirs) = (edited(store, &base, ours), edited(store, &base, theirs));
    let result = merge3(Side::Ours, &base, &ours, &theirs, &key(), now(), &mut rng()).unwrap_or_else(|error| panic!("{error}"));
    let (bytes, conflicts) = match result {
        Merged::Clean(bytes) => (bytes, Vec::new()),
        Merged::Conflicts(conflicts, bytes) => (bytes, conflicts.iter().map(|conflict| conflict.path.to_string()).collect()),
    };
    let opened = open(store, bytes.expose()).unwrap_or_else(|error| panic!("{error}\n{}", string(&bytes)));
    (string(&opened.to_clear(store).expect("in clear")), conflicts)
}

#[test]
fn different_keys_merge() {
    for (store, base, ours, theirs, both) in [
        (
            Store::Json,
            "{\"a\": 1, \"b\": {\"c\": \"x\"}, \"d\": [1]}",
            "{\"a\": 2, \"b\": {\"c\": \"x\"}, \"d\": [1]}",
            "{\"a\": 1, \"b\": {\"c\": \"y\"}, \"d\": [1]}",
            "{\"a\": 2, \"b\": {\"c\": \"y\"}, \"d\": [1]}",
        ),
        (
            Store::Json,
            "{\n\t\"a\": 1,\n\t\"b\": 2\n}\n",
            "{\n\t\"a\": 1,\n\t\"b\": 2,\n\t\"ours\": 3\n}\n",
            "{\n\t\"b\": 2\n}\n",
            "{\n\t\"b\": 2,\n\t\"ours\": 3\n}\n",
        ),
        (Store::Json, "{\"l\": [1, 2, 3]}", "{\"l\": [1, 2, 3, 4]}", "{\"l\": [2, 3]}", "{\"l\": [2, 3, 4]}"),
        (
            Store::Json,
            "{\"l\": [{\"id\": 1, \"v\": \"a\"}, {\"id\": 2, \"v\": \"b\"}]}",
            "{\"l\": [{\"id\": 1, \"v\": \"x\"}, {\"id\": 2, \"v\": \"b\"}]}",
            "{\"l\": [{\"id\": 1, \"v\": \"a\"}, {\"id\": 2, \"v\": \"y\"}]}",
            "{\"l\": [{\"id\": 1, \"v\": \"x\"}, {\"id\": 2, \"v\": \"y\"}]}",
        ),
        (Store::Dotenv, "# c\nA=1\nB=2\n", "# c\nA=9\nB=2\n", "# c\nA=1\nB=8\nC=7\n", "# c\nA=9\nB=8\nC=7\n"),
        (Store::Dotenv, "A=1\nB=2\n", "B=2\n", "A=1\nB=3\n", "B=3\n"),
        (
            Store::Ini,
            "[s]\na = 1\n; b\nb = 2\n\n[t]\nc = 3\n",
            "[s]\na = 9\n; b\nb = 2\n\n[t]\nc = 3\n",
            "[s]\na = 1\n; b\nb = 2\nn = 4\n\n[t]\nc = 8\n",
            "[s]\na = 9\n; b\nb = 2\nn = 4\n\n[t]\nc = 8\n",
        ),
    ] {
        assert_eq!(merged(store, base, ours, theirs), (both.to_owned(), Vec::new()), "{store:?}");
        assert_eq!(merged(store, base, theirs, ours), (both.to_owned(), Vec::new()), "{store:?}, the other way");
    }
}

#[test]
fn the_same_key_is_a_conflict_by_name() {
    for (store, base, ours, theirs, path) in [
        (Store::Json, "{\"a\": {\"b\": 1}}", "{\"a\": {\"b\": 2}}", "{\"a\": {\"b\": 3}}", "[\"a\"][\"b\"]"),
        (Store::Dotenv, "A=1\n", "A=2\n", "A=3\n", "[\"A\"]"),
        (Store::Ini, "[s]\na = 1\n", "[s]\na = 2\n", "[s]\na = 3\n", "[\"s\"][\"a\"]"),
        (Store::Binary, "one", "two", "three", "[\"data\"]"),
    ] {
        assert_eq!(merged(store, base, ours, theirs), (ours.to_owned(), vec![path.to_owned()]), "{store:?}");
    }
}
