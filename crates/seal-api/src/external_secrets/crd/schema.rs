//! Words for schemas. Each makes one piece of an OpenAPI v3 schema; nothing here knows a kind.

use super::super::duration::MAX_INTERVAL;
use serde_json::{Map, Value, json};

/// One schema.
pub(super) struct Schema(Map<String, Value>);

const NAME: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
const KEY: &str = "^[-._a-zA-Z0-9]+$";
const DURATION: &str = "^[+]?(0|(([0-9]+([.][0-9]*)?|[.][0-9]+)(ns|us|\u{b5}s|\u{3bc}s|ms|s|m|h))+)$";

fn of(kind: &str) -> Schema {
    Schema(Map::from_iter([("type".to_owned(), kind.into())]))
}

/// A text.
pub(super) fn text() -> Schema {
    of("string")
}

/// A text that is not empty.
pub(super) fn some_text() -> Schema {
    text().with("minLength", 1)
}

/// The name of an object.
pub(super) fn name() -> Schema {
    some_text().with("maxLength", 253).with("pattern", NAME)
}

/// The name of a namespace.
pub(super) fn namespace() -> Schema {
    some_text().with("maxLength", 63).with("pattern", "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
}

/// A key of a Secret or ConfigMap.
pub(super) fn key() -> Schema {
    some_text().with("maxLength", 253).with("pattern", KEY)
}

/// One of a list of words.
pub(super) fn word<'a>(words: impl IntoIterator<Item = &'a str>) -> Schema {
    text().with("enum", words.into_iter().collect::<Vec<_>>())
}

/// A Go duration.
pub(super) fn duration() -> Schema {
    debug_assert!(MAX_INTERVAL.as_secs() > 0);
    text().with("maxLength", 64).with("pattern", DURATION)
}

/// A point in time.
pub(super) fn time() -> Schema {
    text().with("format", "date-time")
}

/// True or false.
pub(super) fn flag() -> Schema {
    of("boolean")
}

/// A whole number.
pub(super) fn number(least: i64, most: i64) -> Schema {
    of("integer").with("minimum", least).with("maximum", most)
}

/// A list.
pub(super) fn list(most: usize, items: Schema) -> Schema {
    of("array").with("maxItems", most).with("items", items.value())
}

/// A map of texts.
pub(super) fn texts() -> Schema {
    of("object").with("additionalProperties", text().value())
}

/// An object with these fields; a name that ends in `!` must be there.
pub(super) fn object<const N: usize>(fields: [(&str, Schema); N]) -> Schema {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, schema) in fields {
        let plain = name.trim_end_matches('!');
        if plain != name {
            required.push(plain.to_owned());
        }
        properties.insert(plain.to_owned(), schema.value());
    }
    let schema = of("object").with("properties", properties);
    if required.is_empty() { schema } else { schema.with("required", required) }
}

/// An object of which every field is kept.
pub(super) fn anything_in_an_object() -> Schema {
    of("object").with("x-kubernetes-preserve-unknown-fields", true)
}

/// Any JSON value.
pub(super) fn anything() -> Schema {
    Schema(Map::from_iter([("x-kubernetes-preserve-unknown-fields".to_owned(), true.into())]))
}

/// A number or a text.
pub(super) fn number_or_text() -> Schema {
    Schema(Map::from_iter([("x-kubernetes-int-or-string".to_owned(), true.into())]))
}

/// A label selector.
pub(super) fn label_selector() -> Schema {
    object([
        (
            "matchExpressions",
            list(
                64,
                object([
                    ("key!", text()),
                    ("operator!", word(["In", "NotIn", "Exists", "DoesNotExist"])),
                    ("values", list(256, text())),
                ]),
            ),
        ),
        ("matchLabels", texts()),
    ])
    .about("Labels that are looked for; empty means every one.")
}

impl Schema {
    /// Sets a keyword.
    pub(super) fn with(mut self, keyword: &str, value: impl Into<Value>) -> Self {
        self.0.insert(keyword.to_owned(), value.into());
        self
    }

    /// Says what the field is for.
    pub(super) fn about(self, text: &str) -> Self {
        self.with("description", text)
    }

    /// Exactly one field must be there.
    pub(super) fn exactly_one(self) -> Self {
        self.with("minProperties", 1).with("maxProperties", 1)
    }

    /// A rule, and what to say when it does not hold.
    pub(super) fn rule(mut self, rule: &str, message: &str) -> Self {
        let rules = self.0.entry("x-kubernetes-validations").or_insert_with(|| json!([]));
        if let Some(rules) = rules.as_array_mut() {
            rules.push(json!({"rule": rule, "message": message}));
        }
        self
    }

    /// The schema as JSON.
    pub(super) fn value(self) -> Value {
        Value::Object(self.0)
    }
}
