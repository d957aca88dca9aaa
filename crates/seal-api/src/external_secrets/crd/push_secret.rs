//! PushSecret.

use super::super::names;
use super::super::words::{PushConversion, PushDeletion, PushUpdate};
use super::definition::{Definition, READY_REASON, cause, conditions, observed_generation};
use super::external_secret::{generator_ref, rewrites, template};
use super::schema::{
    Schema, anything, anything_in_an_object, duration, label_selector, list, name, object, some_text, text, time, word,
};

pub(super) fn definition() -> Definition {
    Definition {
        names: names::PUSH_SECRET,
        cluster: false,
        short: Some("ps"),
        about: "A Secret that is copied into outside stores.",
        spec: spec(),
        spec_required: true,
        status: object([
            ("cause", cause()),
            ("conditions", conditions()),
            ("observedGeneration", observed_generation()),
            ("refreshTime", time().with("nullable", true).about("When the stores were last compared.")),
            ("syncedPushSecrets", anything_in_an_object().about("What was pushed: store, then remote key.")),
            ("syncedResourceVersion", text().about("What the object was like then.")),
        ]),
        columns: vec![("AGE", "date", ".metadata.creationTimestamp"), ("Status", "string", READY_REASON)],
        selectable: vec![],
    }
}

fn spec() -> Schema {
    let source = object([
        ("generatorRef", generator_ref()),
        ("secret", object([("name", name()), ("selector", label_selector())]).exactly_one()),
    ]);
    object([
        ("data", list(1024, data()).about("Which keys go where.")),
        ("dataTo", list(256, data_to()).about("Whole Secrets.")),
        ("deletionPolicy", word(PushDeletion::ALL.iter().map(|p| p.as_str())).about("None when left out.")),
        ("refreshInterval", duration().about("How often stores are compared; 1h when left out.")),
        ("secretStoreRefs!", list(64, store()).about("The stores.")),
        ("selector!", source.exactly_one().about("What is pushed.")),
        ("template", template()),
        ("updatePolicy", word(PushUpdate::ALL.iter().map(|p| p.as_str())).about("Replace when left out.")),
    ])
    .about("What is pushed, and where to.")
}

fn store() -> Schema {
    object([("kind", word(["SecretStore", "ClusterSecretStore"])), ("labelSelector", label_selector()), ("name", name())])
        .rule("has(self.name) != has(self.labelSelector)", "exactly one of name and labelSelector must be given")
}

fn conversion() -> Schema {
    word(PushConversion::ALL.iter().map(|c| c.as_str())).about("How keys are turned back: None when left out.")
}

fn data() -> Schema {
    let remote = object([("property", text()), ("remoteKey!", some_text())]);
    object([
        ("conversionStrategy", conversion()),
        ("match!", object([("remoteRef!", remote), ("secretKey", text().about("The whole Secret when left out."))])),
        ("metadata", anything().about("What the provider is told beside the value.")),
    ])
}

fn data_to() -> Schema {
    object([
        ("conversionStrategy", conversion()),
        ("match", object([("regexp", text())]).about("Only keys that match.")),
        ("metadata", anything().about("What the provider is told beside the values.")),
        ("remoteKey", text().about("One remote secret for all keys, as JSON.")),
        ("rewrite", rewrites()),
        ("storeRef!", store()),
    ])
}
