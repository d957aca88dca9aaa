//! Below the edges nothing reads clock, randomness, files, environment or network; plans decide without acting.

use crate::tree::{Source, report, rust};

/// Crates that compute and nothing else.
const PURE: [&str; 9] = [
    "seal-secret",
    "seal-crypto",
    "seal-manifest",
    "seal-api",
    "seal-scan",
    "seal-sops",
    "seal-template",
    "seal-kustomize",
    "seal-core",
];
/// What they may not even name.
const WORLD: [&str; 18] = [
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "thread::spawn",
    "rand::rng(",
    "thread_rng",
    "OsRng",
    "SysRng",
    "getrandom::",
    "tokio::",
    "reqwest::",
    "println!",
    "eprintln!",
];
/// What a plan may not hold: it is a value computed from what was seen.
const ACTING: [&str; 6] = ["async ", ".await", "Client", "::now(", "rand::", "tokio::"];

#[test]
fn pure_crates_do_not_touch_the_world() {
    let pure = |source: &Source| PURE.iter().any(|name| source.path.starts_with(&format!("crates/{name}/src/")));
    let findings = find(&WORLD, |source| pure(source) && !source.is_test_file());
    report(
        "a pure crate reaches for clock, dice, files, environment or network",
        "Take it as a parameter; the programs pass it in.",
        &findings,
    );
}

#[test]
fn plans_decide_and_never_act() {
    let findings = find(&ACTING, |source| source.path.ends_with("/plan.rs"));
    report("a plan.rs acts", "Observe before, act after; the plan is a pure function of what was seen and the time.", &findings);
}

#[test]
fn what_others_may_ask_for_never_renders_templates() {
    let folders = ["http/", "reseal/", "sealed_secret/request/"].map(|folder| format!("controller/src/{folder}"));
    let findings = find(&["seal_template", "Templates", "templates::"], |source| {
        folders.iter().any(|folder| source.path.starts_with(folder))
    });
    report(
        "private-key work that somebody may ask for can reach a template",
        "Verify and rotate work on ciphertext and metadata only.",
        &findings,
    );
}

fn find(words: &[&str], which: impl Fn(&Source) -> bool) -> Vec<String> {
    let mut findings = Vec::new();
    for source in rust().iter().filter(|source| which(source)) {
        for (at, line) in source.product_lines() {
            let code = line.split("//").next().unwrap_or_default();
            for word in words.iter().filter(|word| code.contains(**word)) {
                findings.push(format!("{}:{at}: {word}", source.path));
            }
        }
    }
    findings
}
