//! `encrypt` into SOPS files: for the recipients of `--age`, or of the rule that names the file.
//!
//! Sealing into a file that is sealed already keeps the data key and the ciphertext of every value that did not change.

use super::{
    OpenArgs, Unlocked, file, keypath,
    policy::{Policies, Policy},
    rekey::plan::{self, Step},
    unlock::not_wrapped,
};
use crate::{
    Exit, Io,
    identities::IdentityArgs,
    report::{self, CliError},
    write,
};
use seal_crypto::{age::Recipient, sops::DataKey};
use seal_secret::SecretBytes;
use seal_sops::{EncryptOptions, LeafState, Selector, SopsFile, Store, unwrap};
use std::path::{Path, PathBuf};

/// Flags of `seal encrypt` for SOPS files.
#[derive(clap::Args, Clone, Default)]
#[command(next_help_heading = "SOPS files")]
pub struct EncryptArgs {
    /// Seal into SOPS files, by the rules of .sops.yaml
    #[arg(long)]
    pub sops: bool,
    /// Seal into SOPS files for these age recipients (commas between, or repeat)
    #[arg(long, value_name = "RECIPIENT", value_delimiter = ',')]
    pub age: Vec<String>,
    /// Read the file as yaml, json, dotenv, ini or binary, whatever its name says
    #[arg(long, value_name = "TYPE")]
    pub input_type: Option<Store>,
    #[command(flatten)]
    pub select: SelectArgs,
    /// The MAC covers sealed values only
    #[arg(long)]
    pub mac_only_encrypted: bool,
    /// Add a stronger MAC, over keys, structure and the object's identity too; sops ignores it
    #[arg(long)]
    pub strong_mac: bool,
    /// Accept post-quantum beside classic recipients: the file is then as strong as the classic ones
    #[arg(long)]
    pub allow_half_post_quantum: bool,
    #[command(flatten)]
    pub identity: IdentityArgs,
}

/// What is sealed, when no rule says it. At most one.
#[derive(clap::Args, Clone, Default)]
#[group(multiple = false)]
pub struct SelectArgs {
    /// Seal only values below keys that match
    #[arg(long, value_name = "REGEX")]
    pub encrypted_regex: Option<String>,
    /// Seal everything but values below keys that match
    #[arg(long, value_name = "REGEX")]
    pub unencrypted_regex: Option<String>,
    /// Seal only values below keys that end so
    #[arg(long, value_name = "SUFFIX")]
    pub encrypted_suffix: Option<String>,
    /// Seal everything but values below keys that end so
    #[arg(long, value_name = "SUFFIX")]
    pub unencrypted_suffix: Option<String>,
    /// Seal only what follows a comment that matches
    #[arg(long, value_name = "REGEX")]
    pub encrypted_comment_regex: Option<String>,
    /// Seal everything but what follows a comment that matches
    #[arg(long, value_name = "REGEX")]
    pub unencrypted_comment_regex: Option<String>,
}

impl SelectArgs {
    fn selector(&self) -> Option<Selector> {
        let chosen = [
            self.encrypted_regex.clone().map(Selector::EncryptedRegex),
            self.unencrypted_regex.clone().map(Selector::UnencryptedRegex),
            self.encrypted_suffix.clone().map(Selector::EncryptedSuffix),
            self.unencrypted_suffix.clone().map(Selector::UnencryptedSuffix),
            self.encrypted_comment_regex.clone().map(Selector::EncryptedCommentRegex),
            self.unencrypted_comment_regex.clone().map(Selector::UnencryptedCommentRegex),
        ];
        chosen.into_iter().flatten().next()
    }
}

/// True when rules say that these files become SOPS files. Some of each kind in one call is an error.
pub fn is_meant(paths: &[PathBuf], output: Option<&Path>, args: &EncryptArgs, io: &mut Io) -> Result<bool, CliError> {
    let mut policies = Policies::glance(args.identity.plugins);
    let mut meant = Vec::new();
    for path in paths {
        let mut ruled = false;
        let places = [output, Some(path.as_path())].into_iter().flatten();
        for place in places.filter(|place| *place != Path::new("-") && !place.is_dir()) {
            if policies.is_for_objects(place, io)? {
                break;
            }
            ruled = ruled || policies.for_file(place, io)?.is_some();
        }
        meant.push(ruled);
    }
    match (meant.iter().position(|ruled| *ruled), meant.iter().position(|ruled| !ruled)) {
        (None, _) => Ok(false),
        (Some(_), None) => Ok(true),
        (Some(sops), Some(other)) => Err(CliError::usage(format!(
            "a rule for SOPS files names {}, and none names {}",
            paths[sops].display(),
            paths[other].display()
        ))
        .hint("seal them in two runs, or say --sops or --cert")),
    }
}

/// Where the sealed text goes.
pub enum Destination<'a> {
    /// Standard output.
    Print,
    /// A file.
    File(&'a Path),
    /// Each file itself.
    InPlace,
}

/// Seals the files. All are sealed before the first is written.
pub fn run(paths: &[PathBuf], to: &Destination<'_>, args: &EncryptArgs, io: &mut Io) -> Result<Exit, CliError> {
    if !matches!(to, Destination::InPlace) && paths.len() != 1 {
        return Err(CliError::usage("several files can only be sealed in place").hint("add --in-place, or give one file"));
    }
    let mut policies = Policies::new(args.identity.plugins);
    let mut sealed = Vec::new();
    for path in paths {
        let target = match to {
            Destination::Print => None,
            Destination::File(file) => Some(*file),
            Destination::InPlace if path == Path::new("-") => {
                return Err(CliError::usage("standard input cannot be replaced in place").hint("name the files"));
            }
            Destination::InPlace => Some(path.as_path()),
        };
        let clear = io.read(path)?;
        if let Some(bytes) = one(path, target, clear, args, &mut policies, io)? {
            sealed.push((target, bytes));
        }
    }
    let files: Vec<(&Path, &SecretBytes)> = sealed.iter().filter_map(|(target, bytes)| Some(((*target)?, bytes))).collect();
    write::all_atomically(&files)?;
    for (_, bytes) in sealed.iter().filter(|(target, _)| target.is_none()) {
        io.print_secret(bytes)?;
    }
    Ok(Exit::DONE)
}

/// The sealed text of one file; nothing when the target holds it already.
fn one(
    path: &Path,
    target: Option<&Path>,
    clear: SecretBytes,
    args: &EncryptArgs,
    policies: &mut Policies,
    io: &mut Io,
) -> Result<Option<SecretBytes>, CliError> {
    let named = target.unwrap_or(path);
    let policy = policy(path, target, args, policies, io)?;
    let store = args.input_type.unwrap_or_else(|| super::look::store_of(if path == Path::new("-") { named } else { path }));
    let clear_file = SopsFile::parse(&path.display().to_string(), store, clear.clone())?;
    if clear_file.metadata().is_some() {
        return Err(CliError::failed(format!("{}: it is sealed already", path.display()))
            .hint("change it with `seal edit` or `seal set`, its recipients with `seal rekey`"));
    }
    let selector = selector(&clear_file, &policy, args)?;
    let previous = target.filter(|target| *target != path).and_then(|target| previous(target, &clear_file, args, io));
    let threshold = policy.threshold;
    let mut rng = io.rng();
    let wanted = policy.wanted();
    let kept = previous.as_ref().and_then(|unlocked| {
        let metadata = unlocked.opened.file().metadata()?;
        let step = plan::plan(metadata, &wanted, false);
        matches!(step, Step::Current | Step::Rewrap(_)).then_some((unlocked, metadata, step))
    });
    let refused = |error: &unwrap::WrapError| not_wrapped(&path.display().to_string(), error);
    let half = args.allow_half_post_quantum;
    let (key, groups) = match kept {
        Some((unlocked, metadata, step)) => {
            if step == Step::Current && unlocked.opened.to_clear(store)? == clear && metadata.selector == selector {
                io.say(format_args!("{}: it holds these values already", named.display()));
                return Ok(None);
            }
            let groups = unwrap::rewrap(metadata, &unlocked.key, &policy.recipients(), threshold, half, &mut rng);
            (unlocked.key.clone(), groups.map_err(|error| refused(&error))?)
        }
        None => {
            let key = DataKey::generate(&mut rng);
            let groups = unwrap::wrap(&key, &policy.recipients(), threshold, half, &mut rng);
            (key, groups.map_err(|error| refused(&error))?)
        }
    };
    let options = EncryptOptions {
        groups,
        threshold,
        selector,
        mac_only_encrypted: args.mac_only_encrypted || policy.mac_only_encrypted,
        strong: args.strong_mac || policy.strong_mac,
        previous: previous.as_ref().map(|unlocked| &unlocked.opened),
    };
    let sealed = clear_file.encrypt(&options, &key, file::now(io), &mut rng)?;
    tell(&clear_file, &sealed, store, named, &policy, io)?;
    Ok(Some(sealed))
}

/// By flag, else by the rule for the file that is written, else by that for the file that is read.
fn policy(
    path: &Path,
    target: Option<&Path>,
    args: &EncryptArgs,
    policies: &mut Policies,
    io: &mut Io,
) -> Result<Policy, CliError> {
    if !args.age.is_empty() {
        return policies.of_recipients(&args.age, io);
    }
    for place in [target, Some(path)].into_iter().flatten().filter(|place| *place != Path::new("-")) {
        if let Some(policy) = policies.for_file(place, io)? {
            return Ok(Policy::clone(&policy));
        }
    }
    Err(CliError::failed(format!("{}: no rule of .sops.yaml or .seal.yaml names it", target.unwrap_or(path).display()))
        .hint("name recipients with --age, or add a rule"))
}

/// By flag, else by rule; without either, a file of Secrets has its `data` and `stringData` sealed, any other file all its values.
fn selector(clear: &SopsFile, policy: &Policy, args: &EncryptArgs) -> Result<Selector, CliError> {
    if clear.store() == Store::Binary {
        return Ok(Selector::default());
    }
    let said = args.select.selector().or_else(|| policy.selector.clone());
    let secrets = said.is_none() && only_secrets(clear)?;
    Ok(said.unwrap_or_else(|| match secrets {
        true => Selector::EncryptedRegex("^(data|stringData)$".to_owned()),
        false => Selector::default(),
    }))
}

fn only_secrets(clear: &SopsFile) -> Result<bool, CliError> {
    let leaves = clear.leaves()?;
    let documents = leaves.iter().map(|leaf| leaf.document).max().map_or(0, |last| last + 1);
    let secret = |document: usize| {
        let says = |key: &str, text: &[u8]| {
            leaves.iter().filter(|leaf| leaf.document == document).any(|leaf| match &leaf.state {
                LeafState::Clear(value) => leaf.path == seal_sops::Path::of_keys(&[key]) && value.bytes.expose() == text,
                _ => false,
            })
        };
        says("kind", b"Secret") && says("apiVersion", b"v1")
    };
    Ok(documents > 0 && (0..documents).all(secret))
}

/// The target as it is now, when it is sealed and can be opened. When it cannot, it is simply replaced.
fn previous(target: &Path, clear: &SopsFile, args: &EncryptArgs, io: &mut Io) -> Option<Unlocked> {
    let old = io.read_file(target).ok().filter(super::look::may_be_sops)?;
    let old = file::parse(target, Some(clear.store()), old).ok()?;
    let open = OpenArgs { identity: args.identity.clone(), ..OpenArgs::default() };
    open.silent_unlocker(io).ok()?.open(old, open.options(), io).ok()
}

/// Says by which rule, for how many, and what stayed in clear.
fn tell(
    clear: &SopsFile,
    sealed: &SecretBytes,
    store: Store,
    named: &Path,
    policy: &Policy,
    io: &mut Io,
) -> Result<(), CliError> {
    let sealed = SopsFile::parse(clear.name(), store, sealed.clone())?;
    let (mut count, mut open) = (0_usize, Vec::new());
    for leaf in sealed.leaves()? {
        match &leaf.state {
            LeafState::Sealed(kind, _) if *kind != seal_sops::Type::Comment => count += 1,
            LeafState::Clear(value) if value.kind != seal_sops::Type::Comment => open.push(keypath::shown(&leaf.path)),
            _ => {}
        }
    }
    let secretish: Vec<&String> = open.iter().filter(|key| looks_secret(key)).collect();
    if let [first, ..] = secretish.as_slice() {
        report::warning(
            format_args!("{}: {first} stays in clear, by its selector; its name says that it may be a secret", named.display()),
            io,
        );
    }
    let in_clear = if open.is_empty() { String::new() } else { format!(", {} in clear", open.len()) };
    io.say(format_args!("{}: {count} values sealed{in_clear}, {}", named.display(), policy.described()));
    Ok(())
}

/// Words that keys of secrets are made of.
fn looks_secret(key: &str) -> bool {
    const WORDS: [&str; 7] = ["password", "passwd", "secretkey", "secret_key", "apikey", "api_key", "privatekey"];
    let last = key.rsplit(['.', '"']).find(|part| !part.is_empty() && *part != "]").unwrap_or(key).to_ascii_lowercase();
    WORDS.iter().any(|word| last.contains(word))
}

/// The recipients of a file's groups as they stand, some added, some taken out.
pub fn changed_recipients(groups: &[Vec<Recipient>], add: &[Recipient], remove: &[Recipient]) -> Vec<Vec<Recipient>> {
    let mut groups = groups.to_vec();
    groups.iter_mut().for_each(|group| group.retain(|recipient| !remove.contains(recipient)));
    let known: Vec<Recipient> = groups.iter().flatten().cloned().collect();
    if let Some(first) = groups.first_mut() {
        first.extend(add.iter().filter(|recipient| !known.contains(recipient)).cloned());
    }
    groups.retain(|group| !group.is_empty());
    groups
}
