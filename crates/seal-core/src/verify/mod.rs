//! Checking a SealedSecret without any key: shape, sizes, and what it claims to be sealed for against what it is now.
//!
//! A clean answer means "nothing speaks against it"; only a private key can say that it opens.

mod formats;

use std::collections::BTreeMap;

use seal_crypto::{BindingError, Item, Kind as Format, Scope, v2::Head};
use seal_manifest::{Node, Position};
use serde_json::Value;

use crate::{
    CLUSTER_WIDE, NAMESPACE_WIDE,
    claim::{Claim, SEALED_FOR},
    render,
    seal::Overhead,
    sealed::{SealedError, SealedObject},
    secret::{MAX_SECRET_BYTES, valid_key},
};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Will open, but someone should look.
    Warning,
    /// Will not open, or not as meant.
    Error,
}

impl Level {
    /// `warning` or `error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

/// One thing that speaks against an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where in the file.
    pub at: Position,
    /// Stable name of the rule, for scripts and suppressions.
    pub rule: &'static str,
    /// How bad.
    pub level: Level,
    /// Lower-case fragment: what is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: &'static str,
}

/// What the repository says about where an object goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// Name of the cluster, for messages.
    pub cluster: String,
    /// Fingerprints of keys that the cluster is known to have; empty: not known.
    pub keys: Vec<String>,
    /// The key that new items should be sealed to.
    pub newest: Option<String>,
    /// The scope that the path rule demands.
    pub scope: Option<Scope>,
    /// The age recipients that items should be sealed to; empty: not known.
    pub recipients: Vec<Expected>,
    /// The audience that items should have; empty: any.
    pub audience: String,
}

/// A recipient that the repository names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// What to call it in messages.
    pub name: String,
    /// Its fingerprint.
    pub fingerprint: String,
}

/// Findings about one SealedSecret document, in the order of the file.
pub fn verify(node: &Node, expected: &Expectation) -> Result<Vec<Finding>, SealedError> {
    let object = SealedObject::from_node(node)?;
    let mut report = Report { node, findings: Vec::new() };
    report.identity(&object);
    report.items(&object);
    report.template(&object);
    report.templates(&object);
    report.scope(&object, expected);
    report.claim(&object, expected);
    report.formats(&object, expected);
    report.findings.sort_by_key(|finding| finding.at);
    Ok(report.findings)
}

struct Report<'a> {
    node: &'a Node,
    findings: Vec<Finding>,
}

impl Report<'_> {
    fn add(&mut self, path: &[&str], rule: &'static str, level: Level, message: impl Into<String>, hint: &'static str) {
        let at = (0..=path.len()).rev().find_map(|len| self.position(&path[..len])).unwrap_or(self.node.at);
        self.findings.push(Finding { at, rule, level, message: message.into(), hint });
    }

    /// Where the last key of a path stands.
    fn position(&self, path: &[&str]) -> Option<Position> {
        let Some((last, parents)) = path.split_last() else { return Some(self.node.at) };
        self.node.at_path(parents)?.entries()?.iter().find(|entry| entry.key == **last).map(|entry| entry.key_at)
    }

    fn identity(&mut self, object: &SealedObject) {
        let (path, what) = match object.binding() {
            Err(BindingError::Namespace) => ("namespace", "the namespace is missing or not a DNS label"),
            Err(_) => ("name", "the name is missing or not a DNS subdomain"),
            Ok(_) if object.name().is_empty() => ("name", "the name is missing"),
            Ok(_) => return,
        };
        let hint = "write metadata.namespace and metadata.name into the file: they are part of what was sealed";
        self.add(&["metadata", path], "identity", Level::Error, what, hint);
    }

    fn items(&mut self, object: &SealedObject) {
        if object.blob.is_some() {
            let both = !object.items.is_empty();
            let message = if both {
                "spec.data beside spec.encryptedData is refused by every controller"
            } else {
                "spec.data is the deprecated form of one blob"
            };
            let level = if both { Level::Error } else { Level::Warning };
            self.add(&["spec", "data"], "deprecated-data", level, message, "seal the Secret anew with `seal encrypt`");
        } else if object.items.is_empty() && object.template.data.is_empty() {
            self.add(
                &["spec", "encryptedData"],
                "no-items",
                Level::Warning,
                "there is nothing in it: the Secret will be empty",
                "add values with `seal set`",
            );
        }
        let mut plaintext_bytes = 0_usize;
        for (name, text) in &object.items {
            let path = ["spec", "encryptedData", name.as_str()];
            if !valid_key(name) {
                self.add(
                    &path,
                    "item-name",
                    Level::Error,
                    format!("item {name:?}: not a name that a Secret's key may have"),
                    "use 1 to 253 letters, digits, '-', '_' or '.'",
                );
            }
            match shape(text) {
                Ok(bytes) => plaintext_bytes += bytes,
                Err(problem) => self.add(
                    &path,
                    "item-shape",
                    Level::Error,
                    format!("item {name:?}: {problem}"),
                    "seal it anew with `seal set`, or take the line from an earlier commit",
                ),
            }
        }
        if object.is_too_large() {
            self.add(
                &["spec", "encryptedData"],
                "too-large",
                Level::Error,
                format!("it is larger than the 1.5 MiB that the API server stores{}", Overhead::of(object)),
                "split it into several, or seal it to fewer recipients",
            );
        } else if plaintext_bytes > MAX_SECRET_BYTES {
            self.add(
                &["spec", "encryptedData"],
                "too-large",
                Level::Error,
                "together the values are larger than the 1 MiB that a Secret can hold",
                "split it into several Secrets",
            );
        }
    }

    fn template(&mut self, object: &SealedObject) {
        for (field, own) in [("name", object.name()), ("namespace", object.namespace())] {
            let other = object.template.metadata.get(field).and_then(Value::as_str);
            if other.is_some_and(|other| !other.is_empty() && other != own) {
                let message = format!("spec.template.metadata.{field} differs from metadata.{field} and is ignored");
                self.add(
                    &["spec", "template", "metadata", field],
                    "template-identity",
                    Level::Warning,
                    message,
                    "the Secret gets the SealedSecret's own namespace and name",
                );
            }
        }
    }

    /// Templates of values: can they be read, and is what they read there?
    fn templates(&mut self, object: &SealedObject) {
        let templates = &object.template.data;
        if object.blob.is_some() {
            return;
        }
        for failure in render::check(templates).err().into_iter().flat_map(|unrendered| unrendered.failures) {
            let path = ["spec", "template", "data", failure.name.as_str()];
            let hint = "try it with `seal template`; until it is right, the Secret stays as it is";
            self.add(&path, "template", Level::Error, format!("template {failure}"), hint);
        }
        for (key, names) in render::missing(templates, |name| object.items.contains_key(name)) {
            let message = format!("template {key} reads what is not there: {}", names.join(", "));
            let hint = "it prints `<no value>`; seal an item of that name, or correct the template";
            self.add(&["spec", "template", "data", key], "template-key", Level::Warning, message, hint);
        }
    }

    fn scope(&mut self, object: &SealedObject, expected: &Expectation) {
        let annotations = object.metadata.get("annotations").and_then(Value::as_object);
        let value = |name: &str| annotations.and_then(|all| all.get(name));
        for name in [CLUSTER_WIDE, NAMESPACE_WIDE] {
            if value(name).is_some_and(|value| !matches!(value.as_str(), Some("true" | "false" | ""))) {
                let message = format!("annotation {name} counts only when it is exactly the text \"true\"");
                self.add(&["metadata", "annotations", name], "scope-annotation", Level::Error, message, "quote it: \"true\"");
            }
        }
        if value(CLUSTER_WIDE) == value(NAMESPACE_WIDE) && value(CLUSTER_WIDE).and_then(Value::as_str) == Some("true") {
            self.add(
                &["metadata", "annotations", NAMESPACE_WIDE],
                "scope-annotation",
                Level::Warning,
                "both scope annotations are set: cluster-wide wins",
                "remove the one that is not meant",
            );
        }
        if let Some(scope) = expected.scope.filter(|scope| *scope != object.scope()) {
            let message = format!("its scope is {}, but .seal.yaml asks for {} here", object.scope().as_str(), scope.as_str());
            self.add(
                &["metadata", "annotations"],
                "scope-rule",
                Level::Error,
                message,
                "seal it anew with the scope of the rule, or change the rule",
            );
        }
    }

    fn claim(&mut self, object: &SealedObject, expected: &Expectation) {
        if object.metadata.get("annotations").and_then(|all| all.get(SEALED_FOR)).is_none() {
            return;
        }
        let path = ["metadata", "annotations", SEALED_FOR];
        let Some(claim) = object.claim() else {
            self.add(
                &path,
                "claim",
                Level::Warning,
                format!("annotation {SEALED_FOR} is not understood"),
                "remove it, or seal the object anew",
            );
            return;
        };
        if let Ok(binding) = object.binding()
            && !claim.matches(&binding)
        {
            let now = described(object.scope().as_str(), object.namespace(), object.name());
            let then = described(&claim.scope, &claim.namespace, &claim.name);
            let message = format!("it was sealed for {then}, but is now {now}: it will not open");
            self.add(
                &path,
                "sealed-for",
                Level::Error,
                message,
                "undo the rename or the move, or seal it anew for where it is now",
            );
        }
        self.keys(object, &claim, expected);
    }

    fn keys(&mut self, object: &SealedObject, claim: &Claim, expected: &Expectation) {
        let mut items_by_key = BTreeMap::<&str, Vec<&str>>::new();
        for name in object.items_of(Format::V1) {
            items_by_key.entry(claim.items.get(name).unwrap_or(&claim.key)).or_default().push(name);
        }
        for (key, items) in items_by_key {
            let path = ["spec", "encryptedData", items[0]];
            let (items, cluster) = (items.join(", "), &expected.cluster);
            if !expected.keys.is_empty() && !expected.keys.iter().any(|known| known == key) {
                let message = format!("sealed to {key}, which is not a key of cluster {cluster} ({items})");
                self.add(
                    &path,
                    "unknown-key",
                    Level::Error,
                    message,
                    "seal it with that cluster's certificate, or pin the key with `seal cert pin`",
                );
            } else if expected.newest.as_deref().is_some_and(|newest| newest != key) {
                let message = format!("sealed to an older key of cluster {cluster} ({items})");
                self.add(&path, "stale-key", Level::Warning, message, "reseal it with `seal rotate`");
            }
        }
    }
}

/// Length of the plaintext, or what is wrong with the item. The length steers a size check and is never printed.
fn shape(text: &str) -> Result<usize, String> {
    if text.is_empty() {
        return Err("not text".to_owned());
    }
    let item = Item::decode(text).map_err(|error| error.to_string())?;
    if item.kind() == Format::V2 {
        return Head::of(&item).map(|head| head.value_bytes).map_err(|error| error.to_string());
    }
    let shape = item.shape().map_err(|error| error.to_string())?;
    if !(128..=2048).contains(&shape.rsa_bytes) {
        return Err("announces an RSA block of a size that no key has".to_owned());
    }
    shape.gcm_bytes.checked_sub(16).ok_or_else(|| "cut off: shorter than its authentication tag".to_owned())
}

fn described(scope: &str, namespace: &str, name: &str) -> String {
    match scope {
        "cluster-wide" => "any namespace (cluster-wide)".to_owned(),
        "namespace-wide" => format!("namespace {namespace:?} (namespace-wide)"),
        _ => format!("{namespace}/{name} ({scope})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seal_manifest::ManifestFile;

    /// Line, rule and level of a finding.
    type Found = (u32, &'static str, Level);

    /// An item of a 1024-bit key without plaintext.
    fn item() -> String {
        let mut bytes = vec![0, 128];
        bytes.resize(2 + 128 + 16, 7);
        Item::from_bytes(bytes).encode()
    }

    fn findings(metadata: &str, spec: &str, expected: &Expectation) -> Vec<Found> {
        let text = format!("apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {metadata}\nspec: {spec}\n");
        let file = ManifestFile::parse("f", text.replace("ITEM", &item())).expect("YAML");
        let found = verify(&file.documents[0].root, expected).expect("a SealedSecret");
        found.into_iter().map(|finding| (finding.at.line, finding.rule, finding.level)).collect()
    }

    const GOOD: &str = "{encryptedData: {a: ITEM}}";
    const PLACE: &str = "{name: app, namespace: shop}";

    fn claimed(claim: &str) -> String {
        format!("{{name: app, namespace: shop, annotations: {{sealkit.dev/sealed-for: '{claim}'}}}}")
    }

    #[test]
    fn each_rule_speaks_where_it_should_and_is_silent_elsewhere() {
        use Level::{Error, Warning};
        let none = Expectation::default();
        let cases: &[(&str, &str, &[Found])] = &[
            (PLACE, GOOD, &[]),
            ("{name: app}", GOOD, &[(3, "identity", Error)]),
            ("{namespace: shop}", GOOD, &[(3, "identity", Error)]),
            ("{name: app, namespace: a.b}", GOOD, &[(3, "identity", Error)]),
            (PLACE, "{encryptedData: {}}", &[(4, "no-items", Warning)]),
            (PLACE, "{encryptedData: {}, template: {data: {a: b}}}", &[]),
            (PLACE, "{encryptedData: {a: ITEM}, template: {data: {u: 'x{{ .a }}{{ .v }}', v: v}}}", &[]),
            (PLACE, "{encryptedData: {a: ITEM}, template: {data: {u: 'x{{ .b }}'}}}", &[(4, "template-key", Warning)]),
            (PLACE, "{encryptedData: {a: ITEM}, template: {data: {u: 'x{{ .b'}}}", &[(4, "template", Error)]),
            (PLACE, "{data: ITEM}", &[(4, "deprecated-data", Warning)]),
            (PLACE, "{data: ITEM, encryptedData: {a: ITEM}}", &[(4, "deprecated-data", Error)]),
            (PLACE, "{encryptedData: {a: 7}}", &[(4, "item-shape", Error)]),
            (PLACE, "{encryptedData: {a: hunter2}}", &[(4, "item-shape", Error)]),
            (PLACE, "{encryptedData: {a: AQAB}}", &[(4, "item-shape", Error)]),
            (PLACE, "{encryptedData: {a/b: ITEM}}", &[(4, "item-name", Error)]),
            (PLACE, "{encryptedData: {a: ITEM}, template: {metadata: {name: other}}}", &[(4, "template-identity", Warning)]),
            ("{name: app, annotations: {sealedsecrets.bitnami.com/cluster-wide: \"true\"}}", GOOD, &[]),
            (
                "{name: app, namespace: shop, annotations: {sealedsecrets.bitnami.com/cluster-wide: \"True\"}}",
                GOOD,
                &[(3, "scope-annotation", Error)],
            ),
        ];
        for (metadata, spec, expected) in cases {
            assert_eq!(findings(metadata, spec, &none), *expected, "{metadata} {spec}");
        }
    }

    #[test]
    fn claims_are_held_against_place_scope_and_known_keys() {
        use Level::{Error, Warning};
        let claim = |rest: &str| claimed(&format!("{{\"key\":\"SHA256:k\",{rest}}}"));
        let right = claim(r#""scope":"strict","namespace":"shop","name":"app""#);
        let known = |keys: &[&str], newest: Option<&str>, scope| Expectation {
            cluster: "p".into(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            newest: newest.map(str::to_owned),
            scope,
            ..Expectation::default()
        };
        let none = Expectation::default();
        let cases: &[(&str, &Expectation, &[Found])] = &[
            (&right, &none, &[]),
            (&claim(r#""scope":"strict","namespace":"shop","name":"other""#), &none, &[(3, "sealed-for", Error)]),
            (&claim(r#""scope":"cluster-wide""#), &none, &[(3, "sealed-for", Error)]),
            (&claimed("rubbish"), &none, &[(3, "claim", Warning)]),
            (&right, &known(&["SHA256:k"], Some("SHA256:k"), None), &[]),
            (&right, &known(&["SHA256:k"], Some("SHA256:n"), None), &[(4, "stale-key", Warning)]),
            (&right, &known(&["SHA256:n"], None, None), &[(4, "unknown-key", Error)]),
            (&right, &known(&[], None, Some(Scope::ClusterWide)), &[(3, "scope-rule", Error)]),
        ];
        for (metadata, expected, found) in cases {
            assert_eq!(findings(metadata, GOOD, expected), *found, "{metadata}");
        }
    }

    #[test]
    fn no_finding_repeats_what_stands_in_an_item() {
        let text = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {}\nspec: {encryptedData: {a: hunter2}}\n";
        let file = ManifestFile::parse("f", text.to_owned()).expect("YAML");
        let found = verify(&file.documents[0].root, &Expectation::default()).expect("a SealedSecret");
        assert!(!format!("{found:?}").contains("hunter2"));
    }
}
