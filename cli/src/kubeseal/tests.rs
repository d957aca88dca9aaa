//! The alias in-process: what the original gets wrong on a real cluster is right here, and what it refuses is refused in its words.

use crate::{Exit, Io};
use rand::SeedableRng;
use seal_crypto::{Certificate, PrivateKey};
use std::path::Path;

const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: shop}\nstringData: {pw: one}\n";
const KUBECONFIG: &str = "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts:\n- {name: a, context: {cluster: c, namespace: team}}\nclusters:\n- {name: c, cluster: {server: 'https://127.0.0.1:1'}}\n";

/// A folder with a certificate and its key, and the command line run in it.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut rng = rand::rngs::StdRng::seed_from_u64(11);
        let key = PrivateKey::generate(1024, &mut rng).unwrap();
        let certificate = Certificate::self_signed(&key, "", 0, 86400, &mut rng).unwrap();
        std::fs::write(folder.path().join("cert.pem"), certificate.pem).unwrap();
        std::fs::write(folder.path().join("key.pem"), key.to_pem().expose()).unwrap();
        std::fs::write(folder.path().join("config"), KUBECONFIG).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Words with `@` are paths in the folder.
    fn run(&self, line: &str, input: &str) -> (Exit, String, String) {
        self.run_at(line, input, 100, &[])
    }

    fn run_at(&self, line: &str, input: &str, now: i64, env: &[(&str, &str)]) -> (Exit, String, String) {
        let (mut io, out, err) = Io::scripted(input.as_bytes(), now, &[]);
        for (name, value) in env {
            io = io.with_env(name, value);
        }
        let args = line
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(|word| word.replace('@', &format!("{}/", self.folder.path().display())));
        let exit = crate::run(std::iter::once("kubeseal".to_owned()).chain(args).map(Into::into).collect(), &mut io);
        (exit, out.text(), err.text())
    }

    fn sealed(&self, more: &str, input: &str) -> String {
        let (exit, out, err) = self.run(&format!("--cert @cert.pem -oyaml {more}"), input);
        assert_eq!(exit, Exit(0), "{err}");
        out
    }

    fn opened(&self, sealed: &str) -> String {
        let (exit, out, err) = self.run("--recovery-unseal --recovery-private-key @key.pem -oyaml", sealed);
        assert_eq!(exit, Exit(0), "{err}");
        out
    }
}

#[test]
fn merging_keeps_scope_format_and_comments() {
    let bench = Bench::new();
    let wide =
        bench.sealed("--scope cluster-wide", "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {pw: one}\n");
    bench.write("target.yaml", &wide.replace("spec:\n", "# why this is here\nspec:\n"));
    let add = "apiVersion: v1\nkind: Secret\nmetadata: {name: other, labels: {team: a}, annotations: {x: z}}\nstringData: {extra: two}\n";
    let (exit, out, err) = bench.run("--cert @cert.pem --merge-into @target.yaml", add);
    assert_eq!((exit, out.as_str()), (Exit(0), ""), "{err}");
    let merged = bench.read("target.yaml");
    assert!(merged.contains("# why this is here\n") && !merged.contains('{'), "{merged}");
    let opened = bench.opened(&merged);
    assert!(opened.contains("pw: b25l") && opened.contains("extra: dHdv"), "{opened}");
    assert!(opened.contains("team: a") && opened.contains("x: z"), "{opened}");
    assert!(opened.contains("name: db\n"), "{opened}");
}

#[test]
fn a_merge_that_fails_leaves_the_file_as_it_was() {
    let bench = Bench::new();
    let target = bench.sealed("", SECRET);
    bench.write("target.yaml", &target);
    for (line, input, message) in [
        ("--scope cluster-wide", SECRET, "the file's scope is strict"),
        ("-n other", SECRET, "namespace mismatch"),
        ("", "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\n", "secret.data is empty"),
        ("", "a: [", "no secrets found"),
    ] {
        let (exit, _, err) = bench.run(&format!("--cert @cert.pem --merge-into @target.yaml {line}"), input);
        assert_eq!(exit, Exit(1), "{line}");
        assert!(err.contains(message), "{err}");
        assert_eq!(bench.read("target.yaml"), target);
    }
}

#[test]
fn an_argument_is_the_input_or_an_error_never_ignored() {
    let bench = Bench::new();
    bench.write("secret.yaml", SECRET);
    let (exit, out, _) = bench.run("--cert @cert.pem @secret.yaml", "");
    assert_eq!((exit, out.contains("\"name\": \"db\"")), (Exit(0), true));
    for line in ["--cert @cert.pem @none.yaml", "--cert @cert.pem --raw true", "--cert @cert.pem -f @secret.yaml @secret.yaml"] {
        let (exit, out, err) = bench.run(line, SECRET);
        assert_eq!((exit, out.as_str()), (Exit(2), ""), "{line}");
        assert!(err.starts_with("error: unexpected argument"), "{err}");
    }
}

#[test]
fn raw_says_aloud_which_namespace_it_took_from_the_context() {
    let bench = Bench::new();
    let (exit, item, err) = bench.run("--cert @cert.pem --raw --name db --kubeconfig @config", "v");
    assert_eq!(exit, Exit(0), "{err}");
    assert_eq!(err, "warning: no --namespace given, sealing for namespace \"team\" of the current context\n");
    assert!(!item.ends_with('\n'));
    let (exit, _, err) = bench.run("--cert @cert.pem --raw --name db -n shop", "v");
    assert_eq!((exit, err.as_str()), (Exit(0), ""));
    let object = format!(
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {{name: db, namespace: team}}\nspec: {{encryptedData: {{k: {item}}}}}\n"
    );
    assert!(bench.opened(&object).contains("k: dg=="));
}

#[test]
fn raw_needs_what_its_scope_binds() {
    let bench = Bench::new();
    for (line, message) in [
        ("-n shop", "must provide the --name flag with --raw and --scope strict"),
        ("--name db", "invalid configuration: no configuration has been provided"),
        ("--scope namespace-wide", "invalid configuration: no configuration has been provided"),
        ("-n shop --name db --from-file a --from-file b", "must provide only one --from-file"),
        ("-n a/b --name db", "the namespace is missing or not a DNS label"),
    ] {
        let (exit, _, err) = bench.run(&format!("--cert @cert.pem --raw {line}"), "v");
        assert_eq!((exit, err.contains(message)), (Exit(1), true), "{line}: {err}");
    }
    for line in ["--scope cluster-wide", "--scope cluster-wide --name x", "--scope namespace-wide -n shop"] {
        assert_eq!(bench.run(&format!("--cert @cert.pem --raw {line}"), "v").0, Exit(0), "{line}");
    }
}

#[test]
fn a_list_is_sealed_and_another_kind_is_refused() {
    let bench = Bench::new();
    let list = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: a, namespace: s}, stringData: {k: v}}\n- {apiVersion: v1, kind: Secret, metadata: {name: b, namespace: s}, stringData: {k: w}}\n";
    let sealed = bench.sealed("", list);
    assert_eq!(sealed.matches("kind: SealedSecret").count(), 2);
    let (exit, out, err) = bench
        .run("--cert @cert.pem", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\ndata: {a: aGVsbG8=}\n");
    assert_eq!((exit, out.as_str()), (Exit(1), ""));
    assert!(err.contains("found kind \"ConfigMap\""), "{err}");
}

#[test]
fn namespaces_are_taken_confirmed_or_refused() {
    let bench = Bench::new();
    let bare = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {pw: one}\n";
    let of = |text: &str| text.lines().find_map(|line| line.strip_prefix("  namespace: ").map(str::to_owned));
    assert_eq!(of(&bench.sealed("-n given", bare)).as_deref(), Some("given"));
    assert_eq!(of(&bench.sealed("--kubeconfig @config", bare)).as_deref(), Some("team"));
    assert_eq!(of(&bench.sealed("--kubeconfig @config", SECRET)).as_deref(), Some("shop"));
    assert_eq!(of(&bench.sealed("-n shop", SECRET)).as_deref(), Some("shop"));
    assert_eq!(of(&bench.sealed("-n other --scope cluster-wide", bare)), None);
    let (exit, _, err) = bench.run("--cert @cert.pem -n other", SECRET);
    assert_eq!(
        (exit, err.as_str()),
        (Exit(1), "error: namespace mismatch: input secret is in namespace \"shop\" but \"other\" was specified\n")
    );
    let (exit, _, err) = bench.run("--cert @cert.pem", bare);
    assert_eq!((exit, err.as_str()), (Exit(1), "error: secret must declare a namespace\n"));
}

#[test]
fn an_expired_certificate_is_refused_with_its_day() {
    let bench = Bench::new();
    let (exit, _, err) = bench.run_at("--cert @cert.pem", SECRET, 90_000, &[]);
    assert_eq!(
        (exit, err.lines().next()),
        (Exit(1), Some("error: failed to encrypt using an expired certificate on January 2, 1970"))
    );
}

#[test]
fn an_output_file_is_written_whole_and_only_on_success() {
    let bench = Bench::new();
    bench.write("out.yaml", "old\n");
    assert_eq!(bench.run("--cert @cert.pem -w @out.yaml", "a: [").0, Exit(1));
    assert_eq!(bench.read("out.yaml"), "old\n");
    let (exit, out, _) = bench.run("--cert @cert.pem -w @out.yaml", SECRET);
    assert_eq!((exit, out.as_str()), (Exit(0), ""));
    assert!(bench.read("out.yaml").starts_with("---\napiVersion: bitnami.com/v1alpha1\n"));
    assert!(Path::new(&bench.path("out.yaml")).exists());
}

#[test]
fn every_flag_may_come_from_the_environment() {
    let bench = Bench::new();
    let cert = bench.path("cert.pem");
    let (exit, out, _) = bench.run_at("", SECRET, 100, &[("SEALED_SECRETS_CERT", &cert), ("SEALED_SECRETS_FORMAT", "yaml")]);
    assert_eq!((exit, out.starts_with("---\n")), (Exit(0), true));
}

#[test]
fn recovery_takes_backups_lists_and_the_deprecated_blob() {
    let bench = Bench::new();
    let sealed = bench.sealed("", SECRET);
    let (exit, _, err) = bench.run("--recovery-unseal", &sealed);
    assert_eq!((exit, err.as_str()), (Exit(1), "error: no key could decrypt secret (pw)\n"));
    let json = serde_json::json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "old", "namespace": "shop"}, "data": {"k": "djE="}, "type": "Opaque"});
    let (_, blob, _) = bench.run("--cert @cert.pem --raw -n shop --name old", &json.to_string());
    let old = format!(
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {{name: old, namespace: shop}}\nspec: {{data: {blob}, encryptedData: {{}}}}\n"
    );
    let opened = bench.opened(&format!("{sealed}---\n{old}"));
    assert!(opened.contains("pw: b25l") && opened.contains("k: djE=") && opened.contains("type: Opaque"), "{opened}");
}

#[test]
fn recovery_renders_templates() {
    let bench = Bench::new();
    let sealed = bench.sealed("", SECRET);
    let with = |data: &str| sealed.replace("  template:\n", &format!("  template:\n    data: {data}\n"));
    let opened = bench.opened(&with("{host: db.shop, pw: ignored}"));
    assert!(opened.contains("host: ZGIuc2hvcA==") && opened.contains("pw: b25l"), "{opened}");
    assert!(!bench.opened(&with("{pw: null}")).contains("pw:"));
    assert!(bench.opened(&with("{url: 'x{{ .pw }}'}")).contains("url: eG9u"));
    let (exit, out, err) = bench.run("--recovery-unseal --recovery-private-key @key.pem", &with("{url: 'x{{ fail .pw }}'}"));
    assert_eq!((exit, out.as_str(), err.contains("spec.template.data: url:1:5: fail")), (Exit(1), "", true), "{err}");
}

#[test]
fn version_and_help_need_nothing() {
    let bench = Bench::new();
    let (exit, out, _) = bench.run("--version", "");
    assert_eq!(exit, Exit(0));
    assert!(out.starts_with("kubeseal version: v0.40.0"), "{out}");
    for line in ["--help", "-h", "--help --cert x"] {
        let (exit, out, _) = bench.run(line, "");
        assert_eq!((exit, out.starts_with("Usage of kubeseal:\n")), (Exit(0), true), "{line}");
    }
    assert_eq!(bench.run("--nope", "").0, Exit(2));
}

#[test]
fn unquoted_values_are_sealed_as_the_original_reads_them_with_a_warning() {
    let bench = Bench::new();
    let input =
        "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: shop, labels: {l: 1}}\nstringData: {a: yes, b: 0644}\n";
    let (exit, out, err) = bench.run("--cert @cert.pem", input);
    assert_eq!((exit, err.matches("warning: -: stringData.").count()), (Exit(0), 2), "{err}");
    let opened = bench.opened(&out);
    assert!(opened.contains("a: dHJ1ZQ==") && opened.contains("b: NDIw") && opened.contains("l: \"1\""), "{opened}");
    let json = r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a","namespace":"b"},"stringData":{"a":1}}"#;
    assert_eq!(bench.run("--cert @cert.pem", json).0, Exit(1));
}
