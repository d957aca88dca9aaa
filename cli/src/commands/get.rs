//! `seal get FILE...`: what SealedSecrets say about themselves. No key is used and no value is shown.

use crate::{
    Exit, Io, inputs,
    objects::{self, is_sealed, printable},
    report::{CliError, OutputArg},
    sops,
};
use seal_core::sealed::SealedObject;
use seal_manifest::ManifestFile;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Flags of `seal get`.
#[derive(clap::Args)]
pub struct Args {
    /// Files or folders
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    output: OutputArg,
    /// Read SOPS files as yaml, json, dotenv, ini or binary, whatever their names say
    #[arg(long, value_name = "TYPE")]
    input_type: Option<seal_sops::Store>,
}

/// Runs `seal get`.
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    let (mut answers, mut sealed) = (Vec::new(), Vec::new());
    for input in inputs::expand(&args.paths)? {
        let bytes = io.read(&input.path)?;
        if args.input_type.is_some() || sops::look::is_sops(&input.path, None, &bytes) {
            sealed.push(sops::get::read(&input.path, args.input_type, bytes)?);
            continue;
        }
        let manifest = ManifestFile::parse(&input.name(), bytes)?;
        for place in objects::all(&manifest).into_iter().filter(|place| is_sealed(place.node)) {
            let object = SealedObject::from_node(place.node).map_err(|error| {
                CliError::failed(format!("{}:{}:{}: {error}", input.name(), place.node.at.line, place.node.at.column))
            })?;
            answers.push((input.name(), place.node.at.line, object));
        }
    }
    if answers.is_empty() && sealed.is_empty() {
        return Err(CliError::negative("no SealedSecret and no SOPS file found"));
    }
    match args.output {
        OutputArg::Json => {
            let objects = answers.iter().map(|(file, line, object)| as_json(file, *line, object));
            let files = sealed.iter().map(sops::get::as_json).collect::<Result<Vec<_>, _>>()?;
            let all = objects.chain(files).collect::<Vec<_>>();
            io.print(&format!("{:#}\n", Value::Array(all)))?;
        }
        OutputArg::Text => {
            let objects = answers.iter().map(|(file, line, object)| as_text(file, *line, object));
            let files = sealed.iter().map(sops::get::as_text).collect::<Result<Vec<_>, _>>()?;
            for (index, text) in objects.chain(files).enumerate() {
                io.print(&format!("{}{text}", if index > 0 { "\n" } else { "" }))?;
            }
        }
    }
    Ok(Exit::DONE)
}

fn as_json(file: &str, line: u32, object: &SealedObject) -> Value {
    json!({
        "file": file,
        "line": line,
        "namespace": object.namespace(),
        "name": object.name(),
        "scope": object.scope().as_str(),
        "items": object.items.keys().collect::<Vec<_>>(),
        "deprecatedBlob": object.blob.is_some(),
        "sealedFor": object.claim(),
        "template": {
            "type": object.template.type_,
            "immutable": object.template.immutable,
            "labels": object.template.metadata.get("labels"),
            "annotations": object.template.metadata.get("annotations"),
            "data": object.template.data.keys().collect::<Vec<_>>(),
        },
    })
}

fn as_text(file: &str, line: u32, object: &SealedObject) -> String {
    let mut text = format!("{}/{}  ({file}:{line})\n", printable(object.namespace()), printable(object.name()));
    let mut row = |name: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("  {name:<12}{}\n", printable(value)));
        }
    };
    row("scope", object.scope().as_str());
    row("type", object.template.type_.as_deref().unwrap_or_default());
    row("items", &object.items.keys().map(String::as_str).collect::<Vec<_>>().join(", "));
    row("templates", &object.template.data.keys().map(String::as_str).collect::<Vec<_>>().join(", "));
    row("blob", if object.blob.is_some() { "deprecated spec.data" } else { "" });
    match object.claim() {
        None => row("sealed to", "not recorded"),
        Some(claim) => {
            row("sealed to", &claim.key);
            for (item, key) in claim.items.iter().filter(|(item, _)| object.items.contains_key(*item)) {
                row("", &format!("{item}: {key}"));
            }
            if !object.binding().is_ok_and(|binding| claim.matches(&binding)) {
                row("warning", "it was sealed for another place: see `seal verify`");
            }
        }
    }
    text
}
