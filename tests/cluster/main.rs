//! Behaviour on a real Kubernetes API server, with the controller as a process under the rights in `deploy/`.
//!
//! Most cases share one cluster and one controller, each in a namespace of its own; those that stop, replace or starve
//! a controller get a cluster of their own, two at a time. Everything runs in a network namespace.
//!
//! `SEAL_TESTS_UPSTREAM=PATH` runs the cases against the real sealed-secrets controller instead: a way to see that they
//! tell right from wrong. It passes those that ask for upstream's behaviour and fails those for its known defects.

mod asking;
mod canary;
mod case;
mod create;
mod drift;
mod external_definitions;
mod fault;
mod formats;
mod guard;
mod http;
mod identities;
mod keys;
mod kubeseal;
mod leader;
mod network;
mod ownership;
mod poison;
mod profile;
mod restart;
mod retry;
mod runner;
mod sops_secret;
mod status;
mod swap;
mod templates;
mod tries;
mod trust;
mod verbs;

use libtest_mimic::Arguments;
use seal_tests::{lab, peers, tools};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    if !arguments.list
        && let Err(why) = prepare()
    {
        return lab::cannot_run("cluster", &why);
    }
    let shared = [
        create::tests(),
        ownership::tests(),
        status::tests(),
        retry::tests(),
        drift::tests(),
        guard::tests(),
        http::tests(),
        kubeseal::tests(),
        poison::tests(),
        sops_secret::tests(),
        external_definitions::tests(),
        templates::tests(),
    ];
    let alone = [
        keys::tests(),
        restart::tests(),
        leader::tests(),
        canary::tests(),
        swap::tests(),
        formats::tests(),
        trust::tests(),
        tries::tests(),
        profile::tests(),
        fault::tests(),
        network::tests(),
        verbs::tests(),
        asking::tests(),
        identities::tests(),
    ];
    runner::run(arguments, shared.concat(), alone.concat())
}

/// Everything that needs the network is built before it is left behind.
fn prepare() -> anyhow::Result<()> {
    tools::control_plane()?;
    if !lab::inside() {
        peers::tool("sealed-secrets-controller");
        peers::tool("kubeseal");
        peers::tool("kustomize");
        peers::tool("sops");
    }
    lab::enter()
}
