//! The CustomResourceDefinition of SopsSecret, as YAML text.

/// The CRD that `seal-controller crds` prints after that of SealedSecret, and `deploy/crds/sopssecrets.yaml` holds.
pub fn crd_yaml() -> &'static str {
    include_str!("crd.yaml")
}

#[cfg(test)]
mod tests {
    use super::crd_yaml;
    use crate::sealed_secret;
    use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
    use serde_json::{Value, json};

    fn status_of(text: &str) -> Value {
        let crd: Value = serde_yaml::from_str(text).unwrap();
        crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"].clone()
    }

    #[test]
    fn the_file_in_deploy_is_this_text() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/crds/sopssecrets.yaml");
        let on_disk = std::fs::read_to_string(path).unwrap();
        assert!(
            on_disk == crd_yaml(),
            "deploy/crds/sopssecrets.yaml differs: write it anew with `seal-controller crds sopssecrets > deploy/crds/sopssecrets.yaml`"
        );
    }

    #[test]
    fn it_is_a_crd_of_the_kinds_names_with_a_status_of_its_own() {
        let crd: Value = serde_yaml::from_str(crd_yaml()).unwrap();
        let typed: CustomResourceDefinition = serde_json::from_value(crd.clone()).unwrap();
        let names = &typed.spec.names;
        assert_eq!(typed.metadata.name.as_deref(), Some("sopssecrets.sealkit.dev"));
        assert_eq!((names.kind.as_str(), names.plural.as_str()), (super::super::NAMES.kind, super::super::NAMES.plural));
        assert_eq!(crd["spec"]["versions"][0]["subresources"], json!({"status": {}}));
    }

    #[test]
    fn its_status_is_that_of_a_sealed_secret_without_the_answers_to_questions() {
        let mut theirs = status_of(sealed_secret::crd_yaml());
        theirs.as_object_mut().unwrap().remove("rotation");
        assert_eq!(status_of(crd_yaml()), theirs);
    }
}
