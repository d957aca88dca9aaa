//! The CustomResourceDefinition of SealedSecret, as YAML text.
//!
//! Structurally upstream's schema, so objects, printer columns and old controllers go on; the status fields of ours are additions.

/// The CRD that `seal-controller crds` prints and `deploy/crds/sealedsecrets.yaml` holds.
pub fn crd_yaml() -> &'static str {
    include_str!("crd.yaml")
}

#[cfg(test)]
mod tests {
    use super::crd_yaml;
    use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
    use serde_json::{Value, json};

    fn crd() -> Value {
        serde_yaml::from_str(crd_yaml()).unwrap()
    }

    fn schema() -> Value {
        crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone()
    }

    #[test]
    fn the_file_in_deploy_is_this_text() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/crds/sealedsecrets.yaml");
        let on_disk = std::fs::read_to_string(path).unwrap();
        assert!(
            on_disk == crd_yaml(),
            "deploy/crds/sealedsecrets.yaml differs: write it anew with `seal-controller crds > deploy/crds/sealedsecrets.yaml`"
        );
    }

    #[test]
    fn it_is_a_crd_with_upstreams_names_columns_and_subresource() {
        let typed: CustomResourceDefinition = serde_json::from_value(crd()).unwrap();
        assert_eq!(typed.metadata.name.as_deref(), Some("sealedsecrets.bitnami.com"));
        assert_eq!(typed.spec.scope, "Namespaced");
        let version = &crd()["spec"]["versions"][0];
        assert_eq!(version["subresources"], json!({"status": {}}));
        assert_eq!(
            version["additionalPrinterColumns"],
            json!([
                {"jsonPath": ".status.conditions[0].message", "name": "Status", "type": "string"},
                {"jsonPath": ".status.conditions[0].status", "name": "Synced", "type": "string"},
                {"jsonPath": ".metadata.creationTimestamp", "name": "Age", "type": "date"},
            ])
        );
    }

    #[test]
    fn nothing_that_upstream_accepts_is_refused() {
        let spec = &schema()["properties"]["spec"];
        assert_eq!(spec["required"], json!(["encryptedData"]));
        assert_eq!(spec["properties"]["encryptedData"]["x-kubernetes-preserve-unknown-fields"], true);
        let template = &spec["properties"]["template"]["properties"];
        assert_eq!(template["metadata"]["x-kubernetes-preserve-unknown-fields"], true);
        assert_eq!(template["metadata"]["nullable"], true);
        assert_eq!(template["data"]["nullable"], true);
        let condition = &schema()["properties"]["status"]["properties"]["conditions"]["items"];
        assert_eq!(condition["required"], json!(["status", "type"]));
        assert_eq!(schema()["properties"]["status"].get("required"), None);
    }
}
