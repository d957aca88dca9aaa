//! `decrypt` on SOPS files: each to its text in clear, with the layout it has.

use super::{OpenArgs, file, keypath, policy::Policies};
use crate::{Exit, Io, inputs::Input, parallel, report::CliError, write};
use seal_secret::SecretBytes;
use seal_sops::{SopsFile, Store};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Flags of `seal decrypt` for SOPS files.
#[derive(clap::Args, Clone, Default)]
#[command(next_help_heading = "SOPS files")]
pub struct DecryptArgs {
    /// Write the text as this type: yaml, json, dotenv, ini or binary [default: the file's own]
    #[arg(long, value_name = "TYPE")]
    pub output_type: Option<Store>,
    /// Replace each SOPS file by its text in clear
    #[arg(long, conflicts_with_all = ["key", "output_file"])]
    pub in_place: bool,
}

/// A file that was read and is sealed.
pub type Found = (Input, SopsFile);

/// Takes the SOPS files out of what was read. Beside them, a file that was named itself and is none is an error.
pub fn select(read: &mut Vec<(Input, SecretBytes)>, open: &OpenArgs, io: &mut Io) -> Result<Vec<Found>, CliError> {
    let looked = parallel::in_order(std::mem::take(read), io, "reading", |(input, bytes), _| {
        let found = match open.input_type {
            Some(_) => file::parse(&input.path, open.input_type, bytes.clone()).map(Some),
            None => file::recognised(&input.path, &bytes),
        };
        found.map(|found| (input, bytes, found))
    });
    let mut sealed = Vec::new();
    for looked in looked {
        match looked? {
            (input, _, Some(found)) => sealed.push((input, found)),
            (input, bytes, None) => read.push((input, bytes)),
        }
    }
    match read.iter().find(|(input, _)| input.folder.is_none()) {
        Some((odd, _)) if !sealed.is_empty() => {
            Err(CliError::failed(format!("{}: it is not a SOPS file, and others are", odd.name())).hint("open it by itself"))
        }
        _ => Ok(sealed),
    }
}

/// Opens all files, then writes; one that does not open keeps everything from being written.
pub fn run(
    files: Vec<Found>,
    key: Option<&str>,
    output: Option<&Path>,
    args: &DecryptArgs,
    open: &OpenArgs,
    io: &mut Io,
) -> Result<Exit, CliError> {
    let at = key.map(keypath::parse).transpose()?;
    if at.is_some() && files.len() > 1 {
        return Err(CliError::usage("--key needs exactly one file"));
    }
    let (mut unlocker, mut policies) = (open.unlocker(io)?, Policies::glance(open.identity.plugins));
    unlocker.prepare(files.iter().map(|(_, sealed)| sealed), io);
    if args.in_place && files.iter().any(|(input, _)| input.path == Path::new("-")) {
        return Err(CliError::usage("standard input cannot be replaced in place").hint("name the files"));
    }
    let paths: Vec<PathBuf> = files.iter().map(|(input, _)| input.path.clone()).collect();
    let mut sealed = Vec::with_capacity(files.len());
    for (input, file) in files {
        let options = open.options_by(&mut policies, &input.path, io)?;
        sealed.push((file, options));
    }
    let opened = parallel::in_order(sealed, io, "opening", |(sealed, options), _| {
        let own = sealed.store();
        let unlocked = unlocker.open_known(sealed, options)?;
        let store = args.output_type.unwrap_or(own);
        let text = match &at {
            Some(at) => unlocked.opened.get(at, store)?,
            None => unlocked.opened.into_clear(store)?,
        };
        Ok((text, store))
    });
    let opened = opened.into_iter().collect::<Result<Vec<_>, CliError>>()?;
    if args.in_place {
        let files: Vec<(&Path, &SecretBytes)> =
            paths.iter().map(PathBuf::as_path).zip(opened.iter().map(|(text, _)| text)).collect();
        write::all_atomically(&files)?;
        paths.iter().for_each(|path| io.say(format_args!("{}: in clear now", path.display())));
        return Ok(Exit::DONE);
    }
    let text = join(opened);
    match output.filter(|path| *path != Path::new("-")) {
        Some(path) => write::private(path, &text)?,
        None => io.print_secret(&text)?,
    }
    Ok(Exit::DONE)
}

fn join(texts: Vec<(SecretBytes, Store)>) -> SecretBytes {
    let mut all = match <[_; 1]>::try_from(texts) {
        Ok([(only, _)]) => return only,
        Err(several) => several.into_iter(),
    };
    let mut joined = Zeroizing::new(all.next().map(|(text, _)| text.expose().to_vec()).unwrap_or_default());
    for (text, store) in all {
        if store == Store::Yaml && !text.expose().starts_with(b"---") {
            joined.extend_from_slice(b"---\n");
        }
        joined.extend_from_slice(text.expose());
    }
    joined.into()
}
