//! `seal keys backup`: all keys of a controller in one file, encrypted to age recipients, or in clear and loudly so.

use super::{fetch, secrets};
use crate::{
    Exit, Io,
    cluster::{self, ClusterArgs},
    identities::RecipientArgs,
    report::{self, CliError},
    write,
};
use seal_core::{keyfile, secret::SecretObject};
use seal_crypto::age;
use seal_manifest::{Entry, Kind, Node, Position, to_yaml};
use seal_secret::SecretBytes;
use std::path::PathBuf;

/// Flags of `seal keys backup`.
#[derive(clap::Args)]
pub(super) struct Backup {
    /// File for the export, readable by its owner only; `-` is standard output
    #[arg(short, long = "output-file", alias = "out", value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    to: RecipientArgs,
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// Runs the verb.
pub(super) fn backup(args: &Backup, io: &mut Io) -> Result<Exit, CliError> {
    let recipients = args.to.resolve(false, io)?;
    let choice = args.cluster.resolve(io)?;
    let files = cluster::block_on(fetch(&choice))?;
    let found: Vec<Node> =
        secrets(&files).iter().filter_map(|node| SecretObject::from_node(node).ok()).map(|secret| secret.to_node()).collect();
    if found.is_empty() {
        return Err(CliError::negative(format!("no key Secrets in namespace {}", choice.target.namespace))
            .hint("name the controller's namespace with --controller-namespace"));
    }
    let text = list_of(found);
    let keys = keyfile::read("the export", text.clone()).map_err(|error| {
        CliError::failed(format!("the export would not read back: {error}"))
            .hint("nothing was written; `seal keys list` shows the key that is not readable")
    })?;
    let count = keys.rsa.len() + keys.age.len();
    let bytes = if recipients.is_empty() { text } else { encrypted(&text, &recipients, io)? };
    if args.out.as_os_str() == "-" {
        io.print_secret(&bytes)?
    } else {
        write::private(&args.out, &bytes)?
    }
    let counted = if count == 1 { "1 private key".to_owned() } else { format!("{count} private keys") };
    if recipients.is_empty() {
        let loud = counted.to_uppercase();
        report::warning(
            format_args!(
                "{loud} IN CLEAR in {}: whoever has this file reads everything ever sealed. Keep it offline, never in Git; --recipient encrypts it",
                args.out.display()
            ),
            io,
        );
    } else {
        let who = if recipients.len() == 1 { "1 recipient".to_owned() } else { format!("{} recipients", recipients.len()) };
        io.say(format_args!("{counted} in {}, encrypted to {who}", args.out.display()));
        io.say(format_args!("try it now: seal keys restore --drill -i IDENTITY {}", args.out.display()));
    }
    Ok(Exit::DONE)
}

fn encrypted(text: &SecretBytes, recipients: &[age::Recipient], io: &mut Io) -> Result<SecretBytes, CliError> {
    let bytes = age::encrypt(text, recipients, &[], &mut io.rng())
        .map_err(|error| CliError::failed(format!("cannot encrypt the backup: {error}")))?;
    Ok(age::armor::wrap(&bytes).into())
}

/// A `v1.List`, which `kubectl apply` takes too.
fn list_of(items: Vec<Node>) -> SecretBytes {
    let field = |key: &str, value: Node| Entry { key: key.to_owned(), key_at: Position::default(), value };
    let list = vec![
        field("apiVersion", Node::text("v1".to_owned())),
        field("kind", Node::text("List".to_owned())),
        field("items", Node { kind: Kind::List(items), at: Position::default() }),
    ];
    to_yaml(&Node { kind: Kind::Map(list), at: Position::default() })
}
