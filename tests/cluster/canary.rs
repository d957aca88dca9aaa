//! A canary value goes through every path at trace level and must turn up in the Secret and nowhere else.

use crate::case::{Case, compatible, public_key};
use crate::runner::tests;
use anyhow::{Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use k8s_openapi::api::core::v1::{ConfigMap, Event};
use kube::api::{Api, ListParams};
use seal_crypto::Scope;
use seal_tests::{Controller, Sealed};
use serde_json::json;
use std::fmt::Write;

tests![plaintext_is_nowhere_but_in_the_secret];

const CANARY: &str = "cAnArY-7f3a91-of-the-seal-suite";

/// The value in the forms in which it could slip out.
fn forms() -> Vec<String> {
    let hex = CANARY.bytes().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    let list = CANARY.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ");
    let middle = |skip: usize| STANDARD_NO_PAD.encode(&CANARY.as_bytes()[skip..skip + 24]);
    vec![CANARY.to_owned(), STANDARD.encode(CANARY), middle(1), middle(2), hex, list, CANARY.to_lowercase()]
}

fn search(place: &str, text: &str, found: &mut Vec<String>) {
    for form in forms().iter().filter(|form| text.contains(form.as_str())) {
        let line = text.lines().position(|line| line.contains(form.as_str())).unwrap_or_default() + 1;
        found.push(format!("{place}, line {line}"));
    }
}

async fn plaintext_is_nowhere_but_in_the_secret(case: &Case) -> Result<()> {
    let mut options = compatible().args(["--log-level=TRACE"]);
    options.env.push(("RUST_LOG".to_owned(), "trace".to_owned()));
    options.env.push(("RUST_BACKTRACE".to_owned(), "full".to_owned()));
    let controller = Controller::start(case.plane(), options).await?;
    let key = public_key(&controller).await?;
    let sealed = |name: &str| Sealed::new(&key, &case.namespace, name).item("value", CANARY);
    let mut found = Vec::new();

    case.put(&sealed("good")).await?;
    case.put(&sealed("template").template(json!({"data": {"x": "{{ fail .value }}"}}))).await?;
    case.put(&sealed("refused").template(json!({"type": "helm.sh/release.v1"}))).await?;
    case.put(&sealed("bad-label").template(json!({"metadata": {"labels": {"x": "no label!"}}}))).await?;
    case.put(&sealed("bad-type").template(json!({"type": "kubernetes.io/dockerconfigjson"}))).await?;
    case.put(&sealed("half").raw_item("other", "AgA=")).await?;
    case.put(&Sealed::new(&key, &case.namespace, "wide").scope(Scope::ClusterWide).item("value", CANARY)).await?;
    case.create_secret(json!({"metadata": {"name": "conflict"}})).await?;
    case.put(&sealed("conflict")).await?;
    case.expect_data("good", &[("value", CANARY)]).await?;
    case.expect_data("wide", &[("value", CANARY)]).await?;
    for name in ["template", "refused", "bad-label", "bad-type", "half", "conflict"] {
        case.expect_not_synced(name).await?;
    }
    for path in ["/v1/verify", "/v1/rotate"] {
        for object in [
            sealed("good"),
            sealed("half").raw_item("other", "AgA="),
            sealed("t").template(json!({"data": {"x": "{{ fail .value }}"}})),
        ] {
            let (_, body) = controller.post(path, serde_json::to_vec(&object.json())?).await?;
            search(path, &body, &mut found);
        }
    }

    for object in case.objects().list(&ListParams::default()).await?.items {
        search("a status", &object.data["status"].to_string(), &mut found);
    }
    let events: Api<Event> = Api::all(case.plane().client());
    search("an event", &serde_json::to_string(&events.list(&ListParams::default()).await?)?, &mut found);
    let maps: Api<ConfigMap> = Api::all(case.plane().client());
    search("a ConfigMap", &serde_json::to_string(&maps.list(&ListParams::default()).await?)?, &mut found);
    search("the metrics", &reqwest::get(&controller.metrics).await?.text().await?, &mut found);
    let log = controller.log();
    ensure!(log.lines().count() > 20, "nearly nothing was logged; the case tests nothing");
    search("the log", &log, &mut found);
    ensure!(found.is_empty(), "plaintext in {}", found.join("; "));
    Ok(())
}
