//! The command line: flags as upstream's pflag reads them, variables before them, everything checked before anything starts.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use clap::{ArgAction, CommandFactory, FromArgMatches, Parser, ValueEnum};
use seal_crypto::Fingerprint;
use seal_crypto::age::RecipientKind;

use super::{
    environment::{Environment, without_logging_flags},
    go_values,
    namespaces::Namespaces,
    settings::{
        Config, DriftPolicy, HttpConfig, KeyConfig, KeyMode, KeyOrder, KubeConfig, LeaderConfig, LogConfig, LogLevel,
        PolicyConfig, Profile, Watched,
    },
};

/// What the process was started for.
#[derive(Clone, Debug, PartialEq)]
pub enum Invocation {
    /// Run the controller.
    Run(Box<Config>),
    /// `--version`.
    Version,
    /// `--help`: the text to print.
    Help(String),
}

/// A flag or variable that cannot be taken: message and remedy for stderr; the process exits with 2.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

#[derive(Parser)]
#[command(name = "seal-controller", disable_version_flag = true, args_override_self = true)]
#[command(
    about = "Turns SealedSecrets back into Secrets. Every flag can be given as SEALED_SECRETS_<FLAG>; the command line wins."
)]
struct Flags {
    /// Which defaults fill the gaps: upstream's (compatible) or secure ones (strict)
    #[arg(long, default_value = "compatible")]
    profile: ProfileFlag,
    /// generateName of key Secrets; a Secret with exactly this name is loaded too
    #[arg(long, default_value = "sealed-secrets-key", value_parser = key_prefix)]
    key_prefix: String,
    /// RSA bits of new keys: 2048, 3072 or 4096
    #[arg(long, default_value = "4096", value_parser = key_size)]
    key_size: usize,
    /// Validity of new certificates
    #[arg(long, default_value = "87600h", value_parser = go_values::duration)]
    key_ttl: Duration,
    /// Common name of new certificates
    #[arg(long, default_value = "")]
    my_cn: String,
    /// Age at which a new key is made; 0 turns renewal off
    #[arg(long, alias = "rotate-period", default_value = "720h", value_parser = go_values::duration)]
    key_renew_period: Duration,
    /// Make a new key at the start when the newest is older (RFC 1123, numeric zone)
    #[arg(long, default_value = "")]
    key_cutoff_time: String,
    /// Which key is the newest
    #[arg(long, default_value = "CertNotBefore")]
    key_order_priority: OrderFlag,
    /// Labels for new key Secrets: k=v,k=v
    #[arg(long, default_value = "", value_parser = go_values::labels)]
    privatekey_labels: BTreeMap<String, String>,
    /// Annotations for new key Secrets: k=v,k=v
    #[arg(long, default_value = "", value_parser = go_values::annotations)]
    privatekey_annotations: BTreeMap<String, String>,
    /// Accepted; key Secrets are always watched, additions and removals
    #[arg(long, default_value = "false", value_parser = go_values::boolean, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    watch_for_secrets: bool,
    /// Look after all namespaces, or only the home namespace
    #[arg(long, default_value = "true", value_parser = go_values::boolean, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    all_namespaces: bool,
    /// Look after the home namespace and these, comma-separated
    #[arg(long, default_value = "")]
    additional_namespaces: String,
    /// Label selector on SealedSecrets
    #[arg(long, default_value = "")]
    label_selector: String,
    /// Write the status of SealedSecrets
    #[arg(long, default_value = "true", value_parser = go_values::boolean, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    update_status: bool,
    /// Watch the metadata of Secrets; without, edits and deletions are found by a look every ten minutes
    #[arg(long, default_value = "true", value_parser = go_values::boolean, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    watch_secrets: bool,
    /// Do not watch Secrets, and leave deleted ones deleted until the SealedSecret changes
    #[arg(long, default_value = "false", value_parser = go_values::boolean, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    skip_recreate: bool,
    /// Accepted; retries never end here, they back off
    #[arg(long, default_value = "5", allow_negative_numbers = true)]
    max_unseal_retries: i64,
    /// Requests per second for /v1/verify and /v1/rotate
    #[arg(long, default_value = "2", value_parser = clap::value_parser!(u32).range(1..=1000))]
    rate_limit: u32,
    /// Requests above that rate at once
    #[arg(long, default_value = "2", value_parser = clap::value_parser!(u32).range(0..=1000))]
    rate_limit_burst: u32,
    /// Requests per second to the API server; negative is unlimited, and so is not giving it (upstream: 50)
    #[arg(long, allow_negative_numbers = true)]
    kubeclient_qps: Option<f32>,
    /// Requests to the API server at once, where they are limited
    #[arg(long, default_value = "100", value_parser = clap::value_parser!(u32).range(1..))]
    kubeclient_burst: u32,
    /// No names of SealedSecrets in metrics
    #[arg(long, default_value = "false", value_parser = go_values::boolean, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    metrics_omit_secret_labels: bool,
    /// Take the deprecated spec.data blob
    #[arg(long, default_value = "true", value_parser = go_values::boolean, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    accept_deprecated_v1_data: bool,
    /// Accepted; deletion is always left to Kubernetes
    #[arg(long, default_value = "false", value_parser = go_values::boolean, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    old_gc_behavior: bool,
    /// ERROR, WARN, INFO, DEBUG or TRACE
    #[arg(long, default_value = "INFO", ignore_case = true)]
    log_level: LevelFlag,
    /// text or json
    #[arg(long, default_value = "text", ignore_case = true)]
    log_format: FormatFlag,
    /// Info to stdout, warnings and errors to stderr; otherwise all to stderr
    #[arg(long, default_value = "true", value_parser = go_values::boolean, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    log_info_stdout: bool,
    /// Address of the public HTTP server
    #[arg(long, default_value = ":8080")]
    listen_addr: String,
    /// Address of the metrics server
    #[arg(long, default_value = ":8081")]
    listen_metrics_addr: String,
    /// Longest time to read a request
    #[arg(long, default_value = "2m", value_parser = go_values::duration)]
    read_timeout: Duration,
    /// Longest time to answer one
    #[arg(long, default_value = "2m", value_parser = go_values::duration)]
    write_timeout: Duration,

    /// What to do about Secrets changed by someone else: heal or report
    #[arg(long, default_value = "heal")]
    drift: DriftFlag,
    /// How long a watch is kept open; keep it below the time after which anything on the way cuts idle connections
    #[arg(long, default_value = "200s", value_parser = go_values::duration)]
    watch_timeout: Duration,
    /// Reconciles at a time
    #[arg(long, default_value = "4", value_parser = clap::value_parser!(u32).range(1..=64))]
    workers: u32,
    /// Threads for private-key work; 0 is one per core
    #[arg(long, default_value = "0", value_parser = clap::value_parser!(u32).range(0..=256))]
    crypto_threads: u32,
    /// generate: make the first key and renew; external: never make a key
    #[arg(long, default_value = "generate")]
    key_mode: ModeFlag,
    /// Fingerprint of the one key to seal to (SHA256:...); renewal is off then
    #[arg(long)]
    pinned_key: Option<Fingerprint>,
    /// Make a first key although unreadable keys or unopened SealedSecrets exist
    #[arg(long, default_value = "false", value_parser = go_values::boolean, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    force_first_key: bool,
    /// Keys that appear after the first start only open until imported (default: strict yes, compatible no)
    #[arg(long, value_parser = go_values::boolean, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    require_key_import: Option<bool>,
    /// age identities to make and renew as sealing keys are: x25519, pq, both or none
    #[arg(long, default_value = "none")]
    generate_age_identity: IdentityFlag,
    /// Namespaces whose SealedSecrets must hold v2 items only, comma-separated, or *
    #[arg(long, default_value = "")]
    require_v2_namespaces: Namespaces,
    /// Namespaces whose SopsSecrets must prove what they were encrypted for, comma-separated, or *
    #[arg(long, default_value = "")]
    require_bound_sops_namespaces: Namespaces,
    /// Name of this cluster that v2 items may be sealed for; items for another name do not open
    #[arg(long, default_value = "", value_parser = audience)]
    audience: String,
    /// Serve SopsSecrets
    #[arg(long, default_value = "true", value_parser = go_values::boolean, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    sops_secrets: bool,
    /// Fingerprints of keys to import, comma-separated
    #[arg(long, value_delimiter = ',')]
    import_keys: Vec<Fingerprint>,
    /// Answer /v1/verify (default: compatible yes, strict no)
    #[arg(long, value_parser = go_values::boolean, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    verify_endpoint: Option<bool>,
    /// Answer /v1/rotate (default: compatible yes, strict no)
    #[arg(long, value_parser = go_values::boolean, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    rotate_endpoint: Option<bool>,
    /// Largest body of /v1/verify and /v1/rotate in bytes (default: compatible 4194304, strict 1048576)
    #[arg(long, value_parser = clap::value_parser!(u32).range(1024..=33_554_432))]
    max_request_bytes: Option<u32>,
    /// SealedSecrets may write Secrets into the home namespace (default: compatible yes, strict no)
    #[arg(long, value_parser = go_values::boolean, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    own_namespace: Option<bool>,
    /// Elect a leader among replicas
    #[arg(long, default_value = "true", value_parser = go_values::boolean, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    leader_elect: bool,
    /// Name of the Lease
    #[arg(long, default_value = "seal-controller", value_parser = object_name)]
    lease_name: String,
    /// Print the version and exit
    #[arg(long, default_value = "false", value_parser = go_values::boolean, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    version: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum ProfileFlag {
    Compatible,
    Strict,
}

#[derive(Clone, Copy, ValueEnum)]
enum OrderFlag {
    #[value(name = "CertNotBefore")]
    CertNotBefore,
    #[value(name = "SecretCreationTimestamp")]
    SecretCreationTimestamp,
}

#[derive(Clone, Copy, ValueEnum)]
enum DriftFlag {
    Heal,
    Report,
}

#[derive(Clone, Copy, ValueEnum)]
enum ModeFlag {
    Generate,
    External,
}

#[derive(Clone, Copy, ValueEnum)]
enum IdentityFlag {
    X25519,
    Pq,
    Both,
    None,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatFlag {
    Text,
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
enum LevelFlag {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// Reads the arguments after the program's name (and after `run`), with the surroundings.
pub fn parse(arguments: impl IntoIterator<Item = String>, environment: &Environment) -> Result<Invocation, UsageError> {
    let (arguments, dropped) = without_logging_flags(arguments);
    let command = Flags::command();
    let long_names: Vec<String> = command
        .get_arguments()
        .flat_map(|flag| flag.get_long().into_iter().chain(flag.get_all_aliases().into_iter().flatten()))
        .filter(|name| !matches!(*name, "help" | "version"))
        .map(str::to_owned)
        .collect();
    let line = std::iter::once("seal-controller".to_owned())
        .chain(environment.as_arguments(long_names.iter().map(String::as_str)))
        .chain(arguments);
    let matches = match command.try_get_matches_from(line) {
        Ok(matches) => matches,
        Err(error) if error.kind() == clap::error::ErrorKind::DisplayHelp => return Ok(Invocation::Help(error.to_string())),
        Err(error) => return Err(usage(&error)),
    };
    let flags = Flags::from_arg_matches(&matches).map_err(|error| usage(&error))?;
    if flags.version {
        return Ok(Invocation::Version);
    }
    flags.into_config(environment, &dropped).map(|config| Invocation::Run(Box::new(config)))
}

fn usage(error: &clap::Error) -> UsageError {
    let text = error.to_string();
    UsageError(text.strip_prefix("error: ").unwrap_or(&text).trim_end().to_owned())
}

impl Flags {
    fn into_config(self, environment: &Environment, dropped: &[String]) -> Result<Config, UsageError> {
        let home_namespace = environment.home_namespace();
        if !go_values::is_dns_label(&home_namespace) {
            return Err(UsageError("the home namespace is not a DNS label; check POD_NAMESPACE".to_owned()));
        }
        let strict = matches!(self.profile, ProfileFlag::Strict);
        let warnings = self.warnings(strict, dropped);
        Ok(Config {
            profile: if strict { Profile::Strict } else { Profile::Compatible },
            watched: self.watched(&home_namespace)?,
            home_namespace,
            policy: PolicyConfig {
                require_v2: self.require_v2_namespaces.clone(),
                require_bound_sops: self.require_bound_sops_namespaces.clone(),
                audience: self.audience.clone(),
                sops_secrets: self.sops_secrets,
            },
            update_status: self.update_status,
            skip_recreate: self.skip_recreate,
            watch_secrets: self.watch_secrets && !self.skip_recreate,
            accept_v1_data: self.accept_deprecated_v1_data,
            drift: if matches!(self.drift, DriftFlag::Report) { DriftPolicy::Report } else { DriftPolicy::Heal },
            own_namespace: self.own_namespace.unwrap_or(!strict),
            workers: self.workers as usize,
            crypto_threads: if self.crypto_threads == 0 { environment.cores.max(1) } else { self.crypto_threads as usize },
            omit_secret_labels: self.metrics_omit_secret_labels,
            log: self.log(),
            kube: KubeConfig {
                qps: self.kubeclient_qps.filter(|qps| *qps > 0.0),
                burst: self.kubeclient_burst,
                watch_timeout: positive("watch-timeout", self.watch_timeout)?,
            },
            leader: LeaderConfig {
                enabled: self.leader_elect,
                lease: self.lease_name.clone(),
                identity: environment.identity().unwrap_or_else(|| "seal-controller".to_owned()),
            },
            http: self.http(strict)?,
            keys: self.keys(strict)?,
            warnings,
        })
    }

    fn watched(&self, home: &str) -> Result<Watched, UsageError> {
        let mut namespaces = vec![home.to_owned()];
        for name in self.additional_namespaces.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            if !go_values::is_dns_label(name) {
                return Err(wrong("additional-namespaces", &format!("{name:?} is not a namespace name")));
            }
            if !namespaces.iter().any(|known| known == name) {
                namespaces.push(name.to_owned());
            }
        }
        let all = self.all_namespaces && self.additional_namespaces.trim().is_empty();
        Ok(Watched {
            namespaces: (!all).then_some(namespaces),
            label_selector: Some(self.label_selector.trim().to_owned()).filter(|selector| !selector.is_empty()),
        })
    }

    fn http(&self, strict: bool) -> Result<HttpConfig, UsageError> {
        let address = |flag: &str, text: &str| -> Result<Vec<SocketAddr>, UsageError> {
            go_values::listen(text).map_err(|reason| wrong(flag, &reason))
        };
        Ok(HttpConfig {
            listen: address("listen-addr", &self.listen_addr)?,
            listen_metrics: address("listen-metrics-addr", &self.listen_metrics_addr)?,
            read_timeout: positive("read-timeout", self.read_timeout)?,
            write_timeout: positive("write-timeout", self.write_timeout)?,
            verify: self.verify_endpoint.unwrap_or(!strict),
            rotate: self.rotate_endpoint.unwrap_or(!strict),
            rate_per_second: self.rate_limit,
            rate_burst: self.rate_limit_burst,
            max_body: self.max_request_bytes.map_or(if strict { 1 << 20 } else { 4 << 20 }, |bytes| bytes as usize),
        })
    }

    fn keys(self, strict: bool) -> Result<KeyConfig, UsageError> {
        let cutoff = Some(self.key_cutoff_time.trim()).filter(|text| !text.is_empty());
        let external = matches!(self.key_mode, ModeFlag::External);
        if external && self.force_first_key {
            return Err(UsageError(
                "--force-first-key and --key-mode=external exclude each other: external mode never makes a key".to_owned(),
            ));
        }
        let fixed = external || self.pinned_key.is_some();
        Ok(KeyConfig {
            size: self.key_size,
            ttl: positive("key-ttl", self.key_ttl)?,
            renew_period: Some(self.key_renew_period).filter(|period| !period.is_zero() && !fixed),
            cutoff: cutoff.map(go_values::rfc1123z).transpose().map_err(|reason| wrong("key-cutoff-time", &reason))?,
            order: match self.key_order_priority {
                OrderFlag::CertNotBefore => KeyOrder::CertNotBefore,
                OrderFlag::SecretCreationTimestamp => KeyOrder::SecretCreationTimestamp,
            },
            mode: if external { KeyMode::External } else { KeyMode::Generate },
            import_required: self.require_key_import.unwrap_or(strict),
            prefix: self.key_prefix,
            common_name: self.my_cn,
            generate_identities: match self.generate_age_identity {
                IdentityFlag::X25519 => vec![RecipientKind::X25519],
                IdentityFlag::Pq => vec![RecipientKind::PostQuantum],
                IdentityFlag::Both => vec![RecipientKind::PostQuantum, RecipientKind::X25519],
                IdentityFlag::None => Vec::new(),
            },
            labels: self.privatekey_labels,
            annotations: self.privatekey_annotations,
            pinned: self.pinned_key,
            force_first: self.force_first_key,
            import: self.import_keys,
        })
    }

    fn log(&self) -> LogConfig {
        LogConfig {
            level: match self.log_level {
                LevelFlag::Error => LogLevel::Error,
                LevelFlag::Warn => LogLevel::Warn,
                LevelFlag::Info => LogLevel::Info,
                LevelFlag::Debug => LogLevel::Debug,
                LevelFlag::Trace => LogLevel::Trace,
            },
            json: matches!(self.log_format, FormatFlag::Json),
            info_to_stdout: self.log_info_stdout,
        }
    }

    fn warnings(&self, strict: bool, dropped: &[String]) -> Vec<String> {
        let risky = |flag: Option<bool>| flag.unwrap_or(!strict);
        [
            (self.old_gc_behavior, "--old-gc-behavior has no effect: deletion is always left to Kubernetes".to_owned()),
            (self.max_unseal_retries != 5, "--max-unseal-retries has no effect: retries back off and never end".to_owned()),
            (!dropped.is_empty(), format!("logging flags without effect here: {}", dropped.join(", "))),
            (
                risky(self.verify_endpoint) || risky(self.rotate_endpoint),
                "/v1/verify or /v1/rotate answer whoever reaches this port; --profile=strict turns them off".to_owned(),
            ),
        ]
        .into_iter()
        .filter_map(|(applies, text)| applies.then_some(text))
        .collect()
    }
}

fn wrong(flag: &str, reason: &str) -> UsageError {
    UsageError(format!("invalid value for --{flag}: {reason}"))
}

fn positive(flag: &str, duration: Duration) -> Result<Duration, UsageError> {
    if duration.is_zero() { Err(wrong(flag, "it must be longer than 0")) } else { Ok(duration) }
}

fn key_prefix(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    match text {
        "" => Err("it must not be empty".to_owned()),
        _ if text.len() > 245 => Err("longer than 245 characters".to_owned()),
        _ if !text.chars().all(allowed) || text.starts_with('-') => {
            Err("only a-z, 0-9 and - are allowed, not first a -".to_owned())
        }
        _ => Ok(text.to_owned()),
    }
}

fn key_size(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|bits| matches!(bits, 2048 | 3072 | 4096)).ok_or_else(|| "expected 2048, 3072 or 4096".to_owned())
}

fn audience(text: &str) -> Result<String, String> {
    let fits = text.len() <= 253 && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { Ok(text.to_owned()) } else { Err("expected at most 253 visible ASCII characters without spaces".to_owned()) }
}

fn object_name(text: &str) -> Result<String, String> {
    if go_values::is_dns_name(text) { Ok(text.to_owned()) } else { Err("not a name Kubernetes takes".to_owned()) }
}
