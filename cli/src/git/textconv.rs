//! `seal git textconv FILE`: a sealed file as git diff, log and show display it. It never fails over a key that is missing: history
//! must be readable for those without one.

use crate::{
    Exit, Io,
    io::read_file,
    report::CliError,
    sops::{OpenArgs, carried, look},
};
use seal_secret::SecretBytes;
use seal_sops::{OpenOptions, Problem, SopsFile, Store};
use std::path::{Path, PathBuf};

/// Flags of `seal git textconv`.
#[derive(clap::Args)]
pub struct Args {
    /// The file that git laid out
    file: PathBuf,
    #[command(flatten)]
    open: OpenArgs,
}

/// Prints the file in clear, or as it is.
pub fn run(args: &Args, io: &mut Io) -> Result<Exit, CliError> {
    let bytes = read_file(&args.file)?;
    let text = if look::may_be_sops(&bytes) { shown(&args.file, &bytes, &args.open, io).unwrap_or(bytes) } else { bytes };
    io.print_secret(&text)?;
    Ok(Exit::DONE)
}

/// The file in clear; of a SopsSecret, the object with its document in clear.
fn shown(path: &Path, bytes: &SecretBytes, open: &OpenArgs, io: &mut Io) -> Option<SecretBytes> {
    match carried::find(path, bytes).ok()? {
        Some(carried) => carried.with(&clear(path, carried.text(), open, io)?).ok(),
        None => clear(path, bytes, open, io),
    }
}

/// The text in clear; `None` when it cannot be had. A wrong MAC is shown, for old commits are what they are.
fn clear(path: &Path, bytes: &SecretBytes, open: &OpenArgs, io: &mut Io) -> Option<SecretBytes> {
    let store = open.input_type.unwrap_or_else(|| look::store_of(path));
    let parse = || SopsFile::parse(&path.display().to_string(), store, bytes.clone()).ok();
    let sealed = parse().filter(|file| file.metadata().is_some())?;
    let key = open.silent_unlocker(io).ok()?.data_key(&sealed, io).ok()?;
    match sealed.open(&key, OpenOptions::default()) {
        Ok(opened) => opened.to_clear(store).ok(),
        Err(error) if error.problem == Problem::MacMismatch || error.problem == Problem::StrongMacMismatch => {
            let opened = parse()?.open(&key, OpenOptions { ignore_mac: true, demand_strong: false }).ok()?;
            Some(warned(&opened.to_clear(store).ok()?, store))
        }
        Err(_) => None,
    }
}

/// The text with a line in front that says what is wrong with it.
fn warned(text: &SecretBytes, store: Store) -> SecretBytes {
    let note: &[u8] = match store {
        Store::Ini => b"; seal: MAC mismatch\n",
        Store::Yaml | Store::Dotenv => b"# seal: MAC mismatch\n",
        Store::Json | Store::Binary => b"seal: MAC mismatch\n",
    };
    let mut all = zeroize::Zeroizing::new(Vec::with_capacity(note.len() + text.len()));
    all.extend_from_slice(note);
    all.extend_from_slice(text.expose());
    all.into()
}
