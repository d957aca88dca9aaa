//! `seal git merge`: the merge driver. Branches that changed different keys merge, with the MAC made anew; the same key changed twice
//! is a conflict that names it. Whatever cannot be opened is merged line by line, as git would without us.

use super::{
    conflict::{Marks, is_marked, mark},
    program,
};
use crate::{
    Exit, Io,
    io::read_file,
    report::{self, CliError},
    sops::{OpenArgs, Unlocked, file, keypath, look},
    write,
};
use seal_secret::SecretBytes;
use seal_sops::{Conflict, Merged, Side, SopsFile, merge3};
use std::path::{Path, PathBuf};

/// Flags of `seal git merge`, which git fills in.
#[derive(clap::Args)]
pub struct Args {
    /// The common ancestor (%O)
    base: PathBuf,
    /// Our version, which becomes the result (%A)
    ours: PathBuf,
    /// Their version (%B)
    theirs: PathBuf,
    /// Where the file is in the repository (%P)
    path: PathBuf,
    /// Length of a conflict marker (%L)
    #[arg(long, value_name = "N", default_value_t = 7)]
    marker_size: usize,
    #[command(flatten)]
    open: OpenArgs,
}

/// Git's word for "this could not be done at all": the merge stops instead of taking our side for the result.
const STOP: Exit = Exit(129);

/// Merges into the file of our version. 0: merged; 1: conflicts; 129: failed.
pub fn run(args: &Args, io: &mut Io) -> Result<Exit, CliError> {
    let done = match by_key(args, io) {
        Ok(done) => Ok(done),
        Err(why) => {
            report::warning(format_args!("{}: merged line by line, because {}", args.path.display(), why.message), io);
            by_line(args)
        }
    };
    done.map_err(|error| CliError { exit: STOP, ..error })
}

/// Three versions of one file, open.
pub struct Versions {
    /// The common ancestor.
    pub base: Unlocked,
    /// Our side.
    pub ours: Unlocked,
    /// Their side.
    pub theirs: Unlocked,
}

impl Versions {
    /// Opens all three.
    pub fn open(path: &Path, texts: [SecretBytes; 3], open: &OpenArgs, io: &mut Io) -> Result<Self, CliError> {
        let mut unlocker = open.silent_unlocker(io)?;
        let [base, ours, theirs] =
            texts.map(|bytes| unlocker.open(file::parse(path, open.input_type, bytes)?, open.options(), io));
        Ok(Self { base: base?, ours: ours?, theirs: theirs? })
    }

    /// The merged file with our value, then with their value, for every key in conflict.
    pub fn both(&self, io: &mut Io) -> Result<Both, CliError> {
        let now = file::now(io);
        let mut rng = io.rng();
        let Versions { base, ours, theirs } = self;
        let mut merged = |side| merge3(side, &base.opened, &ours.opened, &theirs.opened, &ours.key, now, &mut rng);
        match (merged(Side::Ours)?, merged(Side::Theirs)?) {
            (Merged::Conflicts(conflicts, with_ours), Merged::Conflicts(_, with_theirs)) => {
                Ok(Both::Conflicts { conflicts, with_ours, with_theirs })
            }
            (Merged::Clean(bytes), _) | (_, Merged::Clean(bytes)) => Ok(Both::Clean(bytes)),
        }
    }
}

/// What a merge of opened files came to.
pub enum Both {
    /// One answer.
    Clean(SecretBytes),
    /// One for each side.
    Conflicts {
        /// The keys that both changed.
        conflicts: Vec<Conflict>,
        /// All changes, ours where both changed a key.
        with_ours: SecretBytes,
        /// All changes, theirs where both changed a key.
        with_theirs: SecretBytes,
    },
}

fn by_key(args: &Args, io: &mut Io) -> Result<Exit, CliError> {
    let texts = [read_file(&args.base)?, read_file(&args.ours)?, read_file(&args.theirs)?];
    // What a SopsSecret carries is not the whole of it: its other fields may have changed as well.
    if texts.iter().any(|bytes| !look::may_be_sops(bytes) || look::may_carry(bytes)) {
        return by_line(args);
    }
    let versions = Versions::open(&args.path, texts, &args.open, io)?;
    match versions.both(io)? {
        Both::Clean(bytes) => {
            write::atomically(&args.ours, &bytes)?;
            Ok(Exit::DONE)
        }
        Both::Conflicts { conflicts, with_ours, with_theirs } => {
            let keys = names(&conflicts);
            let store = versions.ours.opened.file().store();
            let with_theirs = like(&with_ours, &with_theirs, |bytes| Ok(SopsFile::parse("merged", store, bytes.clone())?))?;
            let (ours, theirs) = (format!("ours: {keys}"), format!("theirs: {keys}"));
            let marks = Marks { size: args.marker_size, ours: &ours, theirs: &theirs };
            let text = mark(text_of(&with_ours)?, &with_theirs, &marks);
            if !is_marked(text_of(&text)?, args.marker_size) {
                return Err(CliError::failed(format!("the change of {keys} on one side has no place in the file of the other")));
            }
            write::atomically(&args.ours, &text)?;
            let path = args.path.display();
            io.say(format_args!("{path}: both sides changed {keys}"));
            io.say(format_args!("choose with `seal git resolve {path}` (--ours, --theirs, or in your editor), then git add it"));
            Ok(Exit::FINDINGS)
        }
    }
}

/// Names of keys in conflict.
pub fn names(conflicts: &[Conflict]) -> String {
    conflicts.iter().map(|conflict| keypath::shown(&conflict.path)).collect::<Vec<_>>().join(", ")
}

/// Their text under our MAC, so that markers stand around values only.
fn like(
    ours: &SecretBytes,
    theirs: &SecretBytes,
    parse: impl Fn(&SecretBytes) -> Result<SopsFile, CliError>,
) -> Result<String, CliError> {
    let macs = |bytes| -> Result<Vec<String>, CliError> {
        let file = parse(bytes)?;
        let metadata = file.metadata().ok_or_else(|| CliError::failed("the merged file has no metadata"))?;
        Ok([Some(metadata.mac.clone()), metadata.strong_mac.clone()].into_iter().flatten().collect())
    };
    let mut text = text_of(theirs)?.to_owned();
    for (mine, other) in macs(ours)?.iter().zip(&macs(theirs)?) {
        if !other.is_empty() {
            text = text.replace(other.as_str(), mine);
        }
    }
    Ok(text)
}

/// Sealed files are text.
fn text_of(bytes: &SecretBytes) -> Result<&str, CliError> {
    std::str::from_utf8(bytes.expose()).map_err(|_| CliError::failed("the file is not UTF-8 text"))
}

fn by_line(args: &Args) -> Result<Exit, CliError> {
    let clean = program::merge_lines(&args.ours, &args.base, &args.theirs, args.marker_size)?;
    Ok(if clean { Exit::DONE } else { Exit::FINDINGS })
}
