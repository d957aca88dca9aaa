//! Output formats and the printing of a sequence of objects.

use super::{json::to_json, yaml::to_yaml};
use crate::report::CliError;
use seal_manifest::Node;
use seal_secret::SecretBytes;
use std::path::Path;

/// How objects are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Pretty, concatenated.
    Json,
    /// Each preceded by `---`.
    Yaml,
}

/// `--format`, unless the output file's extension says YAML.
pub fn format_of(text: &str, file: Option<&str>) -> Result<Format, CliError> {
    if file.and_then(|file| Path::new(file).extension()).is_some_and(|extension| extension == "yaml" || extension == "yml") {
        return Ok(Format::Yaml);
    }
    match text.to_lowercase().as_str() {
        "json" | "" => Ok(Format::Json),
        "yaml" => Ok(Format::Yaml),
        _ => Err(CliError::failed(format!("unsupported output format: {text}")).hint("use json or yaml")),
    }
}

/// Prints objects one after the other.
pub fn print(format: Format, objects: &[Node]) -> SecretBytes {
    let mut parts: Vec<SecretBytes> = Vec::new();
    for object in objects {
        match format {
            Format::Json => parts.push(to_json(object)),
            Format::Yaml => parts.extend([SecretBytes::from("---\n".to_owned()), to_yaml(object)]),
        }
    }
    let mut all = Vec::with_capacity(parts.iter().map(SecretBytes::len).sum());
    parts.iter().for_each(|part| all.extend_from_slice(part.expose()));
    all.into()
}
