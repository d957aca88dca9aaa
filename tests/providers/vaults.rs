//! Stores on a Vault server, as short as a test wants to write them.

use crate::hands::Hands;
use seal_providers::StoreError;
use seal_providers::vault::{Config, Credential, Door, Kv, Origins, Server, Session, Vault};
use seal_secret::SecretBytes;
use std::sync::Arc;

pub(crate) fn secret(text: &str) -> SecretBytes {
    text.to_owned().into()
}

pub(crate) fn shown(value: &SecretBytes) -> String {
    String::from_utf8(value.expose().to_vec()).unwrap()
}

/// Everything about a store that a test may want to choose.
pub(crate) struct Vaults {
    pub(crate) server: Server,
    pub(crate) origins: Origins,
    pub(crate) credential: Credential,
    pub(crate) config: Config,
    pub(crate) auth_namespace: Option<String>,
    pub(crate) clock: Arc<Hands>,
}

impl Vaults {
    pub(crate) fn at(url: &str) -> Self {
        Self {
            server: Server { url: url.to_owned(), ..Server::default() },
            origins: Origins::any(),
            credential: Credential::Token(secret("root\n")),
            config: Config { mount: Some("secret".to_owned()), kv: Kv::V2, ..Config::default() },
            auth_namespace: None,
            clock: Arc::default(),
        }
    }

    pub(crate) fn login(mut self, credential: Credential) -> Self {
        self.credential = credential;
        self
    }

    pub(crate) fn session(&self) -> Result<Arc<Session>, StoreError> {
        let door = Door::open(&self.server, &self.origins)?;
        let credentials = Arc::new(self.credential.clone());
        Ok(Session::new("test", door, self.auth_namespace.clone(), credentials, self.clock.clone()))
    }

    pub(crate) fn store(&self) -> Arc<Vault> {
        Arc::new(Vault::new(self.session().unwrap(), self.config.clone()))
    }
}
