//! What the server writes, read without keeping or printing more than is needed.

use crate::error::{Absent, StoreError};
use seal_secret::SecretBytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::time::Duration;

/// Every answer.
#[derive(Deserialize)]
struct Envelope<'a, T> {
    data: Option<T>,
    #[serde(default, borrow)]
    auth: Option<Auth<'a>>,
}

#[derive(Deserialize)]
struct Auth<'a> {
    #[serde(borrow)]
    client_token: std::borrow::Cow<'a, str>,
    #[serde(default)]
    lease_duration: u64,
    #[serde(default)]
    renewable: bool,
}

#[derive(Deserialize)]
struct Errors {
    #[serde(default)]
    errors: Vec<String>,
}

/// A token as it was given.
pub(crate) struct Grant {
    pub(crate) token: SecretBytes,
    /// Nothing for one that does not end.
    pub(crate) lease: Option<Duration>,
    pub(crate) renewable: bool,
}

/// The token in the answer to a login or a renewal.
pub(crate) fn grant(body: &[u8]) -> Result<Grant, StoreError> {
    let envelope: Option<Envelope<'_, &RawValue>> = serde_json::from_slice(body).ok();
    let auth = envelope.and_then(|envelope| envelope.auth).ok_or(StoreError::Garbled("a login without a token"))?;
    let lease = (auth.lease_duration > 0).then(|| Duration::from_secs(auth.lease_duration));
    Ok(Grant { token: auth.client_token.into_owned().into(), lease, renewable: auth.renewable })
}

/// A version's own record.
#[derive(Deserialize)]
pub(crate) struct VersionRecord {
    #[serde(default)]
    pub(crate) version: u64,
    #[serde(default)]
    deletion_time: String,
    #[serde(default)]
    destroyed: bool,
}

impl VersionRecord {
    /// A time in the future is one set by `delete_version_after`; whether it has come, the server says by answering 404.
    fn is_gone(&self) -> bool {
        self.destroyed
    }
}

#[derive(Deserialize)]
struct Versioned<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    metadata: VersionRecord,
}

/// The JSON of a secret with versions, and its version.
pub(crate) fn versioned(body: &[u8]) -> Result<(SecretBytes, u64), StoreError> {
    let envelope: Envelope<'_, Versioned<'_>> =
        serde_json::from_slice(body).map_err(|_| StoreError::Garbled("not a secret of a version 2 engine"))?;
    let secret = envelope.data.ok_or(StoreError::Garbled("an answer without data"))?;
    let data = secret.data.filter(|data| data.get() != "null").ok_or(StoreError::Absent(Absent::Secret))?;
    if secret.metadata.is_gone() {
        return Err(StoreError::Absent(Absent::Secret));
    }
    Ok((unescaped(data.get()), secret.metadata.version))
}

/// The JSON of a secret without versions.
pub(crate) fn plain(body: &[u8]) -> Result<SecretBytes, StoreError> {
    let envelope: Envelope<'_, &RawValue> =
        serde_json::from_slice(body).map_err(|_| StoreError::Garbled("not a secret of a version 1 engine"))?;
    let data = envelope.data.filter(|data| data.get() != "null").ok_or(StoreError::Garbled("an answer without data"))?;
    Ok(unescaped(data.get()))
}

/// What is known about a secret.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    #[serde(default)]
    pub(crate) current_version: u64,
    #[serde(default)]
    pub(crate) created_time: String,
    #[serde(default)]
    pub(crate) delete_version_after: String,
    #[serde(default)]
    pub(crate) custom_metadata: Option<BTreeMap<String, String>>,
    #[serde(default)]
    versions: BTreeMap<String, VersionRecord>,
}

impl Metadata {
    /// Whether the current version may be there: deleted ones carry a time, but so do those to be deleted one day.
    pub(crate) fn state(&self) -> State {
        match self.versions.get(&self.current_version.to_string()) {
            None => State::Gone,
            Some(record) if record.destroyed => State::Gone,
            Some(record) if record.deletion_time.is_empty() => State::There,
            Some(_) => State::Unsure,
        }
    }
}

/// See [`Metadata::state`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    There,
    Gone,
    Unsure,
}

/// Any other answer's data.
pub(crate) fn data<T: DeserializeOwned>(body: &[u8]) -> Result<T, StoreError> {
    let envelope: Envelope<'_, T> =
        serde_json::from_slice(body).map_err(|_| StoreError::Garbled("not the JSON that was asked for"))?;
    envelope.data.ok_or(StoreError::Garbled("an answer without data"))
}

/// How many errors the body names; nothing when it is not an answer of the store at all.
pub(crate) fn complaints(body: &[u8]) -> Option<usize> {
    let is_object = body.first() == Some(&b'{');
    serde_json::from_slice::<Errors>(body).ok().filter(|_| is_object).map(|body| body.errors.len())
}

/// Whether an error names this word.
pub(crate) fn complains_of(body: &[u8], word: &str) -> bool {
    serde_json::from_slice::<Errors>(body).is_ok_and(|body| body.errors.iter().any(|error| error.contains(word)))
}

/// JSON without the escapes that Go's servers put in for browsers, which its clients take out again: `<`, `>` and `&`.
fn unescaped(json: &str) -> SecretBytes {
    let mut out = Vec::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        let plain = match rest.get(at..at + 6) {
            Some("\\u003c") => Some(b'<'),
            Some("\\u003e") => Some(b'>'),
            Some("\\u0026") => Some(b'&'),
            _ => None,
        };
        let length = match plain {
            Some(byte) => {
                out.push(byte);
                6
            }
            // Both bytes of the escape: what follows a backslash starts no escape of its own.
            None => {
                out.extend_from_slice(&rest.as_bytes()[at..(at + 2).min(rest.len())]);
                2
            }
        };
        rest = rest.get(at + length..).unwrap_or_default();
    }
    out.extend_from_slice(rest.as_bytes());
    out.into()
}

#[cfg(test)]
mod tests {
    use super::{State, complaints, data, grant, unescaped, versioned};
    use crate::error::{Absent, StoreError};
    use crate::vault::wire::Metadata;

    #[test]
    fn the_text_of_a_secret_is_what_a_go_client_would_write() {
        let table = [
            (r#"{"a":"\u003cb\u003e\u0026"}"#, r#"{"a":"<b>&"}"#),
            (r#"{"a":"\\u0026"}"#, r#"{"a":"\\u0026"}"#),
            (r#"{"a":"\\\u0026\n"}"#, r#"{"a":"\\&\n"}"#),
            (r#"{"a":1.10,"b":"ü\u2028"}"#, r#"{"a":1.10,"b":"ü\u2028"}"#),
        ];
        for (sent, expected) in table {
            assert_eq!(std::str::from_utf8(unescaped(sent).expose()).unwrap(), expected);
        }
    }

    #[test]
    fn a_secret_of_version_two_has_a_version_or_is_gone() {
        let read = |text: &str| versioned(text.as_bytes());
        let (value, version) = read(r#"{"data":{"data":{"a":"b"},"metadata":{"version":7}}}"#).ok().unwrap();
        assert_eq!((value.expose(), version), (&br#"{"a":"b"}"#[..], 7));
        let gone = r#"{"data":{"data":null,"metadata":{"version":7,"deletion_time":"2026-01-01T00:00:00Z"}}}"#;
        assert_eq!(read(gone).err(), Some(StoreError::Absent(Absent::Secret)));
        for text in ["", "null", "{}", r#"{"data":"hunter2"}"#, r#"{"data":{"data":{"a":hunter2}}}"#] {
            let error = read(text).err().unwrap();
            assert!(matches!(error, StoreError::Garbled(_)), "{text}");
            assert!(!format!("{error}{error:?}").contains("hunter2"));
        }
    }

    #[test]
    fn metadata_says_whether_the_current_version_is_there() {
        let state = |text: &str| data::<Metadata>(text.as_bytes()).ok().unwrap().state();
        let table = [
            (r#"{"data":{"current_version":2,"versions":{"2":{"deletion_time":"","destroyed":false}}}}"#, State::There),
            (r#"{"data":{"current_version":2,"versions":{"2":{"deletion_time":"","destroyed":true}}}}"#, State::Gone),
            (r#"{"data":{"current_version":2,"versions":{"2":{"deletion_time":"2026-01-01T00:00:00Z"}}}}"#, State::Unsure),
            (r#"{"data":{"current_version":0,"versions":{}}}"#, State::Gone),
        ];
        for (text, expected) in table {
            assert_eq!(state(text), expected, "{text}");
        }
    }

    #[test]
    fn only_a_store_says_that_something_is_not_there() {
        assert_eq!(complaints(br#"{"errors":[]}"#), Some(0));
        assert_eq!(complaints(br#"{"errors":["no handler for route"]}"#), Some(1));
        assert_eq!(complaints(b"<html>404</html>"), None);
        assert_eq!(complaints(b"[]"), None);
        assert!(matches!(grant(br#"{"auth":null}"#), Err(StoreError::Garbled(_))));
    }
}
