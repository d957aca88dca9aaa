//! The library side of a comparison: seals, opens and edits as the programs do, without a command line in between.

use crate::pair::{ALICE, Pair, TO_ALICE};
use rand::{SeedableRng, rngs::StdRng};
use seal_crypto::{
    age::{Identity, Recipient},
    sops::DataKey,
};
use seal_secret::SecretBytes;
use seal_sops::{Change, EncryptOptions, NewValue, OpenOptions, Opened, Selector, SopsError, SopsFile, Store, unwrap};

/// What a store's files are called.
pub(crate) fn file_name(store: Store) -> &'static str {
    match store {
        Store::Yaml => "f.yaml",
        Store::Json => "f.json",
        Store::Dotenv => "f.env",
        Store::Ini => "f.ini",
        Store::Binary => "f.bin",
    }
}

fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

fn rng() -> StdRng {
    StdRng::from_rng(&mut rand::rng())
}

fn recipients(texts: &[&str]) -> Vec<Recipient> {
    texts.iter().map(|text| text.parse().expect("a recipient")).collect()
}

/// A sealed file and the key it is under.
pub(crate) fn seal_groups(
    store: Store,
    clear: &[u8],
    selector: Selector,
    groups: &[&[&str]],
    threshold: Option<u32>,
    mac_only_encrypted: bool,
) -> Result<Vec<u8>, SopsError> {
    let key = DataKey::generate(&mut rng());
    let groups: Vec<Vec<Recipient>> = groups.iter().map(|group| recipients(group)).collect();
    let options = EncryptOptions {
        groups: unwrap::wrap(&key, &groups, threshold, false, &mut rng()).expect("wraps"),
        threshold,
        selector,
        mac_only_encrypted,
        strong: true,
        previous: None,
    };
    let file = SopsFile::parse(file_name(store), store, clear.to_vec())?;
    Ok(file.encrypt(&options, &key, now(), &mut rng())?.expose().to_vec())
}

/// Sealed for Alice.
pub(crate) fn seal(store: Store, clear: &[u8], selector: Selector) -> Result<Vec<u8>, SopsError> {
    seal_groups(store, clear, selector, &[&[TO_ALICE]], None, false)
}

/// Opened with these identities.
pub(crate) fn open_with(store: Store, sealed: &[u8], identities: &[&str]) -> Result<(Opened, DataKey), String> {
    let file = SopsFile::parse(file_name(store), store, sealed.to_vec()).map_err(|error| error.to_string())?;
    let metadata = file.metadata().ok_or("not sealed")?;
    let identities: Vec<Identity> = identities.iter().map(|text| Identity::parse(text).expect("an identity")).collect();
    let key = unwrap::data_key(metadata, &identities).map_err(|error| error.to_string())?;
    let opened = file.open(&key, OpenOptions::default()).map_err(|error| error.to_string())?;
    Ok((opened, key))
}

/// In clear, by Alice.
pub(crate) fn clear(store: Store, sealed: &[u8]) -> Result<Vec<u8>, String> {
    let (opened, _) = open_with(store, sealed, &[ALICE])?;
    Ok(opened.to_clear(store).map_err(|error| error.to_string())?.expose().to_vec())
}

/// Sealed bytes after one value was set by Alice.
pub(crate) fn set(store: Store, sealed: &[u8], path: &str, json: &str) -> Result<Vec<u8>, String> {
    let (opened, key) = open_with(store, sealed, &[ALICE])?;
    let value = NewValue::from_json(&SecretBytes::from(json.to_owned())).map_err(|error| error.to_string())?;
    let path = path.parse().map_err(|error| format!("{error}"))?;
    match opened.set(&path, value, &key, now(), &mut rng()).map_err(|error| error.to_string())? {
        Change::Unchanged => Ok(sealed.to_vec()),
        Change::Changed(bytes) => Ok(bytes.expose().to_vec()),
    }
}

/// What the real program seals, with these arguments beside the recipient.
#[track_caller]
pub(crate) fn their_seal(pair: &Pair, store: Store, clear: &[u8], arguments: &[&str]) -> Vec<u8> {
    let name = file_name(store);
    pair.write(name, clear);
    pair.theirs(&[&["encrypt", "--age", TO_ALICE], arguments, &[name]].concat()).done()
}

/// What the real program opens.
pub(crate) fn their_clear(pair: &Pair, store: Store, sealed: &[u8]) -> Result<Vec<u8>, String> {
    let name = file_name(store);
    pair.write(name, sealed);
    let run = pair.theirs(&["decrypt", name]);
    if run.code == 0 { Ok(run.out) } else { Err(run.err) }
}
