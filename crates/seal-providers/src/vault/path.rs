//! From a key as users write it to mount and path, by External Secrets Operator's rules. Refuses what could name another
//! secret than it seems to.

use crate::error::StoreError;
use crate::vault::config::{Config, Kv};

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) mount: String,
    pub(crate) path: String,
}

/// Finds the place of a key.
pub(crate) fn place(config: &Config, key: &str) -> Result<Place, StoreError> {
    let key = key.trim_matches('/');
    checked(key)?;
    let Some(mount) = config.mount.as_deref().map(|mount| mount.trim_matches('/')) else { return named_by_key(config.kv, key) };
    checked(mount)?;
    let after = key.strip_prefix(mount).and_then(|rest| rest.strip_prefix('/'));
    let path = match (after, config.kv) {
        (Some(rest), Kv::V2) => rest.strip_prefix("data/").unwrap_or(rest),
        (Some(rest), Kv::V1) => rest,
        (None, _) => key,
    };
    Ok(Place { mount: mount.to_owned(), path: path.to_owned() })
}

/// Without a mount in the store, the key says it: up to `/data/`, else its first segment.
fn named_by_key(kv: Kv, key: &str) -> Result<Place, StoreError> {
    let at_data = key.split_once("/data/").filter(|_| kv == Kv::V2);
    let (mount, path) = at_data
        .or_else(|| key.split_once('/'))
        .ok_or(StoreError::Invalid("the store names no mount path, so the key must begin with one and go on after it"))?;
    Ok(Place { mount: mount.to_owned(), path: path.to_owned() })
}

/// A path that servers and clients read alike.
pub(crate) fn checked(path: &str) -> Result<(), StoreError> {
    if path.chars().any(|c| c.is_control() || c == '\\') {
        return Err(StoreError::Refused("a path holds a backslash or a control character"));
    }
    if path.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        return Err(StoreError::Refused("a path holds an empty segment, `.` or `..`"));
    }
    let bytes = path.as_bytes();
    if bytes.windows(3).any(|three| three[0] == b'%' && three[1].is_ascii_hexdigit() && three[2].is_ascii_hexdigit()) {
        return Err(StoreError::Refused("a path holds a percent-encoded character; write the character itself"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Place, place};
    use crate::error::StoreError;
    use crate::vault::config::{Config, Kv};

    #[test]
    fn keys_are_placed_as_external_secrets_operator_does() {
        let table = [
            (Some("secret"), Kv::V2, "app/db", "secret", "app/db"),
            (Some("secret"), Kv::V2, "/app/db", "secret", "app/db"),
            (Some("secret"), Kv::V2, "secret/app/db", "secret", "app/db"),
            (Some("secret"), Kv::V2, "secret/data/app/db", "secret", "app/db"),
            (Some("secret"), Kv::V2, "data/app", "secret", "data/app"),
            (Some("secret"), Kv::V2, "secrets/app", "secret", "secrets/app"),
            (Some("a/b"), Kv::V2, "a/b/data/c", "a/b", "c"),
            (Some("kv"), Kv::V1, "kv/data/app", "kv", "data/app"),
            (None, Kv::V2, "secret/app/db", "secret", "app/db"),
            (None, Kv::V2, "team/kv/data/app", "team/kv", "app"),
            (None, Kv::V1, "kv/data/app", "kv", "data/app"),
            (Some("secret"), Kv::V2, "a b/ü?x#100%", "secret", "a b/ü?x#100%"),
        ];
        for (mount, kv, key, at, path) in table {
            let config = Config { mount: mount.map(str::to_owned), kv, ..Config::default() };
            let expected = Place { mount: at.to_owned(), path: path.to_owned() };
            assert_eq!(place(&config, key), Ok(expected), "{key}");
        }
    }

    #[test]
    fn a_path_that_could_mean_another_is_refused() {
        let config = Config { mount: Some("secret".to_owned()), ..Config::default() };
        for key in ["a/../b", "..", "./a", "a//b", "a/%2e%2e/b", "a%2Fb", "a\\b", "a\nb", "a\tb", "", "/"] {
            assert!(matches!(place(&config, key), Err(StoreError::Refused(_))), "{key}");
        }
        assert!(matches!(place(&Config::default(), "alone"), Err(StoreError::Invalid(_))));
    }
}
