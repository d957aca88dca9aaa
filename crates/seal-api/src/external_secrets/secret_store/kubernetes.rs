//! `provider.kubernetes`: Secrets of this cluster or another one.

use super::super::problem::Wrong;
use super::super::read::At;
use super::super::references::{KeyRef, ServiceAccountRef};
use super::CaProvider;

/// `provider.kubernetes`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KubernetesProvider {
    /// URL of the API server; that of this cluster when absent.
    pub server: Option<String>,
    /// Certificate authorities, PEM in base64.
    pub ca_bundle: Option<String>,
    /// Certificate authorities elsewhere.
    pub ca_provider: Option<CaProvider>,
    /// How to log in; `None` when that could not be read.
    pub auth: Option<KubernetesAuth>,
    /// Namespace there; `default` when absent.
    pub remote_namespace: Option<String>,
}

/// How to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KubernetesAuth {
    /// A whole kubeconfig.
    Kubeconfig(KeyRef),
    /// Client certificate and key.
    Certificate(KeyRef, KeyRef),
    /// A bearer token.
    Token(KeyRef),
    /// A service account's token.
    ServiceAccount(ServiceAccountRef),
}

impl KubernetesProvider {
    pub(in super::super) fn read(at: &At<'_>) -> Self {
        let server = at.child("server");
        let server = server.as_ref();
        let kubeconfig = at.child("authRef").map(|at| KubernetesAuth::Kubeconfig(KeyRef::read(&at)));
        let auth = at.child("auth").and_then(|at| KubernetesAuth::read(&at));
        if kubeconfig.is_none() && auth.is_none() {
            at.note_here(Wrong::OneOf(&["auth", "authRef"]));
        }
        Self {
            server: server.and_then(|at| at.text("url")).filter(|url| !url.is_empty()),
            ca_bundle: server.and_then(|at| at.text("caBundle")).filter(|bundle| !bundle.is_empty()),
            ca_provider: server.and_then(|at| at.child("caProvider")).map(|at| CaProvider::read(&at)),
            auth: kubeconfig.or(auth),
            remote_namespace: at.text("remoteNamespace").filter(|namespace| !namespace.is_empty()),
        }
    }
}

impl KubernetesAuth {
    fn read(at: &At<'_>) -> Option<Self> {
        let key = |at: &At<'_>, field| at.child(field).map(|at| KeyRef::read(&at));
        match at.one_of(&["cert", "token", "serviceAccount"])? {
            "cert" => {
                let at = at.child("cert")?;
                Some(KubernetesAuth::Certificate(key(&at, "clientCert")?, key(&at, "clientKey")?))
            }
            "token" => Some(KubernetesAuth::Token(key(&at.child("token")?, "bearerToken")?)),
            _ => Some(KubernetesAuth::ServiceAccount(ServiceAccountRef::read(&at.child("serviceAccount")?))),
        }
    }
}
