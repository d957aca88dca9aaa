//! The tolerant view of generators.

use super::names;
use super::problem::{Problem, Wrong};
use super::read::{At, Notes, halves};
use super::secret_store::{AwsAuth, Retry, VaultProvider};
use super::words::{PasswordEncoding, ResultType, SshKeyType};
use crate::Meta;
use serde_json::Value;
use std::collections::BTreeMap;

/// A generator of any kind as read, with what was wrong about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Generator {
    /// Metadata.
    pub meta: Meta,
    /// Only controllers of this class serve it; every one when empty.
    pub controller: String,
    /// What it makes.
    pub spec: GeneratorSpec,
    /// What is wrong, by path.
    pub problems: Vec<Problem>,
}

/// What a generator makes.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum GeneratorSpec {
    /// Passwords.
    Password(Password),
    /// A UUID.
    Uuid,
    /// An SSH key.
    SshKey(SshKey),
    /// What a path of Vault answers.
    VaultDynamic(Box<VaultDynamic>),
    /// A login for a registry of AWS.
    Ecr {
        /// The token's scope is the public registry.
        public: bool,
        /// Region, role and login.
        aws: Sts,
    },
    /// A session of AWS.
    Sts(Sts),
    /// Values in the generator itself.
    Fake(FakeValues),
    /// One that is not served, by kind.
    Other(String),
    /// It could not be read.
    #[default]
    None,
}

/// Fixed values. Not printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FakeValues(pub BTreeMap<String, String>);

impl std::fmt::Debug for FakeValues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// `Password`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Password {
    /// Characters.
    pub length: usize,
    /// Digits among them; a quarter when absent.
    pub digits: Option<usize>,
    /// Symbols among them; a quarter when absent.
    pub symbols: Option<usize>,
    /// Which symbols; upstream's set when absent.
    pub symbol_characters: Option<String>,
    /// No upper case.
    pub no_upper: bool,
    /// Characters may come twice.
    pub allow_repeat: bool,
    /// One password for each of these keys; `password` when none is given.
    pub keys: Vec<String>,
    /// How it is written.
    pub encoding: PasswordEncoding,
}

impl Default for Password {
    fn default() -> Self {
        Self {
            length: 24,
            digits: None,
            symbols: None,
            symbol_characters: None,
            no_upper: false,
            allow_repeat: false,
            keys: Vec::new(),
            encoding: PasswordEncoding::Raw,
        }
    }
}

/// `SSHKey`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SshKey {
    /// Its kind.
    pub kind: SshKeyType,
    /// Bits; the kind's usual number when absent.
    pub bits: Option<i64>,
    /// Comment.
    pub comment: String,
}

/// `VaultDynamicSecret`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VaultDynamic {
    /// Path that is asked.
    pub path: String,
    /// HTTP method; GET when absent.
    pub method: String,
    /// Body of a write.
    pub parameters: Value,
    /// Query of a read.
    pub get_parameters: Value,
    /// Which part of the answer.
    pub result: ResultType,
    /// The server.
    pub provider: VaultProvider,
    /// An answer without anything is no error.
    pub allow_empty: bool,
    /// How often a failed call is tried again.
    pub retry: Retry,
}

/// `STSSessionToken`, and what an ECR token has in common with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sts {
    /// Region.
    pub region: String,
    /// Role that is assumed.
    pub role: Option<String>,
    /// How to log in.
    pub auth: AwsAuth,
    /// Seconds of the session.
    pub duration: Option<i64>,
    /// Serial number of an MFA device.
    pub serial_number: Option<String>,
    /// Code it shows.
    pub token_code: Option<String>,
}

impl Generator {
    /// Reads any JSON value as a generator of a kind; a ClusterGenerator as the one inside.
    pub fn from_value(kind: &str, value: &Value) -> Self {
        let notes = Notes::default();
        let (meta, spec) = if has_spec(kind, value) { halves(value, &notes) } else { (halves(value, &Notes::default()).0, None) };
        let mut read = Self { meta, ..Self::default() };
        match &spec {
            None if kind == names::UUID.kind => read.spec = GeneratorSpec::Uuid,
            None => {}
            Some(at) if kind == names::CLUSTER_GENERATOR.kind => (read.controller, read.spec) = inside(at),
            Some(at) => (read.controller, read.spec) = (at.text("controller").unwrap_or_default(), GeneratorSpec::read(kind, at)),
        }
        if let GeneratorSpec::Other(_) = read.spec {
            notes.push("kind", Wrong::Unsupported);
        }
        drop(spec);
        read.problems = notes.take();
        read
    }
}

/// A UUID needs no spec.
fn has_spec(kind: &str, value: &Value) -> bool {
    kind != names::UUID.kind || value.get("spec").is_some_and(|spec| !spec.is_null())
}

/// The field of a ClusterGenerator's `generator` for a kind.
const FIELDS: [(&str, &str); 7] = [
    ("Password", "passwordSpec"),
    ("UUID", "uuidSpec"),
    ("SSHKey", "sshKeySpec"),
    ("VaultDynamicSecret", "vaultDynamicSecretSpec"),
    ("ECRAuthorizationToken", "ecrAuthorizationTokenSpec"),
    ("STSSessionToken", "stsSessionTokenSpec"),
    ("Fake", "fakeSpec"),
];

fn inside(at: &At<'_>) -> (String, GeneratorSpec) {
    let kind = at.required("kind");
    let Some(generator) = at.required_child("generator").map(At::open) else { return Default::default() };
    let Some((_, field)) = FIELDS.into_iter().find(|(name, _)| *name == kind) else {
        return (String::new(), GeneratorSpec::Other(kind));
    };
    let Some(at) = generator.child(field) else {
        if kind == names::UUID.kind {
            return (String::new(), GeneratorSpec::Uuid);
        }
        generator.note(field, Wrong::Missing);
        return Default::default();
    };
    (at.text("controller").unwrap_or_default(), GeneratorSpec::read(&kind, &at))
}

impl GeneratorSpec {
    fn read(kind: &str, at: &At<'_>) -> Self {
        match kind {
            "Password" => GeneratorSpec::Password(Password::read(at)),
            "UUID" => GeneratorSpec::Uuid,
            "SSHKey" => GeneratorSpec::SshKey(SshKey {
                kind: at.word("keyType"),
                bits: at.number("keySize", "a number from 256 to 8192", 256..=8192),
                comment: at.text("comment").unwrap_or_default(),
            }),
            "VaultDynamicSecret" => GeneratorSpec::VaultDynamic(Box::new(VaultDynamic::read(at))),
            "ECRAuthorizationToken" => {
                let public = at.text("scope").is_some_and(|scope| scope == "public");
                GeneratorSpec::Ecr { public, aws: Sts::read(at) }
            }
            "STSSessionToken" => GeneratorSpec::Sts(Sts::read(at)),
            "Fake" => GeneratorSpec::Fake(FakeValues(at.map("data"))),
            other => GeneratorSpec::Other(other.to_owned()),
        }
    }
}

impl Password {
    fn read(at: &At<'_>) -> Self {
        let count = |field, wanted, most| at.number(field, wanted, 0..=most).and_then(|number| usize::try_from(number).ok());
        let read = Self {
            length: count("length", "a number up to 4096", 4096).unwrap_or(24),
            digits: count("digits", "a number up to 4096", 4096),
            symbols: count("symbols", "a number up to 4096", 4096),
            symbol_characters: at.text("symbolCharacters"),
            no_upper: at.flag("noUpper"),
            allow_repeat: at.flag("allowRepeat"),
            keys: at.texts("secretKeys"),
            encoding: at.word("encoding"),
        };
        if read.digits.unwrap_or(0) + read.symbols.unwrap_or(0) > read.length {
            at.note("length", Wrong::Conflict("is less than digits and symbols together"));
        }
        read
    }
}

impl VaultDynamic {
    fn read(at: &At<'_>) -> Self {
        Self {
            path: at.required("path"),
            method: at.text("method").filter(|method| !method.is_empty()).unwrap_or_else(|| "GET".into()),
            parameters: at.value("parameters").cloned().unwrap_or_default(),
            get_parameters: at.value("getParameters").cloned().unwrap_or_default(),
            result: at.word("resultType"),
            provider: at.required_child("provider").map(|at| VaultProvider::read(&at.closed())).unwrap_or_default(),
            allow_empty: at.flag("allowEmptyResponse"),
            retry: at.child("retrySettings").map(|at| Retry::read(&at)).unwrap_or_default(),
        }
    }
}

impl Sts {
    fn read(at: &At<'_>) -> Self {
        let parameters = at.child("requestParameters");
        let parameters = parameters.as_ref();
        Self {
            region: at.required("region"),
            role: at.text("role").filter(|role| !role.is_empty()),
            auth: AwsAuth::read(at),
            duration: parameters.and_then(|at| at.number("sessionDuration", "seconds from 900 to 129600", 900..=129_600)),
            serial_number: parameters.and_then(|at| at.text("serialNumber")),
            token_code: parameters.and_then(|at| at.text("tokenCode")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(kind: &str, spec: Value) -> (GeneratorSpec, Vec<String>) {
        let read = Generator::from_value(kind, &json!({"metadata": {"name": "g"}, "spec": spec}));
        (read.spec, read.problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn generators_are_read_alone_and_inside_a_cluster_generator() {
        let password = json!({"length": 12, "digits": 2, "noUpper": true, "secretKeys": ["a", "b"], "encoding": "hex"});
        let wanted = GeneratorSpec::Password(Password {
            length: 12,
            digits: Some(2),
            no_upper: true,
            keys: vec!["a".into(), "b".into()],
            encoding: PasswordEncoding::Hex,
            ..Password::default()
        });
        assert_eq!(read("Password", password.clone()), (wanted.clone(), vec![]));
        let cluster = json!({"kind": "Password", "generator": {"passwordSpec": password}});
        assert_eq!(read("ClusterGenerator", cluster), (wanted, vec![]));
        assert_eq!(read("UUID", json!(null)), (GeneratorSpec::Uuid, vec![]));
        assert_eq!(read("UUID", json!({})), (GeneratorSpec::Uuid, vec![]));
    }

    #[test]
    fn what_is_wrong_or_not_served_is_named() {
        for (kind, spec, wanted) in [
            ("Password", json!({"length": 1e300}), vec!["spec.length must be a number up to 4096"]),
            ("Password", json!({"length": 4, "digits": 5}), vec!["spec.length is less than digits and symbols together"]),
            ("Password", json!(null), vec!["spec is missing"]),
            (
                "Webhook",
                json!({"url": "x"}),
                vec!["kind is not supported", "spec.url is not a field of this kind; check its spelling"],
            ),
            ("ClusterGenerator", json!({"kind": "MFA", "generator": {"mfaSpec": {}}}), vec!["kind is not supported"]),
            ("ClusterGenerator", json!({"kind": "Fake", "generator": {}}), vec!["spec.generator.fakeSpec is missing"]),
            ("VaultDynamicSecret", json!({"path": "p"}), vec!["spec.provider is missing"]),
            ("Fake", json!({"data": {"k": 4}}), vec!["spec.data.k must be text"]),
        ] {
            assert_eq!(read(kind, spec.clone()).1, wanted, "{kind} {spec}");
        }
    }
}
