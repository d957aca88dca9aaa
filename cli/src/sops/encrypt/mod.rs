//! `encrypt` into SOPS files: for the recipients of `--age`, or of the rule that names the file.
//!
//! Sealing into a file that is sealed already keeps the data key and the ciphertext of every value that did not change.

mod args;
mod choose;
mod told;

pub use args::{Destination, EncryptArgs};
pub use choose::is_meant;

use super::{
    OpenArgs, Unlocked,
    carried::{self, Carried},
    file, look,
    policy::{Policies, Policy},
    rekey::plan::{self, Step},
    unlock::not_wrapped,
};
use crate::{Exit, Io, parallel, report::CliError, write};
use choose::{expanded, policy, selector};
use jiff::Timestamp;
use rand::rngs::StdRng;
use seal_crypto::sops::DataKey;
use seal_secret::SecretBytes;
use seal_sops::{EncryptOptions, SopsFile, Store, unwrap};
use std::path::{Path, PathBuf};
use told::Told;

/// Seals the files. All are sealed before the first is written.
pub fn run(paths: &[PathBuf], to: &Destination<'_>, args: &EncryptArgs, io: &mut Io) -> Result<Exit, CliError> {
    let mut policies = Policies::new(args.identity.plugins);
    let mut jobs = Vec::new();
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
        jobs.push(Job::new(path, target, args, &mut policies, io)?);
    }
    let now = file::now(io);
    let done = parallel::in_order(jobs, io, "sealing", |job, rng| job.seal(args, now, rng));
    let mut sealed = Vec::with_capacity(done.len());
    for done in done {
        let (target, bytes, told) = done?;
        told.say(io);
        sealed.extend(bytes.map(|bytes| (target, bytes)));
    }
    let files: Vec<(&Path, &SecretBytes)> = sealed.iter().filter_map(|(target, bytes)| Some(((*target)?, bytes))).collect();
    write::all_atomically(&files)?;
    for (_, bytes) in sealed.iter().filter(|(target, _)| target.is_none()) {
        io.print_secret(bytes)?;
    }
    Ok(Exit::DONE)
}

/// One file to seal, with all that needs the world.
struct Job<'a> {
    path: &'a Path,
    target: Option<&'a Path>,
    store: Store,
    clear: SecretBytes,
    policy: Policy,
    /// The target as it is now. Only where one file is sealed into another.
    previous: Option<Unlocked>,
    /// The SopsSecret that the target is now.
    object: Option<Carried>,
}

/// Where the sealed text goes, the text unless the target holds it already, and what to say.
type Done<'a> = (Option<&'a Path>, Option<SecretBytes>, Told);

impl<'a> Job<'a> {
    fn new(
        path: &'a Path,
        target: Option<&'a Path>,
        args: &EncryptArgs,
        policies: &mut Policies,
        io: &mut Io,
    ) -> Result<Self, CliError> {
        let clear = io.read(path)?;
        let policy = policy(path, target, args, policies, io)?;
        let named = target.unwrap_or(path);
        let store = args.input_type.unwrap_or_else(|| look::store_of(if path == Path::new("-") { named } else { path }));
        let there = target.filter(|target| *target != path).and_then(|target| Some((target, io.read_file(target).ok()?)));
        let object = match &there {
            Some((target, bytes)) => carried::find(target, bytes)?,
            None => None,
        };
        let previous = there.and_then(|(target, bytes)| previous(target, bytes, object.as_ref(), store, args, io));
        Ok(Self { path, target, store, clear, policy, previous, object })
    }

    fn seal(self, args: &EncryptArgs, now: Timestamp, rng: &mut StdRng) -> Result<Done<'a>, CliError> {
        let Self { path, target, store, clear, policy, previous, object } = self;
        let named = target.unwrap_or(path);
        let clear_file = SopsFile::parse(&path.display().to_string(), store, clear.clone())?;
        if clear_file.metadata().is_some() {
            return Err(CliError::failed(format!("{}: it is sealed already", path.display()))
                .hint("change it with `seal edit` or `seal set`, its recipients with `seal rekey`"));
        }
        if carried::find(path, &clear)?.is_some() {
            return Err(CliError::failed(format!("{}: it is a SopsSecret already", path.display())).hint(
                "change it with `seal edit` or `seal set`; one that carries its Secret in clear is made anew from that Secret",
            ));
        }
        let selector = selector(&clear_file, &policy, args)?;
        let threshold = policy.threshold;
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
                let in_place = object.is_some() || !args.sops_secret;
                if in_place && step == Step::Current && unlocked.opened.to_clear(store)? == clear && metadata.selector == selector
                {
                    return Ok((target, None, Told::nothing_new(named)));
                }
                let groups = unwrap::rewrap(metadata, &unlocked.key, &policy.recipients(), threshold, half, rng);
                (unlocked.key.clone(), groups.map_err(|error| refused(&error))?)
            }
            None => {
                let key = DataKey::generate(rng);
                let groups = unwrap::wrap(&key, &policy.recipients(), threshold, half, rng);
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
        let sealed = clear_file.encrypt(&options, &key, now, rng)?;
        let told = Told::of(&clear_file, &sealed, named, &policy)?;
        let text = match args.sops_secret || object.is_some() {
            true => carried::wrap(&clear, &sealed, &path.display().to_string(), target, object.as_ref())?,
            false => sealed,
        };
        Ok((target, Some(text), told))
    }
}

/// The target as it is now, when it is sealed and can be opened. When it cannot, it is simply replaced.
fn previous(
    target: &Path,
    bytes: SecretBytes,
    object: Option<&Carried>,
    store: Store,
    args: &EncryptArgs,
    io: &mut Io,
) -> Option<Unlocked> {
    let old = match object {
        Some(object) => object.parse().ok().filter(|old| old.store() == store)?,
        None => file::parse(target, Some(store), Some(bytes).filter(look::may_be_sops)?).ok()?,
    };
    let open = OpenArgs { identity: args.identity.clone(), ..OpenArgs::default() };
    open.silent_unlocker(io).ok()?.open(old, open.options(), io).ok()
}
