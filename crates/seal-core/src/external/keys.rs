//! Keys: made into keys of a Secret, and held to be such.

use seal_api::external_secrets::ConversionStrategy;
use seal_secret::SecretBytes;
use std::collections::BTreeMap;

/// Values by key.
pub(super) type Map = BTreeMap<String, SecretBytes>;

/// A key that cannot be, or two that are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeyTrouble {
    /// No key of a Secret.
    Invalid(String),
    /// What two keys became.
    Twice(String),
}

fn allowed(c: char) -> bool {
    c.is_alphanumeric() || "-._".contains(c)
}

fn convert(strategy: ConversionStrategy, key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    for c in key.chars() {
        match strategy {
            _ if allowed(c) => out.push(c),
            ConversionStrategy::Default => out.push('_'),
            ConversionStrategy::Unicode => out.push_str(&format!("_U{:04x}_", u32::from(c))),
        }
    }
    out
}

/// Characters that no key may have are replaced.
pub(super) fn converted(strategy: ConversionStrategy, map: Map) -> Result<Map, KeyTrouble> {
    renamed(map, |key| Ok(convert(strategy, key)), false)
}

/// Every key by its new name. `same`: two may become one when their values are equal.
pub(super) fn renamed<E: From<KeyTrouble>>(map: Map, name: impl Fn(&str) -> Result<String, E>, same: bool) -> Result<Map, E> {
    let mut out = Map::new();
    for (key, value) in map {
        let new = name(&key)?;
        if out.get(&new).is_some_and(|there| !same || *there != value) {
            return Err(KeyTrouble::Twice(new).into());
        }
        out.insert(new, value);
    }
    Ok(out)
}

/// Every key is a key of a Secret; an empty one is left out with its value, as upstream does.
pub(super) fn validated(mut map: Map) -> Result<Map, KeyTrouble> {
    map.remove("");
    match map.keys().find(|key| !crate::secret::valid_key(key)) {
        Some(key) => Err(KeyTrouble::Invalid(key.chars().take(253).collect())),
        None => Ok(map),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(keys: &[&str]) -> Map {
        keys.iter().map(|key| ((*key).to_owned(), SecretBytes::from((*key).to_owned()))).collect()
    }

    #[test]
    fn keys_are_converted_as_upstream_converts_them() {
        for (strategy, key, wanted) in [
            (ConversionStrategy::Default, "a/b c", "a_b_c"),
            (ConversionStrategy::Default, "a.b-c_d", "a.b-c_d"),
            (ConversionStrategy::Unicode, "a/b", "a_U002f_b"),
            (ConversionStrategy::Unicode, "a\u{1f600}", "a_U1f600_"),
        ] {
            assert_eq!(convert(strategy, key), wanted);
        }
    }

    #[test]
    fn two_keys_never_become_one_in_silence() {
        assert_eq!(converted(ConversionStrategy::Default, map(&["a/b", "a b"])).err(), Some(KeyTrouble::Twice("a_b".into())));
    }

    #[test]
    fn a_key_that_no_secret_takes_is_named() {
        for (key, wanted) in [("a/b", true), ("..", true), ("\u{e4}", true), ("a.b", false), ("", false)] {
            assert_eq!(validated(map(&[key])).is_err(), wanted, "{key:?}");
        }
        assert!(validated(map(&[&"a".repeat(254)])).is_err());
        assert_eq!(validated(map(&["", "a"])).map(|m| m.len()), Ok(1));
    }
}
