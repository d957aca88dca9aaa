//! The alias beside the real kubeseal: the same command lines on the same input, compared in exit code, output and the words of errors.
//!
//! Ciphertext differs in every run, so it is masked; what it holds is compared by letting the real kubeseal open both.

use seal_tests::peers;
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// How the two must agree.
enum Same {
    /// Exit 0, output equal but for ciphertext, and it opens to the same.
    Output,
    /// Exit 0, output equal to the byte.
    Bytes,
    /// This exit code, and both say these words.
    Error(i32, &'static str),
    /// Theirs seals what was not meant; ours refuses with this code and these words.
    Better(i32, &'static str),
    /// Theirs refuses with these words; ours does what was asked.
    More(&'static str),
}

const BARE: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {pw: one}\n";
const FULL: &str = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: shop\n  uid: u\n  resourceVersion: '5'\n  generation: 2\n  creationTimestamp: '2020-01-01T00:00:00Z'\n  generateName: x-\n  labels: {app: \"yes\", n: \"123\", long: \"a b\"}\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: '{}'\n    text: \"line1\\nline2\\n\"\n    folded: this is a long text with spaces that goes on and on well over eighty characters to see where it is folded by the printer\n    marks: \"<&> it's \\\"quoted\\\" #x: y\"\n    uni: \"é ☃ 😀\\ttab\"\n    num: 12\n  finalizers: [a.b/c]\n  ownerReferences: [{apiVersion: v1, kind: Pod, name: p, uid: u}]\ntype: Opaque\nimmutable: true\ndata: {b: aGVsbG8=, a: \"\"}\nstringData: {b: wins, c: \"x\\n\"}\n";
const SCOPED: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: shop, annotations: {sealedsecrets.bitnami.com/cluster-wide: 'true'}}\nstringData: {pw: one}\n";
const EMPTY: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: shop}\n";
const NAMELESS: &str = "apiVersion: v1\nkind: Secret\nmetadata: {namespace: shop}\nstringData: {pw: one}\n";
const TWO_JSON: &str = r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a","namespace":"b"},"data":{"k":"aGk="}}{"apiVersion":"v1","kind":"Secret","metadata":{"name":"c","namespace":"b"},"data":{"k":"aGk="}}"#;
const DASHED_JSON: &str = "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\",\"namespace\":\"b\"},\"data\":{\"k\":\"aGk=\"}}\n---\n{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"c\",\"namespace\":\"b\"},\"data\":{\"k\":\"aGk=\"}}\n";
const LIST: &str = "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: b}, stringData: {k: v}}]\n";
const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\ndata: {a: aGVsbG8=}\n";
const NOTHING: &str = "no secrets found. Ensure the input is valid and UTF-8 encoded";
const NO_CONFIG: &str = "no configuration has been provided, try setting KUBERNETES_MASTER environment variable";

/// Command line, input, agreement. `@` stands for the folder of the run.
const CASES: &[(&str, &str, Same)] = &[
    ("--cert @cert.pem", FULL, Same::Output),
    ("--cert=@cert.pem -oyaml", FULL, Same::Output),
    ("--cert @cert.pem --format yaml --scope namespace-wide", FULL, Same::Output),
    ("--cert @cert.pem --format=YAML --scope=cluster-wide", FULL, Same::Output),
    ("--cert @cert.pem -n shop", FULL, Same::Output),
    ("--cert @cert.pem -nshop -o yaml", BARE, Same::Output),
    ("--cert @cert.pem -n=shop --name other", BARE, Same::Output),
    ("--cert @cert.pem --scope cluster-wide", BARE, Same::Output),
    ("--cert @cert.pem --scope cluster-wide --namespace elsewhere", BARE, Same::Output),
    ("--cert @cert.pem", SCOPED, Same::Output),
    ("--cert @cert.pem --scope strict", SCOPED, Same::Output),
    ("--cert @cert.pem --scope namespace-wide", SCOPED, Same::Output),
    ("--cert @cert.pem --allow-empty-data", EMPTY, Same::Output),
    ("--cert @cert.pem --allow-empty-data=true -oyaml -v=3 --logtostderr", EMPTY, Same::Output),
    ("--cert @cert.pem -oyaml", TWO_JSON, Same::Output),
    ("--cert @cert.pem", TWO_JSON, Same::Output),
    ("--cert @cert.pem -oyaml", DASHED_JSON, Same::Output),
    ("--fetch-cert --cert @cert.pem", "", Same::Bytes),
    ("--fetch-cert --cert file://@cert.pem", "", Same::Bytes),
    ("--cert @cert.pem", EMPTY, Same::Error(1, "secret.data is empty in input Secret, assuming this is an error and aborting")),
    ("--cert @cert.pem --allow-empty-data=false", EMPTY, Same::Error(1, "secret.data is empty in input Secret")),
    ("--cert @cert.pem", NAMELESS, Same::Error(1, "missing metadata.name in input Secret")),
    ("--cert @cert.pem", BARE, Same::Error(1, "secret must declare a namespace")),
    (
        "--cert @cert.pem -n other",
        FULL,
        Same::Error(1, "namespace mismatch: input secret is in namespace \"shop\" but \"other\" was specified"),
    ),
    ("--cert @cert.pem", "", Same::Error(1, NOTHING)),
    ("--cert @cert.pem", "text", Same::Error(1, NOTHING)),
    ("--cert @cert.pem", "a: [", Same::Error(1, NOTHING)),
    ("--cert @cert.pem -o xml", FULL, Same::Error(1, "unsupported output format: xml")),
    ("--cert @none.pem", FULL, Same::Error(1, "no such file or directory")),
    ("--cert @key.pem", FULL, Same::Error(1, "data does not contain any valid RSA")),
    ("--cert http://127.0.0.1:1/x", FULL, Same::Error(1, "onnection refused")),
    ("--cert ftp://x/y", FULL, Same::Error(1, "unsupported protocol scheme \"ftp\"")),
    ("--cert @cert.pem -f @none.yaml", "", Same::Error(1, "Could not read file specified with --secret-file")),
    ("--cert @cert.pem -w @no/such/out.yaml", FULL, Same::Error(1, "no such file or directory")),
    ("--cert @cert.pem --merge-into @none.yaml", FULL, Same::Error(1, "no such file or directory")),
    ("--from-file x", FULL, Same::Error(1, "--from-file requires --raw")),
    ("--cert @cert.pem --raw -n x", "v", Same::Error(1, "must provide the --name flag with --raw and --scope strict")),
    ("--cert @cert.pem --raw --name x", "v", Same::Error(1, NO_CONFIG)),
    ("--cert @cert.pem --raw -n x --name y --from-file a --from-file b", "", Same::Error(1, "must provide only one --from-file")),
    ("--cert @cert.pem --raw -n x --name y --from-file @none", "", Same::Error(1, "no such file or directory")),
    ("--recovery-unseal", "SEALED", Same::Error(1, "no key could decrypt secret (pw)")),
    ("--recovery-unseal --recovery-private-key @none.pem", "SEALED", Same::Error(1, "no such file or directory")),
    ("--fetch-cert", "", Same::Error(1, NO_CONFIG)),
    ("--validate", "SEALED", Same::Error(1, NO_CONFIG)),
    ("--re-encrypt", "SEALED", Same::Error(1, NO_CONFIG)),
    ("", FULL, Same::Error(1, NO_CONFIG)),
    ("--kubeconfig @none --fetch-cert", "", Same::Error(1, "no such file or directory")),
    ("--nope", "", Same::Error(2, "unknown flag: --nope")),
    ("-z", "", Same::Error(2, "unknown shorthand flag: 'z' in -z")),
    ("-o", "", Same::Error(2, "flag needs an argument: 'o' in -o")),
    ("--cert", "", Same::Error(2, "flag needs an argument: --cert")),
    ("---x", "", Same::Error(2, "bad flag syntax: ---x")),
    (
        "--scope=foo",
        "",
        Same::Error(2, "invalid argument \"foo\" for \"--scope\" flag: must be one of: strict, namespace-wide, cluster-wide"),
    ),
    (
        "--raw=maybe",
        "",
        Same::Error(2, "invalid argument \"maybe\" for \"--raw\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax"),
    ),
    ("--cert @cert.pem", LIST, Same::More("secret.data is empty")),
    ("--cert @cert.pem", MAP, Same::Better(1, "found kind \"ConfigMap\"")),
    ("--cert @cert.pem @none.yaml", FULL, Same::Better(2, "unexpected argument")),
];

struct Run {
    code: Option<i32>,
    out: String,
    words: String,
}

struct Pair {
    theirs: PathBuf,
    folder: tempfile::TempDir,
}

impl Pair {
    /// The real program and a folder with keys; nothing when there is no real program.
    fn new() -> Option<Self> {
        let theirs = peers::tool("kubeseal")?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut rng = rand::rng();
        let key = seal_crypto::PrivateKey::generate(2048, &mut rng).expect("2048 bits are allowed");
        let day = 86400;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs() as i64;
        let certificate =
            seal_crypto::Certificate::self_signed(&key, "", now - day, 2 * day, &mut rng).expect("an empty name is allowed");
        std::fs::write(folder.path().join("cert.pem"), certificate.pem).expect("writes");
        std::fs::write(folder.path().join("key.pem"), key.to_pem().expose()).expect("writes");
        Some(Self { theirs, folder })
    }

    fn run(&self, program: &Path, line: &str, input: &str) -> Run {
        let folder = format!("{}/", self.folder.path().display());
        let args = line.split(' ').filter(|word| !word.is_empty()).map(|word| word.replace('@', &folder));
        let mut command = Command::new(program);
        if program != self.theirs {
            command.arg("kubeseal");
        }
        command.args(args).current_dir(self.folder.path()).env_clear().env("KUBECONFIG", "/dev/null");
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        // A program that ends before it reads closes the pipe, which is its right.
        let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
        let ended = child.wait_with_output().expect("the program ends");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        // The original prints flag errors to standard output.
        let (out, err) = (text(&ended.stdout), text(&ended.stderr));
        Run { code: ended.status.code(), words: format!("{err}{}", if ended.status.success() { "" } else { &out }), out }
    }

    fn ours(&self, line: &str, input: &str) -> Run {
        self.run(Path::new(env!("CARGO_BIN_EXE_seal-under-test")), line, input)
    }

    fn theirs(&self, line: &str, input: &str) -> Run {
        self.run(&self.theirs, line, input)
    }
}

/// Ciphertext is the only long word of base64.
fn masked(text: &str) -> String {
    let base64 = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
    let words = text.split_inclusive(|c| !base64(c));
    words
        .map(|word| if word.len() > 300 { format!("CIPHERTEXT{}", word.trim_start_matches(base64)) } else { word.to_owned() })
        .collect()
}

/// The documents of an output of several, for an opener that takes one.
fn documents(text: &str) -> Vec<String> {
    if text.starts_with("---\n") {
        return text.split("---\n").filter(|part| !part.is_empty()).map(str::to_owned).collect();
    }
    text.split_inclusive("\n}\n").map(str::to_owned).collect()
}

#[test]
fn every_command_line_ends_as_the_real_one_does() {
    let Some(pair) = Pair::new() else { return };
    let sealed = pair.theirs("--cert @cert.pem -n shop", BARE).out;
    let mut wrong = Vec::new();
    for (line, input, same) in CASES {
        let input = if *input == "SEALED" { sealed.as_str() } else { input };
        let (ours, theirs) = (pair.ours(line, input), pair.theirs(line, input));
        let mut check = |ok: bool, what: &str| {
            if !ok {
                let head = |text: &str| text.lines().take(60).collect::<Vec<_>>().join("\n");
                wrong.push(format!(
                    "{line}\n  {what}\n  theirs ({:?}): {}\n  ours ({:?}): {}",
                    theirs.code,
                    head(&theirs.words),
                    ours.code,
                    head(&ours.words)
                ));
            }
        };
        match same {
            Same::Output => {
                check((ours.code, theirs.code) == (Some(0), Some(0)), "both succeed");
                check(
                    masked(&ours.out) == masked(&theirs.out),
                    &format!("the same output:\n{}\n{}", masked(&ours.out), masked(&theirs.out)),
                );
                for (mine, other) in documents(&ours.out).iter().zip(documents(&theirs.out)) {
                    let open = |text: &str| pair.theirs("--recovery-unseal --recovery-private-key @key.pem", text);
                    let (mine, other) = (open(mine), open(&other));
                    check(mine.code == Some(0) && mine.out == other.out, "the same values inside");
                }
            }
            Same::Bytes => check(ours.code == Some(0) && ours.out == theirs.out, "the same bytes"),
            Same::Error(code, words) => {
                check((ours.code, theirs.code) == (Some(*code), Some(*code)), "both end with the code");
                check(theirs.words.contains(words), "theirs says so");
                check(ours.words.contains(words), "ours says so");
                check(ours.out.is_empty(), "ours prints nothing but the error");
            }
            Same::More(words) => {
                check(ours.code == Some(0) && !ours.out.is_empty(), "ours does it");
                check(theirs.code == Some(1) && theirs.words.contains(words), "theirs refuses");
            }
            Same::Better(code, words) => {
                check(ours.code == Some(*code) && ours.words.contains(words) && ours.out.is_empty(), "ours refuses");
                check(theirs.code == Some(0) && !theirs.out.is_empty(), "theirs seals something");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn each_opens_what_the_other_sealed_raw_or_merged() {
    let Some(pair) = Pair::new() else { return };
    let object = |item: &str| {
        format!(
            "{{\"apiVersion\":\"bitnami.com/v1alpha1\",\"kind\":\"SealedSecret\",\"metadata\":{{\"name\":\"db\",\"namespace\":\"shop\"}},\"spec\":{{\"encryptedData\":{{\"k\":\"{item}\"}}}}}}"
        )
    };
    for value in ["", "v", "line\n", "\u{1F600}"] {
        let line = "--cert @cert.pem --raw -n shop --name db";
        let (ours, theirs) = (pair.ours(line, value), pair.theirs(line, value));
        assert_eq!(ours.out.len(), theirs.out.len(), "{value:?}");
        let open = "--recovery-unseal --recovery-private-key @key.pem -oyaml";
        let expected = pair.theirs(open, &object(&theirs.out)).out;
        assert!(expected.contains("data:"), "{expected}");
        assert_eq!(pair.theirs(open, &object(&ours.out)).out, expected, "{value:?}");
        // An empty value is `null` to the one and `""` to the other, and the same to the API server.
        let data = |text: &str| text.lines().find(|line| line.starts_with("  k:")).map(|line| line.replace("null", "\"\""));
        assert_eq!(data(&pair.ours(open, &object(&theirs.out)).out), data(&expected), "{value:?}");
    }
    let target = pair.theirs("--cert @cert.pem -n shop -oyaml", BARE).out;
    std::fs::write(pair.folder.path().join("target.yaml"), target).expect("writes");
    let more = "apiVersion: v1\nkind: Secret\nmetadata: {name: db, labels: {team: a}}\nstringData: {extra: two}\n";
    let merged = pair.ours("--cert @cert.pem --merge-into @target.yaml", more);
    assert_eq!(merged.code, Some(0), "{}", merged.words);
    let merged = std::fs::read_to_string(pair.folder.path().join("target.yaml")).expect("reads");
    let opened = pair.theirs("--recovery-unseal --recovery-private-key @key.pem -oyaml", &merged);
    assert!(
        opened.out.contains("extra: dHdv") && opened.out.contains("pw: b25l") && opened.out.contains("team: a"),
        "{}",
        opened.words
    );
}
