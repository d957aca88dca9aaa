//! The HTTP server as kubeseal and probes see it, directly and through the API server's proxy.

use crate::case::Case;
use crate::runner::tests;
use anyhow::{Result, ensure};
use http::Request;
use seal_crypto::Certificate;
use seal_tests::{Sealed, eventually};
use serde_json::{Value, json};
use std::time::Duration;

tests![
    probes_and_certificate_answer,
    the_certificate_comes_through_the_api_servers_proxy,
    verify_tells_what_opens_and_never_why_not,
    rotate_keeps_everything_but_the_ciphertext,
    a_template_never_changes_the_answer,
    a_body_that_is_too_large_is_refused,
    metrics_have_upstreams_names_and_ours,
];

async fn probes_and_certificate_answer(case: &Case) -> Result<()> {
    for path in ["/healthz", "/readyz"] {
        let (status, body) = case.controller().get(path).await?;
        ensure!(status == 200, "{path}: {status} {body}");
    }
    let (status, pem) = case.controller().get("/v1/cert.pem").await?;
    ensure!(status == 200 && Certificate::from_pem(pem.as_bytes()).is_ok(), "{status} {pem}");
    let (status, _) = case.controller().get("/nothing-here").await?;
    ensure!(status == 404, "{status}");
    Ok(())
}

async fn the_certificate_comes_through_the_api_servers_proxy(case: &Case) -> Result<()> {
    let home = &case.controller().home;
    let path = format!("/api/v1/namespaces/{home}/services/http:sealed-secrets-controller:http/proxy/v1/cert.pem");
    let through = case.plane().client().request_text(Request::get(path).body(Vec::new())?).await?;
    let (_, direct) = case.controller().get("/v1/cert.pem").await?;
    ensure!(through == direct, "the proxy changed it");
    Ok(())
}

/// Upstream answers two requests a second; asks again until it is let in.
async fn post(case: &Case, path: &str, body: &Value) -> Result<(u16, String)> {
    eventually(&format!("an answer of {path}"), Duration::from_secs(60), || async {
        let answer = case.controller().post(path, serde_json::to_vec(body)?).await?;
        Ok((answer.0 != 429).then_some(answer))
    })
    .await
}

async fn verify_tells_what_opens_and_never_why_not(case: &Case) -> Result<()> {
    let good = case.sealed("db").await?.item("k", "v");
    let (status, _) = post(case, "/v1/verify", &good.json()).await?;
    ensure!(status == 200, "{status}");
    let moved = good.clone().sealed_for("elsewhere", "db").item("k", "v").json();
    let garbage = case.sealed("db").await?.raw_item("k", "AgA=").json();
    let (first, one) = post(case, "/v1/verify", &moved).await?;
    let (second, two) = post(case, "/v1/verify", &garbage).await?;
    ensure!((first, second) == (409, 409), "{first} {second}");
    ensure!(one == two, "the answers tell failures apart: {one:?} {two:?}");
    Ok(())
}

async fn rotate_keeps_everything_but_the_ciphertext(case: &Case) -> Result<()> {
    let template = json!({"type": "Opaque", "metadata": {"labels": {"in": "template"}, "annotations": {"sealedsecrets.bitnami.com/managed": "true"}}, "data": {"url": "{{ .k }}"}});
    let sealed = case
        .sealed("db")
        .await?
        .item("k", "v")
        .label("on", "object")
        .annotation("argocd.argoproj.io/sync-wave", "1")
        .template(template);
    let (status, body) = post(case, "/v1/rotate", &sealed.json()).await?;
    ensure!(status == 200, "{status} {body}");
    let (before, mut after) = (sealed.json(), serde_json::from_str::<Value>(&body)?);
    ensure!(after["spec"]["encryptedData"]["k"].is_string(), "{after}");
    after["spec"]["encryptedData"] = before["spec"]["encryptedData"].clone();
    ensure!(after["metadata"]["labels"] == before["metadata"]["labels"], "{after}");
    ensure!(after["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] == "1", "{after}");
    ensure!(after["spec"]["template"]["metadata"]["labels"] == before["spec"]["template"]["metadata"]["labels"], "{after}");
    ensure!(
        after["spec"]["template"]["metadata"]["annotations"] == before["spec"]["template"]["metadata"]["annotations"],
        "{after}"
    );
    ensure!(after["spec"]["template"]["data"] == before["spec"]["template"]["data"], "{after}");
    Ok(())
}

/// Templates are outside what the ciphertext authenticates; upstream twice let them turn these paths into an oracle.
async fn a_template_never_changes_the_answer(case: &Case) -> Result<()> {
    let good = case.sealed("db").await?.item("k", "canary");
    for template in [
        json!({"data": {"x": "{{ fail .k }}"}}),
        json!({"data": {"x": "{{ if eq .k \"canary\" }}{{ fail \"\" }}{{ end }}"}}),
        json!({"data": {"x": "{{ broken"}}),
    ] {
        let (status, body) = post(case, "/v1/verify", &good.clone().template(template).json()).await?;
        ensure!(status == 200 && !body.contains("canary"), "{status}");
    }
    Ok(())
}

async fn a_body_that_is_too_large_is_refused(case: &Case) -> Result<()> {
    let body = vec![b' '; 32 << 20];
    // A server may answer and close before it has read everything; both are a refusal.
    if let Ok((status, _)) = case.controller().post("/v1/verify", body).await {
        ensure!(status == 413 || status == 429, "{status}");
    }
    let (status, _) = case.controller().get("/healthz").await?;
    ensure!(status == 200);
    Ok(())
}

async fn metrics_have_upstreams_names_and_ours(case: &Case) -> Result<()> {
    case.put(&case.sealed("good").await?.item("k", "v")).await?;
    case.put(&Sealed::new(&case.key().await?, &case.namespace, "bad").raw_item("k", "AgA=")).await?;
    case.expect_synced("good").await?;
    case.expect_not_synced("bad").await?;
    let mine = format!("namespace=\"{}\"", case.namespace);
    let metrics = [
        ("unseal_requests_total", ""),
        ("unseal_errors_total", mine.as_str()),
        ("condition_info", mine.as_str()),
        ("build_info", ""),
        ("http_requests_total", ""),
    ];
    for (name, having) in metrics {
        let name = format!("sealed_secrets_controller_{name}");
        let seen = eventually(&name, crate::case::SOON, || async { case.controller().metric(&name, having).await });
        seen.await?;
    }
    let decrypts = case.controller().metric("seal_controller_decrypts_total", "").await?;
    ensure!(decrypts.is_some_and(|decrypts| decrypts >= 1.0), "{decrypts:?}");
    Ok(())
}
