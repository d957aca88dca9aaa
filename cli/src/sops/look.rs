//! Telling SOPS files from others: by a quick look at the bytes, then by what the parser finds.

use super::file;
use crate::io::read_file;
use seal_secret::SecretBytes;
use seal_sops::Store;
use std::path::Path;

/// True for a file that carries sops metadata. A file that cannot be read or parsed is none: whoever reads it next says why.
pub fn is_sops_file(path: &Path) -> bool {
    let sealed = |bytes| matches!(file::recognised(path, &bytes), Ok(Some(_)));
    path != Path::new("-") && read_file(path).is_ok_and(sealed)
}

/// The kind of file a name means.
pub fn store_of(path: &Path) -> Store {
    Store::of_path(&path.to_string_lossy())
}

/// A look at the bytes: every SOPS file has a sealed MAC and a block of that name. Cheap enough for whole trees.
pub fn may_be_sops(bytes: &SecretBytes) -> bool {
    std::str::from_utf8(bytes.expose()).is_ok_and(|text| text.contains("ENC[AES256_GCM,") && text.contains("sops"))
}

/// A look at the bytes: every SopsSecret names its kind.
pub fn may_carry(bytes: &SecretBytes) -> bool {
    std::str::from_utf8(bytes.expose()).is_ok_and(|text| text.contains("SopsSecret"))
}

/// True for JSON, as far as the first character tells.
pub fn begins_an_object(text: &SecretBytes) -> bool {
    text.expose().trim_ascii_start().first() == Some(&b'{')
}

/// True when a line begins the metadata of a SOPS file, so that a file that cannot be parsed is a broken SOPS file.
pub fn has_block(bytes: &SecretBytes) -> bool {
    const STARTS: [&str; 4] = ["sops:", "\"sops\":", "[sops]", "sops_version="];
    let begins = |line: &str| STARTS.iter().any(|start| line.trim_start().starts_with(start));
    std::str::from_utf8(bytes.expose()).is_ok_and(|text| text.lines().any(begins))
}
