//! `seal cert`: fetch, show and pin the public half of a cluster's sealing keys.

mod recipients;

use crate::{
    Exit, Io,
    cluster::{self, ClusterArgs, Plain},
    config::FILE_NAME,
    report::{self, CliError, OutputArg},
    table::day,
    write,
};
use seal_core::bundle::Bundle;
use seal_crypto::Certificate;
use seal_manifest::{Edit, ManifestFile, New, Node};
use std::path::{Path, PathBuf};

/// Flags of `seal cert`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

/// What to do with certificates.
#[derive(clap::Subcommand)]
enum What {
    /// Print a cluster's newest certificate, for use with --cert
    Fetch(Fetch),
    /// Print the age recipient that a cluster publishes, for use with -R
    Recipients(recipients::Args),
    /// Show what a certificate says: fingerprint, validity, size
    Show(Show),
    /// Write a cluster's certificate source and the pin of its key into .seal.yaml
    Pin(Pin),
}

/// Flags of `seal cert fetch`.
#[derive(clap::Args)]
struct Fetch {
    /// Fetch from this https:// address instead of a cluster
    #[arg(long, value_name = "URL", conflicts_with_all = ["context", "cluster"])]
    url: Option<String>,
    /// Write here instead of standard output
    #[arg(short, long = "output-file", alias = "out", value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// Flags of `seal cert show`.
#[derive(clap::Args)]
struct Show {
    /// Certificate file; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: OutputArg,
}

/// Flags of `seal cert pin`.
#[derive(clap::Args)]
struct Pin {
    /// Name of the cluster in .seal.yaml
    #[arg(value_name = "CLUSTER")]
    name: String,
    /// Certificate file to pin (and to seal to from now on)
    #[arg(long, value_name = "FILE", conflicts_with = "context")]
    cert: Option<PathBuf>,
    /// Kubeconfig context whose controller to ask
    #[arg(long, value_name = "NAME", required_unless_present = "cert")]
    context: Option<String>,
    /// Namespace of the controller
    #[arg(long, value_name = "NAMESPACE", requires = "context")]
    controller_namespace: Option<String>,
    /// Name of the controller's Service
    #[arg(long, value_name = "NAME", requires = "context")]
    controller_name: Option<String>,
    /// Pin this one key even where the installation signs its keys
    #[arg(long)]
    key_only: bool,
    /// Replace another installation's pin
    #[arg(long)]
    replace: bool,
}

/// Runs the verb.
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    match args.what {
        What::Fetch(args) => fetch(&args, io),
        What::Recipients(args) => recipients::run(&args, io),
        What::Show(args) => show(&args, io),
        What::Pin(args) => pin(&args, io),
    }
}

fn fetch(args: &Fetch, io: &mut Io) -> Result<Exit, CliError> {
    let pem = match &args.url {
        Some(url) => cluster::block_on(async { Ok(cluster::fetch(url, Plain::LoopbackOnly).await?) })?,
        None => {
            let choice = args.cluster.resolve(io)?;
            let now = io.now();
            cluster::block_on(async {
                Ok(cluster::newest_certificate(&choice.api().await?, &choice.target, now).await?.into_bytes())
            })?
        }
    };
    let certificate = read("the answer", &pem)?;
    if certificate.expired(io.now()) {
        report::warning(format_args!("this certificate expired on {}", day(certificate.not_after)), io);
    }
    io.say(format_args!("fingerprint {}", certificate.public_key.fingerprint()));
    match &args.out {
        Some(path) => write::atomically(path, &certificate.pem.into())?,
        None => io.print(&certificate.pem)?,
    }
    Ok(Exit::DONE)
}

fn read(name: &str, pem: &[u8]) -> Result<Certificate, CliError> {
    Certificate::from_pem(pem).map_err(|error| {
        CliError::failed(format!("{name}: {error}"))
            .hint("a certificate is what `seal cert fetch` or `kubeseal --fetch-cert` gives")
    })
}

fn show(args: &Show, io: &mut Io) -> Result<Exit, CliError> {
    let pem = io.read(&args.file)?;
    let certificate = read(&args.file.display().to_string(), pem.expose())?;
    let (key, expired) = (&certificate.public_key, certificate.expired(io.now()));
    let (from, to) = (day(certificate.not_before), day(certificate.not_after));
    match args.output {
        OutputArg::Json => io.print(&format!(
            "{}\n",
            serde_json::json!({"fingerprint": key.fingerprint().as_str(), "bits": key.bits(), "commonName": certificate.common_name, "notBefore": certificate.not_before, "notAfter": certificate.not_after, "expired": expired})
        ))?,
        OutputArg::Text => {
            let name = if certificate.common_name.is_empty() { "(none)" } else { &certificate.common_name };
            io.print(&format!(
                "fingerprint  {}\nkey          RSA {} bits\nvalid        {from} to {to}{}\ncommon name  {name}\n",
                key.fingerprint(),
                key.bits(),
                if expired { " (expired)" } else { "" },
            ))?;
        }
    }
    Ok(if expired { Exit::FINDINGS } else { Exit::DONE })
}

/// What a pin rests on.
struct Found {
    certificate: Certificate,
    installation: Option<String>,
}

fn pin(args: &Pin, io: &mut Io) -> Result<Exit, CliError> {
    let found = look(args, io)?;
    if found.certificate.expired(io.now()) {
        return Err(CliError::failed(format!("the certificate expired on {}", day(found.certificate.not_after)))
            .hint("a pin on it would be of no use"));
    }
    let (path, bytes) = match crate::config::find(Path::new("-"), io)? {
        Some(located) => (located.path.clone(), io.read_file(&located.path)?),
        None => (PathBuf::from(FILE_NAME), "clusters: {}\n".to_owned().into()),
    };
    let name = crate::config::shown(&path);
    let mut file = ManifestFile::parse(&name, bytes)?;
    if file.documents.is_empty() {
        file = ManifestFile::parse(&name, "clusters: {}\n".to_owned())?;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let edits = edits(args, &found, &file, folder)?;
    let edited = file.edit(&edits.into_iter().map(|edit| (0, edit)).collect::<Vec<_>>())?;
    crate::config::parse(&name, edited.clone())?;
    write::atomically(&path, &edited)?;
    match &found.installation {
        Some(key) => io.say(format_args!("{name}: cluster {} pins installation {key}\ncompare it with what the installation's administrator sees (`seal doctor`)", args.name)),
        None => io.say(format_args!("{name}: cluster {} pins key {}\ncompare it with what the cluster's administrator sees (`seal keys list`)", args.name, found.certificate.public_key.fingerprint())),
    }
    Ok(Exit::DONE)
}

fn look(args: &Pin, io: &mut Io) -> Result<Found, CliError> {
    if let Some(path) = &args.cert {
        let pem = io.read_file(path)?;
        return Ok(Found { certificate: read(&path.display().to_string(), pem.expose())?, installation: None });
    }
    let cluster = ClusterArgs {
        context: args.context.clone(),
        controller_namespace: args.controller_namespace.clone(),
        controller_name: args.controller_name.clone(),
        ..ClusterArgs::default()
    };
    let (choice, now) = (cluster.resolve(io)?, io.now());
    cluster::block_on(async {
        let api = choice.api().await?;
        if let Some(text) = cluster::bundle(&api, &choice.target).await?.filter(|_| !args.key_only) {
            let broken = |error| CliError::from_error(&error);
            let key = Bundle::claimed_installation(&text).map_err(broken)?;
            let bundle = Bundle::verify(&text, &key, now).map_err(broken)?;
            let first = bundle.certificates.first().map_or("", String::as_str);
            return Ok(Found { certificate: read("the key bundle", first.as_bytes())?, installation: Some(bundle.installation) });
        }
        let pem = cluster::newest_certificate(&api, &choice.target, now).await?;
        Ok(Found { certificate: read("the controller's answer", pem.as_bytes())?, installation: None })
    })
}

/// The path as `.seal.yaml` reads it: relative to its own folder where it is below it.
fn beside(path: &Path, folder: &Path) -> String {
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (file, folder) = (real(path), real(folder));
    file.strip_prefix(&folder).unwrap_or(&file).display().to_string()
}

/// Sets what is pinned; keys pinned before stay, for what was sealed to them.
fn edits(args: &Pin, found: &Found, file: &ManifestFile, folder: &Path) -> Result<Vec<Edit>, CliError> {
    let text = |text: &str| New::Text(text.to_owned().into());
    let name = args.name.as_str();
    let present = file.documents[0].root.at_path(&["clusters", name]);
    let of = |field: &str| present.and_then(|cluster| cluster.get(field));
    let mut edits = Vec::new();
    match (&args.context, &args.cert) {
        (Some(context), _) => {
            if of("certificate").is_some() {
                edits.push(Edit::remove(["clusters", name, "certificate"]));
            }
            edits.push(Edit::set(["clusters", name, "context"], text(context)));
        }
        // A cluster that is asked for its certificate goes on being asked; the file only says which key to expect.
        (None, Some(path)) if of("context").is_none() => {
            edits.push(Edit::set(["clusters", name, "certificate"], text(&beside(path, folder))))
        }
        (None, _) => {}
    }
    for (field, given) in [("namespace", &args.controller_namespace), ("name", &args.controller_name)] {
        if let Some(value) = given {
            edits.push(Edit::set(["clusters", name, "controller", field], text(value)));
        }
    }
    let Some(installation) = &found.installation else {
        let own = found.certificate.public_key.fingerprint().as_str();
        let mut pinned: Vec<&str> =
            of("fingerprints").and_then(Node::elements).into_iter().flatten().filter_map(Node::public_text).collect();
        if !pinned.contains(&own) {
            pinned.insert(0, own);
        }
        edits.push(Edit::set(["clusters", name, "fingerprints"], New::Tree(Node::from_json(&serde_json::json!(pinned)))));
        return Ok(edits);
    };
    match of("installation").and_then(Node::public_text) {
        Some(old) if old != installation && !args.replace => {
            return Err(CliError::negative(format!(
                "cluster {name}: .seal.yaml pins installation {old}, but this one is {installation}"
            ))
            .hint("if the cluster was set up anew, ask its administrator for the new key and give --replace"));
        }
        _ => edits.push(Edit::set(["clusters", name, "installation"], text(installation))),
    }
    Ok(edits)
}

#[cfg(test)]
mod tests {
    use super::{Found, Pin, beside, edits};
    use rand::SeedableRng;
    use seal_crypto::{Certificate, PrivateKey};
    use seal_manifest::ManifestFile;
    use std::path::Path;

    fn pinned(before: &str, pin: &Pin, installation: Option<&str>) -> Result<String, String> {
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        let key = PrivateKey::generate(1024, &mut rng).unwrap();
        let certificate = Certificate::self_signed(&key, "", 0, 1, &mut rng).unwrap();
        let found = Found { certificate, installation: installation.map(str::to_owned) };
        let file = ManifestFile::parse("f", before.to_owned()).unwrap();
        let edits = edits(pin, &found, &file, Path::new(".")).map_err(|error| error.message)?;
        let edited = file.edit(&edits.into_iter().map(|edit| (0, edit)).collect::<Vec<_>>()).unwrap();
        let text = String::from_utf8(edited.expose().to_vec()).unwrap();
        Ok(text.replace(key.fingerprint().as_str(), "KEY"))
    }

    fn pin(context: Option<&str>, cert: Option<&str>) -> Pin {
        Pin {
            name: "p".to_owned(),
            cert: cert.map(Into::into),
            context: context.map(Into::into),
            controller_namespace: None,
            controller_name: None,
            key_only: false,
            replace: false,
        }
    }

    #[test]
    fn a_pin_is_added_beside_what_the_file_says() {
        let before = "# ours\nclusters:\n  p: # big\n    context: admin\n    fingerprints:\n    - OLD\n";
        let after = "# ours\nclusters:\n  p: # big\n    context: admin\n    fingerprints:\n    - KEY\n    - OLD\n";
        assert_eq!(pinned(before, &pin(None, Some("x.pem")), None).unwrap(), after);
        assert_eq!(
            pinned(after, &pin(Some("admin"), None), Some("ed25519:A")).unwrap(),
            format!("{after}    installation: ed25519:A\n")
        );
    }

    #[test]
    fn another_installation_needs_a_word_of_the_user() {
        let before = "clusters:\n  p:\n    context: admin\n    installation: ed25519:A\n";
        let message = pinned(before, &pin(Some("admin"), None), Some("ed25519:B")).unwrap_err();
        assert_eq!(message, "cluster p: .seal.yaml pins installation ed25519:A, but this one is ed25519:B");
        let forced = Pin { replace: true, ..pin(Some("admin"), None) };
        assert!(pinned(before, &forced, Some("ed25519:B")).unwrap().ends_with("installation: ed25519:B\n"));
    }

    #[test]
    fn a_certificate_below_the_file_is_named_from_there() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("certs")).unwrap();
        std::fs::write(folder.path().join("certs/a.pem"), "x").unwrap();
        assert_eq!(beside(&folder.path().join("certs/../certs/a.pem"), folder.path()), "certs/a.pem");
        assert!(Path::new(&beside(&folder.path().join("certs/a.pem"), Path::new("/nonexistent"))).is_absolute());
    }
}
