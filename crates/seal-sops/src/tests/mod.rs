//! Files sealed, opened and edited as a whole, store by store.

mod binary;
mod block;
mod bounds;
mod comments;
mod dotenv;
mod hostile;
mod ini;
mod json;
mod merge;
mod merge_lists;
mod merge_stores;
mod noise;
mod resolve;
mod strong;
mod yaml;

use jiff::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;
use seal_crypto::sops::DataKey;
use seal_secret::SecretBytes;

use crate::{AgeKey, Change, EncryptOptions, KeyGroup, NewValue, OpenOptions, Opened, Selector, SopsError, SopsFile, Store};

const NAME: &str = "file";

fn rng() -> StdRng {
    StdRng::seed_from_u64(11)
}

fn key() -> DataKey {
    DataKey::generate(&mut rng())
}

fn now() -> Timestamp {
    Timestamp::from_second(1_760_000_000).expect("a time")
}

fn groups(names: &[&str]) -> Vec<KeyGroup> {
    let key = |name: &&str| AgeKey { recipient: (*name).to_owned(), enc: format!("ARMOR {name}\nEND\n") };
    vec![KeyGroup { age: names.iter().map(key).collect(), others: Vec::new() }]
}

fn parse(store: Store, bytes: &[u8]) -> Result<SopsFile, SopsError> {
    SopsFile::parse(NAME, store, bytes.to_vec())
}

fn string(bytes: &SecretBytes) -> String {
    String::from_utf8(bytes.expose().to_vec()).expect("text")
}

fn options(selector: Selector) -> EncryptOptions<'static> {
    EncryptOptions {
        groups: groups(&["age1a"]),
        threshold: None,
        selector,
        mac_only_encrypted: false,
        strong: true,
        previous: None,
    }
}

fn seal_with(store: Store, clear: &[u8], selector: Selector) -> Result<Vec<u8>, SopsError> {
    let sealed = parse(store, clear)?.encrypt(&options(selector), &key(), now(), &mut rng())?;
    Ok(sealed.expose().to_vec())
}

fn seal(store: Store, clear: &[u8]) -> Vec<u8> {
    seal_with(store, clear, Selector::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn open(store: Store, sealed: &[u8]) -> Result<Opened, SopsError> {
    parse(store, sealed)?.open(&key(), OpenOptions::default())
}

/// Seals and opens: the same bytes must come back.
#[track_caller]
fn round_trip(store: Store, clear: &str) {
    let sealed = seal(store, clear.as_bytes());
    let opened = open(store, &sealed).unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(&sealed)));
    let back = opened.to_clear(store).unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(&sealed)));
    assert_eq!(string(&back), clear, "sealed as {}", String::from_utf8_lossy(&sealed));
}

/// Sets a JSON value at a path and gives the clear text; the lines that changed in the sealed one are counted.
#[track_caller]
fn set(store: Store, clear: &str, path: &str, json: &str) -> (String, usize) {
    let sealed = seal(store, clear.as_bytes());
    let value = NewValue::from_json(&json.to_owned().into()).expect("JSON");
    let path = path.parse().expect("a path");
    let changed = open(store, &sealed).expect("opens").set(&path, value, &key(), now(), &mut rng());
    after(store, &sealed, changed)
}

#[track_caller]
fn unset(store: Store, clear: &str, path: &str) -> (String, usize) {
    let sealed = seal(store, clear.as_bytes());
    let changed = open(store, &sealed).expect("opens").unset(&path.parse().expect("a path"), &key(), now(), &mut rng());
    after(store, &sealed, changed)
}

#[track_caller]
fn after(store: Store, sealed: &[u8], changed: Result<Change, SopsError>) -> (String, usize) {
    let Change::Changed(bytes) = changed.unwrap_or_else(|error| panic!("{error}")) else {
        return ("unchanged".to_owned(), 0);
    };
    let old: Vec<&str> = std::str::from_utf8(sealed).expect("text").lines().collect();
    let new = string(&bytes);
    let differ = new.lines().filter(|line| !old.contains(line)).count();
    let opened = open(store, bytes.expose()).unwrap_or_else(|error| panic!("{error}\n{new}"));
    (string(&opened.to_clear(store).expect("in clear")), differ)
}

fn refused(store: Store, bytes: &[u8]) -> String {
    parse(store, bytes).err().map(|error| error.to_string()).unwrap_or_default()
}
