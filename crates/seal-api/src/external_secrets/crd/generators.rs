//! The generators.

use super::super::names;
use super::super::words::{PasswordEncoding, ResultType, SshKeyType};
use super::definition::{Definition, conditions, observed_generation};
use super::schema::{
    Schema, anything, anything_in_an_object, flag, key, list, name, namespace, number, object, some_text, text, texts, word,
};
use super::stores::{provider, retry};
use crate::Names;

pub(super) fn definition(plural: &str) -> Option<Definition> {
    let (names, about, spec): (Names, _, _) = match plural {
        "passwords" => (names::PASSWORD, "Makes passwords.", password()),
        "uuids" => (names::UUID, "Makes a UUID.", object([("controller", text())])),
        "sshkeys" => (names::SSH_KEY, "Makes an SSH key.", ssh_key()),
        "vaultdynamicsecrets" => (names::VAULT_DYNAMIC_SECRET, "Asks a path of Vault or OpenBao.", vault()),
        "ecrauthorizationtokens" => (names::ECR_AUTHORIZATION_TOKEN, "Logs in to a registry of AWS.", ecr()),
        "stssessiontokens" => (names::STS_SESSION_TOKEN, "Opens a session of AWS.", sts()),
        "fakes" => (names::FAKE, "Gives fixed values.", object([("controller", text()), ("data", texts())])),
        "clustergenerators" => (names::CLUSTER_GENERATOR, "Lends a generator to every namespace.", cluster()),
        _ => return None,
    };
    Some(Definition {
        cluster: plural == "clustergenerators",
        short: None,
        about,
        spec: spec.about("What is made."),
        spec_required: !matches!(plural, "uuids" | "passwords" | "sshkeys"),
        status: object([("conditions", conditions()), ("observedGeneration", observed_generation())]),
        columns: vec![],
        selectable: vec![],
        names,
    })
}

fn cluster() -> Schema {
    object([
        ("generator!", anything_in_an_object().about("The generator's own spec, under the name of its kind.").exactly_one()),
        ("kind!", some_text().about("Kind of the generator.")),
    ])
}

fn password() -> Schema {
    object([
        ("allowRepeat", flag().about("Characters may come twice.")),
        ("controller", text()),
        ("digits", number(0, 4096).about("Digits among the characters; a quarter when left out.")),
        ("encoding", word(PasswordEncoding::ALL.iter().map(|e| e.as_str())).about("raw when left out.")),
        ("length", number(0, 4096).about("Characters; 24 when left out.")),
        ("noUpper", flag().about("No upper case.")),
        ("secretKeys", list(256, key()).about("A password for each of these keys.")),
        ("symbolCharacters", text().about("Which symbols.")),
        ("symbols", number(0, 4096).about("Symbols among the characters; a quarter when left out.")),
    ])
}

fn ssh_key() -> Schema {
    object([
        ("comment", text()),
        ("controller", text()),
        ("keySize", number(256, 8192).about("Bits, for rsa and ecdsa.")),
        ("keyType", word(SshKeyType::ALL.iter().map(|t| t.as_str())).about("rsa when left out.")),
    ])
}

fn vault() -> Schema {
    object([
        ("allowEmptyResponse", flag()),
        ("controller", text()),
        ("getParameters", anything().about("Query of a read.")),
        ("method", text().about("HTTP method; GET when left out.")),
        ("parameters", anything().about("Body of a write.")),
        ("path!", some_text()),
        ("provider!", provider()),
        ("resultType", word(ResultType::ALL.iter().map(|t| t.as_str())).about("Data when left out.")),
        ("retrySettings", retry()),
    ])
}

fn aws_auth() -> Schema {
    let secret = || object([("key", key()), ("name", name()), ("namespace", namespace())]);
    let account = object([("audiences", list(16, text())), ("name!", name()), ("namespace", namespace())]);
    object([
        ("jwt", object([("serviceAccountRef", account)])),
        (
            "secretRef",
            object([
                ("accessKeyIDSecretRef", secret()),
                ("secretAccessKeySecretRef", secret()),
                ("sessionTokenSecretRef", secret()),
            ]),
        ),
    ])
    .about("How to log in.")
}

fn ecr() -> Schema {
    object([
        ("auth", aws_auth()),
        ("controller", text()),
        ("region!", some_text()),
        ("role", text().about("Role that is assumed.")),
        ("scope", text().about("private, or public for the public registry.")),
    ])
}

fn sts() -> Schema {
    let parameters = object([
        ("serialNumber", text()),
        ("sessionDuration", number(900, 129_600).with("format", "int32")),
        ("tokenCode", text()),
    ]);
    object([
        ("auth", aws_auth()),
        ("controller", text()),
        ("region!", some_text()),
        ("requestParameters", parameters),
        ("role", text().about("Role that is assumed.")),
    ])
}
