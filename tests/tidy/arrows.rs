//! Dependencies point down only. The layers are those of crates/ARCHITECTURE.md.

use crate::tree::{report, root};
use serde_json::Value;
use std::process::Command;

/// From the bottom up; packages on one line never use each other.
const LAYERS: [&[&str]; 8] = [
    &["seal-secret"],
    &["seal-manifest", "seal-crypto"],
    &["seal-sops", "seal-template", "seal-kustomize", "seal-api"],
    &["seal-scan"],
    &["seal-providers", "seal-git", "seal-apiserver"],
    &["seal-core"],
    &["seal-cli", "seal-controller"],
    &["seal-tests"],
];

fn layer(package: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&package))
}

#[test]
fn an_arrow_only_points_to_a_lower_layer() {
    let mut findings = Vec::new();
    for (from, to) in arrows() {
        match (layer(&from), layer(&to)) {
            (Some(above), Some(below)) if below < above => {}
            (Some(_), Some(_)) => findings.push(format!("{from} uses {to}")),
            _ => findings.push(format!("{from} uses {to}, and one of them has no layer")),
        }
    }
    report(
        "dependencies must point to a lower layer",
        "Move the shared part down, or pass what is needed as a parameter. A new crate gets its place in LAYERS and in crates/ARCHITECTURE.md.",
        &findings,
    );
}

/// Direct dependencies between packages of this workspace, tests' and build scripts' included.
fn arrows() -> Vec<(String, String)> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON from cargo");
    let packages = metadata["packages"].as_array().expect("packages");
    let mut arrows = Vec::new();
    for package in packages {
        let from = package["name"].as_str().expect("a name");
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            if !dependency["path"].is_null() {
                arrows.push((from.to_owned(), dependency["name"].as_str().expect("a name").to_owned()));
            }
        }
    }
    assert!(arrows.len() > 5, "the workspace's own dependencies were not found");
    arrows
}
