//! The tolerant view of an ExternalSecret.

use super::problem::{Problem, Wrong};
use super::read::{At, Notes, halves};
use super::references::{GeneratorRef, StoreRef};
use super::words::{
    ConflictPolicy, ConversionStrategy, CreationPolicy, DecodingStrategy, DeletionPolicy, MergeStrategy, MetadataPolicy,
    NullBytePolicy, PriorityPolicy, RefreshPolicy, WindowKind,
};
use super::{ExternalSecretStatus, Interval, Template};
use crate::Meta;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Types of Secrets that hand out identities or hold a release; never made.
const REFUSED_TYPES: [&str; 3] = ["kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token", "helm.sh/release.v1"];

/// An ExternalSecret as read, with what was wrong about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExternalSecret {
    /// Metadata.
    pub meta: Meta,
    /// Spec.
    pub spec: Spec,
    /// Status as last written.
    pub status: ExternalSecretStatus,
    /// What is wrong, by path.
    pub problems: Vec<Problem>,
}

/// `spec`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    /// The store of every entry that names none.
    pub store: Option<StoreRef>,
    /// The Secret.
    pub target: Target,
    /// When the store is asked.
    pub refresh_policy: RefreshPolicy,
    /// How often; one hour when absent, zero for once.
    pub refresh_interval: Option<Interval>,
    /// When refreshes may happen.
    pub windows: Option<SyncWindows>,
    /// Single values.
    pub data: Vec<Data>,
    /// Many values at once.
    pub data_from: Vec<DataFrom>,
}

/// `target`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Name of the Secret; that of the object when absent.
    pub name: Option<String>,
    /// How it comes to be.
    pub creation: CreationPolicy,
    /// What happens once the data is gone.
    pub deletion: DeletionPolicy,
    /// Whether its data stays as it is made.
    pub immutable: bool,
    /// Another kind of target, which is not served.
    pub manifest: Option<Manifest>,
    /// What it looks like.
    pub template: Option<Template>,
}

/// A target that is no Secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Its API version.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
}

/// `syncWindows`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncWindows {
    /// What the windows mean.
    pub kind: WindowKind,
    /// The windows.
    pub windows: Vec<SyncWindow>,
}

/// One window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncWindow {
    /// When it opens: five fields of cron, `@daily` and the like, or `@every 2h`, in UTC.
    pub schedule: String,
    /// How long it is open.
    pub duration: Interval,
}

/// One entry of `data`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Data {
    /// Key of the Secret.
    pub secret_key: String,
    /// What is fetched.
    pub remote: RemoteRef,
    /// From where, when not from the object's store.
    pub store: Option<StoreRef>,
}

/// `remoteRef` or `extract`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RemoteRef {
    /// Key in the store.
    pub key: String,
    /// Property of the value; empty for all of it.
    pub property: String,
    /// Version; empty for the newest.
    pub version: String,
    /// The value or its metadata.
    pub metadata: MetadataPolicy,
    /// How keys become keys of a Secret.
    pub conversion: ConversionStrategy,
    /// How values are decoded.
    pub decoding: DecodingStrategy,
    /// What NUL bytes mean.
    pub null_bytes: NullBytePolicy,
}

/// One entry of `dataFrom`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFrom {
    /// What is fetched.
    pub source: Source,
    /// From where, when not from the object's store.
    pub store: Option<StoreRef>,
    /// What is done to the keys, in order.
    pub rewrite: Vec<Rewrite>,
}

/// What an entry of `dataFrom` fetches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Every key of one secret.
    Extract(RemoteRef),
    /// Secrets by name or tag.
    Find(Find),
    /// What a generator makes.
    Generator(GeneratorRef),
}

/// `find`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Find {
    /// Only below this path.
    pub path: Option<String>,
    /// Only names that match.
    pub name: Option<String>,
    /// Only with these tags.
    pub tags: BTreeMap<String, String>,
    /// How names become keys of a Secret.
    pub conversion: ConversionStrategy,
    /// How values are decoded.
    pub decoding: DecodingStrategy,
    /// What NUL bytes mean.
    pub null_bytes: NullBytePolicy,
}

/// One rewrite of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rewrite {
    /// Every match is replaced.
    Regexp {
        /// A regular expression of Go.
        source: String,
        /// What replaces a match, with `$1`.
        target: String,
    },
    /// A template that sees the key as `.value`.
    Transform(String),
    /// Values that are JSON objects become one.
    Merge(Merge),
}

/// `merge`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merge {
    /// Key of the merged object, for the strategy `JSON`.
    pub into: String,
    /// Keys that count most, the last of them above all.
    pub priority: Vec<String>,
    /// What happens when one of them is not there.
    pub priority_policy: PriorityPolicy,
    /// What happens when two have the same key.
    pub conflict: ConflictPolicy,
    /// What is made.
    pub strategy: MergeStrategy,
}

impl ExternalSecret {
    /// Reads any JSON value.
    pub fn from_value(value: &Value) -> Self {
        let notes = Notes::default();
        let (meta, spec) = halves(value, &notes);
        let spec = spec.map(|at| Spec::read(&at, &notes)).unwrap_or_default();
        Self { meta, spec, status: ExternalSecretStatus::from_value(value.get("status")), problems: notes.take() }
    }

    /// Name of the Secret.
    pub fn target_name(&self) -> &str {
        self.spec.target.name.as_deref().unwrap_or(&self.meta.name)
    }

    /// The first problem that keeps the object from being worked on.
    pub fn fatal(&self) -> Option<&Problem> {
        self.problems.iter().find(|problem| problem.is_fatal())
    }

    /// The finished interval: an hour when none is given.
    pub fn interval(&self) -> Interval {
        self.spec.refresh_interval.unwrap_or(Interval::HOUR)
    }
}

impl Spec {
    /// Reads a spec; that of a ClusterExternalSecret too.
    pub(super) fn read(at: &At<'_>, notes: &Notes) -> Self {
        let store = at.child("secretStoreRef").and_then(|at| {
            let named = at.text("name").is_some_and(|name| !name.is_empty());
            let kind = at.word("kind");
            named.then(|| StoreRef { kind, name: at.required("name") })
        });
        let spec = Self {
            store,
            target: at.child("target").map(|at| Target::read(&at)).unwrap_or_default(),
            refresh_policy: at.word("refreshPolicy"),
            refresh_interval: at.interval("refreshInterval"),
            windows: at.child("syncWindows").map(|at| SyncWindows::read(&at)),
            data: at.children("data").iter().map(Data::read).collect(),
            data_from: at.children("dataFrom").iter().filter_map(DataFrom::read).collect(),
        };
        spec.check(at, notes);
        spec
    }

    /// What no single field shows.
    fn check(&self, at: &At<'_>, notes: &Notes) {
        if !at.has("data") && !at.has("dataFrom") || self.data.is_empty() && self.data_from.is_empty() {
            at.note_here(Wrong::Conflict("must have at least one entry in data or dataFrom"));
        }
        let path = |rest: &str| format!("{}.{rest}", at.path);
        let storeless_data = self.data.iter().any(|data| data.store.is_none());
        let storeless_from =
            self.data_from.iter().any(|from| from.store.is_none() && !matches!(from.source, Source::Generator(_)));
        if self.store.is_none() && (storeless_data || storeless_from) {
            notes.push(path("secretStoreRef"), Wrong::Conflict("is missing, and not every entry has a sourceRef of its own"));
        }
        let mut keys = BTreeSet::new();
        for (index, data) in self.data.iter().enumerate() {
            // Under the other policies upstream lets the later entry count.
            if !keys.insert(&data.secret_key) && self.target.deletion == DeletionPolicy::Retain {
                notes
                    .push(path(&format!("data[{index}].secretKey")), Wrong::Conflict("is the secretKey of an earlier entry too"));
            }
        }
    }
}

impl Target {
    fn read(at: &At<'_>) -> Self {
        let target = Self {
            name: at.text("name").filter(|name| !name.is_empty()),
            creation: at.word("creationPolicy"),
            deletion: at.word("deletionPolicy"),
            immutable: at.flag("immutable"),
            manifest: at
                .child("manifest")
                .map(|at| Manifest { api_version: at.required("apiVersion"), kind: at.required("kind") }),
            template: at.child("template").map(|at| Template::read(&at)),
        };
        let merges = matches!(target.creation, CreationPolicy::Merge | CreationPolicy::None | CreationPolicy::CreateOrMerge);
        if target.deletion == DeletionPolicy::Delete && merges {
            at.note("deletionPolicy", Wrong::Conflict("Delete goes only with a creationPolicy that makes the whole Secret"));
        }
        if target.deletion == DeletionPolicy::Merge && target.creation == CreationPolicy::None {
            at.note("deletionPolicy", Wrong::Conflict("Merge does not go with creationPolicy None"));
        }
        if target.manifest.is_some() {
            at.note("manifest", Wrong::Unsupported);
        }
        if target.template.as_ref().and_then(|t| t.kind.as_deref()).is_some_and(|kind| REFUSED_TYPES.contains(&kind)) {
            at.note("template.type", Wrong::Conflict("is a type that is never made; choose another one"));
        }
        target
    }
}

impl SyncWindows {
    fn read(at: &At<'_>) -> Self {
        let windows = at.children("windows");
        let windows = windows.iter().map(|at| {
            let duration = at.interval("duration");
            if !at.has("duration") {
                at.note("duration", Wrong::Missing);
            }
            SyncWindow { schedule: at.required("schedule"), duration: duration.unwrap_or_default() }
        });
        Self { kind: at.word("kind"), windows: windows.collect() }
    }
}

impl Data {
    fn read(at: &At<'_>) -> Self {
        let secret_key = at.required("secretKey");
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        if !secret_key.is_empty() && (secret_key.len() > 253 || !secret_key.chars().all(allowed)) {
            at.note("secretKey", Wrong::Form("1 to 253 letters, digits, '-', '_' or '.'"));
        }
        let source = at.child("sourceRef");
        if source.as_ref().is_some_and(|source| source.has("generatorRef")) {
            at.note("sourceRef.generatorRef", Wrong::Conflict("has no effect here; use it in dataFrom"));
        }
        let store = source.and_then(|source| source.child("storeRef")).map(|at| StoreRef::read(&at));
        let remote = at.required_child("remoteRef").map(|at| RemoteRef::read(&at)).unwrap_or_default();
        Self { secret_key, remote, store }
    }
}

impl RemoteRef {
    fn read(at: &At<'_>) -> Self {
        Self {
            key: at.required("key"),
            property: at.text("property").unwrap_or_default(),
            version: at.text("version").unwrap_or_default(),
            metadata: at.word("metadataPolicy"),
            conversion: at.word("conversionStrategy"),
            decoding: at.word("decodingStrategy"),
            null_bytes: at.word("nullBytePolicy"),
        }
    }
}

impl DataFrom {
    fn read(at: &At<'_>) -> Option<Self> {
        let source = at.child("sourceRef");
        let generator = source.as_ref().and_then(|at| at.child("generatorRef")).map(|at| GeneratorRef::read(&at));
        let store = source.as_ref().and_then(|at| at.child("storeRef")).map(|at| StoreRef::read(&at));
        let extract = at.child("extract").map(|at| RemoteRef::read(&at));
        let find = at.child("find").map(|at| Find::read(&at));
        let rewrite = at.children("rewrite").iter().filter_map(Rewrite::read).collect();
        let source = match (extract, find, generator) {
            (Some(remote), None, None) => Source::Extract(remote),
            (None, Some(find), None) => Source::Find(find),
            (None, None, Some(generator)) => Source::Generator(generator),
            _ => {
                at.note_here(Wrong::OneOf(&["extract", "find", "sourceRef.generatorRef"]));
                return None;
            }
        };
        Some(Self { source, store, rewrite })
    }
}

impl Find {
    fn read(at: &At<'_>) -> Self {
        Self {
            path: at.text("path"),
            name: at.child("name").and_then(|at| at.text("regexp")),
            tags: at.map("tags"),
            conversion: at.word("conversionStrategy"),
            decoding: at.word("decodingStrategy"),
            null_bytes: at.word("nullBytePolicy"),
        }
    }
}

impl Rewrite {
    pub(super) fn read(at: &At<'_>) -> Option<Self> {
        match at.one_of(&["regexp", "transform", "merge"])? {
            "regexp" => {
                let at = at.child("regexp")?;
                Some(Rewrite::Regexp { source: at.required("source"), target: at.text("target").unwrap_or_default() })
            }
            "transform" => Some(Rewrite::Transform(at.child("transform")?.required("template"))),
            _ => Some(Rewrite::Merge(Merge::read(&at.child("merge")?))),
        }
    }
}

impl Merge {
    fn read(at: &At<'_>) -> Self {
        let merge = Self {
            into: at.text("into").unwrap_or_default(),
            priority: at.texts("priority"),
            priority_policy: at.word("priorityPolicy"),
            conflict: at.word("conflictPolicy"),
            strategy: at.word("strategy"),
        };
        if merge.strategy == MergeStrategy::Json && merge.into.is_empty() {
            at.note("into", Wrong::Missing);
        }
        merge
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::Duration;

    fn problems(spec: Value) -> Vec<String> {
        let read = ExternalSecret::from_value(&json!({"metadata": {"name": "x"}, "spec": spec}));
        read.problems.iter().map(ToString::to_string).collect()
    }

    /// The spec of most manifests, with one field replaced.
    fn with(change: Value) -> Value {
        let mut spec = json!({
            "secretStoreRef": {"name": "vault", "kind": "ClusterSecretStore"},
            "data": [{"secretKey": "password", "remoteRef": {"key": "db", "property": "password"}}],
        });
        spec.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        spec
    }

    #[test]
    fn a_whole_object_is_read() {
        let read = ExternalSecret::from_value(&json!({
            "metadata": {"namespace": "prod", "name": "db", "generation": 3},
            "spec": {
                "secretStoreRef": {"name": "vault"},
                "refreshPolicy": "OnChange",
                "refreshInterval": "1m30s",
                "syncWindows": {"kind": "deny", "windows": [{"schedule": "@daily", "duration": "1h"}]},
                "target": {
                    "name": "db-secret", "creationPolicy": "Orphan", "deletionPolicy": "Merge", "immutable": true,
                    "template": {
                        "engineVersion": "v2", "type": "Opaque", "mergePolicy": "Merge", "metadata": {"labels": {"a": "b"}},
                        "data": {"url": "{{ .password }}"},
                        "templateFrom": [
                            {"configMap": {"name": "c", "items": [{"key": "k", "templateAs": "KeysAndValues"}]}, "target": "labels"},
                            {"literal": "x: y"},
                        ],
                    },
                },
                "data": [{"secretKey": "p", "remoteRef": {"key": "k", "version": "2", "decodingStrategy": "Base64URL"},
                          "sourceRef": {"storeRef": {"name": "aws", "kind": "ClusterSecretStore"}}}],
                "dataFrom": [
                    {"extract": {"key": "all", "nullBytePolicy": "Fail"},
                     "rewrite": [{"regexp": {"source": "a", "target": ""}}, {"merge": {"strategy": "JSON", "into": "m", "priority": ["z"]}}]},
                    {"find": {"path": "p", "name": {"regexp": "^a"}, "tags": {"t": "v"}}, "rewrite": [{"transform": {"template": "{{ .value }}"}}]},
                    {"sourceRef": {"generatorRef": {"apiVersion": "generators.external-secrets.io/v1alpha1", "kind": "Password", "name": "g"}}},
                ],
            },
            "status": {"refreshTime": "2026-01-01T00:00:00Z", "syncedResourceVersion": "3-abc"},
        }));
        assert_eq!(read.problems, vec![]);
        let spec = &read.spec;
        assert_eq!(spec.store, Some(StoreRef { kind: super::super::StoreKind::Namespaced, name: "vault".into() }));
        assert_eq!((spec.refresh_policy, read.interval()), (RefreshPolicy::OnChange, Interval(Duration::from_secs(90))));
        assert_eq!(spec.windows.as_ref().map(|w| (w.kind, w.windows.len())), Some((WindowKind::Deny, 1)));
        assert_eq!((spec.target.creation, spec.target.deletion), (CreationPolicy::Orphan, DeletionPolicy::Merge));
        assert_eq!(spec.target.template.as_ref().map(|t| (t.from.len(), t.kind.as_deref())), Some((2, Some("Opaque"))));
        assert_eq!(spec.data[0].store.as_ref().map(|s| s.name.as_str()), Some("aws"));
        assert!(matches!(&spec.data_from[0].rewrite[1], Rewrite::Merge(m) if m.into == "m" && m.priority == ["z"]));
        assert!(matches!(&spec.data_from[2].source, Source::Generator(g) if g.kind == "Password"));
        assert_eq!((read.target_name(), read.status.synced_resource_version.as_str()), ("db-secret", "3-abc"));
    }

    #[test]
    fn what_is_left_out_means_what_upstream_means() {
        let read = ExternalSecret::from_value(&json!({"metadata": {"name": "db"}, "spec": with(json!({}))}));
        assert_eq!(read.problems, vec![]);
        assert_eq!(
            (read.target_name(), read.interval(), read.spec.refresh_policy),
            ("db", Interval::HOUR, RefreshPolicy::Periodic)
        );
        assert_eq!((read.spec.target.creation, read.spec.target.deletion), (CreationPolicy::Owner, DeletionPolicy::Retain));
        assert_eq!(read.spec.data[0].remote.decoding, DecodingStrategy::None);
    }

    #[test]
    fn what_is_wrong_is_named_by_path_and_never_by_value() {
        let entry = |remote: Value| json!({"data": [{"secretKey": "k", "remoteRef": remote}]});
        for (spec, wanted) in [
            (with(json!({"refreshInterval": 5})), vec!["spec.refreshInterval must be a Go duration such as 1h30m"]),
            (
                with(json!({"refreshInterval": "hunter2"})),
                vec!["spec.refreshInterval must be a Go duration such as 1h30m, not negative and at most ten years"],
            ),
            (with(json!({"refreshInterval": null, "target": null})), vec![]),
            (
                with(json!({"refreshPolicy": "hunter2"})),
                vec!["spec.refreshPolicy must be one of Periodic, CreatedOnce, OnChange"],
            ),
            (with(json!({"hunter": 2})), vec!["spec.hunter is not a field of this kind; check its spelling"]),
            (with(json!({"target": {"immutable": "hunter2"}})), vec!["spec.target.immutable must be true or false"]),
            (with(json!({"target": {"template": {"data": {"k": 2}}}})), vec!["spec.target.template.data.k must be text"]),
            (
                with(json!({"target": {"template": {"engineVersion": "v1"}}})),
                vec!["spec.target.template.engineVersion must be one of v2"],
            ),
            (
                with(json!({"target": {"template": {"templateFrom": [{"target": "Data"}]}}})),
                vec!["spec.target.template.templateFrom[0] must have exactly one of configMap, secret, literal"],
            ),
            (
                with(json!({"target": {"template": {"type": "kubernetes.io/service-account-token"}}})),
                vec!["spec.target.template.type is a type that is never made; choose another one"],
            ),
            (
                with(json!({"target": {"manifest": {"apiVersion": "v1", "kind": "ConfigMap"}}})),
                vec!["spec.target.manifest is not supported"],
            ),
            (
                with(json!({"target": {"creationPolicy": "CreateOrMerge", "deletionPolicy": "Delete"}})),
                vec!["spec.target.deletionPolicy Delete goes only with a creationPolicy that makes the whole Secret"],
            ),
            (
                with(json!({"target": {"creationPolicy": "None", "deletionPolicy": "Merge"}})),
                vec!["spec.target.deletionPolicy Merge does not go with creationPolicy None"],
            ),
            (with(entry(json!({}))), vec!["spec.data[0].remoteRef.key is missing"]),
            (with(entry(json!({"key": {"a": "hunter2"}}))), vec!["spec.data[0].remoteRef.key must be text"]),
            (with(json!({"data": [{"secretKey": "k"}]})), vec!["spec.data[0].remoteRef is missing"]),
            (
                with(json!({"data": ["hunter2"]})),
                vec!["spec must have at least one entry in data or dataFrom", "spec.data[0] must be an object"],
            ),
            (
                with(json!({"data": [{"secretKey": "a/b", "remoteRef": {"key": "k"}}]})),
                vec!["spec.data[0].secretKey must be 1 to 253 letters, digits, '-', '_' or '.'"],
            ),
            (
                with(
                    json!({"data": [{"secretKey": "a", "remoteRef": {"key": "k"}}, {"secretKey": "a", "remoteRef": {"key": "l"}}]}),
                ),
                vec!["spec.data[1].secretKey is the secretKey of an earlier entry too"],
            ),
            (
                with(json!({"dataFrom": [{"extract": {"key": "k"}, "find": {}}]})),
                vec!["spec.dataFrom[0] must have exactly one of extract, find, sourceRef.generatorRef"],
            ),
            (
                with(json!({"dataFrom": [{"extract": {"key": "k"}, "rewrite": [{}]}]})),
                vec!["spec.dataFrom[0].rewrite[0] must have exactly one of regexp, transform, merge"],
            ),
            (
                json!({"data": [{"secretKey": "k", "remoteRef": {"key": "k"}}]}),
                vec!["spec.secretStoreRef is missing, and not every entry has a sourceRef of its own"],
            ),
            (json!("hunter2"), vec!["spec must be another type"]),
            (json!(null), vec!["spec is missing"]),
        ] {
            let found = problems(spec.clone());
            assert_eq!(found, wanted, "{spec}");
            assert!(found.iter().all(|text| !text.contains("hunter2")), "{spec}");
        }
    }

    #[test]
    fn a_bad_field_hides_nothing_else() {
        let read =
            ExternalSecret::from_value(&json!({"metadata": {"name": "db"}, "spec": with(json!({"refreshInterval": 1e300}))}));
        assert_eq!((read.spec.data.len(), read.problems.len(), read.fatal().is_some()), (1, 1, true));
    }
}
