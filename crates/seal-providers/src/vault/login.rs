//! Credentials and how each is exchanged for a token.

use crate::error::{Operation, StoreError};
use crate::vault::door::{As, Door};
use crate::vault::path::checked;
use crate::vault::wire::{self, Grant};
use async_trait::async_trait;
use rustify::Endpoint;
use seal_secret::SecretBytes;
use vaultrs::api::auth::{approle, cert, kubernetes, oidc, userpass};

/// What a login presents. Cannot be printed.
#[derive(Clone)]
pub enum Credential {
    /// A token made elsewhere: never renewed, never revoked.
    Token(SecretBytes),
    /// `auth.appRole`.
    AppRole {
        /// Where the method is mounted.
        mount: String,
        /// Role id.
        role_id: SecretBytes,
        /// Secret id.
        secret_id: SecretBytes,
    },
    /// `auth.kubernetes`.
    Kubernetes {
        /// Where the method is mounted.
        mount: String,
        /// Role.
        role: String,
        /// A service account's token, made for this audience.
        jwt: SecretBytes,
    },
    /// `auth.jwt`.
    Jwt {
        /// Where the method is mounted.
        mount: String,
        /// Role; the method's default without it.
        role: Option<String>,
        /// The token.
        jwt: SecretBytes,
    },
    /// `auth.userPass`.
    UserPass {
        /// Where the method is mounted.
        mount: String,
        /// Name.
        username: String,
        /// Password.
        password: SecretBytes,
    },
    /// `auth.ldap`.
    Ldap {
        /// Where the method is mounted.
        mount: String,
        /// Name.
        username: String,
        /// Password.
        password: SecretBytes,
    },
    /// `auth.cert`: the certificate is the connection's.
    Cert {
        /// Where the method is mounted.
        mount: String,
        /// Role; whichever matches without it.
        role: Option<String>,
    },
}

/// Where credentials come from. Asked once a login, not once a read.
#[async_trait]
pub trait Credentials: Send + Sync {
    /// Fetches or makes them.
    ///
    /// # Errors
    /// Whatever the source says; it is passed on.
    async fn credential(&self) -> Result<Credential, StoreError>;
}

#[async_trait]
impl Credentials for Credential {
    async fn credential(&self) -> Result<Credential, StoreError> {
        Ok(self.clone())
    }
}

/// Exchanges a credential; nothing for a token, which needs no exchange.
pub(crate) async fn login(door: &Door, namespace: Option<&str>, credential: &Credential) -> Result<Option<Grant>, StoreError> {
    match credential {
        Credential::Token(_) => Ok(None),
        Credential::AppRole { mount, role_id, secret_id } => {
            let mount = method(mount)?;
            let (role_id, secret_id) = (text(role_id)?, text(secret_id)?);
            send(door, namespace, &approle::requests::LoginWithApproleRequest { mount, role_id, secret_id }).await
        }
        Credential::Kubernetes { mount, role, jwt } => {
            let (mount, role, jwt) = (method(mount)?, role.clone(), text(jwt)?);
            send(door, namespace, &kubernetes::requests::LoginWithKubernetesRequest { mount, role, jwt }).await
        }
        Credential::Jwt { mount, role, jwt } => {
            let (mount, role, jwt) = (method(mount)?, role.clone(), text(jwt)?);
            send(door, namespace, &oidc::requests::JWTLoginRequest { mount, role, jwt }).await
        }
        Credential::UserPass { mount, username, password } | Credential::Ldap { mount, username, password } => {
            checked(username)?;
            if username.contains('/') {
                return Err(StoreError::Refused("a user name holds a slash"));
            }
            let (mount, username, password) = (method(mount)?, username.clone(), text(password)?);
            send(door, namespace, &userpass::requests::LoginRequest { mount, username, password }).await
        }
        Credential::Cert { mount, role } => {
            let (mount, cert_name) = (method(mount)?, role.clone().unwrap_or_default());
            send(door, namespace, &cert::requests::LoginRequest { mount, cert_name }).await
        }
    }
}

async fn send(door: &Door, namespace: Option<&str>, endpoint: &impl Endpoint) -> Result<Option<Grant>, StoreError> {
    let identity = As { token: None, namespace };
    match door.send(endpoint, Operation::Login, identity, None).await {
        Ok(body) => wire::grant(&body).map(Some),
        // A missing method is a wrong description, not an absent secret.
        Err(StoreError::Absent(_)) => Err(StoreError::Invalid("no such auth method is mounted there")),
        Err(error) => Err(error),
    }
}

fn method(mount: &str) -> Result<String, StoreError> {
    let mount = mount.trim_matches('/');
    checked(mount)?;
    Ok(mount.to_owned())
}

/// What a person stored often ends with a newline, which no credential does.
fn text(secret: &SecretBytes) -> Result<String, StoreError> {
    let text = std::str::from_utf8(secret.expose()).map_err(|_| StoreError::Invalid("a credential is not text"))?;
    Ok(text.trim_end().to_owned())
}
