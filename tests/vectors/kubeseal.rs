//! Runs the real kubeseal offline: sealing to a certificate file, opening with recovery keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use seal_crypto::Scope;
use serde_json::{Map, Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The program and a folder for its files.
pub(crate) struct Kubeseal {
    program: PathBuf,
    folder: tempfile::TempDir,
}

/// Keys and values of a Secret, sorted by key.
pub(crate) type Data = Vec<(String, Vec<u8>)>;

impl Kubeseal {
    pub(crate) fn find() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        seal_tests::peers::tool("kubeseal").map(|program| Self { program, folder })
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).expect("a writable folder");
        path
    }

    /// `encryptedData` of what it makes of a Secret manifest.
    pub(crate) fn seal(
        &self,
        certificate: &str,
        scope: Scope,
        namespace: &str,
        name: &str,
        data: &Data,
    ) -> Vec<(String, String)> {
        let certificate = self.write("cert.pem", certificate.as_bytes());
        let data: Map<_, _> = data.iter().map(|(key, value)| (key.clone(), json!(STANDARD.encode(value)))).collect();
        let secret =
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": namespace, "name": name}, "data": data});
        let output = self.run(&["--scope", scope.as_str(), "--cert", &certificate.to_string_lossy()], &secret);
        assert!(output.status.success(), "kubeseal: {}", String::from_utf8_lossy(&output.stderr));
        let sealed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let items = sealed["spec"]["encryptedData"].as_object().expect("items");
        items.iter().map(|(key, item)| (key.clone(), item.as_str().expect("text").to_owned())).collect()
    }

    /// The data of the Secret it opens, or nothing when it refuses.
    pub(crate) fn unseal(&self, sealed: &Value, keys: &[impl AsRef<Path>]) -> Option<Data> {
        let keys: Vec<_> = keys.iter().map(|key| key.as_ref().to_string_lossy().into_owned()).collect();
        let output = self.run(&["--recovery-unseal", "--recovery-private-key", &keys.join(",")], sealed);
        // A panic would be a refusal too, and hide what this is here to compare.
        assert!(matches!(output.status.code(), Some(0 | 1)), "kubeseal: {}", String::from_utf8_lossy(&output.stderr));
        if !output.status.success() {
            return None;
        }
        let secret: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let data = secret["data"].as_object().cloned().unwrap_or_default();
        // An empty value comes out as null: Go prints the nil slice that GCM returns for it so.
        let decode = |value: &Value| value.as_str().map_or_else(Vec::new, |text| STANDARD.decode(text).expect("base64"));
        Some(data.iter().map(|(key, value)| (key.clone(), decode(value))).collect())
    }

    fn run(&self, args: &[&str], input: &Value) -> Output {
        let mut command = Command::new(&self.program);
        command.args(args).env_clear().env("HOME", self.folder.path());
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("kubeseal runs");
        let mut stdin = child.stdin.take().expect("piped");
        let input = input.to_string();
        // It reads all of its input before it writes, so this cannot block for ever.
        stdin.write_all(input.as_bytes()).expect("kubeseal reads its input");
        drop(stdin);
        child.wait_with_output().expect("kubeseal ends")
    }
}

/// A SealedSecret of these items, its scope said by annotation.
pub(crate) fn sealed_secret<'a>(
    scope: Scope,
    namespace: &str,
    name: &str,
    items: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Value {
    let annotations = match scope {
        Scope::Strict => json!({}),
        wide => json!({ format!("sealedsecrets.bitnami.com/{}", wide.as_str()): "true" }),
    };
    let items: Map<_, _> = items.into_iter().map(|(key, item)| (key.to_owned(), json!(item))).collect();
    json!({
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": {"namespace": namespace, "name": name, "annotations": annotations},
        "spec": {"encryptedData": items, "template": {"metadata": {"namespace": namespace, "name": name}}},
    })
}
