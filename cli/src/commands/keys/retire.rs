//! `seal keys retire`: takes a key out of service, unless an object of the cluster or a file of the given tree opens with no other.
//!
//! Whether something needs it is tried with the keys themselves: claims may be missing, old or untrue.

use super::{ACTIVE, LABEL, RETIRED, fetch, listed, secrets};
use crate::{
    Exit, Io,
    cluster::{self, Choice, ClusterArgs},
    inputs,
    objects::{self, is_sealed, printable},
    report::{self, CliError},
    sops,
};
use seal_core::{
    keyfile::{self, AGE_LABEL, Keys},
    retire::needed_items,
    sealed::SealedObject,
    secret::SecretObject,
};
use seal_crypto::{Fingerprint, Keyring, age::Recipient};
use seal_manifest::{ManifestFile, Node};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Flags of `seal keys retire`.
#[derive(clap::Args)]
pub(super) struct Retire {
    /// The key, as `seal keys list` shows it
    #[arg(value_name = "FINGERPRINT")]
    key: Fingerprint,
    /// Files and folders that must not need it either: what is in Git
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// The keys of a controller, the one that is to go apart from the others.
struct Parted {
    others: Keyring,
    retiring: Keyring,
    /// Text of the identity's recipient, and of the other identities'.
    recipient: Option<String>,
    other_recipients: Vec<String>,
}

/// Runs the verb.
pub(super) fn retire(args: &Retire, io: &mut Io) -> Result<Exit, CliError> {
    let choice = args.cluster.resolve(io)?;
    let files = cluster::block_on(fetch(&choice))?;
    let keys = listed(&files);
    let Some(own) = keys.iter().find(|key| key.fingerprint.as_ref() == Some(&args.key)) else {
        return Err(CliError::negative(format!("no key Secret in {} holds {}", choice.target.namespace, args.key))
            .hint("`seal keys list` shows what there is"));
    };
    if own.state != ACTIVE {
        io.say(format_args!("{} is out of service already: Secret {} is labelled {}", args.key, own.name, own.state));
        return Ok(Exit::DONE);
    }
    let active = |label: &str| keys.iter().filter(|key| key.label == label && key.state == ACTIVE).collect::<Vec<_>>();
    if own.label == LABEL && active(LABEL).first().is_some_and(|newest| newest.fingerprint == own.fingerprint) {
        return Err(CliError::negative(format!("{} is the newest key: everybody seals to it", args.key))
            .hint("make another first: `seal keys generate`, then `seal rotate`"));
    }
    if let Some(neighbour) = active(own.label).iter().find(|key| key.name == own.name && key.fingerprint != own.fingerprint) {
        let other = neighbour.fingerprint.as_ref().map(ToString::to_string).unwrap_or_default();
        return Err(CliError::failed(format!("Secret {} holds {other} too, which would go with it", own.name))
            .hint("put each identity into a Secret of its own"));
    }
    let parted = part(&files, &args.key)?;
    let mut needs = in_cluster(&choice, &parted)?;
    let looked_at = needs.len();
    needs.extend(in_tree(args, &parted, io)?);
    if !needs.is_empty() {
        needs.iter().try_for_each(|line| io.print(&format!("{}\n", printable(line))))?;
        let where_ = if looked_at == needs.len() { "in the cluster" } else { "in the cluster and the files" };
        return Err(CliError::negative(format!("{} is still needed {where_}: nothing was changed", args.key))
            .hint("seal it anew with `seal rotate`, apply it, and try again"));
    }
    if args.paths.is_empty() {
        report::warning(
            "only the cluster was looked at: name the folders of Git too, or what is only there may not open again",
            io,
        );
    }
    if args.dry_run {
        io.say(format_args!("nothing needs {}: would label Secret {} {RETIRED}", args.key, own.name));
        return Ok(Exit::DONE);
    }
    cluster::block_on(label(&choice, &own.name, own.label))?;
    io.say(format_args!(
        "{} is out of service: Secret {} is labelled {RETIRED}; keep its backup for old commits",
        args.key, own.name
    ));
    Ok(Exit::DONE)
}

/// Every active key, read from what was fetched.
fn part(files: &[ManifestFile], retiring: &Fingerprint) -> Result<Parted, CliError> {
    let (mut others, mut own) = (Keys::default(), Keys::default());
    for node in secrets(files) {
        let state = |label| node.at_path(&["metadata", "labels", label]).and_then(Node::public_text);
        let Ok(secret) = SecretObject::from_node(&node) else { continue };
        if ![state(LABEL), state(AGE_LABEL)].contains(&Some(ACTIVE)) {
            continue;
        }
        // A Secret that does not read opens nothing in the controller either.
        let Ok(keys) = keyfile::of_secret(secret.name(), &secret) else { continue };
        for key in keys.rsa {
            if key.key.fingerprint() == retiring { own.rsa.push(key) } else { others.rsa.push(key) }
        }
        for kept in keys.age {
            let is_it = kept.identity.recipient().is_some_and(|recipient| recipient.fingerprint() == *retiring);
            if is_it { own.age.push(kept) } else { others.age.push(kept) }
        }
    }
    let texts = |keys: &Keys| -> Vec<String> {
        keys.age.iter().filter_map(|kept| kept.identity.recipient()).map(Recipient::to_string).collect()
    };
    let (recipient, other_recipients) = (texts(&own).into_iter().next(), texts(&others));
    Ok(Parted { others: keyfile::keyring(others), retiring: keyfile::keyring(own), recipient, other_recipients })
}

impl Parted {
    fn sealed(&self, place: &str, object: &SealedObject) -> Option<String> {
        let items = needed_items(object, &self.others, &self.retiring);
        let at = format!("{place}SealedSecret {}/{}", object.namespace(), object.name());
        (!items.is_empty()).then(|| format!("{at}: {}", items.join(", ")))
    }

    /// A SOPS text that names the identity's recipient and none of the others. SOPS writes recipients out.
    fn sops(&self, text: &str) -> bool {
        let holds = |recipient: &String| text.contains(recipient.as_str());
        self.recipient.as_ref().is_some_and(holds) && !self.other_recipients.iter().any(holds)
    }
}

fn in_cluster(choice: &Choice, parted: &Parted) -> Result<Vec<String>, CliError> {
    cluster::block_on(async {
        let api = choice.api().await?;
        let mut needs = Vec::new();
        for mut object in api.list("list SealedSecrets", "/apis/bitnami.com/v1alpha1/sealedsecrets", "").await? {
            // Elements of a list carry no kind of their own.
            object["apiVersion"] = seal_core::sealed::API_VERSION.into();
            object["kind"] = seal_core::sealed::KIND.into();
            needs.extend(SealedObject::from_json(&object).ok().and_then(|object| parted.sealed("", &object)));
        }
        for object in cluster::sops_secrets(&api, None).await? {
            let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
            if parted.sops(&text("/spec/sops")) {
                needs.push(format!("SopsSecret {}/{}", text("/metadata/namespace"), text("/metadata/name")));
            }
        }
        Ok(needs)
    })
}

fn in_tree(args: &Retire, parted: &Parted, io: &mut Io) -> Result<Vec<String>, CliError> {
    let mut needs = Vec::new();
    for input in inputs::expand(&args.paths)? {
        let bytes = io.read(&input.path)?;
        if sops::look::may_be_sops(&bytes) {
            if parted.sops(&String::from_utf8_lossy(bytes.expose())) {
                needs.push(format!("{}: SOPS file", input.name()));
            }
            continue;
        }
        // A file that does not read could hold anything: that is no reason to say that nothing needs the key.
        let manifest = ManifestFile::parse(&input.name(), bytes)?;
        for place in objects::all(&manifest).into_iter().filter(|place| is_sealed(place.node)) {
            let object =
                SealedObject::from_node(place.node).map_err(|error| CliError::failed(format!("{}: {error}", input.name())))?;
            needs.extend(parted.sealed(&format!("{}: ", input.name()), &object));
        }
    }
    Ok(needs)
}

async fn label(choice: &Choice, name: &str, label: &str) -> Result<(), CliError> {
    let path = format!("/api/v1/namespaces/{}/secrets/{}", cluster::encoded(&choice.target.namespace), cluster::encoded(name));
    let patch = json!({"metadata": {"labels": {label: RETIRED}}}).to_string().into_bytes();
    choice.api().await?.send("retire a key", http::Method::PATCH, &path, "application/merge-patch+json", patch).await?;
    Ok(())
}
