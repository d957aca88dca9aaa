//! `template`: what the target is made to look like.

use super::read::At;
use super::words::{MergePolicy, TemplateScope, TemplateTarget, Word};
use super::{DecodingStrategy, Wrong};
use std::collections::BTreeMap;

/// `target.template`, or that of a PushSecret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// The Secret's type.
    pub kind: Option<String>,
    /// Labels, each a template.
    pub labels: BTreeMap<String, String>,
    /// Annotations, each a template.
    pub annotations: BTreeMap<String, String>,
    /// Finalizers; refused by the strict profile.
    pub finalizers: Vec<String>,
    /// Values by key, each a template.
    pub data: BTreeMap<String, String>,
    /// Templates from elsewhere, in their order.
    pub from: Vec<From>,
    /// Whether rendered data replaces the raw data.
    pub merge: MergePolicy,
}

impl Template {
    pub(super) fn read(at: &At<'_>) -> Self {
        if at.text("engineVersion").is_some_and(|version| version != "v2") {
            at.note("engineVersion", Wrong::Word(&["v2"]));
        }
        let metadata = at.child("metadata");
        let metadata = metadata.as_ref();
        Self {
            kind: at.text("type").filter(|kind| !kind.is_empty()),
            labels: metadata.map(|at| at.map("labels")).unwrap_or_default(),
            annotations: metadata.map(|at| at.map("annotations")).unwrap_or_default(),
            finalizers: metadata.map(|at| at.texts("finalizers")).unwrap_or_default(),
            data: at.map("data"),
            from: at.children("templateFrom").iter().flat_map(From::read).collect(),
            merge: at.word("mergePolicy"),
        }
    }

    /// True when it makes any data.
    pub fn makes_data(&self) -> bool {
        !self.data.is_empty() || !self.from.is_empty()
    }
}

/// One entry of `templateFrom`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct From {
    /// Where the templates are.
    pub origin: Origin,
    /// Where the rendered text goes.
    pub target: TemplateTarget,
    /// How the rendered values are decoded.
    pub decoding: DecodingStrategy,
}

/// Where templates are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In a ConfigMap of the object's namespace.
    ConfigMap {
        /// Its name.
        name: String,
        /// Which of its keys.
        items: Vec<Item>,
    },
    /// In a Secret of the object's namespace.
    Secret {
        /// Its name.
        name: String,
        /// Which of its keys.
        items: Vec<Item>,
    },
    /// Here: rendered, it is YAML of keys and values.
    Literal(String),
}

/// One key that holds a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The key.
    pub key: String,
    /// What it is a template for.
    pub scope: TemplateScope,
}

impl From {
    /// One entry may name several places; they count in this order.
    fn read(at: &At<'_>) -> Vec<Self> {
        let target = target(at);
        let decoding = at.word("valuesDecodingStrategy");
        let place = |field| {
            let inner = at.child(field)?;
            let items = inner.children("items");
            let items = items.iter().map(|item| Item { key: item.required("key"), scope: item.word("templateAs") }).collect();
            Some((inner.required("name"), items))
        };
        let config_map = place("configMap").map(|(name, items)| Origin::ConfigMap { name, items });
        let secret = place("secret").map(|(name, items)| Origin::Secret { name, items });
        let origins = [config_map, secret, at.text("literal").map(Origin::Literal)];
        let found: Vec<Self> = origins.into_iter().flatten().map(|origin| Self { origin, target, decoding }).collect();
        if found.is_empty() {
            at.note_here(Wrong::OneOf(&["configMap", "secret", "literal"]));
        }
        found
    }
}

/// Upstream compares the word without regard to case.
fn target(at: &At<'_>) -> TemplateTarget {
    let Some(text) = at.text("target") else { return TemplateTarget::Data };
    let known = TemplateTarget::ALL.iter().copied().find(|target| target.as_str().eq_ignore_ascii_case(&text));
    known.unwrap_or_else(|| {
        at.note("target", Wrong::Word(TemplateTarget::WORDS));
        TemplateTarget::Data
    })
}
