//! Private keys as people keep them: a PEM file, an age identity file, a Secret, a `v1.List` of Secrets (the usual backup), several
//! documents. Encrypted files are for the caller to decrypt first.

use seal_crypto::{
    Certificate, KeyError, Keyring, PrivateKey,
    age::{self, Identity, IdentityError},
};
use seal_manifest::{Kind, ManifestError, ManifestFile, Node};
use seal_secret::SecretBytes;

use crate::secret::{SecretError, SecretObject, entry, kind_of, objects};

/// Item of a key Secret that holds the private key.
pub const TLS_KEY: &str = "tls.key";
/// Item of a key Secret that holds the certificate.
pub const TLS_CRT: &str = "tls.crt";

/// Label of a Secret that holds age identities; its value is their state.
pub const AGE_LABEL: &str = "sealkit.dev/age-identity";
/// Items of a Secret that end so hold age identities, one a line.
pub const AGE_SUFFIX: &str = ".agekey";
/// Item under which our own Secrets hold an age identity.
pub const AGE_ITEM: &str = "identity.agekey";

/// What one or several files hold. No Debug: it holds keys.
#[derive(Default)]
pub struct Keys {
    /// RSA keys, for v1 items.
    pub rsa: Vec<KeptKey>,
    /// age identities, for v2 items.
    pub age: Vec<KeptIdentity>,
}

impl Keys {
    /// Adds those of another file.
    pub fn extend(&mut self, more: Keys) {
        self.rsa.extend(more.rsa);
        self.age.extend(more.age);
    }

    /// True when there is no key of either kind.
    pub fn is_empty(&self) -> bool {
        self.rsa.is_empty() && self.age.is_empty()
    }
}

/// An age identity and where it came from. No Debug: it holds a key.
pub struct KeptIdentity {
    /// The identity.
    pub identity: Identity,
    /// Name of the Secret it came from; empty for an identity file.
    pub secret: String,
}

impl From<Identity> for KeptIdentity {
    fn from(identity: Identity) -> Self {
        Self { identity, secret: String::new() }
    }
}

/// A private key and what the file says about it. No Debug: it holds a key.
pub struct KeptKey {
    /// The key.
    pub key: PrivateKey,
    /// Its certificate, when the file has one that parses and is for this key.
    pub certificate: Option<Certificate>,
    /// Name of the Secret it came from; empty for a PEM file.
    pub secret: String,
}

/// Why a file gave no keys.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyFileError {
    /// Neither PEM nor YAML or JSON.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A document is not a Secret.
    #[error("{file}:{error}")]
    Secret {
        /// The file.
        file: String,
        /// What is wrong with it.
        error: SecretError,
    },
    /// A key does not parse.
    #[error("{file}: {}{error}", if secret.is_empty() { String::new() } else { format!("Secret {secret:?}: {TLS_KEY}: ") })]
    Key {
        /// The file.
        file: String,
        /// The Secret in it, empty for PEM.
        secret: String,
        /// What is wrong with it.
        error: KeyError,
    },
    /// An age identity does not parse.
    #[error("{}{error}", if secret.is_empty() { String::new() } else { format!("Secret {secret:?}: ") })]
    Identity {
        /// The file.
        file: String,
        /// The Secret in it, empty for an identity file (whose name the error has).
        secret: String,
        /// What is wrong with it.
        error: IdentityError,
    },
    /// An age file: a backup that is encrypted itself.
    #[error("{0}: it is encrypted with age")]
    Encrypted(String),
    /// Documents, but no key in any of them.
    #[error("{0}: no private key found: expected PEM, age identities, or Secrets with an item tls.key or *.agekey")]
    None(String),
}

/// All private keys of one file.
pub fn read(file: &str, bytes: SecretBytes) -> Result<Keys, KeyFileError> {
    if age::is_encrypted(&bytes) {
        return Err(KeyFileError::Encrypted(file.into()));
    }
    if is_pem(bytes.expose()) {
        let keys = PrivateKey::all_from_pem(&bytes).map_err(|error| KeyFileError::Key {
            file: file.into(),
            secret: String::new(),
            error,
        })?;
        let kept = |key| KeptKey { certificate: certificate_of(&key, bytes.expose()), key, secret: String::new() };
        return Ok(Keys { rsa: keys.into_iter().map(kept).collect(), age: Vec::new() });
    }
    if is_identities(bytes.expose()) {
        let age = identities(file, "", &bytes)?;
        return Ok(Keys { rsa: Vec::new(), age });
    }
    let manifest = ManifestFile::parse(file, bytes)?;
    let mut keys = Keys::default();
    for node in manifest.documents.iter().flat_map(|document| secret_nodes(&document.root)) {
        let secret = SecretObject::from_node(&node).map_err(|error| KeyFileError::Secret { file: file.into(), error })?;
        keys.extend(of_secret(file, &secret)?);
    }
    if keys.is_empty() { Err(KeyFileError::None(file.into())) } else { Ok(keys) }
}

/// The private keys of one Secret of a file; none is no error.
pub fn of_secret(file: &str, secret: &SecretObject) -> Result<Keys, KeyFileError> {
    let mut keys = Keys::default();
    for (name, text) in secret.data.iter().filter(|(name, _)| name.ends_with(AGE_SUFFIX)) {
        keys.age.extend(identities(&format!("{file}: {name}"), secret.name(), text)?);
    }
    if let Some(pem) = secret.data.get(TLS_KEY) {
        let key = PrivateKey::from_pem(pem).map_err(|error| KeyFileError::Key {
            file: file.into(),
            secret: secret.name().into(),
            error,
        })?;
        let certificate = secret.data.get(TLS_CRT).and_then(|pem| certificate_of(&key, pem.expose()));
        keys.rsa.push(KeptKey { key, certificate, secret: secret.name().to_owned() });
    }
    Ok(keys)
}

fn identities(file: &str, secret: &str, text: &SecretBytes) -> Result<Vec<KeptIdentity>, KeyFileError> {
    let all = age::parse_identities(file, text).map_err(|error| KeyFileError::Identity {
        file: file.into(),
        secret: secret.into(),
        error,
    })?;
    Ok(all.into_iter().map(|identity| KeptIdentity { identity, secret: secret.to_owned() }).collect())
}

/// The first certificate of a text, when it is this key's own: another one's dates and name say nothing about the key.
fn certificate_of(key: &PrivateKey, pem: &[u8]) -> Option<Certificate> {
    Certificate::from_pem(pem).ok().filter(|certificate| certificate.public_key.fingerprint() == key.fingerprint())
}

/// The Secrets of a document: itself, or the elements of a list. Client libraries and the API server leave `apiVersion` and `kind` out of
/// what stands in a list, and some of the list too; what has neither is taken for a Secret.
pub fn secret_nodes(root: &Node) -> Vec<Node> {
    let nodes = match (root.get("items").and_then(Node::elements), root.get("kind")) {
        (Some(items), None) => items.iter().collect(),
        _ => objects(root),
    };
    nodes.into_iter().map(with_kind).collect()
}

fn with_kind(node: &Node) -> Node {
    let (Kind::Map(entries), ("", "")) = (&node.kind, kind_of(node)) else { return node.clone() };
    let mut entries = entries.clone();
    entries.extend([entry("apiVersion", Node::text("v1".to_owned())), entry("kind", Node::text("Secret".to_owned()))]);
    Node { kind: Kind::Map(entries), at: node.at }
}

/// A keyring of kept keys: newest certificate first, keys without one last; age identities as they came.
pub fn keyring(mut keys: Keys) -> Keyring {
    keys.rsa
        .sort_by_key(|kept| std::cmp::Reverse(kept.certificate.as_ref().map_or(i64::MIN, |certificate| certificate.not_before)));
    let rsa = keys.rsa.into_iter().map(|kept| kept.key).collect();
    Keyring::with_identities(rsa, keys.age.into_iter().map(|kept| kept.identity).collect())
}

/// A PEM file starts with an armour line, perhaps after explanatory lines; YAML that holds PEM has it indented or after a key.
fn is_pem(bytes: &[u8]) -> bool {
    has_line(bytes, b"-----BEGIN ") && !is_manifest(bytes)
}

/// An identity file has them at the beginning of a line.
fn is_identities(bytes: &[u8]) -> bool {
    has_line(bytes, b"AGE-SECRET-KEY-") && !is_manifest(bytes)
}

fn is_manifest(bytes: &[u8]) -> bool {
    has_line(bytes, b"kind:") || has_line(bytes, b"apiVersion:")
}

fn has_line(bytes: &[u8], start: &[u8]) -> bool {
    bytes.split(|&b| b == b'\n').any(|line| line.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::{age, read, secret_nodes};
    use rand::SeedableRng;
    use seal_crypto::{Certificate, PrivateKey};
    use seal_manifest::ManifestFile;

    #[test]
    fn backups_of_every_kind_give_their_keys() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        let key = PrivateKey::generate(1024, &mut rng).unwrap();
        let pem = String::from_utf8(key.to_pem().expose().to_vec()).unwrap();
        let item = serde_json::json!({"metadata": {"name": "k"}, "stringData": {"tls.key": pem}});
        let mut named = item.clone();
        named["apiVersion"] = "v1".into();
        named["kind"] = "Secret".into();
        for text in [
            pem.clone(),
            named.to_string(),
            item.to_string(),
            serde_json::json!({"metadata": {}, "items": [item]}).to_string(),
            serde_json::json!({"apiVersion": "v1", "kind": "List", "items": [named]}).to_string(),
            serde_json::json!({"apiVersion": "v1", "kind": "SecretList", "items": [item]}).to_string(),
        ] {
            let kept = read("f", text.into()).map_err(|error| error.to_string()).unwrap();
            assert_eq!(kept.rsa[0].key.fingerprint(), key.fingerprint());
        }
    }

    #[test]
    fn every_key_of_a_pem_file_counts_and_a_certificate_only_for_its_own_key() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        let keys = [1, 2].map(|_| PrivateKey::generate(1024, &mut rng).unwrap());
        let certificate = Certificate::self_signed(&keys[1], "", 0, 1, &mut rng).unwrap().pem;
        let text = |key: &PrivateKey| String::from_utf8(key.to_pem().expose().to_vec()).unwrap();
        let file = format!("{}{}{certificate}", text(&keys[0]), text(&keys[1]));
        let kept = read("f", file.into()).map_err(|error| error.to_string()).unwrap();
        let found: Vec<_> = kept.rsa.iter().map(|kept| (kept.key.fingerprint(), kept.certificate.is_some())).collect();
        assert_eq!(found, [(keys[0].fingerprint(), false), (keys[1].fingerprint(), true)]);
        let item =
            serde_json::json!({"metadata": {"name": "k"}, "stringData": {"tls.key": text(&keys[0]), "tls.crt": certificate}});
        let kept = read("f", item.to_string().into()).map_err(|error| error.to_string()).unwrap();
        assert!(kept.rsa[0].certificate.is_none());
    }

    #[test]
    fn age_identities_are_read_from_their_own_files_and_from_secrets() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        let identity = age::Identity::generate(age::RecipientKind::X25519, &mut rng).unwrap();
        let text = String::from_utf8(identity.to_text().unwrap().expose().to_vec()).unwrap();
        let secret = serde_json::json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "k"}, "stringData": {"a.agekey": format!("# made\n{text}\n"), "note": "x"}});
        for (file, name) in [(format!("# made\n\n{text}\n"), ""), (secret.to_string(), "k")] {
            let keys = read("f", file.into()).map_err(|error| error.to_string()).unwrap();
            assert_eq!((keys.rsa.len(), keys.age.len(), keys.age[0].secret.as_str()), (0, 1, name));
            assert_eq!(keys.age[0].identity.recipient(), identity.recipient());
        }
        let broken = secret.to_string().replace("AGE-SECRET-KEY-1", "AGE-SECRET-KEY-1Q");
        let error = read("f", broken.into()).err().unwrap().to_string();
        assert!(error.starts_with("Secret \"k\": f: a.agekey:2: ") && !error.contains("AGE-SECRET-KEY-1Q"), "{error}");
        let encrypted = read("f", "-----BEGIN AGE ENCRYPTED FILE-----\n".to_owned().into()).err().unwrap();
        assert_eq!(encrypted.to_string(), "f: it is encrypted with age");
    }

    #[test]
    fn another_kind_stays_what_it_is() {
        let file = ManifestFile::parse("f", "apiVersion: v1\nkind: ConfigMap\n".to_owned()).unwrap();
        let nodes = secret_nodes(&file.documents[0].root);
        assert_eq!(nodes[0].get("kind").and_then(|kind| kind.public_text()), Some("ConfigMap"));
    }
}
