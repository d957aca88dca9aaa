//! What the definitions promise, and that the files in deploy are what is printed here.

use super::*;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::Value;

/// What kubectl can keep in the last-applied annotation.
const MOST_BYTES: usize = 262_144;

fn read(plural: &str) -> Value {
    serde_yaml::from_str(&crd_yaml(plural).unwrap()).unwrap()
}

#[test]
fn the_files_in_deploy_are_this_text() {
    for plural in PLURALS {
        let path = format!("{}/../../deploy/crds/external-secrets/{plural}.yaml", env!("CARGO_MANIFEST_DIR"));
        let text = crd_yaml(plural).unwrap();
        let on_disk = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            on_disk == text,
            "{plural} differs: write it anew with `seal-controller crds {plural} > deploy/crds/external-secrets/{plural}.yaml`"
        );
    }
}

#[test]
fn each_is_a_definition_that_says_what_was_meant() {
    for plural in PLURALS {
        let (printed, meant) = (read(plural), definition(plural).unwrap().value());
        assert_eq!(printed, meant, "{plural} is printed as something else");
        let typed: CustomResourceDefinition = serde_json::from_value(printed).unwrap();
        assert_eq!(typed.spec.names.plural, plural);
        assert_eq!(typed.metadata.name, Some(format!("{plural}.{}", typed.spec.group)));
        let size = crd_yaml(plural).unwrap().len();
        assert!(size < MOST_BYTES, "{plural} has {size} bytes");
    }
}

#[test]
fn nothing_is_defaulted() {
    fn look(value: &Value, path: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    if key == "default" && !path.ends_with("/properties") {
                        found.push(path.to_owned());
                    }
                    look(value, &format!("{path}/{key}"), found);
                }
            }
            Value::Array(list) => list.iter().for_each(|value| look(value, path, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    PLURALS.iter().for_each(|plural| look(&read(plural), plural, &mut found));
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn people_find_upstreams_columns_short_names_and_selectors() {
    let names = |plural| read(plural)["spec"]["names"].clone();
    for (plural, short) in [
        ("externalsecrets", "es"),
        ("secretstores", "ss"),
        ("clustersecretstores", "css"),
        ("clusterexternalsecrets", "ces"),
        ("pushsecrets", "ps"),
    ] {
        assert_eq!(names(plural)["shortNames"], serde_json::json!([short]), "{plural}");
        assert_eq!(names(plural)["categories"], serde_json::json!(["external-secrets"]), "{plural}");
    }
    let version = &read("externalsecrets")["spec"]["versions"][0];
    let columns: Vec<_> =
        version["additionalPrinterColumns"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(columns, ["StoreType", "Store", "Refresh Interval", "Status", "Ready", "Last Sync"]);
    assert_eq!(version["selectableFields"].as_array().unwrap().len(), 4);
}

#[test]
fn what_stands_under_a_provider_is_kept() {
    for plural in ["secretstores", "clustersecretstores", "vaultdynamicsecrets"] {
        let crd = read(plural);
        let provider = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["provider"];
        assert_eq!(provider["x-kubernetes-preserve-unknown-fields"], true, "{plural}");
    }
}
