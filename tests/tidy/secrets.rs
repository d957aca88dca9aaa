//! Plaintext has one type and one door; types that hold it cannot be printed; traces name fields, never values.

use crate::tree::{Source, report, rust};
use std::collections::BTreeMap;

/// Files that may call `expose()`, each with the reason. A line of this list is a line of the audit.
const DOORS: &str = include_str!("doors.txt");
/// Types whose presence in a field makes the whole type a secret.
const SECRET: [&str; 6] = ["SecretBytes", "PrivateKey", "Zeroizing", "InstallKey", "SigningKey", "SessionKey"];
/// What must not be derived on such a type.
const LEAKS: [&str; 4] = ["Debug", "Display", "Serialize", "Hash"];

#[test]
fn only_listed_files_open_the_door_to_plaintext() {
    let doors: BTreeMap<&str, &str> =
        DOORS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(": ")).collect();
    let opens = |source: &Source| {
        source.product_lines().any(|(_, line)| line.split("//").next().unwrap_or_default().contains(".expose()"))
    };
    let sources: Vec<Source> = rust().into_iter().filter(|source| !source.is_test_file()).collect();
    let mut findings: Vec<String> = sources
        .iter()
        .filter(|source| opens(source) && !doors.contains_key(source.path.as_str()))
        .map(|source| format!("{} calls expose()", source.path))
        .collect();
    let stale = doors.keys().filter(|path| !sources.iter().any(|source| source.path == **path && opens(source)));
    findings.extend(stale.map(|path| format!("{path} is listed and does not call expose()")));
    report(
        "the list of doors to plaintext and the code differ",
        "Hand SecretBytes on instead of opening it; if the file must see the bytes, list it in tests/tidy/doors.txt with the reason.",
        &findings,
    );
}

#[test]
fn types_that_hold_plaintext_cannot_be_printed() {
    let mut findings = Vec::new();
    for source in rust().iter().filter(|source| !source.is_test_file()) {
        for item in items(source) {
            let holds = SECRET.iter().find(|secret| mentions(&item.body, secret));
            let leaks = LEAKS.iter().find(|leak| {
                item.derives.split([',', '(', ')', ' ']).any(|name| name == **leak || name.ends_with(&format!("::{leak}")))
            });
            if let (Some(holds), Some(leaks)) = (holds, leaks) {
                findings.push(format!("{}:{}: {} holds {holds} and derives {leaks}", source.path, item.line, item.name));
            }
        }
    }
    report(
        "a type that holds plaintext can be printed",
        "Write the trait by hand and leave the value out, or do without it.",
        &findings,
    );
}

#[test]
fn spans_skip_their_arguments() {
    let mut findings = Vec::new();
    for source in rust() {
        for (at, line) in source.product_lines() {
            let code = line.trim_start();
            if (code.starts_with("#[instrument") || code.starts_with("#[tracing::instrument")) && !code.contains("skip_all") {
                findings.push(format!("{}:{at}", source.path));
            }
        }
    }
    report(
        "an instrumented function records its arguments",
        "Write `instrument(skip_all, fields(namespace, name))` on one line.",
        &findings,
    );
}

/// A `struct` or `enum` as far as this check needs it.
struct Item {
    name: String,
    line: usize,
    derives: String,
    body: String,
}

fn items(source: &Source) -> Vec<Item> {
    let lines: Vec<(usize, &str)> = source.product_lines().collect();
    let mut found = Vec::new();
    let mut derives = String::new();
    for (index, (at, line)) in lines.iter().enumerate() {
        let code = line.trim_start();
        if code.starts_with("#[") {
            derives.push_str(code);
        } else if let Some(name) = defined(code) {
            found.push(Item { name, line: *at, derives: std::mem::take(&mut derives), body: body(&lines[index..]) });
        } else if !code.starts_with("//") {
            derives.clear();
        }
    }
    found
}

fn defined(code: &str) -> Option<String> {
    let mut words = code.split_whitespace().skip_while(|word| word.starts_with("pub"));
    matches!(words.next(), Some("struct" | "enum"))
        .then(|| words.next().unwrap_or_default().split(['(', '{', '<', ';']).next().unwrap_or_default().to_owned())
}

/// The text up to the end of the definition: a closing brace in the first column's depth, or a semicolon.
fn body(lines: &[(usize, &str)]) -> String {
    let mut depth = 0_i32;
    let mut text = String::new();
    for (_, line) in lines {
        let code = line.split("//").next().unwrap_or_default();
        text.push_str(code);
        text.push('\n');
        depth += code.chars().map(|c| i32::from(c == '{') - i32::from(c == '}')).sum::<i32>();
        if depth == 0 && (code.contains(';') || code.contains('}')) {
            break;
        }
    }
    text
}

fn mentions(body: &str, word: &str) -> bool {
    body.split(|c: char| !c.is_alphanumeric() && c != '_').any(|part| part == word)
}

#[test]
fn the_check_itself_sees_what_it_should() {
    let source = |text: &str| Source { path: "x.rs".to_owned(), text: text.to_owned() };
    let seen = |text: &str| {
        items(&source(text))
            .iter()
            .map(|item| (item.name.clone(), item.derives.clone(), mentions(&item.body, "SecretBytes")))
            .collect::<Vec<_>>()
    };
    assert_eq!(seen("#[derive(Debug)]\npub struct A(SecretBytes);"), [("A".to_owned(), "#[derive(Debug)]".to_owned(), true)]);
    assert_eq!(
        seen("#[derive(Debug)]\npub(crate) struct A {\n    a: Option<SecretBytes>,\n}"),
        [("A".to_owned(), "#[derive(Debug)]".to_owned(), true)]
    );
    assert_eq!(
        seen("#[derive(Debug)]\nenum A {\n    B,\n}\nfn f(a: SecretBytes) {}"),
        [("A".to_owned(), "#[derive(Debug)]".to_owned(), false)]
    );
}
