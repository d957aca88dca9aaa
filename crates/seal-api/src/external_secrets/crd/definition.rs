//! One definition around a spec and a status.

use super::super::names;
use super::schema::{Schema, list, number, object, text, time, word};
use crate::Names;
use serde_json::{Value, json};

/// Everything a definition consists of.
pub(super) struct Definition {
    pub(super) names: Names,
    pub(super) cluster: bool,
    pub(super) short: Option<&'static str>,
    pub(super) about: &'static str,
    pub(super) spec: Schema,
    pub(super) spec_required: bool,
    pub(super) status: Schema,
    /// Name, type, path.
    pub(super) columns: Vec<(&'static str, &'static str, &'static str)>,
    pub(super) selectable: Vec<&'static str>,
}

/// Paths of the Ready condition's parts.
pub(super) const READY_REASON: &str = ".status.conditions[?(@.type==\"Ready\")].reason";
/// The same.
pub(super) const READY_STATUS: &str = ".status.conditions[?(@.type==\"Ready\")].status";

impl Definition {
    pub(super) fn value(self) -> Value {
        let (group, version) = self.names.api_version.split_once('/').expect("the names have a group and a version");
        let lower = self.names.kind.to_ascii_lowercase();
        let mut categories = vec![names::CATEGORY];
        if group == names::GENERATORS_GROUP {
            categories.push(names::GENERATORS_CATEGORY);
        }
        let mut kinds = json!({
            "categories": categories,
            "kind": self.names.kind,
            "listKind": format!("{}List", self.names.kind),
            "plural": self.names.plural,
            "singular": lower,
        });
        if let Some(short) = self.short {
            kinds["shortNames"] = json!([short]);
        }
        let mut schema = object([
            ("apiVersion", text().about("API group and version of the object.")),
            ("kind", text().about("Kind of the object.")),
            ("metadata", object([]).with("properties", json!({}))),
            ("spec", self.spec),
            ("status", self.status.about("What the controller last did.")),
        ])
        .about(self.about)
        .value();
        if self.spec_required {
            schema["required"] = json!(["spec"]);
        }
        if let Some(metadata) = schema["properties"]["metadata"].as_object_mut() {
            metadata.remove("properties");
        }
        let mut served = json!({
            "name": version,
            "schema": {"openAPIV3Schema": schema},
            "served": true,
            "storage": true,
            "subresources": {"status": {}},
        });
        if !self.columns.is_empty() {
            let column = |(name, kind, path): &(&str, &str, &str)| json!({"name": name, "type": kind, "jsonPath": path});
            served["additionalPrinterColumns"] = self.columns.iter().map(column).collect();
        }
        if !self.selectable.is_empty() {
            served["selectableFields"] = self.selectable.iter().map(|path| json!({"jsonPath": path})).collect();
        }
        json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {
                "name": format!("{}.{group}", self.names.plural),
                "labels": {"external-secrets.io/component": "controller"},
            },
            "spec": {
                "group": group,
                "names": kinds,
                "scope": if self.cluster { "Cluster" } else { "Namespaced" },
                "versions": [served],
            },
        })
    }
}

/// `conditions` of every kind.
pub(super) fn conditions() -> Schema {
    list(
        16,
        object([
            ("lastTransitionTime", time().about("When status last changed.")),
            ("lastUpdateTime", time().about("When this entry was last written.")),
            ("message", text().about("The answer for people.")),
            ("reason", text().about("The answer in one word.")),
            ("status!", text().about("True, False or Unknown.")),
            ("type!", text().about("Name of the condition.")),
        ]),
    )
    .about("Ready says whether the object is in step.")
}

/// `cause`.
pub(super) fn cause() -> Schema {
    let codes = super::super::CauseCode::ALL.iter().map(|code| code.as_str());
    object([
        ("at", text().about("Path of the entry that failed.")),
        ("code", word(codes).about("The cause in one word; the same in events and metrics.")),
        ("key", text().about("Key in the store.")),
        ("message", text().about("What happened and what to do.")),
        ("since", time().about("Since when it is so.")),
        ("store", text().about("The store, kind and name.")),
    ])
    .about("Why the object is not in step.")
}

/// `observedGeneration`.
pub(super) fn observed_generation() -> Schema {
    number(0, i64::MAX).with("format", "int64").about("Generation of the object that the conditions speak of.")
}

/// `secret`, the record of the target.
pub(super) fn record() -> Schema {
    object([
        ("data", text().about("Keyed digest of the Secret's data.")),
        ("inputs", text().about("Keyed digest of everything the Secret was made from.")),
        ("owned", super::schema::flag().about("Whether the Secret is made again after a deletion.")),
        ("resourceVersion", text().about("Resource version of the Secret after the write.")),
        ("seal", text().about("Keyed digest of this record.")),
        ("uid", text().about("UID of the Secret.")),
    ])
    .about("Record of the Secret last written. It is only ever used to skip work.")
}
