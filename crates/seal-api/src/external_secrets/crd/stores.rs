//! SecretStore and ClusterSecretStore.

use super::super::names;
use super::super::words::Capabilities;
use super::definition::{Definition, READY_REASON, READY_STATUS, cause, conditions, observed_generation};
use super::schema::{
    Schema, anything_in_an_object, duration, label_selector, list, namespace, number, number_or_text, object, some_text, text,
    word,
};
use crate::Names;

pub(super) fn namespaced() -> Definition {
    store(names::SECRET_STORE, false, "ss", "An outside store that objects of the same namespace may use.")
}

pub(super) fn cluster() -> Definition {
    store(names::CLUSTER_SECRET_STORE, true, "css", "An outside store that objects of many namespaces may use.")
}

fn store(names: Names, cluster: bool, short: &'static str, about: &'static str) -> Definition {
    Definition {
        names,
        cluster,
        short: Some(short),
        about,
        spec: spec(),
        spec_required: true,
        status: object([
            ("capabilities", word(Capabilities::ALL.iter().map(|c| c.as_str())).about("What the store can do.")),
            ("cause", cause()),
            ("conditions", conditions()),
            ("observedGeneration", observed_generation()),
        ]),
        columns: vec![
            ("AGE", "date", ".metadata.creationTimestamp"),
            ("Status", "string", READY_REASON),
            ("Capabilities", "string", ".status.capabilities"),
            ("Ready", "string", READY_STATUS),
        ],
        selectable: vec![],
    }
}

/// `retrySettings`, of generators too.
pub(super) fn retry() -> Schema {
    object([("maxRetries", number(0, 100).with("format", "int32")), ("retryInterval", duration())])
        .about("How often a failed call is tried again.")
}

/// `provider`: every field is kept, so that one that is not served can be named.
pub(super) fn provider() -> Schema {
    anything_in_an_object().about("Where the secrets are: vault, aws, kubernetes or fake. Others are refused by name.")
}

fn spec() -> Schema {
    let condition = object([
        ("namespaceRegexes", list(256, some_text()).about("Namespaces whose name matches.")),
        ("namespaceSelector", label_selector()),
        ("namespaces", list(1024, namespace()).about("Namespaces of these names.")),
    ]);
    object([
        (
            "conditions",
            list(256, condition).about("Which namespaces may use a ClusterSecretStore; matching one entry is enough."),
        ),
        ("controller", text().about("Only controllers of this class serve the store.")),
        ("provider!", provider().exactly_one()),
        ("refreshInterval", number_or_text().about("How often the store is validated: seconds, or a Go duration.")),
        ("retrySettings", retry()),
    ])
    .about("Where the secrets are, and who may have them.")
}
