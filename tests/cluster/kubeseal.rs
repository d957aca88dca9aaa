//! The real kubeseal and ours against our controller, along the only way they have: the API server's service proxy.

use crate::case::Case;
use crate::runner::tests;
use anyhow::{Context, Result, ensure};
use kube::api::{DynamicObject, PostParams};
use seal_tests::{peers, tools};
use serde_json::json;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

tests![the_real_kubeseal_seals_and_validates, ours_under_the_name_kubeseal_does_the_same];

async fn the_real_kubeseal_seals_and_validates(case: &Case) -> Result<()> {
    let Some(program) = peers::tool("kubeseal") else { return Ok(()) };
    seals_and_validates(case, &program, &[]).await
}

async fn ours_under_the_name_kubeseal_does_the_same(case: &Case) -> Result<()> {
    seals_and_validates(case, &tools::built("seal-under-test")?, &["kubeseal"]).await
}

async fn seals_and_validates(case: &Case, program: &Path, first: &[&str]) -> Result<()> {
    let kubeconfig = case.plane().kubeconfig();
    let kubeconfig = kubeconfig.to_str().context("a path in UTF-8")?;
    let run = |more: &[&str], input: &[u8]| {
        let common = ["--kubeconfig", kubeconfig, "--controller-namespace", &case.controller().home];
        pipe(Command::new(program).args(first).args(common).args(more), input)
    };
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": case.namespace}, "stringData": {"k": "through kubeseal"}});
    let sealed = run(&["--format=json"], &serde_json::to_vec(&secret)?)?;
    ensure!(sealed.status.success(), "{}", String::from_utf8_lossy(&sealed.stderr));
    let object: DynamicObject = serde_json::from_slice(&sealed.stdout).context("no JSON on standard output")?;
    case.objects().create(&PostParams::default(), &object).await?;
    case.expect_data("db", &[("k", "through kubeseal")]).await?;

    let moved = String::from_utf8(sealed.stdout.clone())?.replace("\"name\": \"db\"", "\"name\": \"moved\"");
    for (text, opens) in [(sealed.stdout, true), (moved.into_bytes(), false)] {
        // The controller answers two such requests a second, and other cases ask too.
        let answer = seal_tests::eventually("an answer to --validate", crate::case::SOON, || async {
            let answer = run(&["--validate"], &text)?;
            let busy = String::from_utf8_lossy(&answer.stderr).contains("429")
                || String::from_utf8_lossy(&answer.stderr).to_lowercase().contains("too many");
            Ok((!busy).then_some(answer))
        });
        let answer = answer.await?;
        ensure!(answer.status.success() == opens, "{}: {}", answer.status, String::from_utf8_lossy(&answer.stderr));
    }
    Ok(())
}

fn pipe(command: &mut Command, input: &[u8]) -> Result<Output> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    child.stdin.take().context("a pipe")?.write_all(input)?;
    Ok(child.wait_with_output()?)
}
