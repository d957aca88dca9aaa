//! `seal verify`: will these SealedSecrets open where they are going? Offline from what the files and `.seal.yaml` say,
//! with `--recovery-key` by opening them, with `--online` by asking the controller (where it does not answer such questions, by
//! what it says of the same object in the cluster).

use crate::{
    Exit, Io,
    certificate::{Certificates, named_for, pins_of},
    cluster::{self, Overrides, asking::plan::Answer},
    config::{Located, Rule},
    identities::IdentityArgs,
    inputs,
    objects::{self, Place, described, is_sealed, is_secret, is_sops_secret},
    parallel,
    recovery::{Need, RecoveryArgs},
    report::{CliError, OutputArg},
    sops,
};
use seal_core::{
    open::{Opening, open_object},
    sealed::SealedObject,
    verify::{Expectation, Expected, Finding, Level, verify},
};
use seal_crypto::Keyring;
use seal_manifest::{ManifestFile, Node};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Flags of `seal verify`.
#[derive(clap::Args)]
pub struct Args {
    /// Files, folders, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Cluster of .seal.yaml they are for, whatever its rules say
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// Also open them, to be certain
    #[command(flatten)]
    recovery: RecoveryArgs,
    #[command(flatten)]
    identity: IdentityArgs,
    /// Also ask the controller of the kubeconfig context
    #[arg(long)]
    online: bool,
    /// Kubeconfig context for --online [default: the current one]
    #[arg(long, value_name = "NAME", requires = "online")]
    context: Option<String>,
    /// Namespace of the controller, with --online [default: kube-system]
    #[arg(long, value_name = "NAMESPACE", requires = "online")]
    controller_namespace: Option<String>,
    /// Name of the controller's Service, with --online
    #[arg(long, value_name = "NAME", requires = "online")]
    controller_name: Option<String>,
    /// Warnings count as findings too
    #[arg(long)]
    strict: bool,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    output: OutputArg,
}

/// A finding and the object it is about.
struct Line {
    file: String,
    object: String,
    finding: Finding,
}

/// A file with SealedSecrets or Secrets in clear, and what is expected of them.
struct File {
    input: inputs::Input,
    manifest: ManifestFile,
    expected: Expectation,
}

/// What one object came to.
struct Looked {
    lines: Vec<Line>,
    /// What to ask the controller, and what to say when it answers no.
    question: Option<(Value, Line)>,
}

/// Runs `seal verify`.
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    let keyring = args.recovery.keyring(&args.identity, Need::Rsa, io)?;
    let mut sops = sops::verify::check(&args.paths, io)?;
    let (mut checked, mut unread, mut questions) = (sops.checked, sops.unread, Vec::new());
    let file = |(file, finding)| Line { file, object: "SOPS file".to_owned(), finding };
    let mut lines: Vec<Line> = std::mem::take(&mut sops.findings).into_iter().map(file).collect();
    let files = read_all(manifests(&args.paths, &sops)?, &args, io)?;
    let places: Vec<_> = files.iter().flatten().flat_map(|file| file.places().map(move |place| (file, place))).collect();
    let looked =
        parallel::in_order(places, io, "verifying", |(file, place), _| file.look_at(place.node, args.online, keyring.as_ref()));
    let mut looked = looked.into_iter();
    for file in files {
        match file {
            Ok(file) => {
                for Looked { lines: found, question } in looked.by_ref().take(file.places().count()) {
                    checked += 1;
                    lines.extend(found);
                    questions.extend(question);
                }
            }
            Err(unreadable) => {
                unread += 1;
                lines.push(unreadable);
            }
        }
    }
    lines.extend(refused(questions, &args, io)?);
    match args.output {
        OutputArg::Json => io.print(&format!("{:#}\n", Value::Array(lines.iter().map(Line::as_json).collect())))?,
        OutputArg::Text => as_text(&lines, checked, io)?,
    }
    if unread > 0 {
        return Err(CliError::failed(format!(
            "{unread} of the files could not be read, so nothing is said about what is in them"
        )));
    }
    let worst = lines.iter().map(|line| line.finding.level).max();
    let bad = worst == Some(Level::Error) || (args.strict && worst.is_some());
    Ok(if bad { Exit::FINDINGS } else { Exit::DONE })
}

impl File {
    fn places(&self) -> impl Iterator<Item = Place<'_>> {
        let counts = |node| is_sealed(node) || is_secret(node) || is_sops_secret(node);
        objects::all(&self.manifest).into_iter().filter(move |place| counts(place.node))
    }

    fn look_at(&self, node: &Node, online: bool, keyring: Option<&Keyring>) -> Looked {
        let about = |finding| Line { file: self.input.name(), object: described(node), finding };
        let question = || {
            let finding = error(node, "does-not-open", "the controller cannot open it".to_owned(), ELSEWHERE);
            (node.to_public_json(), about(finding))
        };
        Looked {
            lines: check(node, &self.expected, keyring).into_iter().map(about).collect(),
            question: (online && is_sealed(node)).then(question),
        }
    }
}

/// Reads the files on all cores, then finds out what is expected of each: a key that a cluster has is read once.
fn read_all(inputs: Vec<inputs::Input>, args: &Args, io: &mut Io) -> Result<Vec<Result<File, Line>>, CliError> {
    let sources = inputs::sources(inputs, io)?;
    let read = parallel::in_order(sources, io, "reading", |source, _| read(&source).map(|read| (read, source.input)));
    let mut certificates = Certificates::default();
    let mut files = Vec::with_capacity(read.len());
    for read in read {
        let (manifest, input) = read?;
        files.push(match manifest {
            Ok(manifest) => {
                let mut file = File { input, manifest, expected: Expectation::default() };
                if file.places().next().is_some() {
                    file.expected = expectation(args, &file.input.path, &mut certificates, io)?;
                }
                Ok(file)
            }
            Err(unreadable) => Err(unreadable),
        });
    }
    Ok(files)
}

/// What is to be looked at beside SOPS files. A folder that holds nothing but those is fine.
fn manifests(paths: &[PathBuf], sops: &sops::verify::Report) -> Result<Vec<inputs::Input>, CliError> {
    let mut all = Vec::new();
    for path in paths {
        match inputs::expand(std::slice::from_ref(path)) {
            Ok(found) => all.extend(found.into_iter().filter(|input| !sops.covers(&input.path))),
            Err(_) if sops.covers_below(path) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

/// A file, or the line that says where it is not well-formed: one such file does not keep the others from being checked.
fn read(source: &inputs::Source) -> Result<Result<ManifestFile, Line>, CliError> {
    let hint = "repair it, or leave it out (templates of a chart are no manifests: verify what is rendered)";
    let name = source.input.name();
    Ok(ManifestFile::parse(&name, source.read()?).map_err(|error| {
        let finding = Finding { at: error.at, rule: "unreadable", level: Level::Error, message: error.problem.to_string(), hint };
        Line { file: name, object: "file".to_owned(), finding }
    }))
}

/// What `.seal.yaml` says about a file.
fn expectation(args: &Args, file: &Path, certificates: &mut Certificates, io: &mut Io) -> Result<Expectation, CliError> {
    let Some(located) = certificates.located(file, io)? else {
        return match &args.cluster {
            Some(name) => Err(CliError::usage(format!("--cluster {name}: there is no .seal.yaml here or above"))),
            None => Ok(Expectation::default()),
        };
    };
    let rule = if file == Path::new("-") { None } else { located.rule(file)?.cloned() };
    let (named, audience) = named_for(&located, file, args.cluster.as_deref())?;
    let recipients =
        named.iter().map(|one| Expected { name: one.name.clone(), fingerprint: one.fingerprint().to_string() }).collect();
    let expected =
        Expectation { scope: rule.as_ref().and_then(|rule| rule.scope), recipients, audience, ..Expectation::default() };
    let Some(name) = cluster_name(args, &located, rule.as_ref()) else { return Ok(expected) };
    let (keys, newest) = pins_of(located.cluster(&name)?, located.folder(), io)?;
    Ok(Expectation { cluster: name, keys, newest, ..expected })
}

fn cluster_name(args: &Args, located: &Located, rule: Option<&Rule>) -> Option<String> {
    let only = || located.only().map(str::to_owned);
    match rule {
        _ if args.cluster.is_some() => args.cluster.clone(),
        Some(rule) => rule.cluster.clone(),
        None => only(),
    }
}

/// Marks the Secrets that hold a controller's keys.
const KEY_LABEL: &str = "sealedsecrets.bitnami.com/sealed-secrets-key";

/// Why an object that looks right may not open.
const ELSEWHERE: &str = "it was sealed for another cluster, or renamed, moved or re-scoped after sealing";

fn error(node: &Node, rule: &'static str, message: String, hint: &'static str) -> Finding {
    Finding { at: node.at, rule, level: Level::Error, message, hint }
}

fn check(node: &Node, expected: &Expectation, keyring: Option<&Keyring>) -> Vec<Finding> {
    if is_secret(node) {
        if node.at_path(&["metadata", "labels", KEY_LABEL]).is_some() {
            let hint =
                "take it out of the repository; if it was ever committed, follow \"When a key is compromised\" of the README";
            return vec![error(node, "raw-secret", "it is a controller's PRIVATE KEY in clear".to_owned(), hint)];
        }
        let hint = "seal it with `seal encrypt --in-place`, and change its values if it was ever committed";
        return vec![error(node, "raw-secret", "it is in clear".to_owned(), hint)];
    }
    if is_sops_secret(node) {
        return sops::carried::check(node);
    }
    let (object, mut findings) = match (SealedObject::from_node(node), verify(node, expected)) {
        (Ok(object), Ok(findings)) => (object, findings),
        (Err(wrong), _) | (_, Err(wrong)) => {
            return vec![error(node, "shape", wrong.to_string(), "take the file from an earlier commit, or seal it anew")];
        }
    };
    if let Some(Err(unopened)) = keyring.map(|keyring| open_object(&object, keyring, &Opening::default())) {
        findings.push(error(node, "does-not-open", unopened.to_string(), ELSEWHERE));
    }
    findings
}

/// Asks the controller about each object, over one connection; gives the findings of those it cannot open. An answer that is
/// neither yes nor no ends the run: it is never taken for one.
fn refused(questions: Vec<(Value, Line)>, args: &Args, io: &Io) -> Result<Vec<Line>, CliError> {
    if questions.is_empty() {
        return Ok(Vec::new());
    }
    let overrides = Overrides { context: args.context.clone(), ..Overrides::default() };
    let mut target = cluster::Target { name: args.controller_name.clone(), ..cluster::Target::default() };
    target.namespace = args.controller_namespace.clone().unwrap_or(target.namespace);
    cluster::block_on(async {
        let api = cluster::connect(&overrides, io.environment()).await?;
        let controller = cluster::Controller::find(&api, &target).await?;
        let mut lines = Vec::new();
        let mut closed = false;
        for (object, line) in questions {
            let answer = if closed { None } else { Some(controller.verify(&object).await) };
            let opens = match answer {
                Some(Err(error)) if error.is_closed() => {
                    closed = true;
                    from_status(&api, &object, &line).await?
                }
                Some(answer) => answer?,
                None => from_status(&api, &object, &line).await?,
            };
            if !opens {
                lines.push(line);
            }
        }
        Ok(lines)
    })
}

/// The controller's endpoint is closed: what does it say of the object in the cluster?
async fn from_status(api: &cluster::Api, object: &Value, line: &Line) -> Result<bool, CliError> {
    // What is no SealedSecret has its finding already.
    let Ok(object) = SealedObject::from_json(object) else { return Ok(true) };
    match cluster::asking::opens(api, &object).await? {
        Answer::Known(()) => Ok(true),
        Answer::Refused(_) => Ok(false),
        Answer::Unknown(why) => Err(CliError::failed(format!(
            "{}: {}: whether it opens is not known: the controller's verify endpoint is closed, and {why}",
            line.file, line.object
        ))
        .hint("verify it after it was applied, or open it with --recovery-key")),
    }
}

fn as_text(lines: &[Line], checked: usize, io: &mut Io) -> Result<(), CliError> {
    for Line { file, object, finding } in lines {
        let at = finding.at;
        io.print(&format!(
            "{file}:{}:{}: {}: {object}: {} [{}]\n",
            at.line,
            at.column,
            finding.level.as_str(),
            finding.message,
            finding.rule
        ))?;
        io.print(&format!("  hint: {}\n", finding.hint))?;
    }
    let errors = lines.iter().filter(|line| line.finding.level == Level::Error).count();
    let verdict = match (checked, errors, lines.len() - errors) {
        (0, ..) => "no SealedSecret and no SOPS file found".to_owned(),
        (_, 0, 0) => format!("{checked} checked, nothing to object to"),
        (_, errors, warnings) => format!("{checked} checked, errors: {errors}, warnings: {warnings}"),
    };
    io.say(format_args!("{verdict}"));
    Ok(())
}

impl Line {
    fn as_json(&self) -> Value {
        let finding = &self.finding;
        json!({
            "file": self.file,
            "line": finding.at.line,
            "column": finding.at.column,
            "object": self.object,
            "rule": finding.rule,
            "level": finding.level.as_str(),
            "message": finding.message,
            "hint": finding.hint,
        })
    }
}
