//! `seal decrypt`: SealedSecrets back to Secrets, with recovery keys. The only verb whose purpose is plaintext on standard output.

use crate::{
    Exit, Io, inputs,
    moment::Moment,
    objects::{self, is_sealed},
    recovery::{Need, RecoveryArgs},
    report::CliError,
    sops, write,
};
use seal_core::{
    open::{Opening, open_object},
    render,
    sealed::SealedObject,
    secret::SecretObject,
};
use seal_crypto::{Item, Keyring, v2::Head};
use seal_manifest::{Format, ManifestFile, Node, to_json_pretty, to_yaml};
use seal_secret::SecretBytes;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Flags of `seal decrypt`.
#[derive(clap::Args)]
pub struct Args {
    /// Files, folders, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    recovery: RecoveryArgs,
    /// Print the value of one key, as it is, instead of the Secret
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Write to a file (readable by you alone) instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output_file: Option<PathBuf>,
    /// Print the sealed items alone, spec.template.data not rendered
    #[arg(long)]
    without_templates: bool,
    /// Format of the Secrets
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "yaml")]
    format: super::encrypt::FormatArg,
    #[command(flatten)]
    how: sops::decrypt::DecryptArgs,
    #[command(flatten)]
    sops: sops::OpenArgs,
}

/// Runs `seal decrypt`.
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    let mut read = Vec::new();
    for input in inputs::expand(&args.paths)? {
        let bytes = io.read(&input.path)?;
        read.push((input, bytes));
    }
    let sealed = sops::decrypt::select(&mut read, &args.sops, io)?;
    if !sealed.is_empty() {
        return sops::decrypt::run(sealed, args.key.as_deref(), args.output_file.as_deref(), &args.how, &args.sops, io);
    }
    if args.how.in_place {
        return Err(CliError::usage("--in-place is for SOPS files, and there is none among these")
            .hint("a SealedSecret is written to a file of its own with -o"));
    }
    let mut manifests = Vec::new();
    for (input, bytes) in read {
        manifests.push((ManifestFile::parse(&input.name(), bytes)?, input));
    }
    let all = manifests.iter().flat_map(|(manifest, _)| objects::all(manifest));
    let sealed: Vec<SealedObject> = all.filter_map(|place| SealedObject::from_node(place.node).ok()).collect();
    let keyring = args.recovery.keyring(&args.sops.identity, Need::of(&sealed), io)?.ok_or_else(|| {
        CliError::usage("opening needs a private key")
            .hint("give --recovery-key FILE (what `seal keys backup` wrote) or -i FILE (an age identity)")
    })?;
    let mut secrets = Vec::new();
    for (manifest, input) in &manifests {
        for place in objects::all(manifest).into_iter().filter(|place| is_sealed(place.node)) {
            secrets.push(open(place.node, &input.name(), &keyring, !args.without_templates, io)?);
        }
    }
    let text = match (&args.key, secrets.as_slice()) {
        (_, []) => return Err(CliError::failed("no SealedSecret found")),
        (Some(key), [secret]) => {
            secret.data.get(key).cloned().ok_or_else(|| CliError::negative(format!("there is no key {key:?} in it")))?
        }
        (Some(_), _) => return Err(CliError::usage("--key needs exactly one SealedSecret")),
        (None, all) => print_all(all, args.format.into()),
    };
    match args.output_file.filter(|path| path != Path::new("-")) {
        Some(path) => write::private(&path, &text)?,
        None => io.print_secret(&text)?,
    }
    Ok(Exit::DONE)
}

fn open(node: &Node, file: &str, keyring: &Keyring, renders: bool, io: &mut Io) -> Result<SecretObject, CliError> {
    let at = format!("{file}:{}:{}", node.at.line, node.at.column);
    let object = SealedObject::from_node(node).map_err(|error| CliError::failed(format!("{at}: {error}")))?;
    let described = objects::described(node);
    let opened = open_object(&object, keyring, &Opening::default()).map_err(|error| {
        let hint = if claims_another_place(&object) {
            "it was sealed for another place: see `seal verify`"
        } else {
            "none of the keys given fits, or its name, namespace or scope was changed after sealing"
        };
        CliError::negative(format!("{at}: {described}: {error}")).hint(hint)
    })?;
    let renders = renders && opened.blob.is_none();
    let mut secret = opened.into_secret(&object);
    if renders {
        secret.data = render::render(&object.template.data, secret.data, &mut Moment::of(io)).map_err(|failed| {
            CliError::failed(format!("{at}: {described}: {failed}")).hint("--without-templates prints the items alone")
        })?;
    }
    Ok(secret)
}

/// True when the object, or one of its v2 items, says that it was sealed for somewhere else.
fn claims_another_place(object: &SealedObject) -> bool {
    let Ok(binding) = object.binding() else { return false };
    let moved = |(name, text): (&String, &String)| {
        let head = Item::decode(text).ok().and_then(|item| Head::of(&item).ok());
        head.is_some_and(|head| !head.claim.context.is_for(&binding, name))
    };
    object.claim().is_some_and(|claim| !claim.matches(&binding)) || object.items.iter().any(moved)
}

fn print_all(secrets: &[SecretObject], format: Format) -> SecretBytes {
    let mut text = Zeroizing::new(Vec::new());
    for (index, secret) in secrets.iter().enumerate() {
        if index > 0 && format == Format::Yaml {
            text.extend_from_slice(b"---\n");
        }
        let node = secret.to_node();
        let one = if format == Format::Json { to_json_pretty(&node) } else { to_yaml(&node) };
        text.extend_from_slice(one.expose());
    }
    text.into()
}
