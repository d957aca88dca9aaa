//! A throwaway cluster by hand, and upstream's own suite against any pair of programs. Not part of the product.
//!
//!     cargo run -p seal-tests --bin lab -- up                      a control plane; prints its kubeconfig, ends with Ctrl-C
//!     cargo run -p seal-tests --bin lab -- upstream-suite [--kubeseal PATH] [--controller PATH] [-- GINKGO FLAGS]

use anyhow::{Context, Result, bail};
use seal_tests::{ControlPlane, Controller, Options, lab, tools, upstream};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("lab: error: {error:#}");
            ExitCode::from(3)
        }
    }
}

fn run() -> Result<ExitCode> {
    let mut args = std::env::args().skip(1);
    let verb = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    tools::control_plane()?;
    match verb.as_str() {
        "up" => runtime()?.block_on(up()),
        "upstream-suite" => {
            let suite = build_suite()?;
            lab::enter()?;
            runtime()?.block_on(upstream_suite(&suite, &rest))
        }
        _ => bail!("call me with `up` or `upstream-suite`"),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

async fn up() -> Result<ExitCode> {
    let plane = ControlPlane::start().await?;
    println!("export KUBECONFIG={}", plane.kubeconfig().display());
    tokio::signal::ctrl_c().await?;
    Ok(ExitCode::SUCCESS)
}

/// Upstream's integration package as a test program, and its two programs stamped with a version as its Makefile does
/// (two specs read it). Go's cache makes every later call cheap.
fn build_suite() -> Result<PathBuf> {
    let dir = tools::target().join("tools/upstream");
    if !lab::inside() {
        let source = upstream::module()?;
        let out = |name: &str| format!("{}/{name}", dir.display());
        let go = |args: &[&str]| -> Result<()> {
            let status = Command::new("go").current_dir(&source).args(args).status().context("cannot run go")?;
            anyhow::ensure!(status.success(), "go {} failed in {}", args.join(" "), source.display());
            Ok(())
        };
        go(&["test", "-c", "-tags", "integration", "-o", &out("suite"), "./integration"])?;
        for name in ["kubeseal", "controller"] {
            go(&["build", "-ldflags=-X main.VERSION=v0.40.0", "-o", &out(name), &format!("./cmd/{name}")])?;
        }
    }
    Ok(dir)
}

fn option(args: &[String], name: &str) -> Option<PathBuf> {
    let at = args.iter().position(|arg| arg == name)?;
    args.get(at + 1).map(PathBuf::from)
}

/// With `--controller` the given program must be ours or take our way of starting; without, upstream's own controller runs.
async fn upstream_suite(bin: &Path, args: &[String]) -> Result<ExitCode> {
    let kubeseal = option(args, "--kubeseal").unwrap_or_else(|| bin.join("kubeseal"));
    let plane = ControlPlane::start().await?;
    let home = "kube-system";
    let (program, _controller): (PathBuf, Controller) = match option(args, "--controller") {
        Some(program) => {
            let options =
                Options { program: Some(program.clone()), ..Options::default() }.home(home).args(["--profile=compatible"]);
            (program, Controller::start(&plane, options).await?)
        }
        None => {
            let program = bin.join("controller");
            let controller = upstream::start(&plane, &program, home, &[]).await?;
            (program, controller)
        }
    };
    let status = Command::new(bin.join("suite"))
        .arg(format!("-kubeseal-bin={}", kubeseal.display()))
        .arg(format!("-controller-bin={}", program.display()))
        .arg(format!("-kubeconfig={}", plane.kubeconfig().display()))
        .arg(format!("-namespace={home}"))
        .args(args.iter().skip_while(|arg| *arg != "--").skip(1))
        .status()?;
    Ok(ExitCode::from(u8::from(!status.success())))
}
