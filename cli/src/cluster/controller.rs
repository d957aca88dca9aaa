//! The controller behind its Service, reached through the API server's service proxy as kubeseal does.
//!
//! A Service found by label is looked for in the chosen namespace only: elsewhere anyone who may create a Service could offer
//! their own key. What is found in other namespaces is named in the error and not used.

use super::{Api, ClusterError, api::encoded};
use serde_json::Value;

/// Service name of upstream's manifests.
pub const DEFAULT_NAME: &str = "sealed-secrets-controller";
/// Namespace of upstream's manifests.
pub const DEFAULT_NAMESPACE: &str = "kube-system";
/// Labels of controllers' Services: upstream's chart and ours.
const SELECTOR: &str = "app.kubernetes.io/name in (sealed-secrets,seal-controller)";

/// Which Service to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Namespace of the controller.
    pub namespace: String,
    /// Service name; `None` tries upstream's, then the label.
    pub name: Option<String>,
}

impl Default for Target {
    fn default() -> Self {
        Target { namespace: DEFAULT_NAMESPACE.to_owned(), name: None }
    }
}

/// A controller that was found.
pub struct Controller {
    api: Api,
    /// Namespace of its Service.
    pub namespace: String,
    /// Name of its Service.
    pub service: String,
    port: String,
}

impl Controller {
    /// Finds the Service.
    pub async fn find(api: &Api, target: &Target) -> Result<Self, ClusterError> {
        let name = target.name.as_deref().unwrap_or(DEFAULT_NAME);
        let path = format!("/api/v1/namespaces/{}/services/{}", encoded(&target.namespace), encoded(name));
        let service = match api.get("get the Service", &path).await {
            Ok(service) => service,
            Err(ClusterError::Api { code: 404, .. }) if target.name.is_none() => Self::by_label(api, &target.namespace).await?,
            // Another name would not help who is not logged in.
            Err(ClusterError::Api { code: 401, message, .. }) => {
                return Err(ClusterError::Api { doing: "cannot get sealed secret service".to_owned(), code: 401, message });
            }
            Err(ClusterError::Api { message, .. }) => return Err(ClusterError::NoService { reason: message }),
            Err(error) => return Err(error),
        };
        let service_name = text(&service, "/metadata/name").to_owned();
        let port = port_of(&service)
            .ok_or_else(|| ClusterError::NoService { reason: format!("services {service_name:?} has no ports") })?;
        Ok(Controller { api: api.clone(), namespace: target.namespace.clone(), service: service_name, port })
    }

    async fn by_label(api: &Api, namespace: &str) -> Result<Value, ClusterError> {
        let none = || ClusterError::NoService { reason: format!("services {DEFAULT_NAME:?} not found") };
        let path = format!("/api/v1/namespaces/{}/services", encoded(namespace));
        let mut found: Vec<Value> =
            api.list("list Services", &path, SELECTOR).await.map_err(|_| none())?.into_iter().filter(serves_http).collect();
        if found.len() == 1 {
            return Ok(found.remove(0));
        }
        let elsewhere = if found.is_empty() {
            api.list("list Services", "/api/v1/services", SELECTOR).await.unwrap_or_default()
        } else {
            found
        };
        let names: Vec<String> = elsewhere
            .iter()
            .filter(|service| serves_http(service))
            .map(|service| format!("{}/{}", text(service, "/metadata/namespace"), text(service, "/metadata/name")))
            .collect();
        if names.is_empty() {
            return Err(none());
        }
        Err(ClusterError::NoService {
            reason: format!("services {DEFAULT_NAME:?} not found in {namespace:?}; these look like one: {}", names.join(", ")),
        })
    }

    /// The API server it is behind.
    pub fn api(&self) -> &Api {
        &self.api
    }

    fn path(&self, tail: &str) -> String {
        format!(
            "/api/v1/namespaces/{}/services/http:{}:{}/proxy{tail}",
            encoded(&self.namespace),
            encoded(&self.service),
            encoded(&self.port)
        )
    }

    /// The newest certificate, PEM.
    pub async fn certificate(&self) -> Result<String, ClusterError> {
        self.api.get_text("cannot fetch certificate", &self.path("/v1/cert.pem")).await
    }

    /// Whether the controller opens a SealedSecret.
    pub async fn verify(&self, object: &Value) -> Result<bool, ClusterError> {
        match self.post("/v1/verify", object).await {
            Ok(_) => Ok(true),
            Err(ClusterError::Api { code: 409, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A SealedSecret sealed anew to the newest key. Only the items of the answer are for use.
    pub async fn rotate(&self, object: &Value) -> Result<Value, ClusterError> {
        let text = self.post("/v1/rotate", object).await?;
        serde_json::from_str(&text).map_err(|_| ClusterError::Unreachable {
            doing: "rotate".to_owned(),
            reason: "the controller's answer is not JSON".to_owned(),
        })
    }

    /// The answer of an old controller may hold what a template printed, so only its status is passed on.
    async fn post(&self, tail: &str, object: &Value) -> Result<String, ClusterError> {
        let body = serde_json::to_vec(object).expect("a JSON value always serialises");
        self.api.send(tail, http::Method::POST, &self.path(tail), "application/json", body).await.map_err(|error| match error {
            ClusterError::Api { code, doing, message } => {
                let message = match code {
                    401 | 403 => message,
                    404 => "the controller does not offer this (it is off in its strict profile)".to_owned(),
                    413 => "the object is larger than the controller takes".to_owned(),
                    429 => "the controller is asked too often; try again later".to_owned(),
                    _ => format!("the controller answered {code}"),
                };
                ClusterError::Api { doing, code, message }
            }
            other => other,
        })
    }

    /// The signed bundle over HTTP; `None` when the controller has none (upstream's).
    pub async fn bundle(&self) -> Result<Option<String>, ClusterError> {
        match self.api.get_text("get the key bundle", &self.path("/v1/bundle")).await {
            Ok(text) => Ok(Some(text)),
            Err(ClusterError::Api { code: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// True when the controller answers its health check.
    pub async fn healthy(&self) -> Result<(), ClusterError> {
        self.api.get_text("ask the controller's health", &self.path("/healthz")).await.map(drop)
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A Service for metrics carries the same name label; it serves no certificate.
fn serves_http(service: &Value) -> bool {
    text(service, "/metadata/labels/app.kubernetes.io~1component") != "metrics"
        && !text(service, "/metadata/name").ends_with("-metrics")
}

/// The first port, by name as kubeseal does, else by number.
fn port_of(service: &Value) -> Option<String> {
    let port = service.pointer("/spec/ports/0")?;
    match port.get("name").and_then(Value::as_str).filter(|name| !name.is_empty()) {
        Some(name) => Some(name.to_owned()),
        None => port.get("port").map(Value::to_string),
    }
}

#[cfg(test)]
mod tests {
    use super::{port_of, serves_http};

    #[test]
    fn the_first_port_is_used_by_name_or_number() {
        for (ports, expected) in [
            (serde_json::json!([{"name": "http", "port": 8080}, {"name": "x", "port": 1}]), Some("http")),
            (serde_json::json!([{"port": 8080}]), Some("8080")),
            (serde_json::json!([]), None),
        ] {
            assert_eq!(port_of(&serde_json::json!({"spec": {"ports": ports}})).as_deref(), expected);
        }
    }

    #[test]
    fn a_metrics_service_is_not_taken_for_the_controller() {
        assert!(serves_http(&serde_json::json!({"metadata": {"name": "sealed-secrets"}})));
        assert!(!serves_http(&serde_json::json!({"metadata": {"name": "sealed-secrets-metrics"}})));
        assert!(!serves_http(
            &serde_json::json!({"metadata": {"name": "x", "labels": {"app.kubernetes.io/component": "metrics"}}})
        ));
    }
}
