//! `encrypt` into SOPS files: for the recipients of `--age`, or of the rule that names the file.
//!
//! Sealing into a file that is sealed already keeps the data key and the ciphertext of every value that did not change.

mod args;
mod choose;
mod told;

pub use args::{Destination, EncryptArgs};
pub use choose::is_meant;

use super::{
    OpenArgs, Unlocked, file, look,
    policy::Policies,
    rekey::plan::{self, Step},
    unlock::not_wrapped,
};
use crate::{Exit, Io, report::CliError, write};
use choose::{expanded, policy, selector};
use seal_crypto::sops::DataKey;
use seal_secret::SecretBytes;
use seal_sops::{EncryptOptions, SopsFile, unwrap};
use std::path::{Path, PathBuf};
use told::tell;

/// Seals the files. All are sealed before the first is written.
pub fn run(paths: &[PathBuf], to: &Destination<'_>, args: &EncryptArgs, io: &mut Io) -> Result<Exit, CliError> {
    let mut policies = Policies::new(args.identity.plugins);
    let mut sealed = Vec::new();
    let paths = expanded(paths, to, args, &mut policies, io)?;
    for path in &paths {
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
    let store = args.input_type.unwrap_or_else(|| look::store_of(if path == Path::new("-") { named } else { path }));
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

/// The target as it is now, when it is sealed and can be opened. When it cannot, it is simply replaced.
fn previous(target: &Path, clear: &SopsFile, args: &EncryptArgs, io: &mut Io) -> Option<Unlocked> {
    let old = io.read_file(target).ok().filter(look::may_be_sops)?;
    let old = file::parse(target, Some(clear.store()), old).ok()?;
    let open = OpenArgs { identity: args.identity.clone(), ..OpenArgs::default() };
    open.silent_unlocker(io).ok()?.open(old, open.options(), io).ok()
}
