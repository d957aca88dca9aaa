//! age identities of the installation: made, published, demanded; and what a restart costs where they open things.

use crate::case::{Case, SOON, compatible, public_key};
use crate::runner::tests;
use crate::sops_secret::{VALUES_ONLY, expect, objects, put, secret};
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::ResourceExt;
use kube::api::{Api, ListParams, Patch, PatchParams};
use seal_core::bundle::Bundle;
use seal_crypto::age::{Recipient, RecipientKind};
use seal_crypto::{Binding, Scope, v2};
use seal_secret::SecretBytes;
use seal_tests::{AgeKey, Controller, Sealed, eventually, key_secret, sops_secret};
use serde_json::json;
use std::collections::BTreeMap;

tests![
    identities_that_are_asked_for_are_made_once_published_and_open_items,
    a_namespace_that_demands_v2_refuses_v1_and_an_audience_is_held,
    a_namespace_that_demands_binding_refuses_documents_of_sops,
    an_identity_that_is_taken_out_of_use_stops_opening,
    a_restart_with_nothing_changed_opens_and_writes_nothing,
];

async fn recipients(controller: &Controller, path: &str) -> Result<Vec<Recipient>> {
    let text = eventually("recipients", SOON, || async {
        let (status, text) = controller.get(path).await?;
        Ok((status == 200).then_some(text))
    })
    .await?;
    Ok(text.lines().map(str::parse).collect::<Result<_, _>>()?)
}

fn item(recipient: &Recipient, namespace: &str, name: &str, key: &str, value: &str, audience: &str) -> Result<String> {
    let binding = Binding::new(Scope::Strict, namespace, name)?;
    let context = v2::Context::new(&binding, key, audience, 1_790_000_000)?;
    let value = SecretBytes::from(value.to_owned());
    Ok(v2::seal(&value, &context, std::slice::from_ref(recipient), &mut rand::rng())?.encode())
}

async fn identities_that_are_asked_for_are_made_once_published_and_open_items(case: &Case) -> Result<()> {
    let options = compatible().args(["--generate-age-identity=both"]);
    let first = Controller::start(case.plane(), options).await?;
    let made = recipients(&first, "/v1/recipients").await?;
    let kinds: Vec<RecipientKind> = made.iter().map(Recipient::kind).collect();
    ensure!(kinds == [RecipientKind::PostQuantum, RecipientKind::X25519], "{kinds:?}");
    ensure!(recipients(&first, "/v1/recipients/x25519").await?[0].as_str() == made[1].as_str());
    let controller = first.again(case.plane()).await?;
    first.stop()?;
    ensure!(recipients(&controller, "/v1/recipients/pq").await?[0].as_str() == made[0].as_str(), "another one after a restart");
    let secrets: Api<Secret> = Api::namespaced(case.plane().client(), &controller.home);
    let held = secrets.list(&ListParams::default().labels("sealkit.dev/age-identity=active")).await?.items;
    ensure!(held.len() == 2 && held.iter().all(|one| one.name_any().starts_with("sealkit-age-")), "{} identities", held.len());

    let maps: Api<ConfigMap> = Api::namespaced(case.plane().client(), &controller.home);
    let published = eventually("recipients in the bundle", SOON, || async {
        let text = maps.get_opt("sealkit-public-keys").await?.and_then(|map| map.data?.remove("bundle.json"));
        let Some(text) = text else { return Ok(None) };
        let bundle = Bundle::verify_signature(&text, &Bundle::claimed_installation(&text)?)?;
        Ok(Some(bundle.recipients).filter(|recipients| !recipients.is_empty()))
    });
    ensure!(published.await? == made.iter().map(|one| one.as_str().to_owned()).collect::<Vec<_>>(), "other recipients");

    let key = public_key(&controller).await?;
    for (name, recipient) in [("pq", &made[0]), ("classic", &made[1])] {
        let text = item(recipient, &case.namespace, name, "k", "v", "")?;
        case.put(&Sealed::new(&key, &case.namespace, name).raw_item("k", &text)).await?;
        case.expect_data(name, &[("k", "v")]).await?;
        case.expect_synced(name).await?;
        case.put(&Sealed::new(&key, &case.namespace, &format!("{name}-moved")).raw_item("k", &text)).await?;
        case.expect_condition(&format!("{name}-moved"), "Synced", "False", "NoKey").await?;
    }
    let text = item(&made[1], &case.namespace, "mixed", "new", "2", "")?;
    case.put(&Sealed::new(&key, &case.namespace, "mixed").item("old", "1").raw_item("new", &text)).await?;
    case.expect_data("mixed", &[("old", "1"), ("new", "2")]).await?;
    case.expect_condition("mixed", "Weak", "True", "MixedItems").await?;
    case.expect_event("mixed", "MixedItems").await?;
    Ok(())
}

async fn a_namespace_that_demands_v2_refuses_v1_and_an_audience_is_held(case: &Case) -> Result<()> {
    let demand = format!("--require-v2-namespaces={}", case.namespace);
    let options = compatible().args(["--generate-age-identity=x25519", demand.as_str(), "--audience=eu-1"]);
    let controller = Controller::start(case.plane(), options).await?;
    let (key, made) = (public_key(&controller).await?, recipients(&controller, "/v1/recipients").await?);
    case.put(&Sealed::new(&key, &case.namespace, "old").item("k", "v")).await?;
    case.expect_condition("old", "Synced", "False", "V2Required").await?;
    for (name, audience, opens) in [("all", "", true), ("ours", "eu-1", true), ("theirs", "us-1", false)] {
        let text = item(&made[0], &case.namespace, name, "k", "v", audience)?;
        case.put(&Sealed::new(&key, &case.namespace, name).raw_item("k", &text)).await?;
        if opens {
            case.expect_data(name, &[("k", "v")]).await?;
        } else {
            case.expect_condition(name, "Synced", "False", "NoKey").await?;
        }
    }
    ensure!(case.secrets().get_opt("old").await?.is_none(), "something was written");
    let elsewhere = Case::new(case.stage.clone()).await?;
    elsewhere.put(&Sealed::new(&key, &elsewhere.namespace, "old").item("k", "v")).await?;
    elsewhere.expect_data("old", &[("k", "v")]).await?;
    Ok(())
}

async fn a_namespace_that_demands_binding_refuses_documents_of_sops(case: &Case) -> Result<()> {
    let demand = format!("--require-bound-sops-namespaces={}", case.namespace);
    let controller = Controller::start(case.plane(), compatible().args([demand.as_str()])).await?;
    let key = AgeKey::fresh(RecipientKind::X25519)?;
    key_secret::create(case.plane(), &controller.home, key.secret("sops-age", true)).await?;
    let document = secret(&case.namespace, "db", "correct horse");
    put(case, "db", &sops_secret::object(&case.namespace, "db", &key.bound(&document)?)).await?;
    expect(case, "db", "True", "Unsealed").await?;
    let nameless = document.replace(&format!("    name: db\n    namespace: {}\n", case.namespace), "");
    put(case, "nameless", &sops_secret::object(&case.namespace, "nameless", &key.bound(&nameless)?)).await?;
    expect(case, "nameless", "False", "BindingRequired").await?;
    let Some(plain) = key.by_sops(&secret(&case.namespace, "plain", "x"), &VALUES_ONLY)? else { return Ok(()) };
    put(case, "plain", &sops_secret::object(&case.namespace, "plain", &plain)).await?;
    expect(case, "plain", "False", "BindingRequired").await?;
    ensure!(case.secrets().get_opt("plain").await?.is_none(), "something was written");
    Ok(())
}

async fn an_identity_that_is_taken_out_of_use_stops_opening(case: &Case) -> Result<()> {
    let controller = Controller::start(case.plane(), compatible()).await?;
    let key = AgeKey::fresh(RecipientKind::X25519)?;
    key_secret::create(case.plane(), &controller.home, key.secret("sops-age", true)).await?;
    let Some(text) = key.by_sops(&secret(&case.namespace, "db", "correct horse"), &VALUES_ONLY)? else { return Ok(()) };
    put(case, "db", &sops_secret::object(&case.namespace, "db", &text)).await?;
    expect(case, "db", "True", "Unsealed").await?;
    let secrets: Api<Secret> = Api::namespaced(case.plane().client(), &controller.home);
    let retired = json!({"metadata": {"labels": {"sealkit.dev/age-identity": "compromised"}}});
    secrets.patch("sops-age", &PatchParams::default(), &Patch::Merge(&retired)).await?;
    expect(case, "db", "False", "NoKey").await?;
    case.expect_data("db", &[("password", "correct horse"), ("port", "5432")]).await.context("the last good Secret stays")?;
    Ok(())
}

const OBJECTS: usize = 20;

async fn versions(case: &Case) -> Result<BTreeMap<String, Option<String>>> {
    let mut seen = BTreeMap::new();
    for object in objects(case).list(&ListParams::default()).await?.items {
        seen.insert(format!("SopsSecret {}", object.name_any()), object.resource_version());
    }
    for secret in case.secrets().list(&ListParams::default()).await?.items {
        seen.insert(format!("Secret {}", secret.name_any()), secret.resource_version());
    }
    Ok(seen)
}

async fn a_restart_with_nothing_changed_opens_and_writes_nothing(case: &Case) -> Result<()> {
    let controller = Controller::start(case.plane(), compatible()).await?;
    let (home, own) = (AgeKey::fresh(RecipientKind::X25519)?, AgeKey::fresh(RecipientKind::X25519)?);
    key_secret::create(case.plane(), &controller.home, home.secret("sops-age", true)).await?;
    case.create_secret(own.secret("team-keys", false)).await?;
    for number in 0..OBJECTS {
        let (name, named) = (format!("s{number}"), number % 2 == 0);
        let key = if named { &own } else { &home };
        let mut object = sops_secret::object(&case.namespace, &name, &key.bound(&secret(&case.namespace, &name, "x"))?);
        if named {
            object["spec"]["keySecretRef"] = json!({"name": "team-keys"});
        }
        put(case, &name, &object).await?;
    }
    for number in 0..OBJECTS {
        expect(case, &format!("s{number}"), "True", "Unsealed").await?;
    }
    let before = versions(case).await?;
    ensure!(before.len() == 2 * OBJECTS + 1, "{} objects", before.len());
    let next = controller.again(case.plane()).await?;
    controller.stop()?;
    let looked = eventually("a look at every object", SOON, || async {
        let noops = next.metric("seal_controller_noops_total", "").await?.unwrap_or(0.0);
        Ok((noops >= OBJECTS as f64).then_some(()))
    });
    looked.await?;
    let decrypts = next.metric("seal_controller_decrypts_total", "").await?.unwrap_or(0.0);
    ensure!(decrypts == 0.0, "{decrypts} private-key operations");
    ensure!(versions(case).await? == before, "something was written");
    let counted = next.metric("seal_controller_objects_per_key", &home.recipient.fingerprint().to_string()).await?;
    ensure!(counted == Some((OBJECTS / 2) as f64), "{counted:?} objects are counted for the key");
    Ok(())
}
