//! Looks into values that are JSON: keys as they are first, then gjson's paths. What it refuses: text that is no JSON, and
//! nesting or paths of a depth that nobody writes.
//!
//! A value keeps its own text: `1.10` stays `1.10`, and an object keeps its order and spaces, as with upstream.

use seal_secret::SecretBytes;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// Objects and lists within each other.
const MOST_DEPTH: usize = 128;
/// Bytes of a path; gjson's own recursion follows its length.
const MOST_PATH: usize = 1024;

/// The text when it is JSON of a depth that can be looked into.
fn checked(value: &SecretBytes) -> Option<&str> {
    let text = std::str::from_utf8(value.expose()).ok()?;
    (depth(text) <= MOST_DEPTH && serde_json::from_str::<IgnoredAny>(text).is_ok()).then_some(text)
}

fn depth(text: &str) -> usize {
    let (mut now, mut most, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match (quoted, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => quoted = !quoted,
            (false, b'{' | b'[') => {
                now += 1;
                most = most.max(now);
            }
            (false, b'}' | b']') => now = now.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// What a value of an object is as bytes: texts without quotes, null as nothing, everything else as it stands.
fn bytes(value: &gjson::Value<'_>) -> SecretBytes {
    match value.kind() {
        gjson::Kind::String => value.str().to_owned().into(),
        gjson::Kind::Null => SecretBytes::default(),
        _ => value.json().to_owned().into(),
    }
}

/// The keys and values of a JSON object; `None` for anything else. Of equal keys the last one counts.
pub(super) fn entries(value: &SecretBytes) -> Option<BTreeMap<String, SecretBytes>> {
    let root = gjson::parse(checked(value)?);
    if root.kind() != gjson::Kind::Object {
        return None;
    }
    let mut out = BTreeMap::new();
    root.each(|key, value| {
        out.insert(key.str().to_owned(), bytes(&value));
        true
    });
    Some(out)
}

/// A property of a value: `None` when there is none, or the value is no JSON.
///
/// A top-level key of exactly this name wins over a path, so `tls.crt` finds the key `tls.crt`.
pub fn property(value: &SecretBytes, path: &str) -> Option<SecretBytes> {
    let mut entries = entries(value).unwrap_or_default();
    if let Some(found) = entries.remove(path) {
        return Some(found);
    }
    if path.is_empty() || path.len() > MOST_PATH || path.chars().any(char::is_control) {
        return None;
    }
    let found = gjson::get(checked(value)?, path);
    found.exists().then(|| bytes(&found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn look(json: &str, path: &str) -> Option<String> {
        property(&json.to_owned().into(), path).map(|found| String::from_utf8(found.expose().to_vec()).unwrap())
    }

    #[test]
    fn properties_are_found_as_upstream_finds_them() {
        let json = r#"{"a.b":"literal","a":{"b":"nested","c":[1,{"d":"x"}],"n":null},"num":1.10,"big":12345678901234567890123,
            "yes":true,"esc":"q\"\u00e4\n","list":["p","q"],"dup":1,"dup":2,"":"empty"}"#;
        for (path, wanted) in [
            ("a.b", Some("literal")),
            ("a.c.0", Some("1")),
            ("a.c.1.d", Some("x")),
            ("a.c.#", Some("2")),
            ("a.c", Some(r#"[1,{"d":"x"}]"#)),
            ("a.n", Some("")),
            ("a\\.b", Some("literal")),
            ("num", Some("1.10")),
            ("big", Some("12345678901234567890123")),
            ("yes", Some("true")),
            ("esc", Some("q\"\u{e4}\n")),
            ("list.1", Some("q")),
            ("l*t.0", Some("p")),
            ("dup", Some("2")),
            ("a.c.#(d==\"x\").d", Some("x")),
            ("", Some("empty")),
            ("missing", None),
            ("a.missing", None),
            ("list.9", None),
        ] {
            assert_eq!(look(json, path).as_deref(), wanted, "{path}");
        }
    }

    #[test]
    fn what_is_no_json_has_no_properties() {
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        for text in ["", "plain", "{\"a\":", "{a:1}", "{\"a\":1}x", &deep] {
            assert_eq!(look(text, "a"), None, "{text}");
            assert!(entries(&text.to_owned().into()).is_none());
        }
        assert!(property(&vec![0xff, 0xfe].into(), "a").is_none());
        assert_eq!(look(r#"[1,2]"#, "0").as_deref(), Some("1"));
        assert_eq!(look(r#"{"a":1}"#, &"a.".repeat(2000)), None);
    }

    #[test]
    fn an_object_comes_apart_with_every_value_as_it_stands() {
        let found = entries(&r#" {"a": "x", "b": {"z": 1, "y": 2.50}, "c": null, "d": false} "#.to_owned().into()).unwrap();
        let found: Vec<_> = found.iter().map(|(k, v)| (k.as_str(), std::str::from_utf8(v.expose()).unwrap())).collect();
        assert_eq!(found, [("a", "x"), ("b", r#"{"z": 1, "y": 2.50}"#), ("c", ""), ("d", "false")]);
    }

    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("1".to_owned()),
            Just("null".into()),
            "\"[a-z.#@ä\\\\u0031]{0,5}\"".prop_map(|s: String| s),
            Just("\"\"".into())
        ];
        leaf.prop_recursive(4, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(|v| format!("[{}]", v.join(","))),
                prop::collection::vec(("[a-c.ü]{0,3}", inner), 0..4)
                    .prop_map(|v| format!("{{{}}}", v.iter().map(|(k, v)| format!("{k:?}:{v}")).collect::<Vec<_>>().join(","))),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_path_breaks_it(json in json(), path in r#"[a-cü.#*?|@(){}\[\]="'!<>%~:,0-9\\ &-]{0,24}"#) {
            let _ = property(&json.into(), &path);
        }

        #[test]
        fn no_modifier_breaks_it(json in json(), name in "(this|reverse|ugly|pretty|valid|keys|values|join|flatten|tostr|fromstr|group|none)", rest in "[:|.{}a-c\"0]{0,8}") {
            let _ = property(&json.into(), &format!("@{name}{rest}"));
        }

        #[test]
        fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..64), path in ".{0,12}") {
            let _ = property(&bytes.into(), &path);
        }
    }
}
