//! Rights are least and explained: no wildcard, and each rule names the source that needs it.

use crate::tree::{Source, files, report, root};
use serde_json::Value;

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
fn each_alert_is_tested_and_each_metric_is_one_the_controller_has() {
    let read = |name: &str| std::fs::read_to_string(root().join(name)).expect("a file of deploy/monitoring or the metrics");
    let (alerts, tests) = (read("deploy/monitoring/alerts.yaml"), read("deploy/monitoring/alerts.test.yaml"));
    let named: Vec<&str> = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(named.len() > 10, "only {} alerts were found", named.len());
    let mut findings: Vec<String> =
        named.iter().filter(|alert| !tests.contains(*alert)).map(|alert| format!("{alert} has no test")).collect();
    let known = read("controller/src/metrics/names.rs");
    for text in [alerts, read("deploy/monitoring/dashboard.json")] {
        for word in text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_') {
            let name = word.strip_prefix("sealed_secrets_controller_").or_else(|| word.strip_prefix("seal_controller_"));
            let Some(name) = name.filter(|name| !name.is_empty()) else { continue };
            let bare = ["_total", "_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
            if !known.contains(&format!("\"{bare}\"")) {
                findings.push(format!("the controller has no metric {word}"));
            }
        }
    }
    report("monitoring that watches nothing", "Test the alert; name a metric of controller/src/metrics/names.rs.", &findings);
}

/// Paths of all values, each with the ways to read it: by its own path, or by one above it as a whole.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value.as_object().filter(|fields| !fields.is_empty()) {
        Some(fields) => fields.iter().for_each(|(name, value)| leaves(value, &format!("{path}.{name}"), found)),
        None => found.push(path.to_owned()),
    }
}

#[test]
fn each_value_of_the_chart_is_read_by_a_template() {
    let values = std::fs::read_to_string(root().join("deploy/chart/values.yaml")).expect("the chart's values");
    let values: Value = serde_yaml::from_str(&values).expect("YAML");
    let templates = std::fs::read_dir(root().join("deploy/chart/templates")).expect("the chart's templates");
    let templates: String =
        templates.map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("a template")).collect();
    let reads = |path: &str, whole: bool| {
        templates.match_indices(&format!(".Values{path}")).any(|(at, found)| {
            let next = templates[at + found.len()..].chars().next().unwrap_or(' ');
            !next.is_ascii_alphanumeric() && (!whole || next != '.')
        })
    };
    let mut all = Vec::new();
    leaves(&values, "", &mut all);
    assert!(all.len() > 80, "only {} values were found", all.len());
    let unread = all.into_iter().filter(|path| {
        let above = path.match_indices('.').skip(1).map(|(end, _)| &path[..end]);
        !reads(path, false) && !above.into_iter().any(|path| reads(path, true))
    });
    report("a value of the chart that nobody reads", "Read it in a template or take it out.", &unread.collect::<Vec<_>>());
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
