//! ExternalSecret and ClusterExternalSecret.

use super::super::names;
use super::super::words::{
    ConflictPolicy, ConversionStrategy, CreationPolicy, DecodingStrategy, DeletionPolicy, MergePolicy, MergeStrategy,
    MetadataPolicy, NullBytePolicy, PriorityPolicy, RefreshPolicy, TemplateScope, WindowKind,
};
use super::definition::{Definition, READY_REASON, READY_STATUS, cause, conditions, observed_generation, record};
use super::schema::{
    Schema, duration, flag, key, label_selector, list, name, namespace, object, some_text, text, texts, time, word,
};

pub(super) fn namespaced() -> Definition {
    Definition {
        names: names::EXTERNAL_SECRET,
        cluster: false,
        short: Some("es"),
        about: "A Secret whose data is kept in an outside store.",
        spec: spec(),
        spec_required: true,
        status: object([
            ("binding", object([("name", text())]).about("The Secret, for service bindings.")),
            ("cause", cause()),
            ("conditions", conditions()),
            ("observedGeneration", observed_generation()),
            ("refreshTime", time().with("nullable", true).about("When the store was last asked with success.")),
            ("secret", record()),
            ("syncedResourceVersion", text().about("What the object was like when the store was last asked.")),
        ]),
        columns: vec![
            ("StoreType", "string", ".spec.secretStoreRef.kind"),
            ("Store", "string", ".spec.secretStoreRef.name"),
            ("Refresh Interval", "string", ".spec.refreshInterval"),
            ("Status", "string", READY_REASON),
            ("Ready", "string", READY_STATUS),
            ("Last Sync", "date", ".status.refreshTime"),
        ],
        selectable: vec![".spec.secretStoreRef.name", ".spec.secretStoreRef.kind", ".spec.target.name", ".spec.refreshInterval"],
    }
}

pub(super) fn cluster() -> Definition {
    let failed = object([("namespace!", text()), ("reason", text())]);
    Definition {
        names: names::CLUSTER_EXTERNAL_SECRET,
        cluster: true,
        short: Some("ces"),
        about: "One ExternalSecret for each of many namespaces.",
        spec: object([
            ("externalSecretMetadata", object([("annotations", texts()), ("labels", texts())]).about("Metadata they get.")),
            ("externalSecretName", name().about("Name they get; that of this object when left out.")),
            ("externalSecretSpec!", spec()),
            ("namespaceSelector", label_selector()),
            ("namespaceSelectors", list(64, label_selector()).about("Namespaces that get one; matching one selector is enough.")),
            ("namespaces", list(1024, namespace()).about("Namespaces that get one, by name.")),
            ("refreshTime", duration().about("How often namespaces are looked over.")),
        ])
        .about("What is made, and where."),
        spec_required: true,
        status: object([
            ("cause", cause()),
            ("conditions", conditions()),
            ("externalSecretName", text().about("Name they have now.")),
            ("failedNamespaces", list(10_000, failed).about("Namespaces that have none, and why.")),
            ("observedGeneration", observed_generation()),
            ("provisionedNamespaces", list(10_000, text()).about("Namespaces that have one.")),
        ]),
        columns: vec![
            ("Store", "string", ".spec.externalSecretSpec.secretStoreRef.name"),
            ("Refresh Interval", "string", ".spec.refreshTime"),
            ("Ready", "string", READY_STATUS),
        ],
        selectable: vec![],
    }
}

fn words<T: Copy>(all: &'static [T], text: fn(T) -> &'static str) -> Schema {
    word(all.iter().map(|member| text(*member)))
}

/// A reference to a store.
pub(super) fn store_ref() -> Schema {
    object([("kind", word(["SecretStore", "ClusterSecretStore"])), ("name", name())])
}

/// A reference to a generator.
pub(super) fn generator_ref() -> Schema {
    object([("apiVersion", text()), ("kind!", some_text()), ("name!", name())])
}

fn spec() -> Schema {
    object([
        ("data", list(4096, data()).about("Single values.")),
        ("dataFrom", list(512, data_from()).about("Many values at once.")),
        ("refreshInterval", duration().about("How often the store is asked, as a Go duration; 1h when left out, 0 for once.")),
        (
            "refreshPolicy",
            words(RefreshPolicy::ALL, RefreshPolicy::as_str).about("When the store is asked: Periodic when left out."),
        ),
        ("secretStoreRef", store_ref().about("The store of every entry that names none.")),
        ("syncWindows", windows()),
        ("target", target()),
    ])
    .about("What is fetched, when, and what becomes of it.")
    .rule("has(self.data) || has(self.dataFrom)", "data or dataFrom must be given")
}

fn windows() -> Schema {
    let window = object([
        ("duration!", duration().about("How long it is open.")),
        ("schedule!", some_text().with("maxLength", 256).about("When it opens: five fields of cron, @daily, or @every 2h; UTC.")),
    ]);
    object([
        ("kind!", words(WindowKind::ALL, WindowKind::as_str).about("Whether refreshes happen inside or outside the windows.")),
        ("windows!", list(64, window)),
    ])
    .about("When periodic refreshes may happen.")
}

fn target() -> Schema {
    object([
        ("creationPolicy", words(CreationPolicy::ALL, CreationPolicy::as_str).about("How the Secret comes to be: Owner when left out.")),
        (
            "deletionPolicy",
            words(DeletionPolicy::ALL, DeletionPolicy::as_str).about("What happens once the data is gone: Retain when left out."),
        ),
        ("immutable", flag().about("The data stays as it is first made.")),
        (
            "manifest",
            object([("apiVersion!", some_text()), ("kind!", some_text())]).about("Another kind of target. Not served."),
        ),
        ("name", name().about("Name of the Secret; that of this object when left out.")),
        ("template", template()),
    ])
    .about("The Secret.")
    .rule(
        "!(has(self.deletionPolicy) && self.deletionPolicy == 'Delete' && has(self.creationPolicy) && self.creationPolicy in ['Merge', 'None', 'CreateOrMerge'])",
        "deletionPolicy Delete goes only with a creationPolicy that makes the whole Secret",
    )
    .rule(
        "!(has(self.deletionPolicy) && self.deletionPolicy == 'Merge' && has(self.creationPolicy) && self.creationPolicy == 'None')",
        "deletionPolicy Merge does not go with creationPolicy None",
    )
}

/// A template, of a PushSecret too.
pub(super) fn template() -> Schema {
    let item = object([
        ("key!", key()),
        ("templateAs", words(TemplateScope::ALL, TemplateScope::as_str).about("Values when left out.")),
    ]);
    let place = |items: Schema| object([("items!", list(512, items)), ("name!", name())]);
    let item_again = object([("key!", key()), ("templateAs", words(TemplateScope::ALL, TemplateScope::as_str))]);
    let from = object([
        ("configMap", place(item).about("A ConfigMap of the same namespace.")),
        ("literal", text().about("A template for YAML of keys and values.")),
        ("secret", place(item_again).about("A Secret of the same namespace.")),
        ("target", text().about("Data, Annotations or Labels; Data when left out.")),
        ("valuesDecodingStrategy", words(DecodingStrategy::ALL, DecodingStrategy::as_str)),
    ])
    .with("minProperties", 1);
    object([
        ("data", texts().about("A template for each key.")),
        ("engineVersion", word(["v2"])),
        ("mergePolicy", words(MergePolicy::ALL, MergePolicy::as_str).about("Replace when left out.")),
        (
            "metadata",
            object([("annotations", texts()), ("finalizers", list(16, text())), ("labels", texts())]).about("Metadata of the Secret."),
        ),
        ("templateFrom", list(256, from).about("Templates from elsewhere.")),
        ("type", text().with("maxLength", 253).about("Type of the Secret.")),
    ])
    .about("What the Secret looks like.")
    .rule(
        "!has(self.type) || !(self.type in ['kubernetes.io/service-account-token', 'bootstrap.kubernetes.io/token', 'helm.sh/release.v1'])",
        "Secrets of this type are never made",
    )
}

fn data() -> Schema {
    let source = object([("generatorRef", generator_ref().about("Has no effect here.")), ("storeRef", store_ref())]);
    object([
        ("remoteRef!", remote_ref().about("What is fetched.")),
        ("secretKey!", key().about("Key of the Secret.")),
        ("sourceRef", source.exactly_one().about("Another store.")),
    ])
}

fn strategies() -> [(&'static str, Schema); 3] {
    [
        (
            "conversionStrategy",
            words(ConversionStrategy::ALL, ConversionStrategy::as_str).about("What becomes of characters no key may have."),
        ),
        (
            "decodingStrategy",
            words(DecodingStrategy::ALL, DecodingStrategy::as_str).about("How values are decoded: None when left out."),
        ),
        (
            "nullBytePolicy",
            words(NullBytePolicy::ALL, NullBytePolicy::as_str).about("What NUL bytes mean: Ignore when left out."),
        ),
    ]
}

fn remote_ref() -> Schema {
    let [conversion, decoding, null_bytes] = strategies();
    object([
        conversion,
        decoding,
        null_bytes,
        ("key!", some_text().about("Key in the store.")),
        ("metadataPolicy", words(MetadataPolicy::ALL, MetadataPolicy::as_str).about("Fetch asks for the secret's metadata.")),
        ("property", text().about("Property of the value: a key as it is, or a gjson path.")),
        ("version", text().about("Version; the newest when left out.")),
    ])
}

fn data_from() -> Schema {
    let [conversion, decoding, null_bytes] = strategies();
    let find = object([
        conversion,
        decoding,
        null_bytes,
        ("name", object([("regexp", text())]).about("A regular expression for names.")),
        ("path", text().about("Only below this path.")),
        ("tags", texts().about("Only with these tags.")),
    ]);
    let source = object([("generatorRef", generator_ref()), ("storeRef", store_ref())]);
    object([
        ("extract", remote_ref().about("Every key of one secret.")),
        ("find", find.about("Secrets by name or tag.")),
        ("rewrite", rewrites()),
        ("sourceRef", source.exactly_one().about("Another store, or a generator.")),
    ])
    .rule(
        "(has(self.extract) ? 1 : 0) + (has(self.find) ? 1 : 0) + (has(self.sourceRef) && has(self.sourceRef.generatorRef) ? 1 : 0) == 1",
        "exactly one of extract, find and sourceRef.generatorRef must be given",
    )
}

/// `rewrite`, of a PushSecret too.
pub(super) fn rewrites() -> Schema {
    let merge = object([
        ("conflictPolicy", words(ConflictPolicy::ALL, ConflictPolicy::as_str).about("Error when left out.")),
        ("into", text().about("Key of the merged object, for the strategy JSON.")),
        ("priority", list(256, text()).about("Keys that count most, the last above all.")),
        ("priorityPolicy", words(PriorityPolicy::ALL, PriorityPolicy::as_str).about("Strict when left out.")),
        ("strategy", words(MergeStrategy::ALL, MergeStrategy::as_str).about("Extract when left out.")),
    ])
    .rule(
        "!(has(self.strategy) && self.strategy == 'JSON') || (has(self.into) && size(self.into) > 0)",
        "the strategy JSON needs into",
    );
    let rewrite = object([
        ("merge", merge.about("Values that are JSON objects become one.")),
        ("regexp", object([("source!", text()), ("target!", text())]).about("Every match in a key is replaced.")),
        ("transform", object([("template!", text())]).about("A template that sees the key as .value.")),
    ]);
    list(32, rewrite.exactly_one()).about("What is done to keys, in order.")
}
