//! `seal keys`: the private half, where it may be touched at all: list, generate, back up, restore, retire.
//!
//! Listing reads the key Secrets but shows nothing private of them. Both kinds of keys are dealt with alike: RSA keys of v1 items,
//! age identities of v2 items.

mod backup;
mod generate;
mod list;
mod restore;
mod retire;

use crate::{
    Exit, Io,
    cluster::{self, Choice},
    report::CliError,
};
use seal_core::{
    keyfile::{self, AGE_LABEL, TLS_CRT},
    secret::SecretObject,
};
use seal_crypto::{
    Certificate, Fingerprint, PrivateKey, PublicKey,
    age::{Identity, IdentityKind},
};
use seal_manifest::{ManifestFile, Node};
use std::collections::BTreeSet;

/// The label of RSA key Secrets; its value is the key's state.
const LABEL: &str = "sealedsecrets.bitnami.com/sealed-secrets-key";
/// State of a key that opens.
const ACTIVE: &str = "active";
/// State of a key that was taken out of service.
const RETIRED: &str = "retired";
const KEY_FILE_HINT: &str =
    "a key file is what `seal keys backup` gives: a Secret or a List of Secrets with tls.crt and tls.key, or with *.agekey";

/// Flags of `seal keys`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

/// What to do with keys.
#[derive(clap::Subcommand)]
enum What {
    /// List a controller's keys: fingerprint, state, age
    List(list::List),
    /// Make a new RSA key and give it to the controller, or write it to a file
    Generate(generate::Generate),
    /// Export all keys of a controller, encrypted to age recipients or in clear
    Backup(backup::Backup),
    /// Give the keys of a backup back to a controller, or try whether that would work
    Restore(restore::Restore),
    /// Take a key out of service, unless something still needs it
    Retire(retire::Retire),
}

/// Runs the verb.
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    match args.what {
        What::List(args) => list::list(&args, io),
        What::Generate(args) => generate::generate(&args, io),
        What::Backup(args) => backup::backup(&args, io),
        What::Restore(args) => restore::restore(&args, io),
        What::Retire(args) => retire::retire(&args, io),
    }
}

/// One key of a key Secret without its private half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Name of the Secret.
    pub name: String,
    /// Value of the label: `active`, `compromised`, ...
    pub state: String,
    /// What sort of key: `RSA`, `X25519` or `post-quantum`; empty when it is not readable.
    pub kind: &'static str,
    /// The key; `None` when the Secret holds no readable one.
    pub fingerprint: Option<Fingerprint>,
    /// Modulus bits; 0 unless it is RSA.
    pub bits: usize,
    /// Validity of its certificate.
    pub validity: Option<(i64, i64)>,
    /// The label that says its state.
    pub label: &'static str,
}

/// All key Secrets of a controller's namespace, of both kinds. The answer holds private keys, so it goes into wiped buffers at once.
pub async fn fetch(choice: &Choice) -> Result<Vec<ManifestFile>, CliError> {
    let api = choice.api().await?;
    let mut files = Vec::new();
    for label in [LABEL, AGE_LABEL] {
        let namespace = cluster::encoded(&choice.target.namespace);
        let path = format!("/api/v1/namespaces/{namespace}/secrets?labelSelector={}", cluster::encoded(label));
        let text = api.get_text("read the key Secrets", &path).await?;
        files.push(ManifestFile::parse("the key Secrets", text)?);
    }
    Ok(files)
}

/// The Secrets of what was fetched, each once: one may carry both labels.
fn secrets(files: &[ManifestFile]) -> Vec<Node> {
    let documents = files.iter().flat_map(|file| &file.documents);
    let mut seen = BTreeSet::new();
    let name = |node: &Node| node.at_path(&["metadata", "name"]).and_then(Node::public_text).unwrap_or_default().to_owned();
    documents.flat_map(|document| keyfile::secret_nodes(&document.root)).filter(|node| seen.insert(name(node))).collect()
}

/// The public facts of each key, newest first; age identities, which have no dates, last.
pub fn listed(files: &[ManifestFile]) -> Vec<Listed> {
    let mut all: Vec<Listed> = secrets(files).iter().flat_map(of_secret).collect();
    all.sort_by_key(|key| (std::cmp::Reverse(key.validity), key.name.clone()));
    all
}

fn of_secret(node: &Node) -> Vec<Listed> {
    let text = |path: &[&str]| node.at_path(path).and_then(Node::public_text).unwrap_or_default().to_owned();
    let (name, secret) = (text(&["metadata", "name"]), SecretObject::from_node(node).ok());
    let label = if text(&["metadata", "labels", AGE_LABEL]).is_empty() { LABEL } else { AGE_LABEL };
    let blank =
        Listed { name, state: text(&["metadata", "labels", label]), kind: "", fingerprint: None, bits: 0, validity: None, label };
    let Some(secret) = secret else { return vec![blank] };
    if label == AGE_LABEL {
        let kept = keyfile::of_secret("", &secret).map(|keys| keys.age).unwrap_or_default();
        let all: Vec<Listed> = kept.iter().map(|kept| of_identity(&kept.identity, &blank)).collect();
        return if all.is_empty() { vec![blank] } else { all };
    }
    let certificate = secret.data.get(TLS_CRT).and_then(|pem| Certificate::from_pem(pem.expose()).ok());
    let key = secret.data.get(keyfile::TLS_KEY).and_then(|pem| PrivateKey::from_pem(pem).ok());
    let public = key.as_ref().map(PrivateKey::public);
    vec![Listed {
        kind: public.map_or("", |_| "RSA"),
        fingerprint: public.map(|key| key.fingerprint().clone()),
        bits: public.map_or(0, PublicKey::bits),
        validity: certificate.map(|certificate| (certificate.not_before, certificate.not_after)),
        ..blank
    }]
}

fn of_identity(identity: &Identity, blank: &Listed) -> Listed {
    let kind = match identity.kind() {
        IdentityKind::X25519 => "X25519",
        IdentityKind::PostQuantum => "post-quantum",
        _ => "age",
    };
    Listed { kind, fingerprint: identity.recipient().map(|recipient| recipient.fingerprint()), ..blank.clone() }
}

async fn create(choice: &Choice, secret: Node) -> Result<String, CliError> {
    let name = secret.at_path(&["metadata", "name"]).and_then(Node::public_text).unwrap_or_default().to_owned();
    let path = format!("/api/v1/namespaces/{}/secrets", cluster::encoded(&choice.target.namespace));
    choice
        .api()
        .await?
        .send("create a key Secret", http::Method::POST, &path, "application/json", secret.to_json().expose().to_vec())
        .await?;
    Ok(name)
}

#[cfg(test)]
mod tests;
