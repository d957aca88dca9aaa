//! Where sealed documents go: one stream, a folder of files, or the files they came from.

use super::sealing::{Outcome, Sealed};
use crate::{
    inputs::Input,
    objects::{self, is_secret},
    report::CliError,
};
use seal_manifest::{Format, ManifestFile, to_json_pretty, to_yaml};
use seal_secret::SecretBytes;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The documents of a file as one text of the wanted format. Documents that were not changed are copied as they are where the format allows.
pub(super) fn stream(manifest: &ManifestFile, sealed: &Sealed, format: Format) -> Vec<SecretBytes> {
    let render = |node| if format == Format::Json { to_json_pretty(node) } else { to_yaml(node) };
    let pairs = manifest.documents.iter().zip(&sealed.documents);
    pairs
        .map(|(document, outcome)| match outcome {
            Outcome::Sealed(node) => render(node),
            Outcome::Unchanged if document.format == format => with_newline(&manifest.bytes().expose()[document.span.clone()]),
            Outcome::Unchanged => render(&document.root),
        })
        .collect()
}

/// Joins documents: `---` between YAML documents, nothing between JSON ones.
pub(super) fn join(documents: &[SecretBytes], format: Format) -> SecretBytes {
    let separator: &[u8] = if format == Format::Yaml { b"---\n" } else { b"" };
    let mut text = Zeroizing::new(Vec::with_capacity(documents.iter().map(|document| document.len() + 4).sum()));
    for (index, document) in documents.iter().enumerate() {
        if index > 0 {
            text.extend_from_slice(separator);
        }
        text.extend_from_slice(document.expose());
    }
    text.into()
}

/// The file with its Secrets replaced where they stood; every other document stays byte for byte. Comments inside a document
/// that was in clear go with it: they may hold what was to be hidden.
pub(super) fn in_place(manifest: &ManifestFile, sealed: &Sealed) -> Result<SecretBytes, CliError> {
    let old = manifest.bytes().expose();
    let line_end: &[u8] = if old.windows(2).any(|pair| pair == b"\r\n") { b"\r\n" } else { b"\n" };
    let mut new = Zeroizing::new(Vec::with_capacity(old.len() * 2));
    let mut copied = 0;
    for (document, outcome) in manifest.documents.iter().zip(&sealed.documents) {
        let Outcome::Sealed(node) = outcome else { continue };
        new.extend_from_slice(&old[copied..document.span.start]);
        if new.last().is_some_and(|&byte| byte != b'\n') && !new.ends_with(b"\xef\xbb\xbf") {
            new.extend_from_slice(line_end);
        }
        let text = if document.format == Format::Json { to_json_pretty(node) } else { to_yaml(node) };
        for line in text.expose().split_inclusive(|&byte| byte == b'\n') {
            new.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
            new.extend_from_slice(line_end);
        }
        copied = document.span.end;
        if old[copied..].starts_with(b"\r\n") {
            copied += 2;
        } else if old[copied..].starts_with(b"\n") {
            copied += 1;
        }
    }
    new.extend_from_slice(&old[copied..]);
    let new = SecretBytes::from(new);
    let reread = ManifestFile::parse(&manifest.name, new.clone())?;
    let left = objects::all(&reread).iter().any(|place| is_secret(place.node));
    if left || reread.documents.len() != manifest.documents.len() {
        return Err(CliError::failed(format!(
            "{}: the sealed file does not read back as intended, so nothing was changed",
            manifest.name
        ))
        .hint("use -o or --output-dir instead of --in-place"));
    }
    Ok(new)
}

/// The file below `folder` that an input's output goes to.
pub(super) fn below(folder: &Path, input: &Input) -> PathBuf {
    let relative = match &input.folder {
        Some(root) => input.path.strip_prefix(root).unwrap_or(&input.path),
        None => Path::new(input.path.file_name().unwrap_or(input.path.as_os_str())),
    };
    folder.join(relative)
}

/// The format a file name asks for.
pub(super) fn format_of(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "yaml" | "yml" => Some(Format::Yaml),
        "json" => Some(Format::Json),
        _ => None,
    }
}

fn with_newline(bytes: &[u8]) -> SecretBytes {
    let mut text = Zeroizing::new(Vec::with_capacity(bytes.len() + 1));
    text.extend_from_slice(bytes);
    if text.last() != Some(&b'\n') {
        text.push(b'\n');
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Sealed, in_place};
    use seal_manifest::ManifestFile;

    /// Seals nothing: puts a small tree where the Secret stood.
    fn replaced(text: &str) -> Result<String, String> {
        let manifest = ManifestFile::parse("f", text.to_owned()).unwrap();
        let new = ManifestFile::parse("g", "kind: SealedSecret\nx: text\n".to_owned()).unwrap().documents[0].root.clone();
        let outcome = |node| if super::is_secret(node) { Outcome::Sealed(new.clone()) } else { Outcome::Unchanged };
        let documents = manifest.documents.iter().map(|document| outcome(&document.root)).collect();
        let bytes = in_place(&manifest, &Sealed { documents, ..Sealed::default() }).map_err(|error| error.message)?;
        Ok(String::from_utf8(bytes.expose().to_vec()).unwrap())
    }

    #[test]
    fn everything_around_a_secret_stays_byte_for_byte() {
        const SECRET: &str = "apiVersion: v1\nkind: Secret\nstringData: {a: hunter2} # hunter2\n";
        const NEW: &str = "kind: SealedSecret\nx: text\n";
        for (before, after) in [
            ("", ""),
            ("---\n", ""),
            ("a: 1   # kept\n---\n", ""),
            ("# head\n---\na: 1\n---\n", "---\nb:   2\n"),
            ("", "---\nb: 2"),
            ("", "...\n---\nb: 2\n"),
            ("\u{feff}", "---\nb: 2\n"),
        ] {
            for ending in ["\n", "\r\n"] {
                let lines = |text: &str| text.replace('\n', ending);
                let (old, new) = (format!("{before}{SECRET}{after}"), format!("{before}{NEW}{after}"));
                assert_eq!(replaced(&lines(&old)).as_deref(), Ok(lines(&new).as_str()), "{old:?}");
            }
        }
    }
}
