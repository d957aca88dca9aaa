//! `seal encrypt`: Secrets in clear to SealedSecrets. Either everything that was asked for is written, or nothing.

mod given;
mod into;
mod output;
mod sealing;

use crate::{
    Exit, Io,
    certificate::{CertArgs, Certificates, Sealing},
    inputs::{self, Input},
    objects::{self, is_sealed, is_secret},
    parallel,
    recovery::RecoveryArgs,
    report::{self, CliError},
    sops,
    target::Which,
    write,
};
use given::GivenArgs;
use seal_crypto::Scope;
use seal_manifest::{Format, ManifestFile};
use seal_secret::SecretBytes;
use sealing::{Rules, Sealed, seal_document, seal_one};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// Flags of `seal encrypt`.
#[derive(clap::Args)]
pub struct Args {
    /// Secret manifests: files, folders, or - for standard input (the default when it is not a terminal); for SOPS, any files
    #[arg(value_name = "PATH", conflicts_with_all = ["from_literal", "from_file", "from_env_file"])]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    given: GivenArgs,
    /// Name of the Secret
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Namespace of the Secret
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// Type of a Secret made of --from-... values
    #[arg(long = "type", value_name = "TYPE", conflicts_with = "paths")]
    type_: Option<String>,
    #[command(flatten)]
    cert: CertArgs,
    /// Who may open it: strict (this name in this namespace), namespace-wide or cluster-wide
    #[arg(long, value_name = "SCOPE")]
    scope: Option<Scope>,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["output_dir", "in_place", "into"])]
    output_file: Option<PathBuf>,
    /// Write one file for each input below a folder
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["in_place", "into"])]
    output_dir: Option<PathBuf>,
    /// Replace the files: no Secret in clear is left in them
    #[arg(long, conflicts_with = "into")]
    in_place: bool,
    /// Seal only the supplied values into a SealedSecret file; scope, namespace and name are those of that file
    #[arg(long, value_name = "FILE", conflicts_with = "scope")]
    into: Option<PathBuf>,
    /// With --into: values that have not changed keep their ciphertext
    #[command(flatten)]
    recovery: RecoveryArgs,
    /// Format of the output [default: that of the input, or of the output file's name]
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<FormatArg>,
    /// Accept a Secret without data
    #[arg(long)]
    allow_empty_data: bool,
    /// Copy objects of other kinds unchanged instead of refusing them
    #[arg(long)]
    pass_through: bool,
    /// Do not record in an annotation what the values were sealed for
    #[arg(long)]
    no_claim: bool,
    #[command(flatten)]
    sops: sops::encrypt::EncryptArgs,
}

/// Formats of a manifest.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum FormatArg {
    /// YAML documents.
    Yaml,
    /// JSON objects.
    Json,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Yaml => Format::Yaml,
            FormatArg::Json => Format::Json,
        }
    }
}

/// Runs `seal encrypt`.
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    if for_sops(&args, io)? {
        return run_sops(&args, io);
    }
    match (&args.into, args.given.is_empty()) {
        (Some(file), _) => run_into(&args, file, io),
        (None, false) => run_given(&args, io),
        (None, true) => run_files(&args, io).map_err(|error| match error.exit {
            Exit::USAGE if args.paths.is_empty() && !args.sops.identity.identities.is_empty() => {
                error.hint("-i names an age identity, not the file to seal: for that, say `--in-place FILE`")
            }
            _ => error,
        }),
    }
}

/// True when flags say SOPS, or when only a rule for SOPS files names what is to be sealed.
fn for_sops(args: &Args, io: &mut Io) -> Result<bool, CliError> {
    if args.sops.sops || args.sops.sops_secret || !args.sops.age.is_empty() {
        return Ok(true);
    }
    let certificate = args.cert.cert.is_some() || args.cert.cluster.is_some() || args.cert.context.is_some();
    let otherwise = certificate || io.env("SEAL_CERT").is_some() || !args.given.is_empty() || args.into.is_some();
    if otherwise || args.paths.is_empty() {
        return Ok(false);
    }
    sops::encrypt::is_meant(&args.paths, args.output_file.as_deref(), &args.sops, io)
}

fn run_sops(args: &Args, io: &mut Io) -> Result<Exit, CliError> {
    if !args.given.is_empty() || args.into.is_some() || args.output_dir.is_some() {
        return Err(CliError::usage("a SOPS file is made of a file: values given by flag and --output-dir have no place there")
            .hint("give a file with -o or --in-place; change one value with `seal set`"));
    }
    let to = match (&args.output_file, args.in_place) {
        (Some(path), _) if path != Path::new("-") => sops::encrypt::Destination::File(path),
        (_, true) => sops::encrypt::Destination::InPlace,
        _ => sops::encrypt::Destination::Print,
    };
    sops::encrypt::run(&paths(args, io)?, &to, &args.sops, io)
}

fn rules(args: &Args) -> Rules {
    Rules {
        scope: args.scope,
        namespace: args.namespace.clone(),
        name: args.name.clone(),
        allow_empty: args.allow_empty_data,
        claim: !args.no_claim,
        pass_through: args.pass_through,
    }
}

fn run_into(args: &Args, file: &Path, io: &mut Io) -> Result<Exit, CliError> {
    let secret = if args.given.is_empty() {
        let path = match paths(args, io)?.as_slice() {
            [path] => path.clone(),
            _ => return Err(CliError::usage("--into takes one Secret at a time")),
        };
        into::only_secret(&ManifestFile::parse(&path.display().to_string(), io.read(&path)?)?)?
    } else {
        args.given.secret(io)?
    };
    let which = Which { name: args.name.clone(), namespace: args.namespace.clone() };
    let request = into::Request {
        file,
        which,
        cert: &args.cert,
        recovery: &args.recovery,
        identity: &args.sops.identity,
        allow_empty: args.allow_empty_data,
    };
    into::run(&request, &secret, io)
}

fn run_given(args: &Args, io: &mut Io) -> Result<Exit, CliError> {
    if args.in_place || args.output_dir.is_some() {
        return Err(CliError::usage("values given on the command line have no file of their own").hint("use -o FILE"));
    }
    let Some(name) = &args.name else { return Err(CliError::usage("the Secret needs a name").hint("give --name NAME")) };
    let mut secret = args.given.secret(io)?;
    secret.metadata.insert("name".to_owned(), name.as_str().into());
    if let Some(namespace) = &args.namespace {
        secret.metadata.insert("namespace".to_owned(), namespace.as_str().into());
    }
    secret.type_.clone_from(&args.type_);
    for warning in sealing::newline_warnings(&secret, &format!("Secret {name}")) {
        report::warning(warning, io);
    }
    let mut certificates = Certificates::default();
    let place = certificates.place(Path::new("-"), args.output_file.as_deref(), io)?;
    let sealing = certificates.for_file(&args.cert, place, io)?;
    let node =
        seal_one(&secret, &sealing, &rules(args), &mut io.rng()).map_err(|error| error.context(format_args!("Secret {name}")))?;
    let format = wanted(args, args.output_file.as_deref()).unwrap_or(Format::Yaml);
    let text = if format == Format::Json { seal_manifest::to_json_pretty(&node) } else { seal_manifest::to_yaml(&node) };
    put(args.output_file.as_deref(), &text, io)
}

/// One input on its way: what was read and what became of it.
struct Job {
    input: Input,
    manifest: ManifestFile,
    sealed: Sealed,
}

fn run_files(args: &Args, io: &mut Io) -> Result<Exit, CliError> {
    let inputs = inputs::expand(&paths(args, io)?)?;
    if args.in_place && inputs.iter().any(Input::is_stdin) {
        return Err(CliError::usage("standard input cannot be replaced in place").hint("name the files"));
    }
    let searched = inputs.len();
    let read = parse_all(inputs, io)?;
    let mut certificates = Certificates::default();
    let mut prepared = Vec::with_capacity(read.len());
    for (input, manifest) in read {
        let place = certificates.place(&input.path, args.output_file.as_deref().or(args.output_dir.as_deref()), io)?;
        let sealing = certificates.for_file(&args.cert, place, io)?;
        prepared.push((input, manifest, sealing));
    }
    let jobs = seal_all(prepared, &rules(args), io)?;
    if args.in_place && jobs.is_empty() {
        io.say(format_args!("no Secret in clear in {searched} {}", plural(searched, "file")));
        return Ok(Exit::DONE);
    }
    check_found(&jobs, searched)?;
    for warning in jobs.iter().flat_map(|job| &job.sealed.warnings) {
        report::warning(warning, io);
    }
    let untouched = if args.in_place { "left as it is" } else { "copied unchanged" };
    for job in jobs.iter().filter(|job| job.sealed.count == 0 && objects::all(&job.manifest).iter().any(|o| is_sealed(o.node))) {
        io.say(format_args!("{}: sealed already, {untouched}", job.manifest.name));
    }
    if args.in_place {
        return replace(&jobs, io);
    }
    match &args.output_dir {
        Some(folder) => spread(args, folder, &jobs, io),
        None => single_stream(args, &jobs, io),
    }
}

/// Seals on all cores, document by document: one file of a hundred Secrets is as quick as a hundred files.
fn seal_all(prepared: Vec<(Input, ManifestFile, Sealing)>, rules: &Rules, io: &mut Io) -> Result<Vec<Job>, CliError> {
    let documents =
        prepared.iter().flat_map(|file| file.1.documents.iter().map(move |document| (file, document))).collect::<Vec<_>>();
    let sealed = parallel::in_order(documents, io, "sealing", |((input, manifest, sealing), document), rng| {
        let rules = Rules { pass_through: rules.pass_through || input.folder.is_some(), ..rules.clone() };
        seal_document(&manifest.name, document, sealing, &rules, rng)
    });
    let mut sealed = sealed.into_iter().collect::<Result<Vec<_>, CliError>>()?.into_iter();
    let jobs = prepared.into_iter().map(|(input, manifest, _)| {
        let sealed = Sealed::joined(sealed.by_ref().take(manifest.documents.len()));
        Job { input, manifest, sealed }
    });
    Ok(jobs.collect())
}

/// Reads and parses all inputs. Files found in a folder count only when there is a Secret in them.
fn parse_all(inputs: Vec<Input>, io: &mut Io) -> Result<Vec<(Input, ManifestFile)>, CliError> {
    let parsed = parallel::in_order(inputs::sources(inputs, io)?, io, "reading", |source, _| {
        let (bytes, input) = (source.read()?, source.input);
        let manifest = ManifestFile::parse(&input.name(), bytes)?;
        let counts = input.folder.is_none() || objects::all(&manifest).iter().any(|place| is_secret(place.node));
        Ok(counts.then_some((input, manifest)))
    });
    Ok(parsed.into_iter().collect::<Result<Vec<_>, CliError>>()?.into_iter().flatten().collect())
}

/// Nothing to seal is never a success.
fn check_found(jobs: &[Job], searched: usize) -> Result<(), CliError> {
    if jobs.is_empty() {
        return Err(CliError::failed(format!("no Secret in {searched} {}", plural(searched, "file")))
            .hint("SealedSecrets are checked with `seal verify`"));
    }
    match jobs.iter().find(|job| job.manifest.documents.is_empty()) {
        Some(job) => {
            Err(CliError::failed(format!("{}: there is nothing in it", job.manifest.name)).hint("a Secret manifest is expected"))
        }
        None => Ok(()),
    }
}

fn replace(jobs: &[Job], io: &mut Io) -> Result<Exit, CliError> {
    let mut files = Vec::new();
    for job in jobs.iter().filter(|job| job.sealed.count > 0) {
        files.push((job, output::in_place(&job.manifest, &job.sealed)?));
    }
    write::all_atomically(&files.iter().map(|(job, text)| (job.input.path.as_path(), text)).collect::<Vec<_>>())?;
    summary(jobs, "in place", io);
    Ok(Exit::DONE)
}

fn spread(args: &Args, folder: &Path, jobs: &[Job], io: &mut Io) -> Result<Exit, CliError> {
    let mut taken = BTreeSet::new();
    let mut files = Vec::new();
    for job in jobs {
        let path = output::below(folder, &job.input);
        if job.input.is_stdin() || std::path::absolute(&path).ok() == std::path::absolute(&job.input.path).ok() {
            return Err(CliError::usage(format!("{}: its output would have no file of its own", job.manifest.name))
                .hint("use -o FILE or --in-place"));
        }
        if !taken.insert(path.clone()) {
            return Err(CliError::usage(format!("{}: another input already goes to {}", job.manifest.name, path.display())));
        }
        let format = wanted(args, Some(&path)).unwrap_or(Format::Yaml);
        files.push((path, output::join(&output::stream(&job.manifest, &job.sealed, format), format)));
    }
    for parent in files.iter().filter_map(|(path, _)| path.parent()) {
        std::fs::create_dir_all(parent).map_err(|error| {
            CliError::failed(format!("cannot make folder {}: {}", parent.display(), crate::io::reason(&error)))
        })?;
    }
    write::all_atomically(&files.iter().map(|(path, text)| (path.as_path(), text)).collect::<Vec<_>>())?;
    summary(jobs, &format!("to {}", folder.display()), io);
    Ok(Exit::DONE)
}

fn single_stream(args: &Args, jobs: &[Job], io: &mut Io) -> Result<Exit, CliError> {
    let input_format =
        || jobs.first().and_then(|job| job.manifest.documents.first()).map_or(Format::Yaml, |document| document.format);
    let format = wanted(args, args.output_file.as_deref()).unwrap_or_else(input_format);
    let documents = jobs.iter().flat_map(|job| output::stream(&job.manifest, &job.sealed, format)).collect::<Vec<_>>();
    put(args.output_file.as_deref(), &output::join(&documents, format), io)
}

fn wanted(args: &Args, path: Option<&Path>) -> Option<Format> {
    args.format.map(Format::from).or_else(|| path.and_then(output::format_of))
}

fn put(path: Option<&Path>, text: &SecretBytes, io: &mut Io) -> Result<Exit, CliError> {
    match path.filter(|path| *path != Path::new("-")) {
        Some(path) => write::atomically(path, text)?,
        None => io.print_secret(text)?,
    }
    Ok(Exit::DONE)
}

fn paths(args: &Args, io: &Io) -> Result<Vec<PathBuf>, CliError> {
    if !args.paths.is_empty() {
        return Ok(args.paths.clone());
    }
    if io.input_is_terminal() {
        return Err(CliError::usage("nothing to seal")
            .hint("name Secret manifests, pipe one in, or give values with --from-literal, --from-file or --from-env-file"));
    }
    Ok(vec![PathBuf::from("-")])
}

fn summary(jobs: &[Job], where_to: &str, io: &mut Io) {
    let secrets: usize = jobs.iter().map(|job| job.sealed.count).sum();
    let files = jobs.iter().filter(|job| job.sealed.count > 0).count();
    io.say(format_args!("sealed {secrets} {} of {files} {} {where_to}", plural(secrets, "Secret"), plural(files, "file")));
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}
