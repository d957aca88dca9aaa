//! `seal` and its kubeseal alias at a real cluster with two keys: what they write stays whole and opens.

use crate::case::{Case, SOON, compatible, compatible_and};
use crate::runner::tests;
use anyhow::{Context, Result, ensure};
use kube::api::{DynamicObject, Patch, PatchParams};
use seal_crypto::age::{Recipient, RecipientKind};
use seal_crypto::{PublicKey, Scope};
use seal_tests::{AgeKey, Controller, Options, Sealed, eventually, key_secret, tools};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

tests![
    the_alias_merges_into_a_file_without_losing_scope_format_or_comments,
    the_alias_reencrypts_only_what_is_stale_and_loses_nothing,
    the_verbs_seal_verify_rotate_and_report_through_the_controller,
    a_sops_secret_is_made_edited_and_reported_by_the_verbs,
    keys_of_both_kinds_are_used_backed_up_drilled_and_retired,
];

/// A cluster whose controller has an old key and a newer one, and a folder to work in.
struct Desk {
    controller: Controller,
    old: PublicKey,
    new: PublicKey,
    folder: tempfile::TempDir,
    kubeconfig: PathBuf,
}

/// What a command answered.
struct Answer {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Desk {
    async fn new(case: &Case) -> Result<Self> {
        Self::with(case, compatible()).await
    }

    async fn with(case: &Case, options: Options) -> Result<Self> {
        let home = case.plane().namespace().await?;
        let (first, old) = key_secret::fresh("old", 1_600_000_000)?;
        // Recent enough that its certificate is in force and nothing says that it ends soon.
        let recent = i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed()?.as_secs())? - 3600;
        let (second, new) = key_secret::fresh("new", recent)?;
        for secret in [first, second] {
            key_secret::create(case.plane(), &home, secret).await?;
        }
        let options = options.args(["--key-renew-period=0", "--rate-limit=1000", "--rate-limit-burst=1000"]);
        let controller = Controller::start(case.plane(), options.home(&home)).await?;
        Ok(Self { controller, old, new, folder: tempfile::tempdir()?, kubeconfig: case.plane().kubeconfig() })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        Ok(std::fs::write(self.path(name), text)?)
    }

    fn read(&self, name: &str) -> Result<String> {
        std::fs::read_to_string(self.path(name)).with_context(|| name.to_owned())
    }

    fn seal(&self, args: &[&str], input: &str) -> Result<Answer> {
        let mut command = Command::new(tools::built("seal-under-test")?);
        command.args(args).current_dir(self.folder.path()).env("KUBECONFIG", &self.kubeconfig);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        // A command that reads nothing may have closed the pipe.
        let _ = child.stdin.take().context("a pipe")?.write_all(input.as_bytes());
        let output = child.wait_with_output()?;
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Ok(Answer { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) })
    }

    /// Under the name kubeseal, at this controller.
    fn kubeseal(&self, args: &[&str], input: &str) -> Result<Answer> {
        let home = self.controller.home.as_str();
        self.seal(&[&["kubeseal", "--controller-namespace", home], args].concat(), input)
    }

    /// A verb of our own, at this controller.
    fn verb(&self, args: &[&str], input: &str) -> Result<Answer> {
        let home = self.controller.home.as_str();
        self.seal(&[args, &["--context", "t", "--controller-namespace", home]].concat(), input)
    }
}

impl Answer {
    fn ends_with(self, code: i32) -> Result<Self> {
        ensure!(self.code == Some(code), "exit {:?}, not {code}\n{}\n{}", self.code, self.err, self.out);
        Ok(self)
    }
}

fn yaml(text: &str) -> Result<Value> {
    Ok(serde_yaml::from_str(text)?)
}

async fn apply(case: &Case, text: &str) -> Result<DynamicObject> {
    let object: DynamicObject = serde_json::from_value(yaml(text)?)?;
    let name = object.metadata.name.clone().context("a name")?;
    let how = PatchParams::apply("seal-tests").force();
    Ok(case.objects().patch(&name, &how, &Patch::Apply(&object)).await?)
}

fn item(sealed: &Sealed, key: &str) -> String {
    sealed.json()["spec"]["encryptedData"][key].as_str().unwrap_or_default().to_owned()
}

/// Upstream seals strict items into an object of a wider scope, panics on labels, and turns YAML into JSON.
async fn the_alias_merges_into_a_file_without_losing_scope_format_or_comments(case: &Case) -> Result<()> {
    let desk = Desk::new(case).await?;
    let namespace = &case.namespace;
    let before = Sealed::new(&desk.new, namespace, "db").scope(Scope::ClusterWide).item("kept", "1").item("changed", "1");
    let file = format!(
        "# Rotated by the platform team.\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: db # the shop's\n  namespace: {namespace}\n  annotations:\n    sealedsecrets.bitnami.com/cluster-wide: \"true\"\nspec:\n  encryptedData:\n    kept: {}\n    changed: {}\n",
        item(&before, "kept"),
        item(&before, "changed")
    );
    desk.write("db.yaml", &file)?;
    apply(case, &file).await?;
    case.expect_data("db", &[("kept", "1"), ("changed", "1")]).await?;
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": namespace, "labels": {"tier": "back"}, "annotations": {"note": "n"}}, "stringData": {"changed": "2", "added": "3"}});
    desk.kubeseal(&["--merge-into", "db.yaml"], &secret.to_string())?.ends_with(0)?;
    let merged = desk.read("db.yaml")?;
    ensure!(merged.starts_with("# Rotated by the platform team.\n") && merged.contains("  name: db # the shop's\n"), "{merged}");
    ensure!(merged.contains(&format!("    kept: {}\n", item(&before, "kept"))), "an item that was not supplied has changed");
    apply(case, &merged).await?;
    let opened = case.expect_data("db", &[("kept", "1"), ("changed", "2"), ("added", "3")]).await?;
    ensure!(opened.metadata.labels.unwrap_or_default().get("tier").map(String::as_str) == Some("back"));
    case.expect_synced("db").await?;
    Ok(())
}

/// Upstream loses labels and annotations of object and template, and reseals everything.
async fn the_alias_reencrypts_only_what_is_stale_and_loses_nothing(case: &Case) -> Result<()> {
    let desk = Desk::new(case).await?;
    let stale = item(&Sealed::new(&desk.old, &case.namespace, "db").item("stale", "1"), "stale");
    let template = json!({"type": "Opaque", "immutable": false, "metadata": {"labels": {"in": "template"}, "annotations": {"sealedsecrets.bitnami.com/managed": "true"}}, "data": {"url": "{{ .fresh }}"}});
    let sealed = Sealed::new(&desk.new, &case.namespace, "db").item("fresh", "2").raw_item("stale", &stale);
    let sealed = sealed.label("argocd.argoproj.io/instance", "shop").annotation("sync", "1").template(template);
    desk.write("db.json", &serde_json::to_string_pretty(&sealed.json())?)?;
    desk.kubeseal(&["--re-encrypt", "-f", "db.json"], "")?.ends_with(0)?;
    let text = desk.read("db.json")?;
    let (before, mut after): (Value, Value) = (sealed.json(), serde_json::from_str(&text)?);
    ensure!(after["spec"]["encryptedData"]["stale"] != before["spec"]["encryptedData"]["stale"], "it was left on the old key");
    ensure!(after["spec"]["encryptedData"]["fresh"] == before["spec"]["encryptedData"]["fresh"], "resealed without need");
    after["spec"]["encryptedData"]["stale"] = before["spec"]["encryptedData"]["stale"].clone();
    ensure!(after == before, "something else has changed: {after:#}");
    desk.kubeseal(&["--re-encrypt", "-f", "db.json"], "")?.ends_with(0)?;
    ensure!(desk.read("db.json")? == text, "a second run finds something to do");
    desk.kubeseal(&["--validate", "-f", "db.json"], "")?.ends_with(0)?;
    let moved = text.replace("\"name\": \"db\"", "\"name\": \"moved\"");
    let refused = desk.kubeseal(&["--validate"], &moved)?.ends_with(1)?;
    ensure!(refused.err.contains("unable to decrypt sealed secret: moved"), "{}", refused.err);
    Ok(())
}

async fn the_verbs_seal_verify_rotate_and_report_through_the_controller(case: &Case) -> Result<()> {
    let desk = Desk::new(case).await?;
    let namespace = &case.namespace;
    let secret = format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: {namespace}\nstringData:\n  k: v\n");
    let sealed = desk.verb(&["encrypt", "-"], &secret)?.ends_with(0)?.out;
    desk.write("db.yaml", &sealed)?;
    // The controller's own address: scripts of kubeseal rely on it; a verb wants to know whose certificate it is.
    let url = format!("{}/v1/cert.pem", desk.controller.http);
    let secret = secret.replace("name: db", "name: url");
    let refused = desk.seal(&["encrypt", "--cert", &url, "-"], &secret)?.ends_with(3)?;
    ensure!(refused.err.contains("plain http"), "{}", refused.err);
    let by_url = desk.seal(&["kubeseal", "--cert", &url], &secret)?.ends_with(0)?.out;
    apply(case, &sealed).await?;
    apply(case, &by_url).await?;
    case.expect_data("db", &[("k", "v")]).await?;
    case.expect_data("url", &[("k", "v")]).await?;
    case.expect_synced("url").await?;
    case.expect_synced("db").await?;

    desk.verb(&["verify", "--online", "db.yaml"], "")?.ends_with(0)?;
    // Without the claim, so that only the controller can know.
    let foreign = Sealed::new(&desk.new, "elsewhere", "db").item("k", "v").json();
    let foreign = foreign.to_string().replace("\"elsewhere\"", &format!("\"{namespace}\""));
    desk.write("moved.json", &foreign)?;
    desk.verb(&["verify", "--online", "moved.json"], "")?.ends_with(1)?;

    let stale = Sealed::new(&desk.old, namespace, "stale").item("k", "old").json();
    desk.write("stale.json", &serde_json::to_string_pretty(&stale)?)?;
    desk.verb(&["rotate", "--check", "stale.json"], "")?.ends_with(1)?;
    desk.verb(&["rotate", "stale.json", "db.yaml"], "")?.ends_with(0)?;
    ensure!(desk.read("db.yaml")? == sealed, "a file on the newest key was rewritten");
    desk.verb(&["rotate", "--check", "stale.json", "db.yaml"], "")?.ends_with(0)?;
    apply(case, &desk.read("stale.json")?).await?;
    case.expect_data("stale", &[("k", "old")]).await?;
    case.expect_synced("stale").await?;

    let all = desk.verb(&["status", "-n", namespace], "")?.ends_with(0)?;
    ensure!(["db", "stale", "url"].iter().all(|name| all.out.contains(name)), "{}", all.out);
    case.put(&Sealed::new(&desk.new, namespace, "bad").raw_item("k", "AgA=")).await?;
    case.expect_not_synced("bad").await?;
    let some = desk.verb(&["status", "-n", namespace, "--output", "json"], "")?.ends_with(1)?;
    ensure!(serde_json::from_str::<Value>(&some.out)?["notSynced"] == 1, "{}", some.out);

    // The bundle is published a moment after the keys are there.
    let healthy = eventually("a doctor without complaint", SOON + Duration::from_secs(10), || async {
        let answer = desk.verb(&["doctor", "--output", "json"], "")?;
        let report: Value = serde_json::from_str(&answer.out).with_context(|| answer.err.clone())?;
        let signed = report["checks"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|check| check["check"] == "signed-keys" && check["verdict"] == "ok");
        Ok(signed.then_some((answer.code, report)))
    });
    let (code, report) = healthy.await?;
    ensure!(code == Some(0), "{report:#}");
    Ok(())
}

async fn a_sops_secret_is_made_edited_and_reported_by_the_verbs(case: &Case) -> Result<()> {
    if compatible().upstream {
        return Ok(());
    }
    let desk = Desk::new(case).await?;
    let namespace = &case.namespace;
    let cluster = AgeKey::fresh(RecipientKind::X25519)?;
    key_secret::create(case.plane(), &desk.controller.home, cluster.secret("age-cluster", true)).await?;
    desk.seal(&["keygen", "-o", "people.key"], "")?.ends_with(0)?;
    let people = desk.seal(&["keygen", "-y", "people.key"], "")?.ends_with(0)?.out;
    let both = format!("{},{}", cluster.recipient.as_str(), people.trim());
    desk.write(
        "clear.yaml",
        &format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: {namespace}\n  labels:\n    app: shop\nstringData:\n  k: one\n"),
    )?;
    desk.seal(&["encrypt", "--sops-secret", "--age", &both, "clear.yaml", "-o", "db.yaml"], "")?.ends_with(0)?;
    for value in ["one", "two"] {
        crate::sops_secret::put(case, "db", &yaml(&desk.read("db.yaml")?)?).await?;
        let made = case.expect_data("db", &[("k", value)]).await?;
        ensure!(made.metadata.labels.unwrap_or_default().get("app").map(String::as_str) == Some("shop"));
        crate::sops_secret::expect(case, "db", "True", "Unsealed").await?;
        desk.seal(&["set", "db.yaml", "stringData.k", "-i", "people.key"], "two")?.ends_with(0)?;
    }
    let all = desk.verb(&["status", "-n", namespace], "")?.ends_with(0)?;
    let key = cluster.recipient.fingerprint().to_string();
    ensure!(all.out.contains("SopsSecret") && all.out.contains("Unsealed") && all.out.contains(&key), "{}", all.out);
    let values = desk.verb(&["status", "-n", namespace, "--key", &key], "")?.ends_with(1)?;
    ensure!(values.out.contains("stringData.k"), "{}", values.out);

    let stranger = AgeKey::fresh(RecipientKind::X25519)?;
    let secret =
        format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: closed\n  namespace: {namespace}\nstringData:\n  k: v\n");
    let closed = desk.seal(&["encrypt", "--sops-secret", "--age", stranger.recipient.as_str(), "-"], &secret)?.ends_with(0)?;
    crate::sops_secret::put(case, "closed", &yaml(&closed.out)?).await?;
    crate::sops_secret::expect(case, "closed", "False", "NoKey").await?;
    let some = desk.verb(&["status", "-n", namespace, "--output", "json"], "")?.ends_with(1)?;
    let some: Value = serde_json::from_str(&some.out)?;
    let row = |name: &str| some["sopsSecrets"].as_array().into_iter().flatten().find(|row| row["name"] == name).cloned();
    let (good, bad) = (row("db").context("db")?, row("closed").context("closed")?);
    ensure!(some["notSynced"] == 1 && bad["reason"] == "NoKey" && bad["lastSuccessSeconds"].is_null(), "{some:#}");
    ensure!(good["synced"] == "True" && good["lastSuccessSeconds"].is_i64(), "{some:#}");
    let doctor = desk.verb(&["doctor"], "")?;
    ensure!(doctor.out.contains("not ready") && doctor.out.contains("SopsSecret"), "{}", doctor.out);
    Ok(())
}

async fn keys_of_both_kinds_are_used_backed_up_drilled_and_retired(case: &Case) -> Result<()> {
    if compatible().upstream {
        return Ok(());
    }
    let desk = Desk::with(case, compatible_and(["--generate-age-identity=x25519"])).await?;
    let namespace = &case.namespace;
    desk.seal(&["keygen", "-o", "people.key"], "")?.ends_with(0)?;
    let people = desk.seal(&["keygen", "-y", "people.key"], "")?.ends_with(0)?.out;
    let people = people.trim();
    let published = eventually("the cluster's recipient", SOON, || async {
        let answer = desk.verb(&["cert", "recipients"], "")?;
        Ok((answer.code == Some(0)).then_some(answer.out))
    });
    desk.write("cluster.txt", &published.await?)?;

    // To the cluster and to people, each of whom opens it alone.
    let secret = format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: v2\n  namespace: {namespace}\nstringData:\n  k: v\n");
    let sealed = desk.seal(&["encrypt", "-R", "cluster.txt", "-r", people, "-"], &secret)?.ends_with(0)?.out;
    desk.write("v2.yaml", &sealed)?;
    apply(case, &sealed).await?;
    case.expect_data("v2", &[("k", "v")]).await?;
    let opened = desk.seal(&["decrypt", "-i", "people.key", "--key", "k", "v2.yaml"], "")?.ends_with(0)?;
    ensure!(opened.out == "v", "something else was opened");
    let burnt =
        desk.verb(&["status", "--key", &fingerprint_of(&published_recipient(&desk.read("cluster.txt")?)?)], "")?.ends_with(1)?;
    ensure!(burnt.out.contains("v2"), "{}", burnt.out);

    desk.verb(&["keys", "backup", "-r", people, "-o", "keys.age"], "")?.ends_with(0)?;
    let drill = desk.verb(&["keys", "restore", "--drill", "-i", "people.key", "keys.age"], "")?.ends_with(0)?;
    ensure!(drill.err.contains("3 keys read") && drill.err.contains(" 0 missing"), "{}", drill.err);
    let again = desk.verb(&["keys", "restore", "-i", "people.key", "keys.age"], "")?.ends_with(0)?;
    ensure!(again.err.matches("is there already").count() == 3, "{}", again.err);

    // A key goes when nothing needs it, and not before.
    let stale = Sealed::new(&desk.old, namespace, "stale").item("k", "old");
    desk.write("stale.json", &serde_json::to_string_pretty(&stale.json())?)?;
    case.put(&stale).await?;
    case.expect_data("stale", &[("k", "old")]).await?;
    let old = desk.old.fingerprint().to_string();
    let needed = desk.verb(&["keys", "retire", &old], "")?.ends_with(1)?;
    ensure!(needed.out == format!("SealedSecret {namespace}/stale: k\n"), "{}{}", needed.out, needed.err);
    desk.verb(&["rotate", "stale.json"], "")?.ends_with(0)?;
    apply(case, &desk.read("stale.json")?).await?;
    case.expect_synced("stale").await?;
    desk.verb(&["keys", "retire", &old, "stale.json", "v2.yaml"], "")?.ends_with(0)?;
    let listed = desk.verb(&["keys", "list"], "")?.ends_with(0)?;
    ensure!(listed.out.lines().any(|line| line.contains("retired") && line.contains(&old)), "{}", listed.out);
    // Out of service is out of service: what is sealed to it now does not open.
    case.put(&Sealed::new(&desk.old, namespace, "late").item("k", "v")).await?;
    let why = case.expect_not_synced("late").await?;
    ensure!(why.contains("no key could decrypt secret"), "{why}");
    case.expect_data("stale", &[("k", "old")]).await?;
    Ok(())
}

/// The recipient of a file that `seal cert recipients` wrote.
fn published_recipient(file: &str) -> Result<Recipient> {
    Ok(file.lines().find(|line| line.starts_with("age1")).context("a recipient")?.parse()?)
}

fn fingerprint_of(recipient: &Recipient) -> String {
    recipient.fingerprint().to_string()
}
