//! A SealedSecret as the decisions see it: who it is, its items as text, its template. Ciphertext only, so it may be printed.

use std::collections::BTreeMap;

use seal_crypto::{Binding, BindingError, Item, Kind as Format, Scope};
use seal_manifest::{Kind, Node, Position};
use serde_json::{Map, Value};

use crate::{claim::Claim, scope_of, secret::entry};

/// `apiVersion` of the kind.
pub const API_VERSION: &str = "bitnami.com/v1alpha1";
/// `kind`.
pub const KIND: &str = "SealedSecret";

/// Most bytes an object may have as JSON. etcd takes requests of 1.5 MiB, which hold the object, its managedFields and the key it is
/// stored under; what is left for those grows with the number of items.
pub const MAX_OBJECT_BYTES: usize = 1_500_000;

/// A SealedSecret. Fields that do not bind anything are kept as they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SealedObject {
    /// Its own `metadata`, whole. Scope, namespace and name come from here and nowhere else.
    pub metadata: Map<String, Value>,
    /// `spec.encryptedData`: item name to base64 text. An entry of a wrong JSON type is kept as empty text: it fails to open, by name.
    pub items: BTreeMap<String, String>,
    /// Deprecated `spec.data`: one blob, base64 text.
    pub blob: Option<String>,
    /// `spec.template`.
    pub template: Template,
}

/// `spec.template`: what the Secret gets besides its items. Not authenticated by the ciphertext.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Template {
    /// `metadata` of the Secret (labels, annotations); its name and namespace are ignored.
    pub metadata: Map<String, Value>,
    /// `type`.
    pub type_: Option<String>,
    /// `immutable`.
    pub immutable: Option<bool>,
    /// `data`: Go templates by key; `None` drops the key.
    pub data: BTreeMap<String, Option<String>>,
}

/// Why something is not a SealedSecret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealedError {
    /// Another kind.
    #[error("expected a SealedSecret of apiVersion bitnami.com/v1alpha1, found kind {kind:?} of apiVersion {api:?}")]
    NotSealed {
        /// `apiVersion` found.
        api: String,
        /// `kind` found.
        kind: String,
    },
    /// `metadata` or `spec` is not a map.
    #[error("{0} is missing or not a map")]
    NotAMap(&'static str),
}

impl SealedObject {
    /// Reads the JSON form. Wrong types inside `spec` never fail the whole object.
    pub fn from_json(value: &Value) -> Result<Self, SealedError> {
        let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (api, kind) = (text("apiVersion"), text("kind"));
        if (api.as_str(), kind.as_str()) != (API_VERSION, KIND) {
            return Err(SealedError::NotSealed { api, kind });
        }
        let metadata = value.get("metadata").and_then(Value::as_object).ok_or(SealedError::NotAMap("metadata"))?.clone();
        let spec = value.get("spec").and_then(Value::as_object).ok_or(SealedError::NotAMap("spec"))?;
        Ok(Self::from_parts(metadata, spec))
    }

    /// From `metadata` and `spec` of an object already known to be a SealedSecret.
    pub fn from_parts(metadata: Map<String, Value>, spec: &Map<String, Value>) -> Self {
        let items = spec.get("encryptedData").and_then(Value::as_object).into_iter().flatten();
        Self {
            metadata,
            items: items.map(|(key, item)| (key.clone(), item.as_str().unwrap_or_default().to_owned())).collect(),
            blob: spec.get("data").and_then(Value::as_str).filter(|blob| !blob.is_empty()).map(str::to_owned),
            template: spec.get("template").map(Template::from_json).unwrap_or_default(),
        }
    }

    /// Reads a document node.
    pub fn from_node(node: &Node) -> Result<Self, SealedError> {
        Self::from_json(&node.to_public_json())
    }

    /// `metadata.namespace`, empty when absent.
    pub fn namespace(&self) -> &str {
        self.metadata.get("namespace").and_then(Value::as_str).unwrap_or_default()
    }

    /// `metadata.name`, empty when absent.
    pub fn name(&self) -> &str {
        self.metadata.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    /// The scope of its own annotations.
    pub fn scope(&self) -> Scope {
        scope_of(&self.metadata)
    }

    /// What its items must be bound to.
    pub fn binding(&self) -> Result<Binding, BindingError> {
        Binding::new(self.scope(), self.namespace(), self.name())
    }

    /// What it claims to be sealed for.
    pub fn claim(&self) -> Option<Claim> {
        Claim::of(&self.metadata)
    }

    /// Names of the items of one format, sorted.
    pub fn items_of(&self, format: Format) -> Vec<&str> {
        self.items.iter().filter(|(_, text)| kind_of(text) == format).map(|(name, _)| name.as_str()).collect()
    }

    /// True when it has items of both formats: then it is only as strong as its weakest item.
    pub fn is_mixed(&self) -> bool {
        [Format::V1, Format::V2].iter().all(|format| !self.items_of(*format).is_empty())
    }

    /// True when no API server would store it.
    pub fn is_too_large(&self) -> bool {
        // For each item: its name and text with quotes, colon and comma, and its line in managedFields.
        let items: usize = self.items.iter().map(|(name, text)| 2 * name.len() + text.len() + 16).sum();
        let around = Value::Object(self.metadata.clone()).to_string().len() + self.template.to_json().to_string().len() + 512;
        items + around + self.blob.as_ref().map_or(0, String::len) > MAX_OBJECT_BYTES
    }

    /// The object as a document in the order people write: apiVersion, kind, metadata, spec.
    pub fn to_node(&self) -> Node {
        let map = |entries| Node { kind: Kind::Map(entries), at: Position::default() };
        let items = self.items.iter().map(|(key, item)| entry(key, Node::text(item.clone()))).collect();
        let mut spec = vec![entry("encryptedData", map(items))];
        if let Some(blob) = &self.blob {
            spec.push(entry("data", Node::text(blob.clone())));
        }
        let template = self.template.to_json();
        if template.as_object().is_some_and(|template| !template.is_empty()) {
            spec.push(entry("template", Node::from_json(&template)));
        }
        map(vec![
            entry("apiVersion", Node::text(API_VERSION.to_owned())),
            entry("kind", Node::text(KIND.to_owned())),
            entry("metadata", Node::from_json(&Value::Object(self.metadata.clone()))),
            entry("spec", map(spec)),
        ])
    }
}

/// The format of an item's text; what is no item at all counts as v1, whose readers say what is wrong with it.
pub fn kind_of(text: &str) -> Format {
    Item::decode(text).map_or(Format::V1, |item| item.kind())
}

impl Template {
    fn from_json(value: &Value) -> Self {
        let data = value.get("data").and_then(Value::as_object).into_iter().flatten();
        Self {
            metadata: value.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default(),
            type_: value.get("type").and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned),
            immutable: value.get("immutable").and_then(Value::as_bool),
            data: data.map(|(key, text)| (key.clone(), text.as_str().map(str::to_owned))).collect(),
        }
    }

    /// Its JSON form, absent fields left out.
    pub fn to_json(&self) -> Value {
        let mut map = Map::new();
        if !self.metadata.is_empty() {
            map.insert("metadata".into(), Value::Object(self.metadata.clone()));
        }
        if let Some(type_) = &self.type_ {
            map.insert("type".into(), type_.clone().into());
        }
        if let Some(immutable) = self.immutable {
            map.insert("immutable".into(), immutable.into());
        }
        if !self.data.is_empty() {
            map.insert("data".into(), serde_json::json!(self.data));
        }
        Value::Object(map)
    }

    /// An annotation of the template.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.metadata.get("annotations")?.get(name)?.as_str()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(metadata: Value, spec: Value) -> Value {
        json!({"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": spec})
    }

    #[test]
    fn wrong_types_inside_the_spec_hurt_only_themselves() {
        let value = object(
            json!({"name": "a"}),
            json!({"encryptedData": {"good": "AgA=", "bad": 7}, "template": {"type": 3, "data": []}}),
        );
        let sealed = SealedObject::from_json(&value).expect("read");
        assert_eq!(sealed.items, BTreeMap::from([("bad".into(), String::new()), ("good".into(), "AgA=".into())]));
        assert_eq!(sealed.template, Template::default());
    }

    #[test]
    fn the_template_never_decides_the_scope() {
        let wide = json!({"annotations": {crate::CLUSTER_WIDE: "true"}});
        let sealed =
            SealedObject::from_json(&object(json!({"name": "a", "namespace": "n"}), json!({"template": {"metadata": wide}})));
        assert_eq!(sealed.expect("read").scope(), Scope::Strict);
    }

    #[test]
    fn scope_annotations_count_only_when_exactly_true_and_cluster_wide_wins() {
        let cases = [
            (json!({}), Scope::Strict),
            (json!({crate::CLUSTER_WIDE: "True"}), Scope::Strict),
            (json!({crate::NAMESPACE_WIDE: "true"}), Scope::NamespaceWide),
            (json!({crate::NAMESPACE_WIDE: "true", crate::CLUSTER_WIDE: "true"}), Scope::ClusterWide),
        ];
        for (annotations, scope) in cases {
            let sealed = SealedObject::from_json(&object(json!({"annotations": annotations}), json!({}))).expect("read");
            assert_eq!(sealed.scope(), scope);
        }
    }

    #[test]
    fn another_kind_is_not_a_sealed_secret() {
        let error = SealedObject::from_json(&json!({"apiVersion": "v1", "kind": "Secret"})).expect_err("refused");
        assert_eq!(error, SealedError::NotSealed { api: "v1".into(), kind: "Secret".into() });
    }

    #[test]
    fn printing_and_reading_again_gives_the_same_object() {
        let value = object(
            json!({"name": "a", "namespace": "n", "labels": {"x": "y"}}),
            json!({"encryptedData": {"k": "AgA="}, "data": "AgB=", "template": {"type": "t", "immutable": true, "metadata": {"labels": {"x": "z"}}, "data": {"t": "{{.k}}", "gone": null}}}),
        );
        let sealed = SealedObject::from_json(&value).expect("read");
        assert_eq!(SealedObject::from_node(&sealed.to_node()).expect("read"), sealed);
    }
}
