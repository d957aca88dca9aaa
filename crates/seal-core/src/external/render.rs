//! From the data to what the target is wanted to be: templates, labels, annotations, type.
//!
//! Per key: `template.data`, then `templateFrom` (later over earlier), then the raw data, which counts only without
//! templates for data or under `mergePolicy: Merge`. Without any template the object's own labels and annotations are
//! copied, but for those by which other tools know what they apply: copied, they would make the target theirs.

use super::Profile;
use super::assemble::Trouble;
use super::decode::decode;
use super::target::Wanted;
use seal_api::external_secrets::{
    CauseCode, DecodingStrategy, ExternalSecret, Template, TemplateFrom, TemplateOrigin, TemplateScope, TemplateTarget,
};
use seal_manifest::{Kind, ManifestFile};
use seal_secret::SecretBytes;
use seal_template::{Dialect, Options, Template as GoTemplate, Value, World};
use std::collections::BTreeMap;

/// Texts of templates from elsewhere: kind (`ConfigMap` or `Secret`), name, key.
pub type Elsewhere = BTreeMap<(&'static str, String, String), SecretBytes>;

/// Starts of labels and annotations by which other tools know what they apply.
const TRACKING: [&str; 7] = [
    "argocd.argoproj.io/",
    "helm.sh/",
    "helm.toolkit.fluxcd.io/",
    "kubectl.kubernetes.io/",
    "kustomize.toolkit.fluxcd.io/",
    "meta.helm.sh/",
    "app.kubernetes.io/instance",
];

/// Types of Secrets that are never made, whatever a template says.
const REFUSED_TYPES: [&str; 3] = ["kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token", "helm.sh/release.v1"];

/// Reads and renders templates of one object.
pub struct Renderer<'a> {
    /// Which side is taken.
    pub profile: Profile,
    /// Left and right delimiter.
    pub delimiters: (String, String),
    /// Clock and randomness.
    pub world: &'a mut dyn World,
}

fn trouble(code: CauseCode, at: impl Into<String>, message: impl Into<String>) -> Trouble {
    Trouble { code, at: at.into(), key: String::new(), message: message.into() }
}

/// What the target becomes, piece by piece.
struct Piece<'a> {
    wanted: Wanted,
    /// What every template is given, each its own copy: functions may change what they get.
    input: BTreeMap<String, SecretBytes>,
    template: &'a Template,
}

impl Renderer<'_> {
    /// What the target of an object is wanted to be, with this data.
    ///
    /// # Errors
    /// The template that fails, and where in it; never what it was given.
    pub fn wanted(
        &mut self,
        object: &ExternalSecret,
        data: BTreeMap<String, SecretBytes>,
        elsewhere: &Elsewhere,
    ) -> Result<Wanted, Trouble> {
        let Some(template) = &object.spec.target.template else {
            let copied = |texts: &BTreeMap<String, String>| {
                texts
                    .iter()
                    .filter(|(key, _)| !TRACKING.iter().any(|start| key.starts_with(start)))
                    .map(|(k, v)| (k.clone(), v.clone()))
                    .collect()
            };
            let (labels, annotations) = (copied(&object.meta.labels), copied(&object.meta.annotations));
            return Ok(Wanted { data, labels, annotations, ..Wanted::default() });
        };
        if template.kind.as_deref().is_some_and(|kind| REFUSED_TYPES.contains(&kind)) {
            return Err(trouble(CauseCode::Refused, "spec.target.template.type", "Secrets of this type are never made"));
        }
        if !template.finalizers.is_empty() && self.profile == Profile::Strict {
            return Err(trouble(
                CauseCode::Refused,
                "spec.target.template.metadata.finalizers",
                "finalizers are not put on Secrets under the strict profile",
            ));
        }
        let input = data.clone();
        let raw = template.merge == seal_api::external_secrets::MergePolicy::Merge || !template.makes_data();
        let wanted = Wanted { data: if raw { data } else { BTreeMap::new() }, kind: template.kind.clone(), ..Wanted::default() };
        let mut piece = Piece { wanted, input, template };
        self.gather(&mut piece, elsewhere)?;
        self.own(&mut piece)?;
        Ok(piece.wanted)
    }

    fn gather(&mut self, piece: &mut Piece<'_>, elsewhere: &Elsewhere) -> Result<(), Trouble> {
        for (index, from) in piece.template.from.iter().enumerate() {
            let at = format!("spec.target.template.templateFrom[{index}]");
            let (kind, name, items) = match &from.origin {
                TemplateOrigin::Literal(text) => {
                    self.lines(piece, from, &at, &SecretBytes::from(text.clone()))?;
                    continue;
                }
                TemplateOrigin::ConfigMap { name, items } => ("ConfigMap", name, items),
                TemplateOrigin::Secret { name, items } => ("Secret", name, items),
            };
            for item in items {
                let Some(text) = elsewhere.get(&(kind, name.clone(), item.key.clone())) else {
                    let message = format!("{kind} {name:?} of this namespace has no key {:?}", item.key);
                    return Err(trouble(CauseCode::TemplateFailed, at, message));
                };
                match item.scope {
                    TemplateScope::KeysAndValues => self.lines(piece, from, &at, text)?,
                    TemplateScope::Values => {
                        let value = self.render(&format!("{at}.{}", item.key), text, &piece.input)?;
                        put(piece, from.target, from.decoding, &at, item.key.clone(), value)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// A template whose text is YAML of keys and values.
    fn lines(&mut self, piece: &mut Piece<'_>, from: &TemplateFrom, at: &str, text: &SecretBytes) -> Result<(), Trouble> {
        let rendered = self.render(at, text, &piece.input)?;
        for (key, value) in pairs(rendered).ok_or_else(|| {
            trouble(CauseCode::TemplateFailed, at, "what it renders is no YAML of keys with texts, numbers or booleans")
        })? {
            put(piece, from.target, from.decoding, at, key, value)?;
        }
        Ok(())
    }

    /// `data`, `labels` and `annotations` of the template itself.
    fn own(&mut self, piece: &mut Piece<'_>) -> Result<(), Trouble> {
        let template = piece.template;
        for (field, texts, target) in [
            ("data", &template.data, TemplateTarget::Data),
            ("metadata.labels", &template.labels, TemplateTarget::Labels),
            ("metadata.annotations", &template.annotations, TemplateTarget::Annotations),
        ] {
            for (key, text) in texts {
                let at = format!("spec.target.template.{field}.{key}");
                let value = self.render(&at, &SecretBytes::from(text.clone()), &piece.input)?;
                put(piece, target, DecodingStrategy::None, &at, key.clone(), value)?;
            }
        }
        Ok(())
    }

    fn render(&mut self, at: &str, text: &SecretBytes, input: &BTreeMap<String, SecretBytes>) -> Result<SecretBytes, Trouble> {
        let failed = |message: String| trouble(CauseCode::TemplateFailed, at, message);
        let text = std::str::from_utf8(text.expose()).map_err(|_| failed("the template is not UTF-8".into()))?;
        let options = Options { delimiters: self.delimiters.clone(), ..Options::of(Dialect::ExternalSecret) };
        let template = GoTemplate::parse(at, text, options).map_err(|error| failed(place(&error)))?;
        template.render(&Value::secrets(input), self.world).map_err(|error| failed(place(&error)))
    }
}

/// Where and why, without the template's name, which the path says already.
fn place(error: &seal_template::TemplateError) -> String {
    let function = error.function.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
    format!("{}:{}: {function}{}", error.line, error.column, error.problem)
}

fn put(
    piece: &mut Piece<'_>,
    target: TemplateTarget,
    decoding: DecodingStrategy,
    at: &str,
    key: String,
    value: SecretBytes,
) -> Result<(), Trouble> {
    let wrong = |message: String| trouble(CauseCode::TemplateFailed, at, message);
    let value = decode(decoding, value)
        .ok_or_else(|| wrong(format!("the value of {key:?} is not what valuesDecodingStrategy {} says", decoding.as_str())))?;
    let texts = match target {
        TemplateTarget::Data => {
            if !crate::secret::valid_key(&key) {
                return Err(wrong(format!("{key:?} cannot be a key of a Secret")));
            }
            piece.wanted.data.insert(key, value);
            return Ok(());
        }
        TemplateTarget::Labels => &mut piece.wanted.labels,
        TemplateTarget::Annotations => &mut piece.wanted.annotations,
    };
    let text = std::str::from_utf8(value.expose()).map_err(|_| wrong(format!("the value of {key:?} is not UTF-8")))?;
    texts.insert(key, text.to_owned());
    Ok(())
}

/// Keys and values of YAML text: texts, and numbers and booleans as they are written. Nothing when there is nothing.
fn pairs(rendered: SecretBytes) -> Option<Vec<(String, SecretBytes)>> {
    let file = ManifestFile::parse("template", rendered).ok()?;
    let Some(document) = file.documents.first().filter(|document| !document.root.is_null()) else { return Some(Vec::new()) };
    let pairs = document.root.entries()?.iter().map(|entry| {
        let value = match &entry.value.kind {
            Kind::Text(text) => text.clone(),
            Kind::Null => SecretBytes::default(),
            Kind::Map(_) | Kind::List(_) => return None,
            _ => entry.value.to_json(),
        };
        Some((entry.key.clone(), value))
    });
    pairs.collect()
}

#[cfg(test)]
#[path = "tests/render.rs"]
mod tests;
