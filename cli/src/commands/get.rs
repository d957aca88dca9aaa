//! `seal get FILE...`: what SealedSecrets say about themselves. No key is used and no value is shown.

use crate::{
    Exit, Io, inputs,
    objects::{self, is_sealed, printable},
    report::{CliError, OutputArg},
    sops,
};
use seal_core::sealed::{SealedObject, kind_of};
use seal_crypto::{Item, Kind, v2::Head};
use seal_manifest::ManifestFile;
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, path::PathBuf};

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
        let found = match args.input_type {
            Some(_) => Some(sops::get::read(&input.path, args.input_type, bytes.clone())?),
            None => sops::file::recognised(&input.path, &bytes)?,
        };
        if let Some(file) = found {
            sealed.push(file);
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
        "formats": object.items.iter().map(|(name, text)| (name.clone(), kind_of(text).as_str().into())).collect::<Map<String, Value>>(),
        "claims": heads(object).into_iter().map(|(name, head)| (name.to_owned(), claim_json(&head))).collect::<Map<String, Value>>(),
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
    let (v1, heads) = (object.items_of(Kind::V1), heads(object));
    for (label, line) in claimed(&heads) {
        row(label, &line);
    }
    if object.is_mixed() {
        row("warning", &format!("only as strong as its weakest item: {} sealed as v1", v1.join(", ")));
    }
    let binding = object.binding();
    let moved = |(name, head): (&&str, &Head)| !binding.as_ref().is_ok_and(|binding| head.claim.context.is_for(binding, name));
    if heads.iter().any(moved) {
        row("warning", "items claim to be sealed for another place: see `seal verify`");
    }
    let beside = if heads.is_empty() { "" } else { "v1, " };
    match object.claim() {
        None if v1.is_empty() && !heads.is_empty() => {}
        None => row("sealed to", &format!("{beside}not recorded")),
        Some(claim) => {
            row("sealed to", &format!("{beside}{}", claim.key));
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

/// What v2 items say of themselves; without a key it is a claim.
fn heads(object: &SealedObject) -> BTreeMap<&str, Head> {
    let head = |text: &String| Head::of(&Item::decode(text).ok()?).ok();
    object.items.iter().filter_map(|(name, text)| Some((name.as_str(), head(text)?))).collect()
}

fn claim_json(head: &Head) -> Value {
    let context = &head.claim.context;
    json!({
        "scope": context.binding().scope().as_str(),
        "namespace": context.binding().namespace(),
        "name": context.binding().name(),
        "key": context.key(),
        "audience": context.audience(),
        "sealedAt": sealed_at(head),
        "postQuantum": head.post_quantum,
        "recipients": head.claim.recipients.iter().map(|one| one.as_str()).collect::<Vec<_>>(),
    })
}

fn sealed_at(head: &Head) -> Option<String> {
    let at = i64::try_from(head.claim.context.sealed_at()).ok()?;
    jiff::Timestamp::from_second(at).ok().map(|at| at.to_string())
}

/// Rows of the v2 items: what is the same for all of them once, the rest by item.
fn claimed(heads: &BTreeMap<&str, Head>) -> Vec<(&'static str, String)> {
    let mut groups = BTreeMap::<String, Vec<&str>>::new();
    for (name, head) in heads {
        let sort = if head.post_quantum { "post-quantum, " } else { "" };
        let audience = match head.claim.context.audience() {
            "" => String::new(),
            audience => format!("; only for {audience}"),
        };
        let recipients = head.claim.recipients.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(", ");
        groups.entry(format!("v2, {sort}claims {recipients}{audience}")).or_default().push(name);
    }
    let alone = groups.len() == 1;
    let line = |(text, items): (String, Vec<&str>)| if alone { text } else { format!("{}: {text}", items.join(", ")) };
    groups.into_iter().map(line).map(|line| ("sealed to", line)).collect()
}
