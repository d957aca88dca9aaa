//! Reads, refuses and opens SealedSecrets.

use super::templates::Renderer;
use crate::config::Namespaces;
use crate::delivery::error::Failure;
use crate::delivery::shape::Shape;
use crate::delivery::source::{Content, Opened, OpeningKeys, Source, Subject};
use crate::ports::Kind;
use seal_api::SealedSecret;
use seal_api::sealed_secret::{CLUSTER_WIDE, NAMES, NAMESPACE_WIDE, Spec, Template};
use seal_core::open::{Opening, open_object};
use seal_core::render::{self, Templates};
use seal_core::sealed::SealedObject;
use seal_crypto::{Fingerprint, Kind as Format};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::sync::Arc;

/// What an administrator decided about SealedSecrets alone.
pub struct Rules {
    /// Whether the deprecated `spec.data` is read (`--accept-deprecated-v1-data`).
    pub accept_blob: bool,
    /// Renders `spec.template.data`.
    pub templates: Renderer,
    /// Namespaces in which every item must be of format v2 (`--require-v2-namespaces`).
    pub require_v2: Namespaces,
    /// Audience that v2 items may be sealed for (`--audience`).
    pub audience: String,
}

/// The kind.
pub struct SealedSource(pub Arc<Rules>);

impl Source for SealedSource {
    fn kinds(&self) -> [Kind; 2] {
        [Kind::SealedSecrets, Kind::SealedSecretsMeta]
    }

    fn read(&self, value: &Value) -> (Subject, Arc<dyn Content>) {
        let SealedSecret { meta, spec, status, problems } = SealedSecret::from_value(value);
        let scope = [CLUSTER_WIDE, NAMESPACE_WIDE].map(|name| meta.is_annotated(name));
        let object = SealedObject::from_json(value).ok();
        let v2_only = self.0.require_v2.contains(&meta.namespace);
        let content = Sealed { spec, problems, scope, v2_only, object, rules: self.0.clone() };
        (Subject { names: &NAMES, meta, status }, Arc::new(content))
    }
}

/// A SealedSecret in both views: tolerant for its template, exact for opening.
struct Sealed {
    spec: Spec,
    problems: Vec<String>,
    scope: [bool; 2],
    /// Whether v1 items are refused here.
    v2_only: bool,
    /// The view that is opened; `None` when the object is not one.
    object: Option<SealedObject>,
    rules: Arc<Rules>,
}

impl Sealed {
    fn object(&self) -> Result<&SealedObject, Failure> {
        self.object.as_ref().ok_or_else(|| Failure::invalid("the object is not a SealedSecret of bitnami.com/v1alpha1".into()))
    }

    fn check_form(&self) -> Result<(), Failure> {
        if let [_, ..] = self.problems.as_slice() {
            return Err(Failure::invalid(format!(
                "wrong JSON type at {}; expected what `kubectl explain sealedsecret.spec` says",
                self.problems.join(", ")
            )));
        }
        match (&self.object()?.blob, self.spec.encrypted_data.is_empty()) {
            (Some(_), _) if !self.rules.accept_blob => {
                Err(Failure::invalid("using deprecated 'data' field, use 'encryptedData' or flip the feature flag".into()))
            }
            (Some(_), false) => Err(Failure::invalid(
                "cannot use the field 'encryptedData' and the deprecated field 'data' at the same time".into(),
            )),
            _ => Ok(()),
        }
    }
}

impl Sealed {
    /// Templates; a deprecated blob has all it needs and ignores them.
    fn templates(&self) -> &Templates {
        static NONE: Templates = Templates::new();
        let has_blob = self.object.as_ref().is_some_and(|object| object.blob.is_some());
        if has_blob { &NONE } else { &self.spec.template.data }
    }

    fn check_format(&self) -> Result<(), Failure> {
        let object = self.object()?;
        let mut weak = object.items_of(Format::V1);
        weak.extend(object.blob.as_ref().map(|_| "data"));
        if !self.v2_only || weak.is_empty() {
            return Ok(());
        }
        Err(Failure::v2_required(format!(
            "in this namespace every item must be of format v2, which binds it to its name, and these are not: {}; seal them anew with `seal rotate --to age`",
            weak.join(", ")
        )))
    }
}

impl Content for Sealed {
    fn check(&self) -> Result<(), Failure> {
        self.check_form()?;
        self.check_format()?;
        self.rules.templates.check(self.templates())
    }

    fn check_rules(&self) -> Result<(), Failure> {
        self.check_form()?;
        self.check_format()
    }

    fn shape(&self) -> Option<Shape> {
        Some(shape(&self.spec.template))
    }

    fn answers_for(&self, key: &str) -> bool {
        match self.templates().get(key) {
            Some(template) => template.is_some(),
            None => self.spec.encrypted_data.contains_key(key),
        }
    }

    fn inputs(&self) -> Vec<Cow<'_, [u8]>> {
        let text = |text: String| Cow::Owned(text.into_bytes());
        let mut fields = vec![
            text(self.scope.map(|on| if on { "1" } else { "0" }).concat()),
            text(shape(&self.spec.template).canonical()),
            text(json!(self.spec.template.data).to_string()),
            Cow::Borrowed(self.rules.audience.as_bytes()),
            Cow::Borrowed(self.spec.data.as_deref().unwrap_or_default().as_bytes()),
        ];
        for (key, item) in &self.spec.encrypted_data {
            fields.extend([key, item].map(|text| Cow::Borrowed(text.as_bytes())));
        }
        fields
    }

    /// The scope is in annotations, which no generation counts.
    fn marks(&self) -> u64 {
        self.scope.iter().fold(0, |marks, on| marks * 2 + u64::from(*on))
    }

    fn needs_no_key(&self) -> bool {
        self.spec.encrypted_data.is_empty()
    }

    fn is_slow(&self) -> bool {
        render::is_slow(self.templates())
    }

    fn weakness(&self) -> Option<String> {
        let object = self.object.as_ref().filter(|object| object.is_mixed())?;
        Some(format!(
            "these items are of format v1 and the others of v2: {}; the object is only as strong as its weakest item, seal them anew with `seal rotate --to age`",
            object.items_of(Format::V1).join(", ")
        ))
    }

    fn open(&self, keys: &OpeningKeys, hint: Option<&Fingerprint>) -> Result<Opened, Failure> {
        let opening = Opening { hint, audience: Some(&self.rules.audience) };
        let opened =
            open_object(self.object()?, &keys.view.ring, &opening).map_err(|unopened| Failure::no_key(unopened.to_string()))?;
        // A deprecated blob brings its own metadata, type and immutable flag; ownership is still the template's say.
        let own = shape(&self.spec.template);
        let shape = opened.blob.as_ref().map_or(own.clone(), |blob| Shape { owned: own.owned, ..Shape::of_secret(blob) });
        let keys = opened.keys.values().map(ToString::to_string).collect();
        let data = self.rules.templates.render(self.templates(), opened.data)?;
        Ok(Opened { data, shape, keys, tries: opened.tries })
    }
}

fn shape(template: &Template) -> Shape {
    Shape::new(template.labels.clone(), template.annotations.clone(), Some(&template.kind), template.immutable)
}

#[cfg(test)]
mod shapes {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn the_objects_own_labels_stay_with_the_object_and_the_templates_reach_the_secret() {
        let read = SealedSecret::from_value(&json!({
            "metadata": {"namespace": "prod", "name": "db", "labels": {"argocd.argoproj.io/instance": "mine"}},
            "spec": {"encryptedData": {}, "template": {"metadata": {
                "labels": {"argocd.argoproj.io/secret-type": "repository"}, "finalizers": ["a/b"],
            }}},
        }));
        let shape = shape(&read.spec.template);
        assert_eq!(shape.labels, BTreeMap::from([("argocd.argoproj.io/secret-type".to_owned(), "repository".to_owned())]));
        assert_eq!(shape.kind(), "Opaque");
    }
}
