//! From a SopsSecret to a Secret: documents of the real sops, with keys of the installation and of a namespace.

use crate::case::{Case, SOON, condition, data_of};
use crate::runner::tests;
use anyhow::{Result, ensure};
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use seal_crypto::age::RecipientKind;
use seal_tests::{AgeKey, eventually, key_secret, sops_secret};
use serde_json::{Value, json};

tests![
    a_document_of_the_real_sops_becomes_a_secret,
    a_document_that_was_changed_or_belongs_elsewhere_is_refused,
    a_key_of_the_own_namespace_opens_and_nothing_else_does,
    an_edited_or_deleted_secret_is_healed,
    a_secret_that_is_not_ours_is_a_conflict_and_one_of_the_controllers_is_refused,
    while_suspended_nothing_happens,
];

/// What Flux users pass to sops.
pub(crate) const VALUES_ONLY: [&str; 2] = ["--encrypted-regex", "^(data|stringData)$"];

/// A Secret in clear, as people write it.
pub(crate) fn secret(namespace: &str, name: &str, value: &str) -> String {
    format!(
        "# for the shop\napiVersion: v1\nkind: Secret\nmetadata:\n    name: {name}\n    namespace: {namespace}\n    labels:\n        app: shop\ntype: Opaque\nstringData:\n    password: {value}\n    port: \"5432\"\n"
    )
}

pub(crate) fn objects(case: &Case) -> Api<DynamicObject> {
    sops_secret::api(&case.plane().client(), &case.namespace)
}

/// Creates it or replaces its spec.
pub(crate) async fn put(case: &Case, name: &str, object: &Value) -> Result<()> {
    let api = objects(case);
    if api.get_opt(name).await?.is_some() {
        let patch = json!({"spec": object["spec"]});
        api.patch(name, &PatchParams::default(), &Patch::Merge(&patch)).await?;
    } else {
        api.create(&PostParams::default(), &serde_json::from_value(object.clone())?).await?;
    }
    Ok(())
}

/// Waits for `Ready` of the newest generation to have this status and reason; answers its message.
pub(crate) async fn expect(case: &Case, name: &str, status: &str, reason: &str) -> Result<String> {
    let api = objects(case);
    let what = format!("Ready={status} {reason} on SopsSecret {name}");
    let seen = eventually(&what, SOON, || async {
        let object = api.get(name).await?;
        let current = object.data["status"]["observedGeneration"] == Value::from(object.metadata.generation);
        let ready = condition(&object, "Ready").filter(|ready| current && ready["status"] == status && ready["reason"] == reason);
        Ok(ready.map(|ready| ready["message"].as_str().unwrap_or_default().to_owned()))
    });
    match seen.await {
        Ok(message) => Ok(message),
        Err(error) => Err(error.context(api.get(name).await?.data["status"].to_string())),
    }
}

/// An identity that the shared controller holds.
async fn held(case: &Case) -> Result<AgeKey> {
    let key = AgeKey::fresh(RecipientKind::X25519)?;
    key_secret::create(case.plane(), &case.controller().home, key.secret(&format!("age-{}", case.namespace), true)).await?;
    Ok(key)
}

const GOOD: [(&str, &str); 2] = [("password", "correct horse"), ("port", "5432")];

async fn a_document_of_the_real_sops_becomes_a_secret(case: &Case) -> Result<()> {
    for kind in [RecipientKind::X25519, RecipientKind::PostQuantum] {
        let key = AgeKey::fresh(kind)?;
        let name = format!("age-{}-{}", case.namespace, key.recipient.is_post_quantum());
        key_secret::create(case.plane(), &case.controller().home, key.secret(&name, true)).await?;
        for (arguments, whole) in [(&VALUES_ONLY[..], "values"), (&[][..], "whole")] {
            let name = format!("db-{whole}-{}", key.recipient.is_post_quantum());
            let Some(text) = key.by_sops(&secret(&case.namespace, &name, "correct horse"), arguments)? else { return Ok(()) };
            put(case, &name, &sops_secret::object(&case.namespace, &name, &text)).await?;
            let made = case.expect_data(&name, &GOOD).await?;
            ensure!(made.labels().get("app").map(String::as_str) == Some("shop"), "labels: {:?}", made.labels());
            let [owner] = made.owner_references() else { anyhow::bail!("owners: {:?}", made.owner_references()) };
            ensure!((owner.kind.as_str(), owner.controller) == ("SopsSecret", Some(true)), "{owner:?}");
            expect(case, &name, "True", "Unsealed").await?;
            let conditions = objects(case).get(&name).await?.data["status"]["conditions"].clone();
            ensure!(conditions[0]["type"] == "Synced" && conditions[0]["status"] == "True", "{conditions}");
            case.expect_event(&name, "Unsealed").await?;
        }
    }
    Ok(())
}

async fn a_document_that_was_changed_or_belongs_elsewhere_is_refused(case: &Case) -> Result<()> {
    let key = held(case).await?;
    let Some(text) = key.by_sops(&secret(&case.namespace, "db", "correct horse"), &VALUES_ONLY)? else { return Ok(()) };
    let object = |text: &str| sops_secret::object(&case.namespace, "db", text);
    put(case, "db", &object(&text)).await?;
    case.expect_data("db", &GOOD).await?;
    for (what, bad, reason) in [
        ("a label", text.replace("app: shop", "app: other"), "MacMismatch"),
        ("a value", text.replace("type: Opaque", "type: my/type"), "MacMismatch"),
        ("a ciphertext", text.replacen("password: ENC[AES256_GCM,data:", "password: ENC[AES256_GCM,data:AAAA", 1), "MacMismatch"),
        ("no encryption", secret(&case.namespace, "db", "planted"), "Invalid"),
    ] {
        ensure!(bad != text, "{what} was not changed");
        put(case, "db", &object(&bad)).await?;
        expect(case, "db", "False", reason).await?;
    }
    for (name, document) in [("moved", secret("elsewhere", "moved", "x")), ("renamed", secret(&case.namespace, "db", "x"))] {
        let text = key.by_sops(&document, &VALUES_ONLY)?.expect("there was a sops a moment ago");
        put(case, name, &sops_secret::object(&case.namespace, name, &text)).await?;
        expect(case, name, "False", "Invalid").await?;
        ensure!(case.secrets().get_opt(name).await?.is_none(), "{name}: a Secret was made");
    }
    ensure!(data_of(&case.secrets().get("db").await?)["password"] == b"correct horse", "the last good Secret stays");
    Ok(())
}

async fn a_key_of_the_own_namespace_opens_and_nothing_else_does(case: &Case) -> Result<()> {
    let (own, home) = (AgeKey::fresh(RecipientKind::X25519)?, held(case).await?);
    let named = |text: &str| {
        let mut object = sops_secret::object(&case.namespace, "db", text);
        object["spec"]["keySecretRef"] = json!({"name": "team-keys"});
        object
    };
    let Some(text) = own.by_sops(&secret(&case.namespace, "db", "correct horse"), &VALUES_ONLY)? else { return Ok(()) };
    put(case, "db", &named(&text)).await?;
    let message = expect(case, "db", "False", "NoKey").await?;
    ensure!(message.contains("team-keys"), "{message}");
    case.create_secret(own.secret("team-keys", false)).await?;
    case.expect_data("db", &GOOD).await?;
    expect(case, "db", "True", "Unsealed").await?;
    let foreign = home.by_sops(&secret(&case.namespace, "db", "planted"), &VALUES_ONLY)?.expect("there was a sops a moment ago");
    put(case, "db", &named(&foreign)).await?;
    let message = expect(case, "db", "False", "NoKey").await?;
    ensure!(message.contains(home.recipient.as_str()), "{message}");
    case.expect_data("db", &GOOD).await?;
    Ok(())
}

async fn an_edited_or_deleted_secret_is_healed(case: &Case) -> Result<()> {
    let key = held(case).await?;
    let Some(text) = key.by_sops(&secret(&case.namespace, "db", "correct horse"), &[])? else { return Ok(()) };
    put(case, "db", &sops_secret::object(&case.namespace, "db", &text)).await?;
    case.expect_data("db", &GOOD).await?;
    for edit in [json!({"stringData": {"password": "by hand"}}), json!({"stringData": {"more": "by hand"}})] {
        case.secrets().patch("db", &PatchParams::default(), &Patch::Merge(&edit)).await?;
        case.expect_data("db", &GOOD).await?;
    }
    let before = case.secrets().get("db").await?;
    case.secrets().delete("db", &DeleteParams::default()).await?;
    let again = eventually("the Secret made again", SOON, || async {
        Ok(case.secrets().get_opt("db").await?.filter(|new| new.metadata.uid != before.metadata.uid))
    });
    ensure!(data_of(&again.await?)["password"] == b"correct horse");
    Ok(())
}

async fn a_secret_that_is_not_ours_is_a_conflict_and_one_of_the_controllers_is_refused(case: &Case) -> Result<()> {
    let key = held(case).await?;
    case.create_secret(json!({"metadata": {"name": "taken"}, "stringData": {"password": "theirs"}})).await?;
    let Some(text) = key.by_sops(&secret(&case.namespace, "taken", "x"), &VALUES_ONLY)? else { return Ok(()) };
    put(case, "taken", &sops_secret::object(&case.namespace, "taken", &text)).await?;
    let message = expect(case, "taken", "False", "NotManaged").await?;
    ensure!(message.contains("not managed by SopsSecret"), "{message}");
    case.expect_data("taken", &[("password", "theirs")]).await?;

    let planted = secret(&case.namespace, "planted", "x").replace("app: shop", "sealkit.dev/age-identity: active");
    let text = key.by_sops(&planted, &VALUES_ONLY)?.expect("there was a sops a moment ago");
    put(case, "planted", &sops_secret::object(&case.namespace, "planted", &text)).await?;
    expect(case, "planted", "False", "Refused").await?;
    ensure!(case.secrets().get_opt("planted").await?.is_none(), "an identity was planted");
    Ok(())
}

async fn while_suspended_nothing_happens(case: &Case) -> Result<()> {
    let key = held(case).await?;
    let Some(first) = key.by_sops(&secret(&case.namespace, "db", "correct horse"), &VALUES_ONLY)? else { return Ok(()) };
    let second = key.by_sops(&secret(&case.namespace, "db", "battery"), &VALUES_ONLY)?.expect("there was a sops a moment ago");
    put(case, "db", &sops_secret::object(&case.namespace, "db", &first)).await?;
    case.expect_data("db", &GOOD).await?;
    expect(case, "db", "True", "Unsealed").await?;
    let mut object = sops_secret::object(&case.namespace, "db", &second);
    object["spec"]["suspend"] = true.into();
    put(case, "db", &object).await?;
    // One watch shows both objects in order: once the later one is synced, the suspended one was seen.
    let later = key.by_sops(&secret(&case.namespace, "later", "x"), &VALUES_ONLY)?.expect("there was a sops a moment ago");
    put(case, "later", &sops_secret::object(&case.namespace, "later", &later)).await?;
    expect(case, "later", "True", "Unsealed").await?;
    case.expect_data("db", &GOOD).await?;
    object["spec"]["suspend"] = false.into();
    put(case, "db", &object).await?;
    case.expect_data("db", &[("password", "battery"), ("port", "5432")]).await?;
    Ok(())
}
