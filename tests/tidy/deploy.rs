//! Rights are least and explained: no wildcard, and each rule names the source that needs it.

use crate::tree::{Source, files, report, root};

/// Kinds of which a `rules:` list is a grant.
const GRANTS: [&str; 2] = ["kind: Role\n", "kind: ClusterRole\n"];

fn grants() -> Vec<Source> {
    let mut found = files(&[".yaml", ".yml"]);
    found.retain(|source| source.path.starts_with("deploy/") && GRANTS.iter().any(|kind| source.text.contains(kind)));
    assert!(!found.is_empty(), "deploy/ grants nothing; the check looks in the wrong place");
    found
}

#[test]
fn no_rule_grants_everything() {
    let mut findings = Vec::new();
    for source in grants() {
        for (at, line) in source.text.lines().enumerate() {
            let code = line.split('#').next().unwrap_or_default();
            let field = ["verbs", "resources", "apiGroups", "nonResourceURLs"].iter().any(|field| code.contains(field));
            if code.contains("\"*\"") || code.contains("'*'") || (field && code.contains('*')) {
                findings.push(format!("{}:{}: {}", source.path, at + 1, line.trim()));
            }
        }
    }
    report("a wildcard in a grant", "Name the verbs and resources that the code uses.", &findings);
}

#[test]
fn each_rule_names_the_source_that_needs_it() {
    let mut findings = Vec::new();
    // The chart's templates repeat the rules of deploy/base, which explains them.
    for source in grants().iter().filter(|source| !source.path.starts_with("deploy/chart/")) {
        let lines: Vec<&str> = source.text.lines().collect();
        for (at, _) in lines.iter().enumerate().filter(|(_, line)| line.trim_start().starts_with("- apiGroups:")) {
            let comments = lines[..at].iter().rev().take_while(|line| line.trim_start().starts_with('#'));
            let named =
                comments.flat_map(|line| line.split_whitespace()).any(|word| word.contains('/') && root().join(word).exists());
            if !named {
                findings.push(format!("{}:{}", source.path, at + 1));
            }
        }
    }
    report(
        "a grant without the source that needs it",
        "Write the path of an existing file or folder in the comment above the rule; take the rule out when nothing needs it.",
        &findings,
    );
}

#[test]
fn the_checked_in_crds_are_those_the_controller_prints() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_controller-under-test"))
        .arg("crds")
        .output()
        .expect("the controller runs");
    assert!(output.status.success(), "controller crds: {}", String::from_utf8_lossy(&output.stderr));
    let kept = ["sealedsecrets", "sopssecrets"].map(|plural| {
        std::fs::read_to_string(root().join(format!("deploy/crds/{plural}.yaml"))).expect("a definition in deploy/crds")
    });
    assert!(
        output.stdout == kept.join("---\n").as_bytes(),
        "deploy/crds differs: run `cargo run -p seal-controller -- crds PLURAL > deploy/crds/PLURAL.yaml` for each"
    );
}
