//! `seal demo`: the whole idea in one run, on a real manifest, in a temporary folder.
//!
//! It runs the same verbs a user would, and checks every step: a step that misbehaves ends it with exit code 3.

mod stage;

use crate::{Exit, Io, report::CliError};
use seal_core::secret::SecretObject;
use seal_crypto::{Certificate, PrivateKey};
use seal_manifest::ManifestFile;
use stage::{Stage, ensure};

/// Flags of `seal demo`.
#[derive(clap::Args)]
pub struct Args {}

/// The manifest that is sealed.
const SECRET: &str = include_str!("../../../../deploy/examples/database.yaml");
/// What the password is changed to.
const NEW_PASSWORD: &str = "not-a-real-password-either";
/// Bits of the key: a cluster's has 4096, which takes a second or more to make.
const BITS: usize = 2048;
/// A year.
const YEAR: i64 = 365 * 24 * 3600;

/// Runs the demo.
pub fn run(_args: Args, io: &mut Io) -> Result<Exit, CliError> {
    let mut stage = Stage::new(io)?;
    key(&mut stage)?;
    clear(&mut stage)?;
    seal(&mut stage)?;
    verify(&mut stage)?;
    open(&mut stage)?;
    change(&mut stage)?;
    moved(&mut stage)?;
    stage.tell(
        "Every step above was checked, and the folder is gone. On a cluster the private key never leaves it:\n\
                the controller holds it, and you fetch the certificate with `seal cert fetch`.\n\
                Next: seal a Secret of your own with `seal encrypt`, or read `seal --help`.",
    )?;
    Ok(Exit::DONE)
}

fn key(stage: &mut Stage) -> Result<(), CliError> {
    stage.title("A key pair, as a cluster has one")?;
    let (now, mut rng) = (stage.io.now(), stage.io.rng());
    let key = PrivateKey::generate(BITS, &mut rng).map_err(|error| CliError::from_error(&error))?;
    let certificate = Certificate::self_signed(&key, "", now, YEAR, &mut rng).map_err(|error| CliError::from_error(&error))?;
    stage.put("key.pem", &key.to_pem())?;
    stage.put("cert.pem", &certificate.pem.into())?;
    stage.tell(&format!(
        "cert.pem is public: anyone may seal with it. key.pem stays in the cluster.\nFingerprint: {}",
        key.fingerprint()
    ))
}

fn clear(stage: &mut Stage) -> Result<(), CliError> {
    stage.title("A Secret in clear, which must never reach Git")?;
    stage.put("database.yaml", &SECRET.to_owned().into())?;
    let without_comments = SECRET.lines().filter(|line| !line.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n");
    stage.show("database.yaml", &without_comments)
}

fn seal(stage: &mut Stage) -> Result<(), CliError> {
    stage.title("Sealed: this file may be public")?;
    stage.seal(&["encrypt", "database.yaml", "--cert", "cert.pem", "-o", "database.sealed.yaml"], "", Exit::DONE)?;
    let sealed = stage.get("database.sealed.yaml")?;
    for value in secret()?.data.values().filter_map(|value| std::str::from_utf8(value.expose()).ok()) {
        ensure(!value.lines().any(|line| sealed.contains(line)), "a value is readable in the sealed file")?;
    }
    stage.show("database.sealed.yaml", &sealed)
}

fn verify(stage: &mut Stage) -> Result<(), CliError> {
    stage.title("Checked without any key, as CI does it")?;
    stage.seal(&["verify", "database.sealed.yaml"], "", Exit::DONE).map(drop)
}

fn open(stage: &mut Stage) -> Result<(), CliError> {
    stage.title("Opened, as the controller does it")?;
    let opened = stage.quiet(&["decrypt", "database.sealed.yaml", "--recovery-key", "key.pem"], Exit::DONE)?;
    let opened = read(&opened)?;
    let original = secret()?;
    ensure(opened.data == original.data, "the opened values are not those that were sealed")?;
    ensure(opened.metadata == original.metadata && opened.type_ == original.type_, "metadata or type got lost")?;
    stage.tell(&format!("All {} values, labels and the type are those of database.yaml.", original.data.len()))
}

fn change(stage: &mut Stage) -> Result<(), CliError> {
    stage.title("One value changed, the others untouched")?;
    let before = stage.get("database.sealed.yaml")?;
    stage.seal(&["set", "database.sealed.yaml", "password", "--cert", "cert.pem"], NEW_PASSWORD, Exit::DONE)?;
    let after = stage.get("database.sealed.yaml")?;
    let changed =
        before.lines().zip(after.lines()).filter(|(old, new)| old != new).map(|(old, _)| old.trim_start()).collect::<Vec<_>>();
    ensure(before.lines().count() == after.lines().count(), "lines came or went")?;
    ensure(matches!(changed.as_slice(), [line] if line.starts_with("password:")), "more than the one value changed")?;
    let opened =
        stage.quiet(&["decrypt", "database.sealed.yaml", "--recovery-key", "key.pem", "--key", "password"], Exit::DONE)?;
    ensure(opened == NEW_PASSWORD, "the new value does not open")?;
    stage.tell("The diff is one line, and needed no private key.")
}

fn moved(stage: &mut Stage) -> Result<(), CliError> {
    stage.title("A copy in another namespace is refused")?;
    let stolen = stage.get("database.sealed.yaml")?.replace("namespace: shop", "namespace: attacker");
    stage.put("stolen.yaml", &stolen.into())?;
    stage.seal(&["verify", "stolen.yaml"], "", Exit::FINDINGS)?;
    let said = stage.seal(&["decrypt", "stolen.yaml", "--recovery-key", "key.pem"], "", Exit::FINDINGS)?;
    ensure(said.contains("no key could decrypt secret (password, pgpass, url, username)"), "it was refused for another reason")?;
    stage.tell("Even with the right key: name and namespace are part of what was sealed.")
}

fn secret() -> Result<SecretObject, CliError> {
    read(SECRET)
}

fn read(text: &str) -> Result<SecretObject, CliError> {
    let manifest = ManifestFile::parse("database.yaml", text.to_owned())?;
    let document = manifest.documents.first().ok_or_else(|| CliError::failed("no document"))?;
    SecretObject::from_node(&document.root).map_err(|error| CliError::from_error(&error))
}

#[cfg(test)]
mod tests {
    use crate::{Exit, Io};

    #[test]
    fn it_runs_to_its_end_and_says_what_it_does() {
        let (mut io, output, errors) = Io::scripted(b"", 1_800_000_000, &[]);
        assert_eq!(crate::run(vec!["seal".into(), "demo".into()], &mut io), Exit::DONE, "{}", errors.text());
        for text in [
            "$ seal encrypt database.yaml --cert cert.pem -o database.sealed.yaml",
            "kind: SealedSecret",
            "it will not open",
            "no key could decrypt secret",
        ] {
            assert!(output.text().contains(text), "{text}\n{}", output.text());
        }
        assert!(!output.text().contains("/seal-demo-"), "the temporary folder is not the reader's business");
    }
}
