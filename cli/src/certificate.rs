//! What to seal to: `--cert`, `--cluster`, `--context`, `--recipient`, or what `.seal.yaml` says for the file.
//!
//! Nothing is guessed: without any of them the run ends with the choices, it never asks whatever cluster is current.

use crate::{
    Io, cluster,
    config::{self, Cluster, Controller, Located, Named, Rule, Source},
    recipients::RecipientArgs,
    report::{self, CliError},
};
use seal_core::seal_to::{Recipients, SealTo};
use seal_crypto::{Certificate, Fingerprint, Scope};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

/// Flags of verbs that seal.
#[derive(clap::Args, Clone, Default)]
pub struct CertArgs {
    #[command(flatten)]
    pub to: RecipientArgs,
    /// Certificate to seal to: a file or an http(s) URL [env: SEAL_CERT]
    #[arg(long, value_name = "FILE|URL", conflicts_with_all = ["cluster", "context"])]
    pub cert: Option<String>,
    /// Cluster of .seal.yaml to seal for
    #[arg(long, value_name = "NAME", conflicts_with = "context")]
    pub cluster: Option<String>,
    /// Kubeconfig context whose controller to ask for its certificate
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// Namespace of the controller, with --context
    #[arg(long, value_name = "NAMESPACE", requires = "context")]
    pub controller_namespace: Option<String>,
    /// Name of the controller's Service, with --context
    #[arg(long, value_name = "NAME", requires = "context")]
    pub controller_name: Option<String>,
}

/// Certificates of one run: each source is read once, however many files use it.
#[derive(Default)]
pub struct Certificates {
    read: HashMap<String, Certificate>,
    configs: HashMap<PathBuf, Option<Located>>,
}

/// What to seal a file with.
#[derive(Clone)]
pub struct Sealing {
    /// The certificate's key, or age recipients.
    pub to: SealTo,
    /// The scope that `.seal.yaml` asks for.
    pub scope: Option<Scope>,
}

impl Certificates {
    /// What to seal a file to, and its scope: what the command line says, else what `.seal.yaml` does.
    pub fn for_file(&mut self, args: &CertArgs, file: &Path, io: &mut Io) -> Result<Sealing, CliError> {
        let located = self.located(file, io)?;
        let rule = ruling(located.as_ref(), file)?;
        let scope = rule.as_ref().and_then(|rule| rule.scope);
        if let Some(recipients) = self.recipients(args, file, io)? {
            return Ok(Sealing { to: SealTo::Recipients(recipients), scope });
        }
        let ruled = rule.as_ref().and_then(|rule| rule.cluster.as_deref());
        let certificate = self.certificate(args, located.as_ref(), ruled, io)?;
        Ok(Sealing { to: SealTo::Key(certificate.public_key), scope })
    }

    /// The age recipients for a file, when it is to be sealed to some: those given, else those of the rule and of its cluster.
    pub fn recipients(&mut self, args: &CertArgs, file: &Path, io: &mut Io) -> Result<Option<Recipients>, CliError> {
        let located = self.located(file, io)?;
        let sealed_at = u64::try_from(io.now()).unwrap_or_default();
        let recipients = |named: Vec<Named>, audience: &str| Recipients {
            recipients: named.into_iter().map(|one| one.recipient).collect(),
            audience: args.to.audience.clone().unwrap_or_else(|| audience.to_owned()),
            sealed_at,
        };
        let book = located.as_ref().map(|located| located.config.book.clone()).unwrap_or_default();
        if let Some(given) = args.to.given(&book, io)? {
            return Ok(Some(recipients(given, "")));
        }
        if args.cert.is_some() || args.context.is_some() {
            return Ok(None);
        }
        let Some(located) = located else { return Ok(None) };
        let (named, audience) = named_for(&located, file, args.cluster.as_deref())?;
        Ok(Some(named).filter(|named| !named.is_empty()).map(|named| recipients(named, &audience)))
    }

    /// Which path says where a Secret belongs: the first of input and output that has a `.seal.yaml` above it, else the working
    /// folder. A Secret in clear is best kept outside the repository that its sealed file goes to.
    pub fn place<'a>(&mut self, input: &'a Path, output: Option<&'a Path>, io: &Io) -> Result<&'a Path, CliError> {
        let stdin = Path::new("-");
        for path in [Some(input), output].into_iter().flatten().filter(|path| *path != stdin) {
            if self.located(path, io)?.is_some() {
                return Ok(path);
            }
        }
        Ok(stdin)
    }

    /// The configuration for a file, read once per folder.
    pub fn located(&mut self, file: &Path, io: &Io) -> Result<Option<Located>, CliError> {
        let folder = file.parent().unwrap_or(file).to_owned();
        if let Some(known) = self.configs.get(&folder) {
            return Ok(known.clone());
        }
        let found = config::find(file, io)?;
        self.configs.insert(folder, found.clone());
        Ok(found)
    }

    fn certificate(
        &mut self,
        args: &CertArgs,
        located: Option<&Located>,
        ruled: Option<&str>,
        io: &mut Io,
    ) -> Result<Certificate, CliError> {
        let given = args.cert.is_some() || args.cluster.is_some() || args.context.is_some();
        let from_environment = if given { None } else { io.env("SEAL_CERT").map(str::to_owned) };
        if let Some(place) = args.cert.as_ref().or(from_environment.as_ref()) {
            let source = if is_url(place) { Source::Url(place.clone()) } else { Source::File(place.clone()) };
            let certificate = self.fetch(&Cluster { source, ..Cluster::default() }, Path::new(""), io)?;
            if let (Some(located), Some(name)) = (located, ruled)
                && let pins = &located.cluster(name)?.fingerprints
                && !pins.is_empty()
                && !pins.contains(certificate.public_key.fingerprint())
            {
                report::warning(
                    format_args!(
                        "the certificate given is not a pinned one of cluster {name}, which .seal.yaml names for this file"
                    ),
                    io,
                );
            }
            return Ok(certificate);
        }
        if let Some(context) = &args.context {
            let controller = (args.controller_namespace.is_some() || args.controller_name.is_some()).then(|| Controller {
                namespace: args.controller_namespace.clone().unwrap_or_else(|| "kube-system".to_owned()),
                name: args.controller_name.clone(),
            });
            return self.fetch(
                &Cluster { source: Source::Context(context.clone()), controller, ..Cluster::default() },
                Path::new(""),
                io,
            );
        }
        match (located, args.cluster.as_deref().or(ruled).or_else(|| located.and_then(Located::only))) {
            (Some(located), Some(name)) => {
                let certificate = self
                    .fetch(located.cluster(name)?, located.folder(), io)
                    .map_err(|error| error.context(format_args!("cluster {name}")))?;
                if pinned(located.cluster(name)?, certificate.public_key.fingerprint()) {
                    return Ok(certificate);
                }
                let fingerprint = certificate.public_key.fingerprint();
                Err(CliError::failed(format!(
                    "cluster {name}: its certificate has key {fingerprint}, which .seal.yaml does not pin"
                ))
                .hint("if the key was renewed on purpose, run `seal cert pin`; if not, find out who answers for this cluster"))
            }
            (None, Some(name)) => Err(CliError::usage(format!("--cluster {name}: there is no .seal.yaml here or above"))),
            _ => Err(CliError::usage("no certificate to seal to").hint(
                "give --cert FILE|URL, --context NAME or --recipient age1..., or name the cluster in .seal.yaml (`seal cert pin`); \
                 for a SOPS file, give --age age1... or a rule in .sops.yaml that names it",
            )),
        }
    }

    fn fetch(&mut self, cluster: &Cluster, folder: &Path, io: &mut Io) -> Result<Certificate, CliError> {
        let id = format!("{:?} {:?} {}", cluster.source, cluster.controller, folder.display());
        if let Some(known) = self.read.get(&id) {
            return Ok(known.clone());
        }
        let certificate = fetch(cluster, folder, io)?;
        if certificate.expired(io.now()) {
            let day = jiff::Timestamp::from_second(certificate.not_after)
                .map_or_else(|_| "long ago".to_owned(), |at| format!("{}", at.strftime("on %F")));
            return Err(
                CliError::failed(format!("the certificate expired {day}")).hint("fetch the newest one with `seal cert fetch`")
            );
        }
        self.read.insert(id, certificate.clone());
        Ok(certificate)
    }
}

/// The rule for a file.
fn ruling(located: Option<&Located>, file: &Path) -> Result<Option<Rule>, CliError> {
    match located {
        Some(located) if file != Path::new("-") => Ok(located.rule(file)?.cloned()),
        _ => Ok(None),
    }
}

/// Who `.seal.yaml` says can open a file, and the audience: recipients of the rule, and those of its cluster (or of the cluster
/// given, or of the only one). Empty: it is sealed by certificate.
pub fn named_for(located: &Located, file: &Path, cluster: Option<&str>) -> Result<(Vec<Named>, String), CliError> {
    let rule = ruling(Some(located), file)?;
    let own = rule.as_ref().map(|rule| rule.recipients.clone()).unwrap_or_default();
    let ruled = rule.as_ref().and_then(|rule| rule.cluster.as_deref());
    let alone = || located.only().filter(|_| rule.is_none());
    let Some(name) = cluster.or(ruled).or_else(alone) else { return Ok((own, String::new())) };
    let cluster = located.cluster(name)?;
    let mut named = cluster.recipients.clone();
    named.extend(own.into_iter().filter(|one| !cluster.recipients.iter().any(|known| known.fingerprint() == one.fingerprint())));
    Ok((named, cluster.audience.clone()))
}

/// True when the cluster pins nothing, pins this key, or its installation signed what was fetched (which the fetching checks; a file
/// in the repository carries no signature, so there only a pinned key counts).
fn pinned(cluster: &Cluster, key: &Fingerprint) -> bool {
    let signed = cluster.installation.is_some() && matches!(cluster.source, Source::Url(_) | Source::Context(_));
    let free = cluster.installation.is_none() && cluster.fingerprints.is_empty();
    signed || free || cluster.fingerprints.contains(key)
}

fn is_url(place: &str) -> bool {
    ["http://", "https://", "file://"].iter().any(|scheme| place.starts_with(scheme))
}

fn fetch(cluster: &Cluster, folder: &Path, io: &mut Io) -> Result<Certificate, CliError> {
    let (name, pem) = match &cluster.source {
        Source::File(path) => (path.clone(), io.read_file(&folder.join(path))?.expose().to_vec()),
        Source::Url(url) => match url.strip_prefix("file://") {
            Some(path) => (url.clone(), io.read_file(Path::new(path))?.expose().to_vec()),
            None => (url.clone(), cluster::certificate(cluster, io)?),
        },
        Source::Context(context) => (format!("context {context}"), cluster::certificate(cluster, io)?),
        Source::Unset => {
            return Err(
                CliError::failed("no certificate named").hint("add `certificate:` or `context:` in .seal.yaml, or give --cert")
            );
        }
    };
    Certificate::from_pem(&pem).map_err(|error| {
        CliError::failed(format!("{name}: {error}"))
            .hint("a certificate is what `seal cert fetch` or `kubeseal --fetch-cert` gives")
    })
}

/// For checks without a network: the keys a cluster is known to have, and the one to seal to when its certificate is a file.
pub fn pins_of(cluster: &Cluster, folder: &Path, io: &mut Io) -> Result<(Vec<String>, Option<String>), CliError> {
    let mut keys: Vec<String> = cluster.fingerprints.iter().map(ToString::to_string).collect();
    let Source::File(_) = &cluster.source else { return Ok((keys, None)) };
    let certificate = fetch(cluster, folder, io)?;
    if certificate.expired(io.now()) {
        report::warning("the certificate that .seal.yaml names has expired: fetch the newest one with `seal cert fetch`", io);
    }
    let newest = certificate.public_key.fingerprint().to_string();
    if !keys.is_empty() && !keys.contains(&newest) {
        keys.push(newest.clone());
    }
    Ok((keys, Some(newest)))
}

#[cfg(test)]
mod tests {
    use super::{Cluster, Fingerprint, Source, pinned};
    use seal_crypto::SigningKey;

    #[test]
    fn a_pin_is_never_weakened_by_where_the_certificate_comes_from() {
        let key = |letter: &str| format!("SHA256:{}", letter.repeat(43)).parse::<Fingerprint>().unwrap();
        let signer = SigningKey::from_seed(vec![7; 32].into()).unwrap().verifying_key();
        let (ours, other) = (key("A"), key("E"));
        let (file, url) = (Source::File("a.pem".into()), Source::Url("https://a".into()));
        for (source, pins, installation, expected) in [
            (&file, vec![], false, true),
            (&file, vec![ours.clone()], false, true),
            (&file, vec![other.clone()], false, false),
            (&file, vec![], true, false),
            (&file, vec![ours.clone()], true, true),
            (&url, vec![other.clone()], false, false),
            (&url, vec![], true, true),
            (&url, vec![other.clone()], true, true),
        ] {
            let installation = installation.then(|| signer.clone());
            let cluster = Cluster { source: source.clone(), fingerprints: pins.clone(), installation, ..Cluster::default() };
            assert_eq!(pinned(&cluster, &ours), expected, "{cluster:?}");
        }
    }
}
