//! A real OpenBao in memory, on a free port of this machine, that ends with the test process.

use crate::process::{Process, unique};
use crate::{eventually, python};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// A running server whose root token is `root`.
pub struct OpenBao {
    /// `http://127.0.0.1:N`, or https.
    pub url: String,
    /// The certificate to trust, when it speaks TLS.
    pub ca: Option<Vec<u8>>,
    http: reqwest::Client,
    _process: Process,
    _dir: TempDir,
}

impl OpenBao {
    /// Starts one; nothing when it cannot be had here.
    ///
    /// # Errors
    /// When it does not answer within half a minute.
    pub async fn start(tls: bool) -> Result<Option<Self>> {
        let Some(program) = python::program("bao") else { return Ok(None) };
        let dir = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new(program);
        command.args(["server", "-dev-root-token-id=root", "-dev-no-store-token"]);
        command.arg(format!("-dev-listen-address=127.0.0.1:{port}")).env("HOME", dir.path());
        match tls {
            true => command.arg("-dev-tls").arg(format!("-dev-tls-cert-dir={}", dir.path().display())),
            false => command.arg("-dev"),
        };
        let process = Process::start("bao", &command, &dir.path().join(format!("bao-{}.log", unique())))?;
        let scheme = if tls { "https" } else { "http" };
        let url = format!("{scheme}://127.0.0.1:{port}");
        let http = reqwest::Client::builder().tls_danger_accept_invalid_certs(true).timeout(Duration::from_secs(10)).build()?;
        let health = format!("{url}/v1/secret/config");
        eventually("bao's engine at secret/", Duration::from_secs(30), || async {
            let asked = http.get(&health).header("x-vault-token", "root").send().await;
            Ok(asked.is_ok_and(|answer| answer.status().is_success()).then_some(()))
        })
        .await
        .with_context(|| format!("its log ends:\n{}", process.tail(20)))?;
        let ca = if tls { Some(std::fs::read(dir.path().join("vault-ca.pem"))?) } else { None };
        Ok(Some(Self { url, ca, http, _process: process, _dir: dir }))
    }

    /// One call as root.
    ///
    /// # Errors
    /// When the answer is not a good one.
    pub async fn call(&self, method: &str, path: &str, body: Value) -> Result<Value> {
        self.call_in("", method, path, body).await
    }

    /// The same in a namespace.
    ///
    /// # Errors
    /// As above.
    pub async fn call_in(&self, namespace: &str, method: &str, path: &str, body: Value) -> Result<Value> {
        let mut request = self.http.request(method.parse()?, format!("{}/v1/{path}", self.url)).header("x-vault-token", "root");
        if !namespace.is_empty() {
            request = request.header("x-vault-namespace", namespace);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{method} {path}: {status} {text}");
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Writes a version of a secret in the engine at `secret/`.
    ///
    /// # Errors
    /// When it is not taken.
    pub async fn put(&self, key: &str, data: Value) -> Result<()> {
        self.call("POST", &format!("secret/data/{key}"), json!({"data": data})).await.map(drop)
    }
}
