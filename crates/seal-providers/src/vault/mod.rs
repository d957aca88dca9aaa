//! Vault and OpenBao: key/value engines of both versions, seven ways to log in, one token for each identity.

mod config;
mod door;
mod login;
mod origin;
mod path;
mod session;
mod store;
mod wire;
mod write;

pub use config::{Config, Kv, Server};
pub use door::Door;
pub use login::{Credential, Credentials};
pub use origin::Origins;
pub use session::{Session, Sessions};
pub use store::Vault;
