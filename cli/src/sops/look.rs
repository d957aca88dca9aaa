//! Telling SOPS files from others: by a quick look at the bytes, then by what the parser finds.

use crate::io::read_file;
use seal_secret::SecretBytes;
use seal_sops::{SopsFile, Store};
use std::path::Path;

/// True for a file that carries sops metadata. A file that cannot be read or parsed is none: whoever reads it next says why.
pub fn is_sops_file(path: &Path) -> bool {
    path != Path::new("-") && read_file(path).is_ok_and(|bytes| is_sops(path, None, &bytes))
}

/// True for bytes that are a SOPS file under this name.
pub fn is_sops(path: &Path, store: Option<Store>, bytes: &SecretBytes) -> bool {
    may_be_sops(bytes) && {
        let store = store.unwrap_or_else(|| store_of(path));
        SopsFile::parse(&path.display().to_string(), store, bytes.clone()).is_ok_and(|file| file.metadata().is_some())
    }
}

/// The kind of file a name means.
pub fn store_of(path: &Path) -> Store {
    Store::of_path(&path.to_string_lossy())
}

/// A look at the bytes: every SOPS file has a sealed MAC and a block of that name. Cheap enough for whole trees.
pub fn may_be_sops(bytes: &SecretBytes) -> bool {
    std::str::from_utf8(bytes.expose()).is_ok_and(|text| text.contains("ENC[AES256_GCM,") && text.contains("sops"))
}
