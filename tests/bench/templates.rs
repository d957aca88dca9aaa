//! Rendering a template of ten actions: ours against Go's own, in one process each, by turns.
//!
//! Run: `cargo bench -p seal-tests --bench templates`. Both read the template once and render it many times; Go's garbage is
//! collected on whatever other cores there are, so wall time is its better figure.

mod measure;

use std::{
    collections::BTreeMap,
    io::Write,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use measure::compare;
use seal_secret::SecretBytes;
use seal_template::{Dialect, Options, Template, Value, World};

const TURNS: usize = 12;
const ROUNDS: u32 = 20_000;

/// Ten actions of the kinds that ExternalSecrets in public repositories have.
const TEMPLATE: &str = r#"{"auths":{"{{ .host }}":{"username":"{{ .user }}","password":{{ .password | toJson }},"auth":"{{ printf "%s:%s" .user .password | b64enc }}"}}}
url=postgres://{{ .user }}:{{ .password | urlquery }}@{{ .host }}/{{ .name | default "app" }}
{{ if .tls }}sslmode=verify-full{{ else }}sslmode=disable{{ end }}
{{ .note | trim | upper | quote }}
"#;

struct Still;

impl World for Still {
    fn now(&self) -> (i64, i32) {
        (0, 0)
    }

    fn random(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }

    fn is_over(&self) -> bool {
        false
    }
}

fn main() {
    let Some(go) = seal_tests::peers::tool("templates") else { return };
    let data: BTreeMap<String, SecretBytes> = [
        ("host", "db.example.org"),
        ("user", "admin"),
        ("password", "p@ss w\"ord<&>"),
        ("name", ""),
        ("tls", "yes"),
        ("note", "  not a real value  "),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), SecretBytes::from(value.to_owned())))
    .collect();
    let encoded: BTreeMap<&String, String> = data.iter().map(|(key, value)| (key, STANDARD.encode(value.expose()))).collect();
    let question = serde_json::json!([{"template": TEMPLATE, "data": encoded}]).to_string();
    let template = Template::parse("bench", TEMPLATE, Options::of(Dialect::SealedSecret)).expect("a template");
    assert_eq!(render(&template, &data).expose(), once(&go, &question), "both print the same");

    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            render(&template, &data);
        }
        ours.push(start.elapsed() / ROUNDS);
        theirs.push(loops(&go, &question));
    }
    compare("render ten actions", ours, theirs);
}

fn render(template: &Template, data: &BTreeMap<String, SecretBytes>) -> SecretBytes {
    template.render(&Value::secrets(data), &mut Still).expect("it renders")
}

fn ask(go: &Path, question: &str, args: &[&str]) -> Vec<u8> {
    let mut child = Command::new(go).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    child.stdin.take().expect("piped").write_all(question.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "Go's program failed");
    output.stdout
}

fn once(go: &Path, question: &str) -> Vec<u8> {
    let answers: serde_json::Value = serde_json::from_slice(&ask(go, question, &[])).expect("JSON");
    STANDARD.decode(answers[0]["out"].as_str().expect("text")).expect("base64")
}

/// Time of one round, as Go's program measured its loop.
fn loops(go: &Path, question: &str) -> Duration {
    let printed = ask(go, question, &["-rounds", &ROUNDS.to_string()]);
    let nanos: u64 = String::from_utf8(printed).expect("text").trim().parse().expect("a number");
    Duration::from_nanos(nanos) / ROUNDS
}
