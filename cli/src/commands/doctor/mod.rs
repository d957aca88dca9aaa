//! `seal doctor`: what would keep a cluster's SealedSecrets from opening, or delete them, before it happens; with `--identities`,
//! where age identities are looked for on this machine and why they do or do not fit.
//!
//! It only reads. What it may not look at is said, and is no good news: the exit code is then 3 unless something worse was found.

use super::keys;
use crate::{
    Exit, Io,
    cluster::{self, Api, Choice, ClusterArgs, ClusterError},
    identities::IdentityArgs,
    report::{CliError, OutputArg},
    table::{counted, day, span},
};
use seal_core::bundle::Bundle;
use seal_crypto::Certificate;
use serde_json::{Value, json};
use std::path::PathBuf;

mod hazards;
mod identities;

/// Flags of `seal doctor`.
#[derive(clap::Args)]
pub struct Args {
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: OutputArg,
    /// Look for age identities on this machine instead of at a cluster; with FILE, say whether one opens it
    #[arg(long, id = "look_for_identities")]
    identities: bool,
    /// A SOPS file or an age file that should open
    #[arg(value_name = "FILE", requires = "look_for_identities")]
    file: Option<PathBuf>,
    #[command(flatten)]
    identity: IdentityArgs,
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing to object to.
    Ok,
    /// Worth a look.
    Warn,
    /// Could not look.
    Unknown,
    /// Will break, or has.
    Bad,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Warn => "warning",
            Verdict::Unknown => "unknown",
            Verdict::Bad => "problem",
        }
    }
}

/// One check's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Stable name.
    pub check: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do; empty when nothing.
    pub remedy: String,
}

/// Makes an answer.
pub fn answer(check: &'static str, verdict: Verdict, found: impl Into<String>, remedy: impl Into<String>) -> Answer {
    Answer { check, verdict, found: found.into(), remedy: remedy.into() }
}

/// Runs the verb.
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    let answers = if args.identities {
        identities::examine(&args.identity, args.file.as_deref(), io)?
    } else {
        let choice = args.cluster.resolve(io)?;
        let now = io.now();
        cluster::block_on(examine(&choice, now))?
    };
    match args.output {
        OutputArg::Json => {
            let all: Vec<Value> = answers
                .iter()
                .map(|a| json!({"check": a.check, "verdict": a.verdict.word(), "found": a.found, "remedy": a.remedy}))
                .collect();
            io.print(&format!("{}\n", json!({"checks": all})))?;
        }
        OutputArg::Text => io.print(&answers.iter().map(text).collect::<String>())?,
    }
    Ok(exit(&answers))
}

fn text(answer: &Answer) -> String {
    let remedy = if answer.remedy.is_empty() {
        String::new()
    } else {
        format!("{:>10}{}\n", "", answer.remedy.replace('\n', "\n          "))
    };
    format!("{:<9} {:<12} {}\n{remedy}", answer.verdict.word(), answer.check, answer.found)
}

fn exit(answers: &[Answer]) -> Exit {
    match answers.iter().map(|answer| answer.verdict).max() {
        Some(Verdict::Bad) => Exit::FINDINGS,
        Some(Verdict::Unknown) | None => Exit::FAILED,
        Some(Verdict::Warn | Verdict::Ok) => Exit::DONE,
    }
}

async fn examine(choice: &Choice, now: i64) -> Result<Vec<Answer>, CliError> {
    let api = match choice.api().await {
        Ok(api) => api,
        Err(error) => {
            return Ok(vec![answer("kubeconfig", Verdict::Unknown, error.to_string(), "name a context with --context")]);
        }
    };
    let mut answers = vec![server(&api).await];
    if answers[0].verdict != Verdict::Ok {
        return Ok(answers);
    }
    let crd = api
        .get(
            "read the SealedSecret definition",
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/sealedsecrets.bitnami.com",
        )
        .await;
    answers.extend(match crd {
        Ok(crd) => hazards::definition(&crd),
        Err(ClusterError::Api { code: 404, .. }) => vec![answer(
            "definition",
            Verdict::Bad,
            "SealedSecret is not defined in this cluster",
            "kubectl apply -k deploy/crds",
        )],
        Err(error) => vec![answer("definition", Verdict::Unknown, error.to_string(), "")],
    });
    answers.push(objects(&api).await);
    answers.push(match api.list("list Deployments", "/apis/apps/v1/deployments", "").await {
        Ok(deployments) => hazards::controllers(&deployments),
        Err(error) => answer(
            "controllers",
            Verdict::Unknown,
            error.to_string(),
            "without this right an old controller beside a new one is not seen",
        ),
    });
    answers.extend(controller(choice, now).await);
    answers.extend(signed_keys(&api, choice, now).await);
    answers.push(key_secrets(choice).await);
    Ok(answers)
}

/// How the objects fare, in one line; which of them, `seal status` tells.
async fn objects(api: &Api) -> Answer {
    let all = match (cluster::sealed_secrets(api, None).await, cluster::sops_secrets(api, None).await) {
        (Ok(sealed), Ok(sops)) => [(sealed, "SealedSecret"), (sops, "SopsSecret")],
        // Said already, of the definition.
        (Err(ClusterError::Api { code: 404, .. }), _) => return answer("objects", Verdict::Ok, "none", ""),
        (Err(error), _) | (_, Err(error)) => return answer("objects", Verdict::Unknown, error.to_string(), ""),
    };
    let counts: Vec<String> =
        all.iter().filter(|(objects, _)| !objects.is_empty()).map(|(objects, kind)| counted(objects.len(), kind)).collect();
    let bad = all.iter().flat_map(|(objects, _)| objects).filter(|object| !is_ready(object)).count();
    match (counts.is_empty(), bad) {
        (true, _) => answer("objects", Verdict::Ok, "none", ""),
        (_, 0) => answer("objects", Verdict::Ok, format!("{}, all ready", counts.join(", ")), ""),
        (_, bad) => answer(
            "objects",
            Verdict::Warn,
            format!("{}, {bad} not ready", counts.join(", ")),
            "`seal status` tells which and why",
        ),
    }
}

fn is_ready(object: &Value) -> bool {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    let synced = conditions.into_iter().flatten().find(|condition| condition["type"] == "Synced");
    synced.is_some_and(|condition| condition["status"] == "True")
        && object.pointer("/status/observedGeneration") == object.pointer("/metadata/generation")
}

async fn server(api: &Api) -> Answer {
    match api.get("ask the API server's version", "/version").await {
        Ok(version) => answer(
            "api-server",
            Verdict::Ok,
            format!("Kubernetes {}", version["gitVersion"].as_str().unwrap_or("of unknown version")),
            "",
        ),
        Err(error) => answer("api-server", Verdict::Unknown, error.to_string(), "check the context, the network and the login"),
    }
}

async fn controller(choice: &Choice, now: i64) -> Vec<Answer> {
    let controller = match choice.controller().await {
        Ok(controller) => controller,
        Err(error @ ClusterError::NoService { .. }) => {
            return vec![answer("controller", Verdict::Bad, error.to_string(), cluster::NO_SERVICE)];
        }
        Err(error) => return vec![answer("controller", Verdict::Unknown, error.to_string(), "")],
    };
    let name = format!("{}/{}", controller.namespace, controller.service);
    let mut answers = vec![match controller.healthy().await {
        Ok(()) => answer("controller", Verdict::Ok, format!("{name} answers"), ""),
        Err(error) => answer(
            "controller",
            Verdict::Bad,
            format!("{name} does not answer: {error}"),
            "look at its pods; the control plane must be able to reach them on port 8080",
        ),
    }];
    answers.push(match controller.certificate().await {
        Ok(pem) => certificate(pem.as_bytes(), now),
        Err(error) => answer("certificate", Verdict::Unknown, error.to_string(), ""),
    });
    answers
}

async fn signed_keys(api: &Api, choice: &Choice, now: i64) -> Option<Answer> {
    Some(match cluster::bundle(api, &choice.target).await {
        Ok(Some(text)) => bundle(&text, now),
        Ok(None) => answer(
            "signed-keys",
            Verdict::Warn,
            "no signed key bundle (the original's controller publishes none)",
            "pin fingerprints in .seal.yaml: `seal cert pin`",
        ),
        // Said already, of the controller itself.
        Err(ClusterError::NoService { .. }) => return None,
        Err(error) => answer("signed-keys", Verdict::Unknown, error.to_string(), ""),
    })
}

fn certificate(pem: &[u8], now: i64) -> Answer {
    const SOON: i64 = 30 * 86400;
    match Certificate::from_pem(pem) {
        Err(error) => answer("certificate", Verdict::Bad, format!("what the controller serves is no certificate: {error}"), ""),
        Ok(certificate) if certificate.expired(now) => answer(
            "certificate",
            Verdict::Bad,
            format!("expired on {}: nobody can seal", day(certificate.not_after)),
            "have the controller make a new key: `seal keys generate`",
        ),
        Ok(certificate) => {
            let found = format!(
                "{}, {} old, valid until {}",
                certificate.public_key.fingerprint(),
                span(now - certificate.not_before),
                day(certificate.not_after)
            );
            let soon = certificate.not_after - now < SOON;
            answer(
                "certificate",
                if soon { Verdict::Warn } else { Verdict::Ok },
                found,
                if soon { "it ends soon: check that keys are renewed" } else { "" },
            )
        }
    }
}

fn bundle(text: &str, now: i64) -> Answer {
    let checked = Bundle::claimed_installation(text).and_then(|key| Bundle::verify(text, &key, now));
    match checked {
        Ok(bundle) => {
            answer("signed-keys", Verdict::Ok, format!("installation {}, sequence {}", bundle.installation, bundle.sequence), "")
        }
        Err(error) => answer("signed-keys", Verdict::Bad, error.to_string(), ""),
    }
}

async fn key_secrets(choice: &Choice) -> Answer {
    match keys::fetch(choice).await {
        Ok(files) => {
            let all = keys::listed(&files);
            let bad: Vec<&str> = all.iter().filter(|key| key.fingerprint.is_none()).map(|key| key.name.as_str()).collect();
            match (all.len(), bad.is_empty()) {
                (0, _) => answer(
                    "keys",
                    Verdict::Bad,
                    format!("no key Secrets in {}", choice.target.namespace),
                    "if that is the controller's namespace, restore them: `seal keys restore BACKUP`; else name it with --controller-namespace",
                ),
                (count, true) => answer(
                    "keys",
                    Verdict::Ok,
                    match count {
                        1 => "1 key Secret, readable".to_owned(),
                        _ => format!("{count} key Secrets, all readable"),
                    },
                    "",
                ),
                (_, false) => answer(
                    "keys",
                    Verdict::Bad,
                    format!("key Secrets that hold no readable key: {}", bad.join(", ")),
                    "restore or remove them",
                ),
            }
        }
        Err(error) => answer(
            "keys",
            Verdict::Warn,
            format!("not looked at: {}", error.message),
            "that most users may not read keys is as it should be",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{Exit, Verdict, answer, certificate, exit, text};

    #[test]
    fn what_could_not_be_looked_at_is_never_green() {
        let of = |verdicts: &[Verdict]| exit(&verdicts.iter().map(|v| answer("x", *v, "", "")).collect::<Vec<_>>());
        assert_eq!(of(&[Verdict::Ok, Verdict::Warn]), Exit::DONE);
        assert_eq!(of(&[Verdict::Ok, Verdict::Unknown]), Exit::FAILED);
        assert_eq!(of(&[Verdict::Bad, Verdict::Unknown]), Exit::FINDINGS);
        assert_eq!(of(&[]), Exit::FAILED);
    }

    #[test]
    fn an_answer_reads_as_two_lines() {
        let line = text(&answer("keys", Verdict::Bad, "none", "restore them"));
        assert_eq!(line, "problem   keys         none\n          restore them\n");
    }

    #[test]
    fn what_is_no_certificate_is_a_problem() {
        assert_eq!(certificate(b"<html>", 0).verdict, Verdict::Bad);
    }
}
