//! `seal verify` and `seal rotate` under the strict profile, by people who may read and update SealedSecrets of one
//! namespace and fetch public keys, and nothing else.

use crate::case::{Case, SOON, public_key};
use crate::runner::tests;
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::ResourceExt;
use kube::api::{Api, PostParams};
use seal_crypto::PublicKey;
use seal_tests::{Controller, Options, Sealed, eventually, key_secret, kubeconfig, manifests, rbac, tools};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

tests![
    verify_tells_by_the_object_in_the_cluster,
    rotate_asks_through_the_object_and_leaves_nothing_behind,
    the_alias_kubeseal_asks_through_the_object_too,
    who_may_not_update_cannot_ask,
    a_question_survives_a_change_of_the_leader_and_is_answered_once,
];

const OLD: i64 = 1_600_000_000;
const REQUEST: &str = "sealkit.dev/rotate-request";

/// A strict controller with two keys that were there at its first start, and the older one.
async fn strict(case: &Case) -> Result<(Controller, PublicKey)> {
    let home = case.plane().namespace().await?;
    let (older, old) = key_secret::fresh("older", OLD)?;
    let (newer, new) = key_secret::fresh("newer", OLD + 1)?;
    for secret in [older, newer] {
        key_secret::create(case.plane(), &home, secret).await?;
    }
    let controller = start(case, &home).await?;
    ensure!(public_key(&controller).await? == new, "the newer key is the one to seal to");
    Ok((controller, old))
}

async fn start(case: &Case, home: &str) -> Result<Controller> {
    let options = Options { service: Some("seal-controller".into()), ..Options::default() };
    Controller::start(case.plane(), options.args(["--profile=strict", "--key-renew-period=0"]).home(home)).await
}

/// Someone with these verbs on SealedSecrets in the case's namespace and the shipped Role for readers of public keys.
struct Person {
    kubeconfig: PathBuf,
    home: String,
}

impl Person {
    async fn new(case: &Case, home: &str, name: &str, verbs: &[&str]) -> Result<Self> {
        let plane = case.plane();
        let accounts: Api<ServiceAccount> = Api::namespaced(plane.client(), &case.namespace);
        accounts.create(&PostParams::default(), &serde_json::from_value(json!({"metadata": {"name": name}}))?).await?;
        let group = "rbac.authorization.k8s.io";
        let api = format!("{group}/v1");
        let role = json!({"apiVersion": api, "kind": "Role", "metadata": {"name": name}, "rules": [{"apiGroups": ["bitnami.com"], "resources": ["sealedsecrets"], "verbs": verbs}]});
        let bind = |role: &str| {
            json!({
                "apiVersion": api, "kind": "RoleBinding", "metadata": {"name": name},
                "roleRef": {"apiGroup": group, "kind": "Role", "name": role},
                "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": case.namespace}],
            })
        };
        for (object, namespace) in [(role, case.namespace.as_str()), (bind(name), &case.namespace), (bind("seal-reader"), home)] {
            manifests::apply(&plane.client(), serde_json::from_value(object)?, Some(namespace)).await?;
        }
        let token = rbac::token(plane, &case.namespace, name).await?;
        let file = plane.dir().join(format!("{}-{name}.kubeconfig", case.namespace));
        let kubeconfig = kubeconfig::write(&file, plane.server(), &plane.ca(), &token, &case.namespace)?;
        Ok(Self { kubeconfig, home: home.to_owned() })
    }

    /// Runs `seal`: exit code, and everything it said.
    async fn seal(&self, args: &[&str], file: &Path) -> Result<(i32, String)> {
        let mut command = Command::new(tools::built("seal-under-test")?);
        let last = args.iter().position(|arg| *arg == "-f").unwrap_or(args.len());
        command.args(&args[..last]).args(["--context", "t", "--controller-namespace", &self.home]).args(&args[last..]).arg(file);
        command.env("KUBECONFIG", &self.kubeconfig);
        let done = tokio::task::spawn_blocking(move || command.output()).await??;
        let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        Ok((done.status.code().context("killed")?, said))
    }
}

fn write(folder: &Path, sealed: &Value) -> Result<PathBuf> {
    let path = folder.join("db.json");
    std::fs::write(&path, serde_json::to_vec_pretty(sealed)?)?;
    Ok(path)
}

async fn verify_tells_by_the_object_in_the_cluster(case: &Case) -> Result<()> {
    let (controller, key) = strict(case).await?;
    let person = Person::new(case, &controller.home, "reader", &["get"]).await?;
    let folder = tempfile::tempdir()?;
    let good = Sealed::new(&key, &case.namespace, "db").item("k", "v");
    let moved = Sealed::new(&key, &case.namespace, "moved").sealed_for(&case.namespace, "elsewhere").item("k", "v");
    let file = write(folder.path(), &good.json())?;
    let (code, said) = person.seal(&["verify", "--online"], &file).await?;
    ensure!(code == 3 && said.contains("it is not in the cluster"), "{code}: {said}");
    case.put(&good).await?;
    case.put(&moved).await?;
    case.expect_synced("db").await?;
    case.expect_not_synced("moved").await?;
    let changed = good.clone().item("more", "v").json();
    for (object, expected, words) in
        [(&good.json(), 0, "nothing to object to"), (&moved.json(), 1, "cannot open it"), (&changed, 3, "other ciphertext")]
    {
        let (code, said) = person.seal(&["verify", "--online"], &write(folder.path(), object)?).await?;
        ensure!(code == expected && said.contains(words), "{code}: {said}");
    }
    Ok(())
}

async fn rotate_asks_through_the_object_and_leaves_nothing_behind(case: &Case) -> Result<()> {
    let (controller, key) = strict(case).await?;
    let newest = public_key(&controller).await?.fingerprint().to_string();
    let person = Person::new(case, &controller.home, "developer", &["get", "update"]).await?;
    let folder = tempfile::tempdir()?;
    let sealed = Sealed::new(&key, &case.namespace, "db").item("a", "1").item("b", "2").annotation("theirs", "stays");
    let file = write(folder.path(), &sealed.json())?;
    let (code, said) = person.seal(&["rotate"], &file).await?;
    ensure!(code == 3 && said.contains("it is not in the cluster"), "{code}: {said}");

    case.put(&sealed).await?;
    case.expect_data("db", &[("a", "1"), ("b", "2")]).await?;
    case.expect_synced("db").await?;
    let before = case.objects().get("db").await?.resource_version();
    let (code, said) = person.seal(&["rotate", "--check"], &file).await?;
    ensure!(code == 1 && said.contains("would reseal a, b"), "{code}: {said}");
    ensure!(case.objects().get("db").await?.resource_version() == before, "a dry run wrote something");

    let (code, said) = person.seal(&["rotate"], &file).await?;
    ensure!(code == 0 && said.contains("resealed a, b"), "{code}: {said}");
    let object = case.objects().get("db").await?;
    ensure!(
        !object.annotations().contains_key(REQUEST) && object.annotations()["theirs"] == "stays",
        "{:?}",
        object.annotations()
    );
    eventually("the answer to go", SOON, || async {
        Ok(case.objects().get("db").await?.data["status"].get("rotation").is_none().then_some(()))
    })
    .await?;

    let rotated: Value = serde_json::from_slice(&std::fs::read(&file)?)?;
    ensure!(rotated["spec"]["encryptedData"] != sealed.json()["spec"]["encryptedData"], "the file is as it was");
    case.patch("db", json!({"spec": {"encryptedData": rotated["spec"]["encryptedData"]}})).await?;
    let keys = eventually("the newest key in the status", SOON, || async {
        let keys = case.objects().get("db").await?.data["status"]["keys"].clone();
        Ok((keys == json!([newest])).then_some(keys))
    });
    keys.await?;
    case.expect_synced("db").await?;
    case.expect_data("db", &[("a", "1"), ("b", "2")]).await?;
    let (code, said) = person.seal(&["rotate"], &file).await?;
    ensure!(code == 0 && said.contains("1 current, 0 resealed"), "{code}: {said}");
    Ok(())
}

async fn the_alias_kubeseal_asks_through_the_object_too(case: &Case) -> Result<()> {
    let (controller, key) = strict(case).await?;
    let person = Person::new(case, &controller.home, "scripts", &["get", "update"]).await?;
    let folder = tempfile::tempdir()?;
    let sealed = Sealed::new(&key, &case.namespace, "db").item("a", "1");
    let moved = Sealed::new(&key, &case.namespace, "moved").sealed_for(&case.namespace, "elsewhere").item("k", "v");
    for object in [&sealed, &moved] {
        case.put(object).await?;
    }
    case.expect_synced("db").await?;
    case.expect_not_synced("moved").await?;
    let note = "endpoint is closed, so it is asked through the SealedSecret";
    for (object, expected, words) in [(&sealed, 0, note), (&moved, 1, "unable to decrypt sealed secret: moved")] {
        let (code, said) = person.seal(&["kubeseal", "--validate", "-f"], &write(folder.path(), &object.json())?).await?;
        ensure!(code == expected && said.contains(words), "{code}: {said}");
    }
    let (code, said) = person.seal(&["kubeseal", "--re-encrypt", "-f"], &write(folder.path(), &moved.json())?).await?;
    ensure!(code == 1 && said.contains("unable to rotate secret \"moved\""), "{code}: {said}");

    let file = write(folder.path(), &sealed.json())?;
    let (code, said) = person.seal(&["kubeseal", "--re-encrypt", "-f"], &file).await?;
    ensure!(code == 0 && said.contains(note), "{code}: {said}");
    let rotated: Value = serde_json::from_slice(&std::fs::read(&file)?)?;
    ensure!(rotated["spec"]["encryptedData"] != sealed.json()["spec"]["encryptedData"], "the file is as it was");
    ensure!(!case.objects().get("db").await?.annotations().contains_key(REQUEST), "the question was left behind");
    case.patch("db", json!({"spec": {"encryptedData": rotated["spec"]["encryptedData"]}})).await?;
    case.expect_synced("db").await?;
    case.expect_data("db", &[("a", "1")]).await?;
    let (code, said) = person.seal(&["kubeseal", "--validate", "-f"], &file).await?;
    ensure!(code == 0, "{code}: {said}");
    Ok(())
}

async fn who_may_not_update_cannot_ask(case: &Case) -> Result<()> {
    let (controller, key) = strict(case).await?;
    let person = Person::new(case, &controller.home, "reader", &["get"]).await?;
    let folder = tempfile::tempdir()?;
    let sealed = Sealed::new(&key, &case.namespace, "db").item("k", "v");
    let file = write(folder.path(), &sealed.json())?;
    case.put(&sealed).await?;
    case.expect_synced("db").await?;
    let (code, said) = person.seal(&["rotate"], &file).await?;
    ensure!(code == 3 && said.contains("cannot update resource"), "{code}: {said}");
    ensure!(std::fs::read(&file)? == serde_json::to_vec_pretty(&sealed.json())?, "the file changed");
    Ok(())
}

async fn a_question_survives_a_change_of_the_leader_and_is_answered_once(case: &Case) -> Result<()> {
    let (controller, key) = strict(case).await?;
    case.put(&Sealed::new(&key, &case.namespace, "db").item("k", "v")).await?;
    case.expect_synced("db").await?;
    let home = controller.home.clone();
    controller.stop()?;
    case.patch("db", json!({"metadata": {"annotations": {REQUEST: "asked-by-hand"}}})).await?;
    let controller = start(case, &home).await?;
    let answer = eventually("an answer", SOON, || async {
        let object = case.objects().get("db").await?;
        Ok(Some(object).filter(|object| object.data["status"]["rotation"]["request"] == "asked-by-hand"))
    });
    let answer = answer.await?;
    ensure!(answer.data["status"]["rotation"]["items"]["k"].is_string(), "{}", answer.data["status"]["rotation"]);
    controller.stop()?;

    let controller = start(case, &home).await?;
    case.put(&Sealed::new(&key, &case.namespace, "later").item("k", "v")).await?;
    case.expect_synced("later").await?;
    let decrypts = controller.metric("seal_controller_decrypts_total", "").await?.unwrap_or(0.0);
    ensure!(decrypts <= 2.0, "{decrypts} private-key operations, of which the new object needs at most 2");
    let now = case.objects().get("db").await?;
    ensure!(now.resource_version() == answer.resource_version(), "something was written");
    Ok(())
}
