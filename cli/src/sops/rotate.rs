//! `rotate` on SOPS files: a new data key for each, and recipients added or taken out on the way.

use super::{
    OpenArgs, file,
    unlock::{not_wrapped, resealed},
};
use crate::{
    Exit, Io,
    identities::RecipientArgs,
    parallel,
    report::{CliError, OutputArg},
};
use seal_crypto::{age::Recipient, sops::DataKey};
use seal_secret::SecretBytes;
use seal_sops::{SopsFile, unwrap};
use serde_json::json;
use std::path::PathBuf;

/// Flags of `seal rotate` for SOPS files.
#[derive(clap::Args, Clone, Default)]
#[command(next_help_heading = "SOPS files")]
pub struct RotateArgs {
    /// Let this age recipient open them, too (commas between, or repeat)
    #[arg(long, value_name = "RECIPIENT", value_delimiter = ',')]
    pub add_age: Vec<String>,
    /// Take this age recipient out (commas between, or repeat)
    #[arg(long, value_name = "RECIPIENT", value_delimiter = ',')]
    pub rm_age: Vec<String>,
    /// Accept post-quantum beside classic recipients: the file is then as strong as the classic ones
    #[arg(long)]
    pub allow_half_post_quantum: bool,
    /// Add the stronger MAC where it is missing
    #[arg(long)]
    pub strong_mac: bool,
}

/// A file on its way.
struct Job {
    path: PathBuf,
    sealed: SopsFile,
    groups: Vec<Vec<Recipient>>,
}

/// Makes all new texts, then writes them; one that does not open keeps everything from being written.
pub fn run(
    paths: &[PathBuf],
    args: &RotateArgs,
    planned: bool,
    output: OutputArg,
    open: &OpenArgs,
    io: &mut Io,
) -> Result<Exit, CliError> {
    let plugins = open.identity.plugins;
    let (add, remove) = (resolve(&args.add_age, plugins, io)?, resolve(&args.rm_age, plugins, io)?);
    let mut jobs = Vec::new();
    for path in paths {
        let sealed = file::load(path, open.input_type, io)?;
        let groups = changed_recipients(&recipients(&sealed, plugins, io)?, &add, &remove);
        jobs.push(Job { path: path.clone(), sealed, groups });
    }
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    if !planned {
        let texts = rotated(jobs, args, open, io)?;
        let files: Vec<_> = texts.iter().map(|(path, bytes)| (path.as_path(), bytes)).collect();
        crate::write::all_atomically(&files)?;
    }
    let word = if planned { "would get a new data key" } else { "new data key" };
    match output {
        OutputArg::Json => {
            let outcome = if planned { "rotate" } else { "rotated" };
            let all: Vec<_> = names.iter().map(|file| json!({"file": file, "outcome": outcome})).collect();
            io.print(&format!("{}\n", json!({"files": all})))?;
        }
        OutputArg::Text => {
            for name in names {
                io.print(&format!("{name}: {word}\n"))?;
            }
        }
    }
    Ok(Exit::DONE)
}

fn rotated(jobs: Vec<Job>, args: &RotateArgs, open: &OpenArgs, io: &mut Io) -> Result<Vec<(PathBuf, SecretBytes)>, CliError> {
    let mut unlocker = open.unlocker(io)?;
    unlocker.prepare(jobs.iter().map(|job| &job.sealed), io);
    let now = file::now(io);
    let texts = parallel::in_order(jobs, io, "rotating", |job, rng| {
        let Job { path, sealed, groups } = job;
        let threshold = sealed.metadata().and_then(|metadata| metadata.shamir_threshold);
        let (name, before) = (sealed.name().to_owned(), sealed.bytes().clone());
        let unlocked = unlocker.open_known(sealed, open.options())?;
        let key = DataKey::generate(rng);
        let groups = unwrap::wrap(&key, &groups, threshold, args.allow_half_post_quantum, rng)
            .map_err(|error| not_wrapped(&name, &error))?;
        let text = resealed(&unlocked.opened, &key, groups, threshold, args.strong_mac, now, rng)?;
        let text = file::renewed(&path, &before, &text)?;
        Ok((path, text))
    });
    texts.into_iter().collect()
}

/// The recipients of a file by group. A key that only sops can use stands in the way: the new data key could not be wrapped for it.
fn recipients(sealed: &SopsFile, plugins: bool, io: &mut Io) -> Result<Vec<Vec<Recipient>>, CliError> {
    let Some(metadata) = sealed.metadata() else {
        return Err(CliError::failed(format!("{}: it is not a SOPS file", sealed.name())));
    };
    if let Some(foreign) = metadata.groups.iter().flat_map(|group| &group.others).next() {
        return Err(CliError::failed(format!(
            "{}: only sops can wrap a new data key for {} {}",
            sealed.name(),
            foreign.kind,
            foreign.name
        ))
        .hint("use `sops rotate`, or take that key out of its rule and run `seal rekey`"));
    }
    let group = |names: Vec<String>, io: &mut Io| resolve(&names, plugins, io).map_err(|error| error.context(sealed.name()));
    metadata.groups.iter().map(|one| group(one.age.iter().map(|key| key.recipient.clone()).collect(), io)).collect()
}

/// The recipients of a file's groups as they stand, some added, some taken out.
fn changed_recipients(groups: &[Vec<Recipient>], add: &[Recipient], remove: &[Recipient]) -> Vec<Vec<Recipient>> {
    let mut groups = groups.to_vec();
    groups.iter_mut().for_each(|group| group.retain(|recipient| !remove.contains(recipient)));
    let known: Vec<Recipient> = groups.iter().flatten().cloned().collect();
    if let Some(first) = groups.first_mut() {
        first.extend(add.iter().filter(|recipient| !known.contains(recipient)).cloned());
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// Recipients from their texts.
pub fn resolve(texts: &[String], plugins: bool, io: &mut Io) -> Result<Vec<Recipient>, CliError> {
    RecipientArgs { recipients: texts.to_vec(), files: Vec::new() }.resolve(plugins, io)
}
