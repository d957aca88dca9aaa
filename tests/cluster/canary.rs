//! A canary value goes through every path at trace level and must turn up in the Secret and nowhere else.

use crate::case::{Case, compatible_and, public_key};
use crate::runner::tests;
use crate::sops_secret;
use anyhow::{Result, ensure};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Event, Secret};
use kube::api::{Api, ListParams, PostParams};
use seal_crypto::Scope;
use seal_crypto::age::RecipientKind;
use seal_tests::{AgeKey, Controller, Sealed};
use serde_json::json;
use std::fmt::Write;

tests![plaintext_is_nowhere_but_in_the_secret];

const CANARY: &str = "cAnArY-7f3a91-of-the-seal-suite";

/// Bytes in the forms in which they could slip out: as they are, encoded, and as digests. Everything in lower case, as the search is.
fn forms(name: &str, bytes: &[u8]) -> Vec<(String, String)> {
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    };
    let escaped = |mark: &str| {
        bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{mark}{byte:02x}");
            text
        })
    };
    let encoded = STANDARD.encode(bytes);
    let backwards: Vec<u8> = bytes.iter().rev().copied().collect();
    let list = bytes.iter().map(u8::to_string).collect::<Vec<_>>();
    let mut forms = vec![
        ("hex".to_owned(), hex(bytes)),
        ("percent signs".to_owned(), escaped("%")),
        ("escapes".to_owned(), escaped("\\x")),
        ("a list of numbers".to_owned(), list.join(", ")),
        ("a dense list of numbers".to_owned(), list.join(",")),
        ("base64 of base64".to_owned(), STANDARD_NO_PAD.encode(&encoded.as_bytes()[..encoded.len() / 12 * 12])),
    ];
    for text in [bytes, &backwards].map(std::str::from_utf8).into_iter().flatten() {
        forms.push(("clear".to_owned(), text.to_owned()));
    }
    // Inside a longer text base64 starts at one of three places.
    for skip in 0..3 {
        let whole = (bytes.len() - skip) / 3 * 3;
        forms.push(("base64".to_owned(), STANDARD_NO_PAD.encode(&bytes[skip..skip + whole])));
        forms.push(("base64 of URLs".to_owned(), URL_SAFE_NO_PAD.encode(&bytes[skip..skip + whole])));
    }
    for (digest, algorithm) in [
        ("SHA-1", &digest::SHA1_FOR_LEGACY_USE_ONLY),
        ("SHA-256", &digest::SHA256),
        ("SHA-384", &digest::SHA384),
        ("SHA-512", &digest::SHA512),
    ] {
        let value = digest::digest(algorithm, bytes);
        forms.push((format!("{digest} in hex"), hex(value.as_ref())));
        forms.push((format!("{digest} in base64"), STANDARD_NO_PAD.encode(value.as_ref())));
        forms.push((format!("{digest} in base64 of URLs"), URL_SAFE_NO_PAD.encode(value.as_ref())));
    }
    forms.into_iter().map(|(form, text)| (format!("{name} as {form}"), text.to_lowercase())).collect()
}

/// What is looked for, and where it was found.
struct Search {
    forms: Vec<(String, String)>,
    found: Vec<String>,
}

impl Search {
    fn read(&mut self, place: &str, text: &str) {
        let text = text.to_lowercase();
        for (what, form) in self.forms.iter().filter(|(_, form)| text.contains(form.as_str())) {
            let line = text.lines().position(|line| line.contains(form.as_str())).unwrap_or_default() + 1;
            self.found.push(format!("{what} in {place}, line {line}"));
        }
    }
}

/// The canary, and what the controller keeps in its own Secrets: private keys line by line, its MAC and signing keys.
async fn everything_secret(secrets: &Api<Secret>) -> Result<Vec<(String, String)>> {
    let mut all = forms("the canary", CANARY.as_bytes());
    let before = all.len();
    for (key, value) in secrets.list(&ListParams::default()).await?.items.into_iter().filter_map(|secret| secret.data).flatten() {
        match key.as_str() {
            "tls.key" => {
                let text = String::from_utf8(value.0)?;
                let lines = text.lines().filter(|line| line.len() == 64);
                all.extend(lines.map(|line| ("a line of a private key".to_owned(), line.to_lowercase())));
            }
            "install-key" | "signing-key" => all.extend(forms(&key, &value.0)),
            "identity.agekey" => all.extend(forms("an age identity", value.0.trim_ascii())),
            _ => {}
        }
    }
    ensure!(all.len() > before + 40, "the controller's own Secrets were not found");
    Ok(all)
}

/// Waits until both identities are made, so that their texts are among what is searched for.
async fn identities(controller: &Controller) -> Result<()> {
    seal_tests::eventually("two recipients", crate::case::SOON, || async {
        let (_, text) = controller.get("/v1/recipients").await?;
        Ok((text.lines().count() == 2).then_some(()))
    })
    .await
}

/// SOPS documents that hold the canary and open, and some that do not.
async fn documents(case: &Case, own: &Api<Secret>) -> Result<()> {
    let key = AgeKey::fresh(RecipientKind::X25519)?;
    own.create(&PostParams::default(), &serde_json::from_value(key.secret("sops-age", true))?).await?;
    let good = key.bound(&sops_secret::secret(&case.namespace, "sops", CANARY))?;
    let put = async |name: &str, text: &str| {
        sops_secret::put(case, name, &seal_tests::sops_secret::object(&case.namespace, name, text)).await
    };
    put("sops", &good).await?;
    case.expect_data("sops", &[("password", CANARY), ("port", "5432")]).await?;
    for (name, text, reason) in [
        ("sops-moved", good.clone(), "Invalid"),
        ("sops-bent", good.replace("app: shop", "app: bent"), "MacMismatch"),
        ("sops-cut", good[..good.len() / 2].to_owned(), "Invalid"),
        ("sops-kind", key.bound(&format!("kind: ConfigMap\nstringData:\n  x: {CANARY}\n"))?, "Invalid"),
        ("sops-data", key.bound(&format!("apiVersion: v1\nkind: Secret\ndata:\n  x: {CANARY}\n"))?, "Invalid"),
        ("sops-type", key.bound(&format!("apiVersion: v1\nkind: Secret\nstringData:\n  x: [{CANARY}]\n"))?, "Invalid"),
        (
            "sops-foreign",
            AgeKey::fresh(RecipientKind::X25519)?.bound(&sops_secret::secret(&case.namespace, "sops-foreign", CANARY))?,
            "NoKey",
        ),
    ] {
        put(name, &text).await?;
        sops_secret::expect(case, name, "False", reason).await?;
    }
    Ok(())
}

async fn plaintext_is_nowhere_but_in_the_secret(case: &Case) -> Result<()> {
    let mut options =
        compatible_and(["--generate-age-identity=both", "--require-bound-sops-namespaces=nowhere"]).args(["--log-level=TRACE"]);
    options.env.push(("RUST_LOG".to_owned(), "trace".to_owned()));
    options.env.push(("RUST_BACKTRACE".to_owned(), "full".to_owned()));
    let controller = Controller::start(case.plane(), options).await?;
    let key = public_key(&controller).await?;
    let sealed = |name: &str| Sealed::new(&key, &case.namespace, name).item("value", CANARY);
    let own: Api<Secret> = Api::namespaced(case.plane().client(), &controller.home);
    identities(&controller).await?;
    let mut search = Search { forms: everything_secret(&own).await?, found: Vec::new() };
    documents(case, &own).await?;

    case.put(&sealed("good")).await?;
    case.put(&sealed("template").template(json!({"data": {"x": "{{ fail .value }}"}}))).await?;
    case.put(&sealed("refused").template(json!({"type": "helm.sh/release.v1"}))).await?;
    case.put(&sealed("bad-label").template(json!({"metadata": {"labels": {"x": "no label!"}}}))).await?;
    case.put(&sealed("bad-type").template(json!({"type": "kubernetes.io/dockerconfigjson"}))).await?;
    case.put(&sealed("half").raw_item("other", "AgA=")).await?;
    case.put(&Sealed::new(&key, &case.namespace, "wide").scope(Scope::ClusterWide).item("value", CANARY)).await?;
    case.create_secret(json!({"metadata": {"name": "conflict"}})).await?;
    case.put(&sealed("conflict")).await?;
    case.expect_data("good", &[("value", CANARY)]).await?;
    case.expect_data("wide", &[("value", CANARY)]).await?;
    for name in ["template", "refused", "bad-label", "bad-type", "half", "conflict"] {
        case.expect_not_synced(name).await?;
    }
    for path in ["/v1/verify", "/v1/rotate"] {
        for object in [
            sealed("good"),
            sealed("half").raw_item("other", "AgA="),
            sealed("t").template(json!({"data": {"x": "{{ fail .value }}"}})),
        ] {
            let (_, body) = controller.post(path, serde_json::to_vec(&object.json())?).await?;
            search.read(path, &body);
        }
    }

    for path in ["/v1/cert.pem", "/v1/recipients", "/v1/bundle", "/healthz", "/readyz", "/nothing/there"] {
        search.read(path, &controller.get(path).await?.1);
    }

    for object in case.objects().list(&ListParams::default()).await?.items {
        search.read("a SealedSecret", &serde_json::to_string(&object)?);
    }
    for object in sops_secret::objects(case).list(&ListParams::default()).await?.items {
        search.read("a SopsSecret", &serde_json::to_string(&object)?);
    }
    let client = case.plane().client();
    let events: Api<Event> = Api::all(client.clone());
    search.read("an event", &serde_json::to_string(&events.list(&ListParams::default()).await?)?);
    let maps: Api<ConfigMap> = Api::all(client.clone());
    search.read("a ConfigMap", &serde_json::to_string(&maps.list(&ListParams::default()).await?)?);
    let leases: Api<Lease> = Api::all(client);
    search.read("a Lease", &serde_json::to_string(&leases.list(&ListParams::default()).await?)?);
    search.read("the metrics", &reqwest::get(&controller.metrics).await?.text().await?);
    let log = controller.log();
    ensure!(log.lines().count() > 20, "nearly nothing was logged; the case tests nothing");
    search.read("the log", &log);
    ensure!(search.found.is_empty(), "{}", search.found.join("; "));
    // The search itself: it finds each form in a text that holds it.
    let planted = forms("it", CANARY.as_bytes()).into_iter().map(|(_, form)| form).collect::<Vec<_>>().join("\n").to_uppercase();
    let wanted = forms("it", CANARY.as_bytes()).len();
    search.read("a planted text", &planted);
    ensure!(search.found.len() >= wanted, "only {} of {wanted} planted forms were found", search.found.len());
    Ok(())
}
