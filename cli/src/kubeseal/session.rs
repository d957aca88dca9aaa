//! What the modes share: input, output, the certificate, the namespace, the controller.

use super::{
    flags::Flags,
    output::{Format, format_of},
};
use crate::{
    Io,
    cluster::{self, Controller, Environment, Namespace, Overrides, Plain, Target},
    report::CliError,
    write,
};
use seal_crypto::{Certificate, PublicKey};
use seal_secret::SecretBytes;
use std::{path::Path, time::Duration};

/// One run of one mode.
pub struct Session<'a> {
    /// The flags.
    pub flags: &'a Flags,
    /// The outside world.
    pub io: &'a mut Io,
}

impl<'a> Session<'a> {
    /// Reads nothing yet.
    pub fn new(flags: &'a Flags, io: &'a mut Io) -> Self {
        Session { flags, io }
    }

    /// The name of the input, for messages.
    pub fn input_name(&self) -> &'a str {
        self.flags.text("secret-file").unwrap_or("-")
    }

    /// `--secret-file`, or standard input.
    pub fn read_input(&mut self) -> Result<SecretBytes, CliError> {
        match self.flags.text("secret-file") {
            Some(path) => self.io.read_file(Path::new(path)).map_err(|error| {
                CliError::failed(format!("Could not read file specified with --secret-file: {}", error.message))
            }),
            None => {
                if self.io.input_is_terminal() {
                    self.io.say(format_args!("(tty detected: expecting json/yaml k8s resource in stdin)"));
                }
                self.io.read_input()
            }
        }
    }

    /// `--format`, overruled by the extension of the output file.
    pub fn format(&self) -> Result<Format, CliError> {
        format_of(self.flags.given("format").unwrap_or_default(), self.output_file())
    }

    /// `--sealed-secret-file`.
    pub fn output_file(&self) -> Option<&'a str> {
        self.flags.text("sealed-secret-file")
    }

    /// Writes the whole output: to the file, or to standard output.
    pub fn deliver(&mut self, bytes: SecretBytes) -> Result<(), CliError> {
        match self.output_file() {
            Some(path) => write::atomically(Path::new(path), &bytes),
            None => self.io.print_secret(&bytes),
        }
    }

    /// As [`Session::deliver`] for plaintext: a new file is readable by its owner only.
    pub fn deliver_private(&mut self, bytes: &SecretBytes) -> Result<(), CliError> {
        match self.output_file() {
            Some(path) => write::private(Path::new(path), bytes),
            None => self.io.print_secret(bytes),
        }
    }

    /// The kubeconfig flags.
    pub fn overrides(&self) -> Result<Overrides, CliError> {
        let text = |name: &str| self.flags.text(name).map(str::to_owned);
        Ok(Overrides {
            kubeconfig: text("kubeconfig").map(Into::into),
            context: text("context"),
            cluster: text("cluster"),
            user: text("user"),
            namespace: text("namespace"),
            server: text("server"),
            token: text("token"),
            username: text("username"),
            password: text("password"),
            impersonate: text("as"),
            impersonate_uid: text("as-uid"),
            impersonate_groups: self.flags.list("as-group").to_vec(),
            certificate_authority: text("certificate-authority"),
            client_certificate: text("client-certificate"),
            client_key: text("client-key"),
            insecure: self.flags.is_set("insecure-skip-tls-verify"),
            tls_server_name: text("tls-server-name"),
            proxy_url: text("proxy-url"),
            request_timeout: self.flags.text("request-timeout").map(timeout).transpose()?,
        })
    }

    /// The environment of the process.
    pub fn environment(&self) -> Environment {
        self.io.environment().clone()
    }

    /// The namespace of flag, context or pod.
    pub fn namespace(&self) -> Result<Namespace, CliError> {
        Ok(cluster::namespace(&self.overrides()?, self.io.environment())?)
    }

    /// Where the controller is.
    pub fn target(&self) -> Target {
        let default = Target::default();
        Target {
            namespace: self.flags.text("controller-namespace").map_or(default.namespace, str::to_owned),
            name: self.flags.text("controller-name").map(str::to_owned),
        }
    }

    /// The certificate text of `--cert` or of the controller.
    pub fn certificate_pem(&mut self) -> Result<Vec<u8>, CliError> {
        match self.flags.text("cert") {
            Some(place) if is_address(place) && !Path::new(place).exists() => {
                if place.starts_with("http://") {
                    self.io.say(format_args!(
                        "warning: {place:?} is fetched without encryption: anyone on the way can put their own key in its place"
                    ));
                }
                cluster::block_on(async { Ok(cluster::fetch(place, Plain::Anywhere).await?) })
            }
            Some(place) => Ok(self.io.read_file(Path::new(place))?.expose().to_vec()),
            None => {
                let (overrides, environment, target) = (self.overrides()?, self.environment(), self.target());
                cluster::block_on(async {
                    let api = cluster::connect(&overrides, &environment).await?;
                    Ok(Controller::find(&api, &target).await?.certificate().await?.into_bytes())
                })
            }
        }
    }

    /// The key to seal to. An expired certificate is refused.
    pub fn parse_certificate(&self, pem: &[u8]) -> Result<PublicKey, CliError> {
        let certificate = Certificate::from_pem(pem).map_err(|error| {
            let hint = "--cert takes what `kubeseal --fetch-cert` prints: a PEM certificate, not a bare public key";
            CliError::failed(format!("data does not contain any valid RSA certificates: {error}")).hint(hint)
        })?;
        if certificate.expired(self.io.now()) {
            let day = jiff::Timestamp::from_second(certificate.not_after)
                .map(|at| at.strftime("%B %-d, %Y").to_string())
                .unwrap_or_default();
            return Err(CliError::failed(format!("failed to encrypt using an expired certificate on {day}"))
                .hint("fetch the newest one with --fetch-cert"));
        }
        Ok(certificate.public_key)
    }
}

/// True for `scheme:...`, except a Windows drive letter.
fn is_address(place: &str) -> bool {
    place.split_once(':').is_some_and(|(scheme, _)| {
        scheme.len() > 1
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

/// Go's duration, or whole seconds.
fn timeout(text: &str) -> Result<Duration, CliError> {
    let bad =
        || CliError::usage(format!("invalid --request-timeout {text:?}")).hint("write it as 30s, 2m or 1h30m; 0 is no limit");
    if let Ok(seconds) = text.parse::<u32>() {
        return Ok(Duration::from_secs(seconds.into()));
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(bad)?;
        let number: f64 = rest[..digits].parse().map_err(|_| bad())?;
        let unit_end = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| digits + at);
        let seconds = match &rest[digits..unit_end] {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return Err(bad()),
        };
        total += Duration::try_from_secs_f64(number * seconds).map_err(|_| bad())?;
        rest = &rest[unit_end..];
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::{is_address, timeout};
    use std::time::Duration;

    #[test]
    fn timeouts_are_go_durations_or_seconds() {
        for (text, expected) in [("0", 0), ("5", 5), ("30s", 30), ("1m30s", 90), ("1.5h", 5400)] {
            assert_eq!(timeout(text).unwrap(), Duration::from_secs(expected), "{text}");
        }
        for text in ["x", "5x", "s", "1d", "-1s"] {
            assert!(timeout(text).unwrap_err().message.contains("--request-timeout"), "{text}");
        }
    }

    #[test]
    fn a_drive_letter_is_not_an_address() {
        for (place, expected) in
            [("https://x/y", true), ("file:///x", true), ("C:\\x", false), ("/a/b", false), ("x.pem", false), ("/?a:b", false)]
        {
            assert_eq!(is_address(place), expected, "{place}");
        }
    }
}
