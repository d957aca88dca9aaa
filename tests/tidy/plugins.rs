//! Programs that hold keys are started by the command line alone, from one file, and by nothing that the controller links.

use crate::tree::{report, root, rust};
use std::process::Command;

/// The one file that may name the plugin client of the `age` crate.
const CLIENT: &str = "cli/src/identities/plugin.rs";

#[test]
fn one_file_starts_plugins() {
    let named = |text: &str| text.contains("age::plugin") || text.contains("PluginV1");
    let sources = rust().into_iter().filter(|source| !source.path.starts_with("tests/tidy/"));
    let findings: Vec<String> = sources.filter(|source| named(&source.text)).map(|source| source.path).collect();
    assert!(findings.iter().any(|path| path == CLIENT), "{CLIENT} moved; tell this test");
    let findings: Vec<String> = findings.into_iter().filter(|path| path != CLIENT).collect();
    report(
        "a file besides the CLI's one names the plugin client",
        "Go through crate::identities, which asks for leave.",
        &findings,
    );
}

#[test]
fn the_controller_is_built_without_plugins_and_ssh_keys() {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["tree", "--offline", "-p", "seal-controller", "-e", "features", "-i", "age", "--prefix", "none"])
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8_lossy(&output.stdout);
    assert!(tree.contains("age feature \"armor\""), "the controller's age was not found:\n{tree}");
    let foreign = ["plugin", "ssh", "cli-common"].map(|name| format!("age feature \"{name}\""));
    let findings: Vec<String> = tree.lines().filter(|line| foreign.iter().any(|f| line.contains(f))).map(str::to_owned).collect();
    report(
        "the controller links what only people may use",
        "Turn the feature on in cli/Cargo.toml, not where the controller sees it (crates/decisions/0008-age.md).",
        &findings,
    );
}
