//! `seal template`: what a Go template makes of given values, offline, by the rules and bounds of the controller.

use crate::{
    Exit, Io,
    moment::Moment,
    objects::{self, is_sealed},
    report::{CliError, OutputArg},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use seal_core::{render, sealed::SealedObject, secret::SecretObject};
use seal_manifest::{ManifestFile, Node, to_yaml};
use seal_secret::SecretBytes;
use seal_template::{Dialect, MissingKey, Options, Template, TemplateError, Value, functions};
use serde_json::json;
use std::{collections::BTreeMap, path::PathBuf};

/// Flags of `seal template`.
#[derive(clap::Args)]
pub struct Args {
    /// A template, or a SealedSecret whose spec.template.data is rendered; - for standard input
    #[arg(value_name = "FILE", required_unless_present = "functions")]
    file: Option<PathBuf>,
    /// A value the template sees (others on this machine may see it while seal runs)
    #[arg(long, value_name = "KEY=VALUE")]
    data: Vec<String>,
    /// A value in base64, for what is no text
    #[arg(long, value_name = "KEY=BASE64")]
    data_base64: Vec<String>,
    /// Values from a Secret, or from a map of texts in YAML or JSON
    #[arg(long, value_name = "FILE")]
    data_file: Vec<PathBuf>,
    /// Whose functions and rules [default: that of the file; of a bare template external-secret]
    #[arg(long, value_enum, value_name = "ENGINE")]
    engine: Option<Engines>,
    /// What a key is that is not there [default: error for external-secret, default for sealed-secret]
    #[arg(long, value_enum, value_name = "WHAT")]
    missing_key: Option<Missing>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    output: OutputArg,
    /// List the functions of the engine instead
    #[arg(long)]
    functions: bool,
}

/// Whose templates.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Engines {
    /// `template` of an ExternalSecret.
    ExternalSecret,
    /// `spec.template.data` of a SealedSecret.
    SealedSecret,
}

/// What a key is that is not there.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Missing {
    /// An error.
    Error,
    /// Nothing.
    Zero,
    /// `<no value>`.
    Default,
}

type Data = BTreeMap<String, SecretBytes>;

/// Runs `seal template`.
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    let dialect = match args.engine {
        Some(Engines::SealedSecret) => Dialect::SealedSecret,
        _ => Dialect::ExternalSecret,
    };
    let Some(file) = args.file.as_ref().filter(|_| !args.functions) else {
        io.print(&format!("{}\n", functions::names(dialect).join("\n")))?;
        return Ok(Exit::DONE);
    };
    let data = data(&args, io)?;
    let (name, bytes) = (file.display().to_string(), io.read(file)?);
    if args.engine.is_none()
        && let Some(sealed) = sealed(&name, &bytes)
    {
        return manifest(&sealed, data, args.output, io);
    }
    let text = std::str::from_utf8(bytes.expose()).map_err(|_| CliError::failed(format!("{name}: not UTF-8")))?;
    let mut options = Options::of(dialect);
    options.missing_key = match args.missing_key {
        Some(Missing::Error) => MissingKey::Error,
        Some(Missing::Zero) => MissingKey::Zero,
        Some(Missing::Default) => MissingKey::Default,
        None => options.missing_key,
    };
    let rendered =
        Template::parse(&name, text, options).and_then(|template| template.render(&Value::secrets(&data), &mut Moment::of(io)));
    match (rendered, args.output) {
        (Ok(value), OutputArg::Text) => io.print_secret(&value)?,
        (Ok(value), OutputArg::Json) => io.print_secret(&json_of([(name.as_str(), &value)]))?,
        (Err(error), output) => return refuse(&[error], output, io),
    }
    Ok(Exit::DONE)
}

/// The one SealedSecret of a file, if it is a manifest with one.
fn sealed(name: &str, bytes: &SecretBytes) -> Option<SealedObject> {
    let manifest = ManifestFile::parse(name, bytes.clone()).ok()?;
    let place = objects::all(&manifest).into_iter().find(|place| is_sealed(place.node))?;
    SealedObject::from_node(place.node).ok()
}

/// Renders the templates of a SealedSecret with values in the place of its items.
fn manifest(sealed: &SealedObject, data: Data, output: OutputArg, io: &mut Io) -> Result<Exit, CliError> {
    let absent: Vec<_> = sealed.items.keys().filter(|item| !data.contains_key(*item)).map(String::as_str).collect();
    if !absent.is_empty() {
        return Err(CliError::usage(format!("no value is given for these items: {}", absent.join(", ")))
            .hint("give each with --data KEY=VALUE; any value does, to see what the templates make of it"));
    }
    let data = match render::render(&sealed.template.data, data, &mut Moment::of(io)) {
        Ok(data) => data,
        Err(unrendered) => return refuse(&unrendered.failures, output, io),
    };
    let text = match output {
        OutputArg::Json => json_of(data.iter().map(|(key, value)| (key.as_str(), value))),
        OutputArg::Text => {
            let mut secret = SecretObject {
                metadata: sealed.template.metadata.clone(),
                type_: sealed.template.type_.clone(),
                immutable: sealed.template.immutable,
                data,
            };
            for field in ["name", "namespace"] {
                secret.metadata.extend(sealed.metadata.get(field).map(|own| (field.to_owned(), own.clone())));
            }
            to_yaml(&secret.to_node())
        }
    };
    io.print_secret(&text)?;
    Ok(Exit::DONE)
}

/// By name: `text`, or `base64` of what is no text.
fn json_of<'v>(values: impl IntoIterator<Item = (&'v str, &'v SecretBytes)>) -> SecretBytes {
    let one = |value: &SecretBytes| match std::str::from_utf8(value.expose()) {
        Ok(text) => json!({"text": text}),
        Err(_) => json!({"base64": STANDARD.encode(value.expose())}),
    };
    let all: serde_json::Map<_, _> = values.into_iter().map(|(name, value)| (name.to_owned(), one(value))).collect();
    format!("{:#}\n", serde_json::Value::Object(all)).into()
}

/// The templates say no.
fn refuse(failures: &[TemplateError], output: OutputArg, io: &mut Io) -> Result<Exit, CliError> {
    if output == OutputArg::Text {
        let all = failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        return Err(CliError::negative(all));
    }
    let one = |error: &TemplateError| {
        json!({
            "template": error.name, "line": error.line, "column": error.column,
            "function": error.function, "problem": error.problem.to_string(),
        })
    };
    io.print(&format!("{:#}\n", json!({"errors": failures.iter().map(one).collect::<Vec<_>>()})))?;
    Ok(Exit::FINDINGS)
}

fn data(args: &Args, io: &mut Io) -> Result<Data, CliError> {
    let mut data = Data::new();
    for path in &args.data_file {
        let name = path.display().to_string();
        let manifest = ManifestFile::parse(&name, io.read(path)?)?;
        let roots = manifest.documents.iter().map(|document| &document.root);
        for root in roots {
            data.extend(values(&name, root)?);
        }
    }
    for (flag, given, is_base64) in [("--data", &args.data, false), ("--data-base64", &args.data_base64, true)] {
        for pair in given {
            let (key, value) = pair.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(|| {
                CliError::usage(format!("{flag}: expected KEY=VALUE")).hint("quote the whole argument when the value has spaces")
            })?;
            let value = match is_base64 {
                true => STANDARD.decode(value).map_err(|_| CliError::usage(format!("{flag}: {key}: not base64")))?,
                false => value.as_bytes().to_vec(),
            };
            data.insert(key.to_owned(), value.into());
        }
    }
    Ok(data)
}

/// Values of a Secret, or of any map of texts.
fn values(file: &str, root: &Node) -> Result<Data, CliError> {
    if objects::is_secret(root) {
        let secret = SecretObject::from_node(root).map_err(|error| CliError::failed(format!("{file}: {error}")))?;
        return Ok(secret.data);
    }
    let entries = root.entries().ok_or_else(|| CliError::failed(format!("{file}: neither a Secret nor a map of texts")))?;
    let one = |entry: &seal_manifest::Entry| match entry.value.secret_text() {
        Some(text) => Ok((entry.key.clone(), text.clone())),
        None => Err(CliError::failed(format!("{file}:{}:{}: {}: not a text", entry.key_at.line, entry.key_at.column, entry.key))
            .hint("templates of Secrets see texts only: quote it")),
    };
    entries.iter().map(one).collect()
}
