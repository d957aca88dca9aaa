//! `seal keys restore`: a backup's keys back into a cluster, never over what is there. `--drill` does everything but write, and says
//! whether the backup would be enough.

use super::{ACTIVE, KEY_FILE_HINT, Listed, create, fetch, listed};
use crate::{
    Exit, Io,
    cluster::{self, Choice, ClusterArgs},
    identities::IdentityArgs,
    recovery,
    report::{self, CliError},
};
use seal_core::{
    keyfile::{self, Keys},
    secret::SecretObject,
};
use seal_crypto::{Certificate, Fingerprint, age};
use seal_manifest::ManifestFile;
use seal_secret::SecretBytes;
use std::path::PathBuf;

/// Flags of `seal keys restore`.
#[derive(clap::Args)]
pub(super) struct Restore {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Try the backup: decrypt it, read every key, and compare with the keys of the cluster (or with --cert); write nothing
    #[arg(long, conflicts_with = "dry_run")]
    drill: bool,
    /// With --drill: compare with this certificate instead of a cluster
    #[arg(long, value_name = "FILE", requires = "drill", conflicts_with_all = ["context", "cluster", "kubeconfig"])]
    cert: Option<PathBuf>,
    #[command(flatten)]
    identity: IdentityArgs,
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// One Secret of a backup and the keys in it.
struct Kept {
    secret: SecretObject,
    fingerprints: Vec<Fingerprint>,
}

/// Runs the verb.
pub(super) fn restore(args: &Restore, io: &mut Io) -> Result<Exit, CliError> {
    let name = args.file.display().to_string();
    let bytes = io.read(&args.file)?;
    let encrypted = age::is_encrypted(&bytes);
    let bytes = if encrypted {
        let found = recovery::identities(&args.identity, io)?;
        recovery::decrypted(&name, &bytes, &found)?
    } else {
        bytes
    };
    let kept = read(&name, bytes)?;
    if args.drill {
        if !encrypted {
            report::warning(format_args!("{name} holds private keys IN CLEAR: `seal keys backup --recipient` encrypts them"), io);
        }
        return drill(args, &kept, io);
    }
    write_all(args, kept, io)
}

/// The Secrets of a backup, every key in them read.
fn read(name: &str, bytes: SecretBytes) -> Result<Vec<Kept>, CliError> {
    let refuse = |error: keyfile::KeyFileError| CliError::failed(error.to_string()).hint(KEY_FILE_HINT);
    let whole = keyfile::read(name, bytes.clone()).map_err(refuse)?;
    let nameless = whole.rsa.iter().any(|key| key.secret.is_empty() || key.certificate.is_none())
        || whole.age.iter().any(|key| key.secret.is_empty());
    if nameless {
        let what = "a key without a Secret's name or without its certificate cannot be restored";
        return Err(CliError::failed(format!("{name}: {what}")).hint(KEY_FILE_HINT));
    }
    let file = ManifestFile::parse(name, bytes)?;
    let mut kept = Vec::new();
    for node in file.documents.iter().flat_map(|document| keyfile::secret_nodes(&document.root)) {
        let Ok(secret) = SecretObject::from_node(&node) else { continue };
        let fingerprints = fingerprints(&keyfile::of_secret(name, &secret).map_err(refuse)?);
        if !fingerprints.is_empty() {
            kept.push(Kept { secret, fingerprints });
        }
    }
    Ok(kept)
}

fn fingerprints(keys: &Keys) -> Vec<Fingerprint> {
    let rsa = keys.rsa.iter().map(|kept| kept.key.fingerprint().clone());
    rsa.chain(keys.age.iter().filter_map(|kept| Some(kept.identity.recipient()?.fingerprint()))).collect()
}

/// Is everything that opens in the cluster in the backup?
fn drill(args: &Restore, kept: &[Kept], io: &mut Io) -> Result<Exit, CliError> {
    let held: Vec<&Fingerprint> = kept.iter().flat_map(|kept| &kept.fingerprints).collect();
    let (against, wanted) = match &args.cert {
        Some(path) => {
            let name = path.display().to_string();
            let certificate =
                Certificate::from_pem(io.read(path)?.expose()).map_err(|error| CliError::failed(format!("{name}: {error}")))?;
            (name, vec![(certificate.public_key.fingerprint().clone(), String::new())])
        }
        None => {
            let choice = args.cluster.resolve(io)?;
            let present = listed(&cluster::block_on(fetch(&choice))?);
            let active = present.into_iter().filter(|key| key.state == ACTIVE);
            let keys: Vec<_> = active.filter_map(|key| Some((key.fingerprint?, format!(" (Secret {})", key.name)))).collect();
            if keys.is_empty() {
                return Err(CliError::failed(format!("no key Secrets in namespace {} to compare with", choice.target.namespace))
                    .hint("give the certificate that is sealed to: --cert FILE"));
            }
            (format!("the keys in {}", choice.target.namespace), keys)
        }
    };
    let missing: Vec<_> = wanted.iter().filter(|(key, _)| !held.contains(&key)).collect();
    for (key, place) in &missing {
        io.print(&format!("missing: {key}{place}\n"))?;
    }
    let counted = |count: usize| if count == 1 { "1 key".to_owned() } else { format!("{count} keys") };
    let verdict = if missing.is_empty() { "would restore everything" } else { "IS NOT ENOUGH: make a new one" };
    io.say(format_args!(
        "{}: {} read, held against {against}: {} missing; it {verdict}",
        args.file.display(),
        counted(held.len()),
        missing.len()
    ));
    Ok(if missing.is_empty() { Exit::DONE } else { Exit::FINDINGS })
}

fn write_all(args: &Restore, kept: Vec<Kept>, io: &mut Io) -> Result<Exit, CliError> {
    let choice = args.cluster.resolve(io)?;
    let present = listed(&cluster::block_on(fetch(&choice))?);
    let (mut conflicts, mut created) = (0, 0);
    for Kept { secret, fingerprints } in kept {
        let names = fingerprints.iter().map(Fingerprint::as_str).collect::<Vec<_>>().join(", ");
        match decide(&present, secret.name(), &fingerprints) {
            Step::Present(as_name) => io.say(format_args!("{names} is there already, as {as_name}")),
            Step::Conflict => {
                conflicts += 1;
                report::warning(
                    format_args!("Secret {} exists and holds another key: {names} was not restored", secret.name()),
                    io,
                );
            }
            Step::Create if args.dry_run => {
                io.say(format_args!("would create Secret {}/{} with {names}", choice.target.namespace, secret.name()))
            }
            Step::Create => {
                let name = put(&choice, secret)?;
                created += 1;
                io.say(format_args!("created Secret {}/{name} with {names}", choice.target.namespace));
            }
        }
    }
    if created > 0 {
        io.say(format_args!(
            "under --profile=strict, a controller opens with them at once and seals with them only after --import-keys"
        ));
    }
    Ok(if conflicts > 0 { Exit::FINDINGS } else { Exit::DONE })
}

fn put(choice: &Choice, secret: SecretObject) -> Result<String, CliError> {
    cluster::block_on(create(choice, in_namespace(secret, &choice.target.namespace).to_node()))
}

/// What to do with one Secret of a backup.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Create,
    Present(String),
    Conflict,
}

/// Never overwrites: keys that are all there stay, a name that is taken by another key is a conflict.
pub(super) fn decide(present: &[Listed], name: &str, fingerprints: &[Fingerprint]) -> Step {
    let holder = |wanted: &Fingerprint| present.iter().find(|key| key.fingerprint.as_ref() == Some(wanted));
    if let Some(holders) = fingerprints.iter().map(holder).collect::<Option<Vec<_>>>().filter(|holders| !holders.is_empty()) {
        return Step::Present(holders[0].name.clone());
    }
    if present.iter().any(|key| key.name == name) { Step::Conflict } else { Step::Create }
}

fn in_namespace(mut secret: SecretObject, namespace: &str) -> SecretObject {
    secret.metadata.insert("namespace".into(), namespace.into());
    secret.metadata.remove("generateName");
    secret.metadata.remove("finalizers");
    secret
}
