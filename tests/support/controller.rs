//! Our controller as a process: its own service account, exactly the rights in `deploy/`, a "Pod" address of its own.

use crate::overlay::Overlay;
use crate::plane::ControlPlane;
use crate::process::{Process, unique};
use crate::proxy::Proxy;
use crate::{eventually, kubeconfig, rbac, service, tools, upstream};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How a controller is started. `Default` is what `deploy/base` and a fresh home namespace give.
#[derive(Clone, Default)]
pub struct Options {
    /// The home namespace; a fresh one when empty.
    pub home: Option<String>,
    /// Arguments after those the harness needs.
    pub args: Vec<String>,
    /// Extra environment.
    pub env: Vec<(String, String)>,
    /// The variant whose rights and arguments it gets; the rights of `deploy/base` when empty.
    pub overlay: Option<Overlay>,
    /// The Service's name; upstream's default when empty.
    pub service: Option<String>,
    /// Another program than the one under test.
    pub program: Option<PathBuf>,
    /// The program is upstream's: it gets upstream's rights and what a Pod has.
    pub upstream: bool,
    /// Where it finds the API server, when not straight at the plane: a proxy.
    pub server: Option<String>,
}

impl Options {
    /// Adds arguments.
    #[must_use]
    pub fn args<const N: usize>(mut self, args: [&str; N]) -> Self {
        self.args.extend(args.map(str::to_owned));
        self
    }

    /// Puts a proxy between it and the API server.
    #[must_use]
    pub fn through(mut self, proxy: &Proxy) -> Self {
        self.server = Some(proxy.server().to_owned());
        self
    }

    /// Chooses the home namespace.
    #[must_use]
    pub fn home(mut self, home: &str) -> Self {
        self.home = Some(home.to_owned());
        self
    }
}

/// A running controller.
pub struct Controller {
    /// Its home namespace: keys, lease and published certificates are there.
    pub home: String,
    /// `http://10.244.0.N:8080`.
    pub http: String,
    /// `http://10.244.0.N:8081/metrics`.
    pub metrics: String,
    process: Process,
    options: Options,
}

impl Controller {
    /// Starts it and waits until `/readyz` answers 200.
    ///
    /// # Errors
    /// When it is not ready within a minute; the message ends with its log.
    pub async fn start(plane: &ControlPlane, options: Options) -> Result<Self> {
        let mut controller = Self::launch(plane, options).await?;
        controller.wait_ready(Duration::from_secs(60)).await?;
        Ok(controller)
    }

    /// Starts it without waiting.
    ///
    /// # Errors
    /// When the program or its rights cannot be had.
    pub async fn launch(plane: &ControlPlane, mut options: Options) -> Result<Self> {
        let home = match &options.home {
            Some(home) => home.clone(),
            None => plane.namespace().await?,
        };
        options.home = Some(home.clone());
        plane.named_namespace(&home).await?;
        let address = service::pod_address();
        let name = options.service.clone().unwrap_or_else(|| "sealed-secrets-controller".to_owned());
        service::publish(plane, &home, &name, &address).await?;

        let id = unique();
        let program = match &options.program {
            Some(program) => program.clone(),
            None => tools::built("controller-under-test")?,
        };
        let server = options.server.as_deref().unwrap_or(plane.server());
        let mut command = match options.upstream {
            true => upstream::in_a_pod(plane, &program, &home, server).await?,
            false => outside_a_pod(plane, &program, &home, &options, id).await?,
        };
        command.arg(format!("--listen-addr={address}:8080")).arg(format!("--listen-metrics-addr={address}:8081"));
        command.args(&options.args).env("POD_NAME", format!("controller-{id}"));
        command.envs(options.env.iter().map(|(key, value)| (key, value)));
        let process = Process::start("the controller", &command, &plane.dir().join(format!("controller-{id}.log")))?;
        let (http, metrics) = (format!("http://{address}:8080"), format!("http://{address}:8081/metrics"));
        Ok(Self { home, http, metrics, process, options })
    }

    /// Waits for `/readyz`.
    ///
    /// # Errors
    /// When it ended or time is up; the message ends with its log.
    pub async fn wait_ready(&mut self, patience: Duration) -> Result<()> {
        let url = format!("{}/readyz", self.http);
        let ready = eventually("the controller's /readyz", patience, || async {
            Ok(reqwest::get(&url).await.is_ok_and(|answer| answer.status().is_success()).then_some(()))
        });
        ready.await.with_context(|| format!("its log ends:\n{}", self.process.tail(30)))
    }

    /// Starts another one with the same options and home, as a rollout would.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn again(&self, plane: &ControlPlane) -> Result<Self> {
        Self::start(plane, self.options.clone()).await
    }

    /// The value of a metric, summed over the series whose labels contain `having`; none when there is no such series.
    ///
    /// # Errors
    /// When the metrics page does not answer.
    pub async fn metric(&self, name: &str, having: &str) -> Result<Option<f64>> {
        let page = reqwest::get(&self.metrics).await?.text().await?;
        let values = page.lines().filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            let bare = series.split('{').next()?;
            (bare == name && series.contains(having)).then(|| value.parse::<f64>().ok())?
        });
        Ok(values.fold(None, |sum, value| Some(sum.unwrap_or(0.0) + value)))
    }

    /// GET on its own port.
    ///
    /// # Errors
    /// When nothing answers.
    pub async fn get(&self, path: &str) -> Result<(u16, String)> {
        let answer = reqwest::get(format!("{}{path}", self.http)).await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }

    /// POST on its own port.
    ///
    /// # Errors
    /// When nothing answers.
    pub async fn post(&self, path: &str, body: Vec<u8>) -> Result<(u16, String)> {
        let answer = reqwest::Client::new().post(format!("{}{path}", self.http)).body(body).send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }

    /// True while it has not ended.
    pub fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    /// Everything it wrote.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// The process itself: id, signals.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// SIGTERM; it must end by itself within ten seconds.
    ///
    /// # Errors
    /// When it does not.
    pub fn stop(self) -> Result<std::process::ExitStatus> {
        self.process.stop(Duration::from_secs(10))
    }

    /// SIGKILL.
    ///
    /// # Errors
    /// When it had ended already.
    pub fn kill(self) -> Result<()> {
        self.process.kill()
    }
}

/// Our own program takes a kubeconfig; the token in it is the service account's.
async fn outside_a_pod(plane: &ControlPlane, program: &Path, home: &str, options: &Options, id: u32) -> Result<Command> {
    let account = match &options.overlay {
        Some(overlay) => rbac::apply_overlay(plane, overlay, home).await?,
        None => rbac::apply_base(plane, home).await?,
    };
    let token = rbac::token(plane, home, &account).await?;
    let config = plane.dir().join(format!("controller-{id}.kubeconfig"));
    let server = options.server.as_deref().unwrap_or(plane.server());
    kubeconfig::write(&config, server, &plane.ca(), &token, home)?;
    let mut command = Command::new(program);
    command.env("KUBECONFIG", &config).env("POD_NAMESPACE", home);
    if let Some(overlay) = &options.overlay {
        command.args(overlay.args()?);
    }
    Ok(command)
}
