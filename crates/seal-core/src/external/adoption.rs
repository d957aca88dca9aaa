//! What upstream leaves on targets and in statuses, so that taking over rewrites nothing; and ours in its place.
//!
//! Upstream's digests are unkeyed: whoever reads metadata can try values against them. They are only read. Ours are keyed.

use seal_api::Meta;
use seal_api::external_secrets::names::{CREATED_BY_LABEL, DATA_HASH_ANNOTATION, MANAGED_LABEL};
use seal_crypto::{InstallKey, Mac};
use seal_secret::SecretBytes;
use sha3::{Digest, Sha3_224};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

fn sha3(text: &[u8]) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(56);
    for byte in Sha3_224::digest(text) {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// Go's print of a map of texts, keys sorted.
fn go_map(map: &BTreeMap<String, String>) -> String {
    let pairs: Vec<_> = map.iter().map(|(key, value)| format!("{key}:{value}")).collect();
    format!("map[{}]", pairs.join(" "))
}

/// `status.syncedResourceVersion` as upstream computes it: a change of spec, labels or annotations changes it.
pub fn synced_version(meta: &Meta) -> String {
    let text = format!("{{annotations:{} labels:{}}}", go_map(&meta.annotations), go_map(&meta.labels));
    format!("{}-{}", meta.generation, sha3(text.as_bytes()))
}

/// Upstream's label value for the ExternalSecret that made a target.
pub fn created_by(namespace: &str, name: &str) -> String {
    sha3(format!("{namespace}/{name}").as_bytes())
}

/// Upstream's digest of a target's data: SHA3-224 over Go's print of the bytes.
fn data_hash(data: &BTreeMap<String, SecretBytes>) -> String {
    let mut text = Zeroizing::new(Vec::with_capacity(16 + data.values().map(|v| 4 * v.len() + 64).sum::<usize>()));
    text.extend(b"map[");
    for (at, (key, value)) in data.iter().enumerate() {
        if at > 0 {
            text.push(b' ');
        }
        text.extend(key.as_bytes());
        text.extend(b":[");
        for (at, byte) in value.expose().iter().enumerate() {
            if at > 0 {
                text.push(b' ');
            }
            text.extend(byte.to_string().as_bytes());
        }
        text.push(b']');
    }
    text.push(b']');
    sha3(&text)
}

/// What the marks on a target say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// It is written by a controller of ExternalSecrets.
    pub managed: bool,
    /// It was made for this very ExternalSecret.
    pub made_for_us: bool,
    /// It was made for another one.
    pub made_for_another: bool,
    /// Its data is still what upstream wrote last; `None` when upstream never wrote it.
    pub as_upstream_left_it: Option<bool>,
}

/// Reads the marks on a target of an ExternalSecret.
pub fn marks(
    (namespace, name): (&str, &str),
    labels: &BTreeMap<String, String>,
    annotations: &BTreeMap<String, String>,
    data: &BTreeMap<String, SecretBytes>,
) -> Marks {
    let maker = labels.get(CREATED_BY_LABEL);
    let made_for_us = maker.is_some_and(|maker| *maker == created_by(namespace, name));
    Marks {
        managed: labels.get(MANAGED_LABEL).is_some_and(|value| value == "true"),
        made_for_us,
        made_for_another: maker.is_some() && !made_for_us,
        as_upstream_left_it: annotations.get(DATA_HASH_ANNOTATION).map(|hash| *hash == data_hash(data)),
    }
}

/// Our digest of a target's data, bound to its place: without the install key nothing can be tried against it.
pub fn data_mac(install: &InstallKey, (namespace, name): (&str, &str), uid: &str, data: &BTreeMap<String, SecretBytes>) -> Mac {
    let mut fields: Vec<&[u8]> = [namespace, name, uid].map(str::as_bytes).to_vec();
    for (key, value) in data {
        fields.extend([key.as_bytes(), value.expose()]);
    }
    install.mac("sealkit.dev/external-secret/data", fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    fn data(pairs: &[(&str, &str)]) -> BTreeMap<String, SecretBytes> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), SecretBytes::from((*v).to_owned()))).collect()
    }

    /// The digests were computed by Go: `sha3.Sum224([]byte(fmt.Sprintf("%+v", object)))`.
    #[test]
    fn digests_are_those_of_go() {
        assert_eq!(created_by("default", "my-secret"), include_str!("vectors/created-by.txt").trim());
        assert_eq!(data_hash(&data(&[("b", ""), ("a", "hi\u{ff}"), ("c.d", "1")])), include_str!("vectors/data-hash.txt").trim());
        assert_eq!(data_hash(&data(&[])), include_str!("vectors/data-hash-empty.txt").trim());
        let meta = Meta {
            generation: 7,
            annotations: texts(&[("b", "x y"), ("a", "1")]),
            labels: texts(&[("app", "db")]),
            ..Meta::default()
        };
        assert_eq!(synced_version(&meta), include_str!("vectors/synced-version.txt").trim());
        assert_eq!(
            synced_version(&Meta { generation: 1, ..Meta::default() }),
            include_str!("vectors/synced-version-bare.txt").trim()
        );
    }

    #[test]
    fn marks_tell_whose_target_it_is_and_whether_somebody_touched_it() {
        let held = data(&[("a", "1")]);
        let ours = texts(&[(MANAGED_LABEL, "true"), (CREATED_BY_LABEL, &created_by("prod", "db"))]);
        let hash = texts(&[(DATA_HASH_ANNOTATION, &data_hash(&held))]);
        let at = ("prod", "db");
        let read = marks(at, &ours, &hash, &held);
        assert_eq!(read, Marks { managed: true, made_for_us: true, made_for_another: false, as_upstream_left_it: Some(true) });
        assert_eq!(marks(at, &ours, &hash, &data(&[("a", "2")])).as_upstream_left_it, Some(false));
        assert!(marks(("prod", "other"), &ours, &hash, &held).made_for_another);
        let none = marks(at, &texts(&[(MANAGED_LABEL, "false")]), &texts(&[]), &held);
        assert_eq!(none, Marks { managed: false, made_for_us: false, made_for_another: false, as_upstream_left_it: None });
    }

    #[test]
    fn our_digest_speaks_of_one_place_only() {
        let key = InstallKey::new(vec![7; 32].into()).unwrap();
        let held = data(&[("a", "1")]);
        let mac = data_mac(&key, ("prod", "db"), "u", &held);
        assert!(mac == data_mac(&key, ("prod", "db"), "u", &held));
        for other in [
            data_mac(&key, ("prod", "db2"), "u", &held),
            data_mac(&key, ("prod", "db"), "v", &held),
            data_mac(&key, ("prod", "db"), "u", &data(&[("a", "2")])),
            data_mac(&InstallKey::new(vec![8; 32].into()).unwrap(), ("prod", "db"), "u", &held),
        ] {
            assert!(mac != other);
        }
    }
}
