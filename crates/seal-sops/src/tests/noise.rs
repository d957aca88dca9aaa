//! Texts made of what stores care about, and sealed files with bytes changed: nothing panics, and what is read is given back.

use proptest::prelude::*;

use super::{key, now, open, options, parse, rng, seal};
use crate::{Change, LeafState, OpenOptions, Opened, Problem, Selector, SopsFile, Store, Type};

const JSON: [&str; 26] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"a\"",
    "\"b\"",
    "\"sops\"",
    "\"",
    "\\",
    "\\n",
    "\\u00e9",
    "\\ud83d\\ude00",
    "1",
    "-0.0",
    "1e3",
    "true",
    "null",
    " ",
    "\n",
    "\r\n",
    "{\"c\": ",
    "[1, ",
    "\"x\": {}",
    "é",
];
const INI: [&str; 24] = [
    "[s]\n", "[t]", "[", "]", "a", "b", "=", " = ", ":", "\"", "\"\"\"", "`", "'", "#", ";", " ; c", "\\", "\\\n", "\n", "\r\n",
    " ", "x", "é", "-",
];
const DOTENV: [&str; 14] = ["A", "B", "=", "=", "#", "\\n", "\\", "\n", "\r\n", " ", "x", "é", "sops_", "\u{feff}"];

/// A leaf as far as the stores agree on it.
type Value = (String, Type, Vec<u8>);

fn values(file: &SopsFile) -> Vec<Value> {
    let leaves = file.leaves().expect("no selector");
    let value = |leaf: crate::Leaf<'_>| match leaf.state {
        LeafState::Clear(value) if value.kind != Type::Comment => {
            Some((leaf.path.to_string(), value.kind, value.bytes.expose().to_vec()))
        }
        LeafState::Sealed(kind, text) => Some((leaf.path.to_string(), kind, text.as_bytes().to_vec())),
        _ => None,
    };
    leaves.into_iter().filter_map(value).collect()
}

fn there_and_back(store: Store, clear: &[u8]) -> Result<(), TestCaseError> {
    let Ok(file) = parse(store, clear) else { return Ok(()) };
    if file.metadata().is_some() {
        return Ok(());
    }
    let before = values(&file);
    let sealed = match file.encrypt(&options(Selector::default()), &key(), now(), &mut rng()) {
        Ok(sealed) => sealed,
        Err(error) => {
            prop_assert!(error.problem != Problem::ReadBack, "sealed text does not read back");
            return Ok(());
        }
    };
    let shown = || String::from_utf8_lossy(sealed.expose()).into_owned();
    let opened = open(store, sealed.expose()).map_err(|error| TestCaseError::fail(format!("{error}\n{}", shown())))?;
    let clear = opened.to_clear(store).map_err(|error| TestCaseError::fail(format!("{error}\n{}", shown())))?;
    let again = parse(store, clear.expose()).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(values(&again), before, "{}", shown());
    Ok(())
}

fn opened_values(opened: &Opened) -> Vec<Value> {
    opened.values().into_iter().map(|(path, value)| (path.to_string(), value.kind, value.bytes.expose().to_vec())).collect()
}

/// Sets one of the values, and takes it out.
fn set_and_unset(store: Store, clear: &[u8], at: proptest::sample::Index, new: &str) -> Result<(), TestCaseError> {
    let sealed = parse(store, clear).ok().filter(|file| file.metadata().is_none());
    let sealed = sealed.and_then(|file| file.encrypt(&options(Selector::default()), &key(), now(), &mut rng()).ok());
    let Some(sealed) = sealed else { return Ok(()) };
    let opened = open(store, sealed.expose()).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let before = opened_values(&opened);
    let twice = |path: &str| before.iter().filter(|(other, ..)| other == path).count() > 1;
    let Some((path, ..)) = (!before.is_empty()).then(|| &before[at.index(before.len())]).filter(|(path, ..)| !twice(path)) else {
        return Ok(());
    };
    let Ok(key_path) = path.parse::<crate::Path>() else { return Ok(()) };
    // In the second of two sections of one name, a key is not the one that the path names; sops sets it in the first one, too.
    if key_path.to_string() != *path || opened.get(&key_path, store).is_err() {
        return Ok(());
    }
    let value = crate::NewValue::Leaf(crate::Value::text(new.to_owned()));
    let (set, unset) =
        (opened.set(&key_path, value, &key(), now(), &mut rng()), opened.unset(&key_path, &key(), now(), &mut rng()));
    let is_it = |(other, ..): &&Value| other == path;
    if let Ok(Change::Changed(bytes)) = check_refusal(set)? {
        let after = opened_values(&open(store, bytes.expose()).map_err(|error| TestCaseError::fail(error.to_string()))?);
        let wanted: Vec<Value> = before
            .iter()
            .map(|value| if is_it(&value) { (path.clone(), Type::Str, new.as_bytes().to_vec()) } else { value.clone() })
            .collect();
        prop_assert_eq!(after, wanted, "{}", String::from_utf8_lossy(bytes.expose()));
    }
    if let Ok(Change::Changed(bytes)) = check_refusal(unset)? {
        let after = opened_values(&open(store, bytes.expose()).map_err(|error| TestCaseError::fail(error.to_string()))?);
        prop_assert_eq!(after.len(), before.len() - 1, "{}", String::from_utf8_lossy(bytes.expose()));
    }
    Ok(())
}

fn check_refusal(change: Result<Change, crate::SopsError>) -> Result<Result<Change, crate::SopsError>, TestCaseError> {
    match &change {
        Err(error) if error.problem == Problem::ReadBack => Err(TestCaseError::fail("an edit does not read back")),
        _ => Ok(change),
    }
}

fn text(pieces: &'static [&'static str], most: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(pieces), 0..most).prop_map(|pieces| pieces.concat())
}

/// Well-formed JSON with odd spacing.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        any::<f64>().prop_filter("JSON's", |value| value.is_finite()).prop_map(|value| format!("{value:e}")),
        "[ -~é\u{2028}]{0,8}".prop_map(|text| serde_json::to_string(&text).expect("text")),
        Just("\"\\u0041\\/\"".to_owned()),
    ];
    let space = || proptest::sample::select(&["", " ", "\n", "\n\t"][..]);
    leaf.prop_recursive(4, 24, 5, move |inner| {
        let list = (proptest::collection::vec(inner.clone(), 0..4), space())
            .prop_map(|(items, space)| format!("[{space}{}]", items.join(&format!(",{space}"))));
        let map = (proptest::collection::btree_map("[a-z:\"]{0,3}", inner, 0..4), space()).prop_map(|(entries, space)| {
            let entry = |(key, value): (String, String)| format!("{}:{space}{value}", serde_json::to_string(&key).expect("text"));
            format!("{{{space}{}{space}}}", entries.into_iter().map(entry).collect::<Vec<_>>().join(&format!("{space},")))
        });
        prop_oneof![list, map]
    })
    .prop_map(|value| format!("{{\"root\": {value}}}\n"))
}

#[test]
fn what_noise_once_found() {
    for clear in [
        "#\\\n#",
        "[t]#[a",
        "[t]#[",
        "x[t]=\"\"\"[s]\n\"\"\"[s]\n",
        "x=\\#\"\"\"",
        "][t][t]=\\#",
        "]=\"\"\"[t]\"\"\"#\\",
        "'=`\"\"\"[s]\n`",
        "v=` #\"\"\"\"=v\n\n\r\n:=` #`; ",
    ] {
        there_and_back(Store::Ini, clear.as_bytes()).unwrap_or_else(|error| panic!("{clear:?}: {error}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_is_given_back(clear in json()) {
        there_and_back(Store::Json, clear.as_bytes())?;
    }

    #[test]
    fn almost_json_is_refused_or_given_back(clear in text(&JSON, 16)) {
        there_and_back(Store::Json, format!("{{\"r\": {clear}}}").as_bytes())?;
        there_and_back(Store::Binary, clear.as_bytes())?;
    }

    #[test]
    fn ini_is_refused_or_given_back(clear in text(&INI, 24)) {
        there_and_back(Store::Ini, clear.as_bytes())?;
    }

    #[test]
    fn dotenv_is_refused_or_given_back(clear in text(&DOTENV, 24)) {
        there_and_back(Store::Dotenv, clear.as_bytes())?;
    }

    #[test]
    fn one_value_is_set_or_goes_and_the_others_stay(
        json in json(),
        ini in text(&INI, 24),
        dotenv in text(&DOTENV, 24),
        at in any::<proptest::sample::Index>(),
        new in "[ -~\n]{0,6}",
    ) {
        for (store, clear) in [(Store::Json, json), (Store::Ini, ini), (Store::Dotenv, dotenv)] {
            set_and_unset(store, clear.as_bytes(), at, &new)?;
        }
    }

    #[test]
    fn a_changed_byte_is_refused_or_changes_nothing_that_counts(at in any::<proptest::sample::Index>(), byte: u8, store in 0..4_usize) {
        let (store, clear) = [
            (Store::Json, "{\"a\": 1, \"b\": [\"x\"]}"),
            (Store::Dotenv, "A=1\nB=x\n"),
            (Store::Ini, "[s]\na = 1\nb = x\n"),
            (Store::Binary, "hello"),
        ][store];
        let mut sealed = seal(store, clear.as_bytes());
        let at = at.index(sealed.len());
        sealed[at] = byte;
        let Ok(file) = parse(store, &sealed) else { return Ok(()) };
        let Ok(opened) = file.open(&key(), OpenOptions { demand_strong: true, ..OpenOptions::default() }) else { return Ok(()) };
        let clear_values = values(&parse(store, clear.as_bytes()).expect("reads"));
        let back = opened.to_clear(store);
        let same = back.is_ok_and(|back| values(&parse(store, back.expose()).expect("reads")) == clear_values);
        prop_assert!(same, "byte {at} of {} became {byte}", String::from_utf8_lossy(&sealed));
    }
}
