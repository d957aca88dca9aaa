//! `provider.vault`: Vault and OpenBao.

use super::super::problem::Wrong;
use super::super::read::At;
use super::super::references::{KeyRef, ServiceAccountRef};
use super::CaProvider;
use std::collections::BTreeMap;

/// `provider.vault`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VaultProvider {
    /// URL of the server.
    pub server: String,
    /// Mount of the engine; empty when keys name it.
    pub path: String,
    /// True for the first version of the key-value engine.
    pub kv_v1: bool,
    /// Namespace of Vault.
    pub namespace: Option<String>,
    /// How to log in; `None` when that could not be read.
    pub auth: Option<VaultAuth>,
    /// Certificate authorities, PEM in base64.
    pub ca_bundle: Option<String>,
    /// Certificate authorities elsewhere.
    pub ca_provider: Option<CaProvider>,
    /// Client certificate and key.
    pub tls: Option<(KeyRef, KeyRef)>,
    /// More headers of each request.
    pub headers: BTreeMap<String, String>,
    /// Whether writes must check what they replace.
    pub check_and_set: bool,
    /// Reads see what was written before, by tokens of the server.
    pub read_your_writes: bool,
    /// Reads that come too early are answered by the active node.
    pub forward_inconsistent: bool,
}

/// `auth`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultAuth {
    /// Namespace to log in to; that of the provider when absent.
    pub namespace: Option<String>,
    /// The method.
    pub method: VaultMethod,
}

/// A way to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VaultMethod {
    /// A token that is there already.
    Token(KeyRef),
    /// Role and secret.
    AppRole {
        /// Mount.
        path: String,
        /// The role's id.
        role_id: Option<String>,
        /// Or where it is.
        role_ref: Option<KeyRef>,
        /// The secret's id.
        secret: KeyRef,
    },
    /// A service account's token.
    Kubernetes {
        /// Mount.
        path: String,
        /// Role.
        role: String,
        /// Whose token is asked for.
        service_account: Option<ServiceAccountRef>,
        /// Or where one is.
        secret: Option<KeyRef>,
    },
    /// Name and password.
    Ldap {
        /// Mount.
        path: String,
        /// Name.
        username: String,
        /// Password.
        secret: KeyRef,
    },
    /// Name and password.
    UserPass {
        /// Mount.
        path: String,
        /// Name.
        username: String,
        /// Password.
        secret: KeyRef,
    },
    /// A JSON Web Token.
    Jwt {
        /// Mount.
        path: String,
        /// Role.
        role: String,
        /// Where a token is.
        secret: Option<KeyRef>,
        /// Or whose token is asked for.
        service_account: Option<ServiceAccountToken>,
    },
    /// A client certificate.
    Cert {
        /// Mount.
        path: String,
        /// Role; the server chooses when absent.
        role: Option<String>,
        /// The certificate.
        certificate: KeyRef,
        /// Its key.
        key: KeyRef,
    },
    /// One that is not served, by the name of its field.
    Other(String),
}

/// A token of a service account for a purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceAccountToken {
    /// Whose.
    pub account: ServiceAccountRef,
    /// For whom; `vault` when nothing is given.
    pub audiences: Vec<String>,
    /// For how long, in seconds.
    pub expiration: Option<i64>,
}

const METHODS: [&str; 9] = ["tokenSecretRef", "appRole", "kubernetes", "ldap", "userPass", "jwt", "cert", "iam", "gcp"];

impl VaultProvider {
    pub(in super::super) fn read(at: &At<'_>) -> Self {
        let tls = at.child("tls").and_then(|at| {
            let key = |field| at.child(field).map(|at| KeyRef::read(&at));
            match (key("certSecretRef"), key("keySecretRef")) {
                (Some(certificate), Some(key)) => Some((certificate, key)),
                (None, None) => None,
                _ => {
                    at.note_here(Wrong::Conflict("needs certSecretRef and keySecretRef, or neither"));
                    None
                }
            }
        });
        let version = at.text("version").unwrap_or_else(|| "v2".into());
        if !["v1", "v2"].contains(&version.as_str()) {
            at.note("version", Wrong::Word(&["v1", "v2"]));
        }
        Self {
            server: at.required("server"),
            path: at.text("path").unwrap_or_default(),
            kv_v1: version == "v1",
            namespace: at.text("namespace").filter(|namespace| !namespace.is_empty()),
            auth: at.required_child("auth").and_then(|at| VaultAuth::read(&at)),
            ca_bundle: at.text("caBundle").filter(|bundle| !bundle.is_empty()),
            ca_provider: at.child("caProvider").map(|at| CaProvider::read(&at)),
            tls,
            headers: at.map("headers"),
            check_and_set: at.child("checkAndSet").is_some_and(|at| at.flag("required")),
            read_your_writes: at.flag("readYourWrites"),
            forward_inconsistent: at.flag("forwardInconsistent"),
        }
    }
}

impl VaultAuth {
    fn read(at: &At<'_>) -> Option<Self> {
        // The first in this order counts, as upstream has it.
        let given: Vec<_> = METHODS.into_iter().filter(|method| at.has(method)).collect();
        let namespace = at.text("namespace").filter(|namespace| !namespace.is_empty());
        let Some(method) = given.first().copied() else {
            let Some(name) = at.present().into_iter().find(|name| *name != "namespace") else {
                at.note_here(Wrong::Missing);
                return None;
            };
            return Some(Self { namespace, method: VaultMethod::Other(name.to_owned()) });
        };
        if matches!(method, "iam" | "gcp") {
            at.note(method, Wrong::Unsupported);
            return Some(Self { namespace, method: VaultMethod::Other(method.to_owned()) });
        }
        let method = at.child(method).and_then(|at| VaultMethod::read(method, &at))?;
        Some(Self { namespace, method })
    }
}

impl VaultMethod {
    fn read(method: &str, at: &At<'_>) -> Option<Self> {
        let path = |field, default: &str| at.text(field).filter(|path| !path.is_empty()).unwrap_or_else(|| default.to_owned());
        let key = |field| at.child(field).map(|at| KeyRef::read(&at));
        let required = |field| at.required_child(field).map(|at| KeyRef::read(&at));
        let account = |at: &At<'_>| at.child("serviceAccountRef").map(|at| ServiceAccountRef::read(&at));
        Some(match method {
            "tokenSecretRef" => VaultMethod::Token(KeyRef::read(at)),
            "appRole" => {
                let read = VaultMethod::AppRole {
                    path: path("path", "approle"),
                    role_id: at.text("roleId").filter(|id| !id.is_empty()),
                    role_ref: key("roleRef"),
                    secret: required("secretRef")?,
                };
                if !at.has("roleRef") && at.text("roleId").is_none_or(|id| id.is_empty()) {
                    at.note_here(Wrong::OneOf(&["roleId", "roleRef"]));
                }
                read
            }
            "kubernetes" => VaultMethod::Kubernetes {
                path: path("mountPath", "kubernetes"),
                role: at.required("role"),
                service_account: account(at),
                secret: key("secretRef"),
            },
            "ldap" => VaultMethod::Ldap {
                path: path("path", "ldap"),
                username: at.required("username"),
                secret: required("secretRef")?,
            },
            "userPass" => VaultMethod::UserPass {
                path: path("path", "userpass"),
                username: at.required("username"),
                secret: required("secretRef")?,
            },
            "jwt" => {
                at.one_of(&["secretRef", "kubernetesServiceAccountToken"])?;
                let token = at.child("kubernetesServiceAccountToken").map(|at| ServiceAccountToken {
                    account: account(&at).unwrap_or_default(),
                    audiences: at.texts("audiences"),
                    expiration: at.number("expirationSeconds", "a number of seconds, at least 600", 600..=86_400),
                });
                VaultMethod::Jwt {
                    path: path("path", "jwt"),
                    role: at.text("role").unwrap_or_default(),
                    secret: key("secretRef"),
                    service_account: token,
                }
            }
            "cert" => VaultMethod::Cert {
                path: path("path", "cert"),
                role: at.text("vaultRole"),
                certificate: required("clientCert")?,
                key: required("secretRef")?,
            },
            other => VaultMethod::Other(other.to_owned()),
        })
    }
}
