//! Templates held against Go's own: the same text, the same data, the same bytes out, or an error on both sides.

#![expect(clippy::unwrap_used, reason = "a suite: what is not there fails the test")]

mod generate;
mod peer;

use peer::{Case, Outcome, both};
use std::path::Path;

/// Every line of a case file is a template; `⏎` stands for a line end, `#` begins a comment, and a line may begin with
/// `missingkey=zero ` or `missingkey=error `.
fn cases(file: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|(n, line)| {
            let (missing, template) = ["default", "zero", "error"]
                .iter()
                .find_map(|missing| Some((*missing, line.strip_prefix(&format!("missingkey={missing} "))?)))
                .unwrap_or(("default", line));
            let from = format!("{}:{}", file.file_name().unwrap().to_string_lossy(), n + 1);
            Case { from, template: template.replace('⏎', "\n"), missing }
        })
        .collect()
}

fn compare(cases: &[Case]) {
    let Some(outcomes) = both(cases) else { return };
    let wrong: Vec<String> = cases
        .iter()
        .zip(&outcomes)
        .filter(|(_, (theirs, ours))| theirs != ours)
        .map(|(case, (theirs, ours))| format!("{}: {}\n  Go:   {theirs}\n  ours: {ours}", case.from, case.template))
        .collect();
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn all_cases(folder: &str) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().flat_map(|file| cases(file)).collect()
}

#[test]
fn what_differs_on_purpose_still_does() {
    let all = all_cases("differences");
    for (case, (theirs, ours)) in all.iter().zip(both(&all).into_iter().flatten()) {
        assert!(matches!((theirs, ours), (Outcome::Text(_), Outcome::Error(_))), "{}: {}", case.from, case.template);
    }
}

#[test]
fn every_case_is_as_go_has_it() {
    let all = all_cases("cases");
    assert!(all.len() >= 500, "only {} cases", all.len());
    compare(&all);
}

#[test]
fn generated_templates_are_as_go_has_them() {
    let number = |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (from, count) = (number("SEAL_TEMPLATES_FROM", 1), number("SEAL_TEMPLATES", 2000));
    let all: Vec<Case> = (from..from + count).map(generate::case).collect();
    compare(&all);
    let Some(outcomes) = both(&all) else { return };
    let good = outcomes.iter().filter(|(theirs, _)| matches!(theirs, Outcome::Text(_))).count();
    assert!(good * 3 > all.len(), "only {good} of {} templates render at all: the generator makes no sense", all.len());
}
