//! From upstream's controller to ours and back, in the same namespace with the same keys: no Secret changes on the way.

use crate::case::{Case, compatible};
use crate::runner::tests;
use anyhow::{Context, Result, ensure};
use kube::ResourceExt;
use seal_crypto::Certificate;
use seal_tests::{Controller, Sealed, peers, upstream};

tests![upstream_to_seal_and_back_keeps_every_secret];

const HOME: &str = "kube-system";

async fn upstream_to_seal_and_back_keeps_every_secret(case: &Case) -> Result<()> {
    let Some(program) = peers::tool("sealed-secrets-controller") else { return Ok(()) };
    let theirs = upstream::start(case.plane(), &program, HOME, &[]).await?;
    let pem = theirs.get("/v1/cert.pem").await?.1;
    let key = Certificate::from_pem(pem.as_bytes()).context("upstream's certificate")?.public_key;
    case.put(&Sealed::new(&key, &case.namespace, "db").item("k", "v")).await?;
    let first = case.expect_data("db", &[("k", "v")]).await?;
    case.expect_synced("db").await?;
    theirs.stop()?;

    let ours = Controller::start(case.plane(), compatible().home(HOME)).await?;
    ensure!(ours.get("/v1/cert.pem").await?.1 == pem, "another key is served");
    case.put(&Sealed::new(&key, &case.namespace, "db").item("k", "ours")).await?;
    let second = case.expect_data("db", &[("k", "ours")]).await?;
    ensure!(second.uid() == first.uid(), "the Secret was made anew");
    case.expect_condition("db", "Ready", "True", "").await?;
    ours.stop()?;

    let theirs = upstream::start(case.plane(), &program, HOME, &[]).await?;
    ensure!(theirs.get("/v1/cert.pem").await?.1 == pem, "another key is served");
    case.put(&Sealed::new(&key, &case.namespace, "db").item("k", "back")).await?;
    let third = case.expect_data("db", &[("k", "back")]).await?;
    ensure!(third.uid() == first.uid(), "the Secret was made anew");
    case.expect_synced("db").await?;
    Ok(())
}
