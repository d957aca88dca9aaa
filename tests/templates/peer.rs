//! Renders with both: Go's program (built from tests/peers) and ours.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use seal_secret::SecretBytes;
use seal_template::{Dialect, MissingKey, Options, Template, Value, World};
use seal_tests::peers;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::process::{Command, Stdio};

/// A template to compare.
pub(crate) struct Case {
    pub from: String,
    pub template: String,
    pub missing: &'static str,
}

/// What came of it.
#[derive(PartialEq)]
pub(crate) enum Outcome {
    Text(Vec<u8>),
    Error(Option<String>),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{:?}", String::from_utf8_lossy(text)),
            Self::Error(why) => write!(f, "error {}", why.as_deref().unwrap_or_default()),
        }
    }
}

/// The data that every case is given.
pub(crate) fn data() -> BTreeMap<String, SecretBytes> {
    let values: [(&str, &[u8]); 14] = [
        ("user", b"admin"),
        ("password", b"p@ss w\"ord'<&>\\"),
        ("empty", b""),
        ("number", b"42"),
        ("float", b"3.14"),
        ("json", br#"{"a":{"b":[1,2.5,"x",null,true]},"k":"v","n":1e21,"z":""}"#),
        ("list", b"c,a,b,a"),
        ("lines", b"one\ntwo\n\nthree\n"),
        ("unicode", "Grüße, 世界 \u{301}é😀".as_bytes()),
        ("binary", b"\xff\x00\xfe\x80abc\xc3\x28"),
        ("spaces", b"  in the  middle \t\n"),
        ("words", b"the quick HTTPServer brown_fox-jumps over2lazy dogs"),
        ("b64", b"aGVsbG8gd29ybGQ="),
        ("path", b"/a/b/../c//d.tar.gz"),
    ];
    values.into_iter().map(|(key, value)| (key.to_owned(), SecretBytes::from(value.to_vec()))).collect()
}

/// A world that stands still.
pub(crate) struct Still(pub u64);

impl World for Still {
    fn now(&self) -> (i64, i32) {
        (1_700_000_000, 0)
    }

    fn random(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            *byte = (self.0 >> 33) as u8;
        }
    }

    fn is_over(&self) -> bool {
        false
    }
}

/// Go's outcome and ours of every case; `None` when Go's program is not to be had.
pub(crate) fn both(cases: &[Case]) -> Option<Vec<(Outcome, Outcome)>> {
    let program = peers::tool("templates")?;
    let encoded: BTreeMap<String, String> =
        data().iter().map(|(key, value)| (key.clone(), STANDARD.encode(value.expose()))).collect();
    let questions: Vec<serde_json::Value> = cases
        .iter()
        .map(|case| serde_json::json!({"template": case.template, "data": encoded, "missing": case.missing}))
        .collect();
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let text = serde_json::to_vec(&questions).unwrap();
    let writer = std::thread::spawn(move || input.write_all(&text).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "Go's program failed");
    let answers: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers.len(), cases.len());
    Some(cases.iter().zip(&answers).map(|(case, answer)| (theirs(answer), ours(case))).collect())
}

fn theirs(answer: &serde_json::Value) -> Outcome {
    match answer["ok"].as_bool() {
        Some(true) => Outcome::Text(STANDARD.decode(answer["out"].as_str().unwrap_or_default()).unwrap()),
        _ => Outcome::Error(None),
    }
}

fn ours(case: &Case) -> Outcome {
    let mut options = Options::of(Dialect::SealedSecret);
    options.missing_key = match case.missing {
        "zero" => MissingKey::Zero,
        "error" => MissingKey::Error,
        _ => MissingKey::Default,
    };
    let rendered = Template::parse("case", &case.template, options)
        .and_then(|template| template.render(&Value::secrets(&data()), &mut Still(1)));
    match rendered {
        Ok(text) => Outcome::Text(text.expose().to_vec()),
        Err(_) => Outcome::Error(None),
    }
}
