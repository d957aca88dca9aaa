//! A Secret's JSON to and from our types: plaintext goes straight between base64 text and `SecretBytes`, through no `Value`.

use crate::ports::{KubeError, LiveSecret, SecretDraft};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use seal_secret::SecretBytes;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;
use zeroize::Zeroizing;

#[derive(Deserialize)]
struct Wire {
    metadata: Map<String, Value>,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    immutable: Option<bool>,
    #[serde(default)]
    data: Option<BTreeMap<String, Bytes>>,
}

struct Bytes(SecretBytes);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Bytes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("base64 text")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Bytes, E> {
                STANDARD.decode(text).map(|bytes| Bytes(bytes.into())).map_err(|_| E::custom("not base64"))
            }
            fn visit_unit<E: de::Error>(self) -> Result<Bytes, E> {
                Ok(Bytes(SecretBytes::default()))
            }
        }
        deserializer.deserialize_any(Text)
    }
}

/// From the API server's answer.
pub(super) fn read(bytes: &[u8]) -> Result<LiveSecret, KubeError> {
    let wire: Wire = serde_json::from_slice(bytes).map_err(|_| KubeError::Transport("the Secret's JSON cannot be read"))?;
    let text = |name: &str| wire.metadata.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(LiveSecret {
        uid: text("uid"),
        resource_version: text("resourceVersion"),
        kind: wire.kind,
        immutable: wire.immutable,
        data: wire.data.unwrap_or_default().into_iter().map(|(key, value)| (key, value.0)).collect(),
        metadata: wire.metadata,
    })
}

/// The body of a create or replace. The buffer is sized once, so that no half-grown copy of it stays behind.
pub(super) fn write(draft: &SecretDraft) -> Vec<u8> {
    let mut head = serde_json::json!({"apiVersion": "v1", "kind": "Secret", "metadata": draft.metadata, "type": draft.kind});
    if let Some(immutable) = draft.immutable {
        head["immutable"] = immutable.into();
    }
    let head = head.to_string();
    let open = head.strip_suffix('}').expect("an object in JSON ends with a brace");
    let size: usize = draft.data.iter().map(|(key, value)| 6 * key.len() + 8 + value.len().div_ceil(3) * 4).sum();
    let mut body = Vec::with_capacity(head.len() + size + 16);
    body.extend_from_slice(open.as_bytes());
    body.extend_from_slice(b",\"data\":{");
    for (at, (key, value)) in draft.data.iter().enumerate() {
        if at > 0 {
            body.push(b',');
        }
        body.extend_from_slice(Value::from(key.as_str()).to_string().as_bytes());
        let text = Zeroizing::new(STANDARD.encode(value.expose()));
        body.extend_from_slice(b":\"");
        body.extend_from_slice(text.as_bytes());
        body.push(b'"');
    }
    body.extend_from_slice(b"}}");
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_secret_survives_writing_and_reading() {
        let data = BTreeMap::from([
            ("empty".to_owned(), SecretBytes::default()),
            ("we\"ird".to_owned(), SecretBytes::from(vec![0, 255, 10])),
        ]);
        for metadata in [
            json!({"name": "a", "uid": "u", "resourceVersion": "4"}),
            json!({"name": "a", "uid": "u", "resourceVersion": "4", "zlabels": {"a": {"b": "c"}}}),
        ] {
            let draft = SecretDraft {
                metadata: metadata.as_object().unwrap().clone(),
                kind: "Opaque".into(),
                immutable: Some(true),
                data: data.clone(),
            };
            let read = read(&write(&draft)).unwrap_or_else(|error| panic!("{error}"));
            assert!(read.data == data);
            assert_eq!(
                (read.uid.as_str(), read.resource_version.as_str(), read.kind.as_str(), read.immutable),
                ("u", "4", "Opaque", Some(true))
            );
            assert_eq!(Value::Object(read.metadata), metadata);
        }
    }

    #[test]
    fn an_unreadable_secret_is_an_error_without_its_text() {
        let error = read(br#"{"metadata": {}, "data": {"a": "hunter2!"}}"#).err().unwrap();
        assert_eq!(error, KubeError::Transport("the Secret's JSON cannot be read"));
    }
}
