//! Reads, refuses and opens SopsSecrets.
//!
//! The document's MAC is always verified. Its name and namespace, when it has them, must be the object's. The format's own
//! MAC covers no names, so a document can be moved and renamed by who may edit it, unless the administrator demands the
//! stronger MAC for the namespace: then the document must carry it, and both names.

use super::outline::Outline;
use super::unlock::unlock;
use crate::config::Namespaces;
use crate::delivery::error::Failure;
use crate::delivery::shape::Shape;
use crate::delivery::source::{Content, Opened, OpeningKeys, OwnKeys, Source, Subject};
use crate::keys::identities::read_files;
use crate::ports::Kind;
use seal_api::SopsSecret;
use seal_api::sops_secret::{NAMES, Spec};
use seal_core::secret::SecretObject;
use seal_crypto::Fingerprint;
use seal_crypto::age::Identity;
use seal_manifest::ManifestFile;
use seal_secret::SecretBytes;
use seal_sops::{OpenOptions, Problem, SopsError, SopsFile, Store};
use serde_json::Value;
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

/// What errors call the document.
const NAME: &str = "spec.sops";

/// What an administrator decided about SopsSecrets alone.
pub struct Rules {
    /// Namespaces in which a document must prove what it was encrypted for (`--require-bound-sops-namespaces`).
    pub bound: Namespaces,
}

/// The kind.
pub struct SopsSource(pub Arc<Rules>);

impl Source for SopsSource {
    fn kinds(&self) -> [Kind; 2] {
        [Kind::SopsSecrets, Kind::SopsSecretsMeta]
    }

    fn read(&self, value: &Value) -> (Subject, Arc<dyn Content>) {
        let SopsSecret { meta, spec, status, problems } = SopsSecret::from_value(value);
        let bound = self.0.bound.contains(&meta.namespace);
        let place = [meta.namespace.clone(), meta.name.clone()];
        (Subject { names: &NAMES, meta, status }, Arc::new(Document { spec, problems, place, bound, outline: OnceLock::new() }))
    }
}

struct Document {
    spec: Spec,
    problems: Vec<String>,
    /// Namespace and name of the object.
    place: [String; 2],
    /// Whether the stronger MAC is demanded here.
    bound: bool,
    outline: OnceLock<Result<Outline, Failure>>,
}

impl Document {
    fn outline(&self) -> Result<&Outline, Failure> {
        self.outline.get_or_init(|| Outline::of(&self.spec.sops)).as_ref().map_err(Clone::clone)
    }

    /// The Secret in clear, once its MAC has been verified.
    fn secret(&self, file: SopsFile, key: &seal_crypto::sops::DataKey) -> Result<SecretObject, Failure> {
        let store = file.store();
        let options = OpenOptions { ignore_mac: false, demand_strong: self.bound };
        let clear = file.open(key, options).and_then(|opened| opened.to_clear(store)).map_err(|error| failure(&error))?;
        let secret = read_secret(clear)?;
        self.check_place(&secret)?;
        Ok(secret)
    }

    fn check_place(&self, secret: &SecretObject) -> Result<(), Failure> {
        let [namespace, name] = &self.place;
        for (field, own, object) in [("namespace", secret.namespace(), namespace), ("name", secret.name(), name)] {
            match own {
                "" if self.bound => {
                    return Err(Failure::binding_required(format!(
                        "spec.sops: metadata.{field} is missing, and in this namespace a document must say what it was encrypted for"
                    )));
                }
                "" => {}
                own if own == object => {}
                _ => {
                    return Err(Failure::invalid(format!(
                        "spec.sops: metadata.{field} is not that of this object; a document belongs to one object only"
                    )));
                }
            }
        }
        Ok(())
    }
}

impl Content for Document {
    fn check(&self) -> Result<(), Failure> {
        if let [_, ..] = self.problems.as_slice() {
            return Err(Failure::invalid(format!(
                "missing or of a wrong JSON type: {}; expected what `kubectl explain sopssecret.spec` says",
                self.problems.join(", ")
            )));
        }
        self.outline().map(drop)
    }

    /// The one rule there is stands among the inputs.
    fn check_rules(&self) -> Result<(), Failure> {
        Ok(())
    }

    fn shape(&self) -> Option<Shape> {
        self.outline().ok()?.shape.clone()
    }

    fn answers_for(&self, key: &str) -> bool {
        self.outline().is_ok_and(|outline| outline.keys.contains(key))
    }

    fn inputs(&self) -> Vec<Cow<'_, [u8]>> {
        let bound: &[u8] = if self.bound { b"bound" } else { b"" };
        let keys = self.spec.key_secret.as_deref().unwrap_or_default();
        [self.spec.sops.as_bytes(), keys.as_bytes(), bound].map(Cow::Borrowed).into()
    }

    fn key_secret(&self) -> Option<&str> {
        self.spec.key_secret.as_deref()
    }

    fn is_suspended(&self) -> bool {
        self.spec.suspend
    }

    fn open(&self, keys: &OpeningKeys, hint: Option<&Fingerprint>) -> Result<Opened, Failure> {
        let file = SopsFile::parse(NAME, store_of(&self.spec.sops), self.spec.sops.clone()).map_err(|error| failure(&error))?;
        let metadata = file.metadata().ok_or_else(|| failure(&SopsError::of_file(NAME, Problem::NotEncrypted)))?;
        let own = keys.own.as_ref().map(|own| own_identities(own, self.spec.key_secret.as_deref().unwrap_or_default()));
        let unlocked = match own {
            Some(own) => unlock(metadata, &own?, hint)?,
            None => unlock(metadata, &keys.view.identities, hint)?,
        };
        let secret = self.secret(file, &unlocked.key)?;
        Ok(Opened { shape: Shape::of_secret(&secret), data: secret.data, keys: unlocked.opened_by, tries: unlocked.tries })
    }
}

/// sops tells the two apart by the name of the file; there is none here, and YAML documents of people do not begin with a brace.
fn store_of(text: &str) -> Store {
    if text.trim_start().starts_with('{') { Store::Json } else { Store::Yaml }
}

fn read_secret(clear: SecretBytes) -> Result<SecretObject, Failure> {
    let file = ManifestFile::parse(NAME, clear).map_err(|error| Failure::invalid(error.to_string()))?;
    let [document] = file.documents.as_slice() else {
        return Err(Failure::invalid("spec.sops must hold exactly one document, a Secret".into()));
    };
    SecretObject::from_node(&document.root).map_err(|error| Failure::invalid(format!("{NAME}: {error}")))
}

fn own_identities(own: &OwnKeys, name: &str) -> Result<Vec<Identity>, Failure> {
    let (loaded, faults) = read_files(own.data.iter());
    match faults.first() {
        Some(fault) if loaded.is_empty() => {
            Err(Failure::no_own_key(format!("the Secret {name:?} holds no usable identity: {fault}")))
        }
        _ => Ok(loaded.into_iter().map(|loaded| loaded.identity).collect()),
    }
}

fn failure(error: &SopsError) -> Failure {
    let message = error.to_string();
    match error.problem {
        Problem::MacMismatch | Problem::MacUnreadable | Problem::DoesNotOpen | Problem::StrongMacMismatch => {
            Failure::mac_mismatch(message)
        }
        Problem::StrongMacMissing => Failure::binding_required(message),
        _ => Failure::invalid(message),
    }
}
