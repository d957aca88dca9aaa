//! `seal keys`: the private half, where it may be touched at all: list, generate, back up, restore.
//!
//! A backup is a plain export and says so loudly. Listing reads the key Secrets but shows nothing private of them.

use crate::{
    Exit, Io,
    cluster::{self, Choice, ClusterArgs},
    report::{self, CliError, OutputArg},
    table::{day, table},
    write,
};
use seal_core::{
    keyfile::{self, TLS_CRT, TLS_KEY},
    secret::SecretObject,
};
use seal_crypto::{Certificate, Fingerprint, PrivateKey};
use seal_manifest::{Entry, Kind, ManifestFile, Node, Position, to_yaml};
use seal_secret::SecretBytes;
use serde_json::json;
use std::{collections::BTreeMap, path::PathBuf};

/// The label of key Secrets; its value is the key's state.
const LABEL: &str = "sealedsecrets.bitnami.com/sealed-secrets-key";
const KEY_FILE_HINT: &str = "a key file is what `seal keys backup` gives: a Secret or a List of Secrets with tls.crt and tls.key";

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
    List(List),
    /// Make a new key and give it to the controller, or write it to a file
    Generate(Generate),
    /// Export all keys of a controller in clear
    Backup(Backup),
    /// Give the keys of a backup back to a controller
    Restore(Restore),
}

/// Flags of `seal keys list`.
#[derive(clap::Args)]
struct List {
    /// Look into this key file instead of a cluster
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: OutputArg,
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// Flags of `seal keys generate`.
#[derive(clap::Args)]
struct Generate {
    /// Write the key Secret here (readable by its owner only) instead of into the cluster
    #[arg(short, long = "output-file", alias = "out", value_name = "FILE")]
    out: Option<PathBuf>,
    /// RSA key size
    #[arg(long, value_name = "BITS", default_value_t = 4096, value_parser = bits)]
    bits: usize,
    /// Days until the certificate ends
    #[arg(long, value_name = "DAYS", default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..=36500))]
    days: u32,
    /// Common name in the certificate
    #[arg(long, value_name = "NAME", default_value = "")]
    common_name: String,
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// Flags of `seal keys backup`.
#[derive(clap::Args)]
struct Backup {
    /// File for the export, readable by its owner only; `-` is standard output
    #[arg(short, long = "output-file", alias = "out", value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// Flags of `seal keys restore`.
#[derive(clap::Args)]
struct Restore {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    cluster: ClusterArgs,
}

fn bits(text: &str) -> Result<usize, String> {
    match text {
        "2048" | "3072" | "4096" => text.parse().map_err(|_| "not a number".to_owned()),
        _ => Err("use 2048, 3072 or 4096".to_owned()),
    }
}

/// Runs the verb.
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    match args.what {
        What::List(args) => list(&args, io),
        What::Generate(args) => generate(&args, io),
        What::Backup(args) => backup(&args, io),
        What::Restore(args) => restore(&args, io),
    }
}

/// A key Secret without its private half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Name of the Secret.
    pub name: String,
    /// Value of the label: `active`, `compromised`, ...
    pub state: String,
    /// The key; `None` when the Secret holds no readable one.
    pub fingerprint: Option<Fingerprint>,
    /// Modulus bits.
    pub bits: usize,
    /// Validity of its certificate.
    pub validity: Option<(i64, i64)>,
}

/// All key Secrets of a controller's namespace. The answer holds private keys, so it goes into a wiped buffer at once.
pub async fn fetch(choice: &Choice) -> Result<ManifestFile, CliError> {
    let path = format!(
        "/api/v1/namespaces/{}/secrets?labelSelector={}",
        cluster::encoded(&choice.target.namespace),
        cluster::encoded(LABEL)
    );
    let text = choice.api().await?.get_text("read the key Secrets", &path).await?;
    Ok(ManifestFile::parse("the key Secrets", text)?)
}

/// The public facts of each Secret of a list, newest first.
pub fn listed(file: &ManifestFile) -> Vec<Listed> {
    let nodes = file.documents.iter().flat_map(|document| keyfile::secret_nodes(&document.root));
    let mut all: Vec<Listed> = nodes.map(|node| one(&node)).collect();
    all.sort_by_key(|key| (std::cmp::Reverse(key.validity), key.name.clone()));
    all
}

fn one(node: &Node) -> Listed {
    let text = |path: &[&str]| node.at_path(path).and_then(Node::public_text).unwrap_or_default().to_owned();
    let secret = SecretObject::from_node(node).ok();
    let certificate =
        secret.as_ref().and_then(|secret| secret.data.get(TLS_CRT)).and_then(|pem| Certificate::from_pem(pem.expose()).ok());
    let key = secret.as_ref().and_then(|secret| secret.data.get(TLS_KEY)).and_then(|pem| PrivateKey::from_pem(pem).ok());
    let public = key.as_ref().map(PrivateKey::public);
    Listed {
        name: text(&["metadata", "name"]),
        state: text(&["metadata", "labels", LABEL]),
        fingerprint: public.map(|key| key.fingerprint().clone()),
        bits: public.map_or(0, seal_crypto::PublicKey::bits),
        validity: certificate.map(|certificate| (certificate.not_before, certificate.not_after)),
    }
}

fn list(args: &List, io: &mut Io) -> Result<Exit, CliError> {
    let file = match &args.file {
        Some(path) => ManifestFile::parse(&path.display().to_string(), io.read(path)?)?,
        None => {
            let choice = args.cluster.resolve(io)?;
            cluster::block_on(fetch(&choice))?
        }
    };
    let keys = listed(&file);
    match args.output {
        OutputArg::Json => {
            let all: Vec<_> = keys.iter().map(|key| json!({"secret": key.name, "state": key.state, "fingerprint": key.fingerprint.as_ref().map(Fingerprint::as_str), "bits": key.bits, "notBefore": key.validity.map(|v| v.0), "notAfter": key.validity.map(|v| v.1)})).collect();
            io.print(&format!("{}\n", json!({"keys": all})))?;
        }
        OutputArg::Text => {
            let row = |key: &Listed| {
                let (from, to) = key.validity.map_or(("-".to_owned(), "-".to_owned()), |(from, to)| (day(from), day(to)));
                let fingerprint = key.fingerprint.as_ref().map_or_else(|| "(not readable)".to_owned(), ToString::to_string);
                vec![key.name.clone(), key.state.clone(), from, to, key.bits.to_string(), fingerprint]
            };
            io.print(&table(
                &["SECRET", "STATE", "FROM", "TO", "BITS", "FINGERPRINT"],
                &keys.iter().map(row).collect::<Vec<_>>(),
            ))?;
        }
    }
    Ok(if keys.iter().any(|key| key.fingerprint.is_none()) { Exit::FINDINGS } else { Exit::DONE })
}

fn generate(args: &Generate, io: &mut Io) -> Result<Exit, CliError> {
    let choice = args.cluster.resolve(io)?;
    let mut rng = io.rng();
    let failed = |error: &dyn std::error::Error| CliError::failed(format!("cannot make a key: {error}"));
    let key = PrivateKey::generate(args.bits, &mut rng).map_err(|error| failed(&error))?;
    let certificate = Certificate::self_signed(&key, &args.common_name, io.now(), i64::from(args.days) * 86400, &mut rng)
        .map_err(|error| failed(&error))?;
    let secret = key_secret(&key, &certificate, &choice.target.namespace);
    match &args.out {
        Some(path) => {
            write::private(path, &to_yaml(&secret.to_node()))?;
            report::warning(format_args!("{} holds a PRIVATE KEY IN CLEAR: keep it offline, never in Git", path.display()), io);
        }
        None => {
            let name = cluster::block_on(create(&choice, secret.to_node()))?;
            io.say(format_args!("created Secret {}/{name}", choice.target.namespace));
            io.say(format_args!(
                "under --profile=strict, a controller seals with it only after --import-keys={}",
                key.fingerprint()
            ));
        }
    }
    io.print(&format!("{}\n", key.fingerprint()))?;
    Ok(Exit::DONE)
}

/// A key Secret as controllers make it: a generated name, the label, the TLS type.
fn key_secret(key: &PrivateKey, certificate: &Certificate, namespace: &str) -> SecretObject {
    let short: String = key
        .fingerprint()
        .as_str()
        .bytes()
        .skip(7)
        .filter(u8::is_ascii_alphanumeric)
        .take(8)
        .map(|b| char::from(b.to_ascii_lowercase()))
        .collect();
    let metadata = json!({"name": format!("sealed-secrets-key-{short}"), "namespace": namespace, "labels": {LABEL: "active"}});
    SecretObject {
        metadata: metadata.as_object().cloned().unwrap_or_default(),
        type_: Some("kubernetes.io/tls".to_owned()),
        immutable: None,
        data: BTreeMap::from([
            (TLS_CRT.to_owned(), SecretBytes::from(certificate.pem.clone())),
            (TLS_KEY.to_owned(), key.to_pem()),
        ]),
    }
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

fn backup(args: &Backup, io: &mut Io) -> Result<Exit, CliError> {
    let choice = args.cluster.resolve(io)?;
    let file = cluster::block_on(fetch(&choice))?;
    let secrets: Vec<Node> = file
        .documents
        .iter()
        .flat_map(|document| keyfile::secret_nodes(&document.root))
        .filter_map(|node| SecretObject::from_node(&node).ok())
        .map(|secret| secret.to_node())
        .collect();
    if secrets.is_empty() {
        return Err(CliError::negative(format!("no key Secrets in namespace {}", choice.target.namespace))
            .hint("name the controller's namespace with --controller-namespace"));
    }
    let field = |key: &str, value: Node| Entry { key: key.to_owned(), key_at: Position::default(), value };
    let count = secrets.len();
    let list = vec![
        field("apiVersion", Node::text("v1".to_owned())),
        field("kind", Node::text("List".to_owned())),
        field("items", Node { kind: Kind::List(secrets), at: Position::default() }),
    ];
    let text = to_yaml(&Node { kind: Kind::Map(list), at: Position::default() });
    keyfile::read("the export", text.clone()).map_err(|error| {
        CliError::failed(format!("the export would not read back: {error}"))
            .hint("nothing was written; `seal keys list` shows the key that is not readable")
    })?;
    if args.out.as_os_str() == "-" {
        io.print_secret(&text)?
    } else {
        write::private(&args.out, &text)?
    }
    report::warning(
        format_args!(
            "{} IN CLEAR in {}: whoever has this file reads everything ever sealed. Keep it offline, never in Git",
            if count == 1 { "1 PRIVATE KEY".to_owned() } else { format!("{count} PRIVATE KEYS") },
            args.out.display()
        ),
        io,
    );
    Ok(Exit::DONE)
}

fn restore(args: &Restore, io: &mut Io) -> Result<Exit, CliError> {
    let choice = args.cluster.resolve(io)?;
    let name = args.file.display().to_string();
    let bytes = io.read(&args.file)?;
    let kept = keyfile::read(&name, bytes.clone()).map_err(|error| CliError::failed(error.to_string()).hint(KEY_FILE_HINT))?;
    if kept.rsa.iter().any(|key| key.secret.is_empty() || key.certificate.is_none()) {
        return Err(CliError::failed(format!(
            "{name}: a key without a Secret's name or without its certificate cannot be restored"
        ))
        .hint(KEY_FILE_HINT));
    }
    let file = ManifestFile::parse(&name, bytes)?;
    let secrets: Vec<SecretObject> = file
        .documents
        .iter()
        .flat_map(|document| keyfile::secret_nodes(&document.root))
        .filter_map(|node| SecretObject::from_node(&node).ok())
        .filter(|secret| secret.data.contains_key(TLS_KEY))
        .collect();
    let present = cluster::block_on(fetch(&choice))?;
    let (mut conflicts, mut created) = (0, 0);
    for (secret, key) in secrets.into_iter().zip(&kept.rsa) {
        let fingerprint = key.key.fingerprint();
        match decide(&listed(&present), secret.name(), fingerprint) {
            Step::Present(as_name) => io.say(format_args!("{fingerprint} is there already, as {as_name}")),
            Step::Conflict => {
                conflicts += 1;
                report::warning(
                    format_args!("Secret {} exists and holds another key: {fingerprint} was not restored", secret.name()),
                    io,
                );
            }
            Step::Create if args.dry_run => {
                io.say(format_args!("would create Secret {}/{} with {fingerprint}", choice.target.namespace, secret.name()))
            }
            Step::Create => {
                let name = cluster::block_on(create(&choice, in_namespace(secret, &choice.target.namespace).to_node()))?;
                created += 1;
                io.say(format_args!("created Secret {}/{name} with {fingerprint}", choice.target.namespace));
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

/// What to do with one key of a backup.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Create,
    Present(String),
    Conflict,
}

/// Never overwrites: a key that is there stays, a name that is taken by another key is a conflict.
fn decide(present: &[Listed], name: &str, fingerprint: &Fingerprint) -> Step {
    if let Some(same) = present.iter().find(|key| key.fingerprint.as_ref() == Some(fingerprint)) {
        return Step::Present(same.name.clone());
    }
    if present.iter().any(|key| key.name == name) { Step::Conflict } else { Step::Create }
}

fn in_namespace(mut secret: SecretObject, namespace: &str) -> SecretObject {
    secret.metadata.insert("namespace".into(), namespace.into());
    secret.metadata.remove("generateName");
    secret.metadata.remove("finalizers");
    secret
}

#[cfg(test)]
mod tests {
    use super::{Listed, Step, decide, key_secret, listed};
    use rand::SeedableRng;
    use seal_crypto::{Certificate, PrivateKey};
    use seal_manifest::{ManifestFile, to_yaml};

    fn key(seed: u64) -> (PrivateKey, Certificate) {
        let mut rng = rand::rngs::StdRng::seed_from_u64(seed);
        let key = PrivateKey::generate(1024, &mut rng).unwrap();
        let certificate = Certificate::self_signed(&key, "", 0, 86400, &mut rng).unwrap();
        (key, certificate)
    }

    #[test]
    fn a_made_key_secret_lists_with_its_public_facts_only() {
        let (key, certificate) = key(1);
        let yaml = to_yaml(&key_secret(&key, &certificate, "kube-system").to_node());
        let all = listed(&ManifestFile::parse("f", yaml).unwrap());
        let expected = Listed {
            name: all[0].name.clone(),
            state: "active".to_owned(),
            fingerprint: Some(key.fingerprint().clone()),
            bits: 1024,
            validity: Some((0, 86400)),
        };
        assert_eq!(all, [expected]);
        assert!(all[0].name.starts_with("sealed-secrets-key-"), "{}", all[0].name);
    }

    #[test]
    fn a_list_without_kinds_is_read_and_rubbish_is_shown_as_such() {
        let text = r#"{"metadata": {}, "items": [{"metadata": {"name": "k", "labels": {"sealedsecrets.bitnami.com/sealed-secrets-key": "active"}}, "data": {"tls.key": "eA=="}}]}"#;
        let all = listed(&ManifestFile::parse("f", text.to_owned()).unwrap());
        assert_eq!((all.len(), all[0].name.as_str(), all[0].fingerprint.clone()), (1, "k", None));
    }

    #[test]
    fn restoring_never_overwrites() {
        let (one, _) = key(1);
        let (two, _) = key(2);
        let there = Listed {
            name: "a".into(),
            state: "active".into(),
            fingerprint: Some(one.fingerprint().clone()),
            bits: 1024,
            validity: None,
        };
        let present = [there];
        assert_eq!(decide(&present, "b", one.fingerprint()), Step::Present("a".into()));
        assert_eq!(decide(&present, "a", two.fingerprint()), Step::Conflict);
        assert_eq!(decide(&present, "b", two.fingerprint()), Step::Create);
    }
}
