//! `seal git resolve FILE`: ends a conflict in a sealed file, taking one side's values or what the user makes of them in the editor.

use super::{
    conflict::{self, Marks},
    merge::{Both, Versions, names},
    program::Repository,
};
use crate::{
    Exit, Io,
    editor::Desk,
    report::{self, CliError},
    sops::{OpenArgs, file},
    write,
};
use seal_secret::SecretBytes;
use seal_sops::{Change, Opened};
use std::path::{Path, PathBuf};

/// Length of the markers in the editor, git's own.
const MARKER: usize = 7;

/// Flags of `seal git resolve`.
#[derive(clap::Args)]
pub struct Args {
    /// File in conflict
    file: PathBuf,
    /// Where both sides changed a key, take our value
    #[arg(long, conflicts_with = "theirs")]
    ours: bool,
    /// Where both sides changed a key, take their value
    #[arg(long)]
    theirs: bool,
    /// Let the editor work on a file on disk where there is no file system in memory
    #[arg(long)]
    allow_disk: bool,
    #[command(flatten)]
    open: OpenArgs,
}

/// Writes the merged file; adding it to git's index is left to the user.
pub fn run(args: &Args, io: &mut Io) -> Result<Exit, CliError> {
    let versions = versions(args, io)?;
    let merged = match versions.both(io)? {
        Both::Clean(bytes) => bytes,
        Both::Conflicts { with_ours, .. } if args.ours => with_ours,
        Both::Conflicts { with_theirs, .. } if args.theirs => with_theirs,
        Both::Conflicts { conflicts, with_ours, with_theirs } => by_hand(args, &names(&conflicts), with_ours, with_theirs, io)?,
    };
    write::atomically(&args.file, &merged)?;
    io.say(format_args!("{0}: resolved; now `git add {0}`", args.file.display()));
    Ok(Exit::DONE)
}

/// The three versions that git keeps of a file in conflict.
fn versions(args: &Args, io: &mut Io) -> Result<Versions, CliError> {
    let folder = args.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let repository = Repository::around(folder)?;
    let absolute = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let relative = absolute(&args.file).strip_prefix(absolute(&repository.top)).map(Path::to_owned).unwrap_or_default();
    let mut texts = Vec::new();
    for stage in 1..=3 {
        texts.push(repository.stage(stage, &relative)?.map(SecretBytes::from).ok_or_else(|| {
            CliError::failed(format!("{}: git has no three versions of it: it is not in conflict", args.file.display()))
                .hint("a file that only one side has is taken or removed with git itself")
        })?);
    }
    let texts = <[SecretBytes; 3]>::try_from(texts).map_err(|_| CliError::failed("three versions are expected"))?;
    Versions::open(&args.file, texts, &args.open, io)
}

/// Both sides in clear in the editor, in memory; what the user leaves is sealed.
fn by_hand(
    args: &Args,
    keys: &str,
    with_ours: SecretBytes,
    with_theirs: SecretBytes,
    io: &mut Io,
) -> Result<SecretBytes, CliError> {
    let open = |bytes, key| -> Result<Opened, CliError> {
        Ok(file::parse(&args.file, args.open.input_type, bytes)?.open(key, args.open.options())?)
    };
    // Both are under the same key: theirs when only they made a new one.
    let sealed = file::parse(&args.file, args.open.input_type, with_ours.clone())?;
    let key = args.open.silent_unlocker(io)?.data_key(&sealed, io)?;
    let (ours, theirs) = (open(with_ours, &key)?, open(with_theirs, &key)?);
    let store = ours.file().store();
    let (left, right) = (ours.to_clear(store)?, theirs.to_clear(store)?);
    let (left, right) = (text(&left)?, text(&right)?);
    let marks = Marks { size: MARKER, ours: &format!("ours: {keys}"), theirs: &format!("theirs: {keys}") };
    let sheet = conflict::mark(left, right, &marks);
    let name = args.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let desk = Desk::new(&name, args.allow_disk, io)?;
    desk.put(&sheet)?;
    loop {
        io.edit(&desk)?;
        let edited = desk.text(io)?;
        let error = if text(&edited).is_ok_and(|text| conflict::is_marked(text, MARKER)) {
            CliError::failed("there are conflict markers left in it")
        } else {
            match ours.replace(edited, &key, file::now(io), &mut io.rng()) {
                Ok(Change::Changed(bytes)) => return Ok(bytes),
                Ok(Change::Unchanged) => return Ok(ours.file().bytes().clone()),
                Err(error) => error.into(),
            }
        };
        if !io.input_is_terminal() {
            return Err(error.context("nothing was changed"));
        }
        report::error(&error, io);
        if !io.confirm("edit again?") {
            return Err(CliError::failed("nothing was changed"));
        }
    }
}

fn text(bytes: &SecretBytes) -> Result<&str, CliError> {
    std::str::from_utf8(bytes.expose())
        .map_err(|_| CliError::failed("the file is not UTF-8 text").hint("take one side with --ours or --theirs"))
}
