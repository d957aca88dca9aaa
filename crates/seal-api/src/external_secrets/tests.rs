//! The samples that the API server is asked about are read here too: both must take and refuse the same.

use super::{ClusterExternalSecret, ExternalSecret, Generator, Problem, PushSecret, SecretStore, StoreKind};
use serde::Deserialize;
use serde_json::Value;

fn problems(value: &Value) -> Vec<Problem> {
    match value["kind"].as_str().unwrap() {
        "ExternalSecret" => ExternalSecret::from_value(value).problems,
        "SecretStore" => SecretStore::from_value(StoreKind::Namespaced, value).problems,
        "ClusterSecretStore" => SecretStore::from_value(StoreKind::Cluster, value).problems,
        "ClusterExternalSecret" => ClusterExternalSecret::from_value(value).problems,
        "PushSecret" => PushSecret::from_value(value).problems,
        generator => Generator::from_value(generator, value).problems,
    }
}

fn samples(folder: &str) -> Vec<(String, Value)> {
    let folder = format!("{}/../../tests/external-secrets/{folder}", env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for document in serde_yaml::Deserializer::from_str(&text) {
            found.push((path.display().to_string(), Value::deserialize(document).unwrap()));
        }
    }
    assert!(found.len() > 10);
    found
}

#[test]
fn what_the_api_server_takes_has_no_problem() {
    for (name, value) in samples("accepted") {
        assert_eq!(problems(&value), vec![], "{name}");
    }
}

#[test]
fn what_the_api_server_refuses_has_one_here_too() {
    for (name, value) in samples("refused") {
        assert!(problems(&value).iter().any(Problem::is_fatal), "{name}");
    }
}

/// Objects that a hostile client would write if there were no schema: every field of a good one replaced by everything.
#[test]
fn nothing_that_stands_in_a_field_breaks_the_reader_or_gets_into_a_problem() {
    let hostile =
        serde_json::json!([null, true, -1, 1e308, "hunter2", [], {}, ["hunter2"], [[["hunter2"]]], {"hunter2key": "hunter2"}]);
    for (name, value) in samples("accepted") {
        let mut paths = Vec::new();
        pointers(&value, String::new(), &mut paths);
        for path in paths {
            for replacement in hostile.as_array().unwrap() {
                let mut changed = value.clone();
                let Some(place) = changed.pointer_mut(&path) else { continue };
                *place = replacement.clone();
                if !changed["kind"].is_string() {
                    continue;
                }
                for problem in problems(&changed) {
                    let text = problem.to_string().replace("hunter2key", "");
                    assert!(!text.contains("hunter2"), "{name} {path}: {text}");
                }
            }
        }
    }
}

fn pointers(value: &Value, at: String, into: &mut Vec<String>) {
    into.push(at.clone());
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, v)| pointers(v, format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), into))
        }
        Value::Array(list) => list.iter().enumerate().for_each(|(i, v)| pointers(v, format!("{at}/{i}"), into)),
        _ => {}
    }
}
