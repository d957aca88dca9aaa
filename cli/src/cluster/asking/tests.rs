//! Verbs against a cluster whose controller is closed over HTTP: what is read, what is written, what is left behind.

use crate::{
    Exit,
    cluster::tests::{Lab, PROXY, SEALED, item, key},
};
use seal_api::sealed_secret::ROTATE_REQUEST;
use serde_json::{Value, json};

const OBJECT: &str = "/apis/bitnami.com/v1alpha1/namespaces/shop/sealedsecrets/db";
const OLD: &str = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";

fn refused() -> String {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "services is forbidden", "reason": "Forbidden", "code": 403}).to_string()
}

/// The object in the cluster, opened by an old key, or with a failed condition.
fn live(item: &str, reason: &str) -> Value {
    let status = if reason == "Unsealed" { "True" } else { "False" };
    json!({
        "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
        "metadata": {"name": "db", "namespace": "shop", "generation": 1, "resourceVersion": "7", "annotations": {"theirs": "stays"}},
        "spec": {"encryptedData": {"pw": item}},
        "status": {"observedGeneration": 1, "keys": [OLD], "conditions": [{"type": "Synced", "status": status, "reason": reason, "message": "no key could decrypt secret (pw)"}]},
    })
}

/// A cluster with this object in it, whose controller answers a question with `answer` in place of items or problem.
fn lab(object: Option<Value>, answer: Value) -> Lab {
    let (get, put) = (format!("GET {OBJECT}"), format!("PUT {OBJECT}"));
    let (verify, rotate) = (format!("POST {PROXY}/v1/verify"), format!("POST {PROXY}/v1/rotate"));
    let mut answers = vec![(verify.as_str(), 403, refused()), (rotate.as_str(), 404, "turned off here".to_owned())];
    answers.extend(object.map(|object| (get.as_str(), 200, object.to_string())));
    answers.push((put.as_str(), 200, "{}".to_owned()));
    Lab::acting(&answers, move |route, body, answers| {
        if route != format!("PUT {OBJECT}") {
            return;
        }
        let mut object: Value = serde_json::from_str(body).unwrap();
        object["status"]["rotation"] = match object["metadata"]["annotations"].get(ROTATE_REQUEST) {
            Some(id) => {
                let mut rotation =
                    json!({"request": id, "observedGeneration": 1, "scope": "strict", "key": key(1).0.fingerprint().as_str()});
                rotation.as_object_mut().unwrap().extend(answer.as_object().unwrap().clone());
                rotation
            }
            None => Value::Null,
        };
        answers.insert(format!("GET {OBJECT}"), (200, object.to_string()));
    })
}

fn count(lab: &Lab, start: &str) -> usize {
    lab.server.asked().iter().filter(|(route, _)| route.starts_with(start)).count()
}

/// What the last write left in the cluster.
fn left(lab: &Lab) -> Value {
    let writes: Vec<_> = lab.server.asked().into_iter().filter(|(route, _)| route.starts_with("PUT")).collect();
    serde_json::from_str(&writes.last().unwrap().1).unwrap()
}

#[test]
fn verify_answers_from_the_object_or_not_at_all() {
    let item = item("v");
    let sealed = SEALED.replace("ITEM", &item);
    let other = SEALED.replace("ITEM", &super::super::tests::item("w"));
    for (object, file, exit, words) in [
        (Some(live(&item, "Unsealed")), &sealed, Exit::DONE, "nothing to object to"),
        (Some(live(&item, "NoKey")), &sealed, Exit::FINDINGS, "the controller cannot open it"),
        (Some(live(&item, "NotManaged")), &sealed, Exit::FAILED, "its Secret is not written for another reason"),
        (Some(live(&item, "Unsealed")), &other, Exit::FAILED, "the cluster has other ciphertext under this name"),
        (None, &sealed, Exit::FAILED, "it is not in the cluster"),
    ] {
        let lab = lab(object, json!({}));
        lab.write("a.yaml", file);
        lab.write("b.yaml", file);
        let (ended, out, err) = lab.run("seal verify --online @a.yaml @b.yaml", "");
        assert_eq!((ended, format!("{out}{err}").contains(words)), (exit, true), "{out}{err}");
        assert_eq!((count(&lab, "POST"), count(&lab, "PUT")), (1, 0), "asked once whether it is open; nothing is written");
    }
}

#[test]
fn the_alias_validates_by_the_object_and_says_so_once() {
    let item = item("v");
    let sealed = SEALED.replace("ITEM", &item);
    let note = "note: the controller's verify endpoint is closed, so it is asked through the SealedSecret in the cluster\n";
    for (object, exit, words) in [
        (Some(live(&item, "Unsealed")), 0, ""),
        (
            Some(live(&item, "NoKey")),
            1,
            "error: unable to decrypt sealed secret: db\nhint: the controller says: no key could decrypt secret (pw)\n",
        ),
        (
            Some(live(&item, "NotManaged")),
            1,
            "error: cannot validate sealed secret: db: the controller cannot be asked about it: its Secret is not written for another reason",
        ),
        (
            None,
            1,
            "error: cannot validate sealed secret: db: the controller cannot be asked about it: it is not in the cluster\n",
        ),
    ] {
        let lab = lab(object, json!({}));
        let (ended, out, err) = lab.run("kubeseal --validate", &format!("{sealed}---\n{sealed}"));
        let said = err.strip_prefix(note).unwrap_or_else(|| panic!("{err}"));
        assert_eq!((ended, out.as_str(), said.starts_with(words)), (Exit(exit), "", true), "{err}");
        assert_eq!((count(&lab, "POST"), count(&lab, "PUT")), (1, 0), "asked once whether it is open; nothing is written");
        assert!(!said.contains("note:"), "{err}");
    }
}

#[test]
fn the_alias_reencrypts_through_the_object_and_leaves_nothing_behind() {
    let (old, new) = (item("old"), item("new"));
    let sealed = SEALED.replace("ITEM", &old);
    for (answer, exit, words, expected) in [
        (json!({"items": {"pw": new}}), 0, "", SEALED.replace("ITEM", &new)),
        (json!({"problem": "no key could decrypt secret (pw)"}), 1, "error: unable to rotate secret \"db\"\n", sealed.clone()),
        (json!({"observedGeneration": 9}), 1, "error: cannot re-encrypt secret: db: ", sealed.clone()),
    ] {
        let lab = lab(Some(live(&old, "Unsealed")), answer);
        lab.write("db.yaml", &sealed);
        let (ended, out, err) = lab.run("kubeseal --re-encrypt -f @db.yaml", "");
        assert_eq!((ended, out.as_str(), err.contains(words)), (Exit(exit), "", true), "{err}");
        assert_eq!((lab.read("db.yaml"), count(&lab, "PUT")), (expected, 2));
        assert_eq!(left(&lab)["metadata"]["annotations"], json!({"theirs": "stays"}));
    }
    let lab = lab(None, json!({}));
    lab.write("db.yaml", &sealed);
    let (ended, _, err) = lab.run("kubeseal --re-encrypt -f @db.yaml", "");
    assert_eq!((ended, err.contains("it is not in the cluster\nhint: apply it first")), (Exit(1), true), "{err}");
    assert_eq!((lab.read("db.yaml"), count(&lab, "PUT")), (sealed, 0));
}

#[test]
fn rotate_takes_the_answer_and_takes_its_question_away() {
    let (old, new) = (item("old"), item("new"));
    let sealed = SEALED.replace("ITEM", &old);
    let lab = lab(Some(live(&old, "Unsealed")), json!({"items": {"pw": new}}));
    lab.write("db.yaml", &sealed);
    let (exit, out, err) = lab.run("seal rotate --context fake @db.yaml", "");
    assert_eq!((exit, out.contains("shop/db: resealed pw\n")), (Exit::DONE, true), "{out}{err}");
    let file = lab.read("db.yaml");
    assert!(file.contains(&format!("    pw: {new} # never mind\n")) && file.contains(key(1).0.fingerprint().as_str()), "{file}");
    assert_eq!(count(&lab, "PUT"), 2);
    assert_eq!(left(&lab)["metadata"]["annotations"], json!({"theirs": "stays"}));
}

#[test]
fn a_refusal_is_told_and_nothing_is_left_behind() {
    let old = item("old");
    let sealed = SEALED.replace("ITEM", &old);
    for (answer, exit, words) in [
        (json!({"problem": "no key could decrypt secret (pw)"}), Exit::FINDINGS, "no key could decrypt secret (pw)"),
        (json!({"observedGeneration": 9}), Exit::FAILED, "it changed while it was sealed anew"),
        (json!({"items": {"stranger": old}}), Exit::FINDINGS, "does not hold its items"),
    ] {
        let lab = lab(Some(live(&old, "Unsealed")), answer);
        lab.write("db.yaml", &sealed);
        let (ended, out, err) = lab.run("seal rotate --context fake @db.yaml", "");
        assert_eq!((ended, out.contains(words)), (exit, true), "{out}{err}");
        assert_eq!((lab.read("db.yaml"), &left(&lab)["metadata"]["annotations"]), (sealed.clone(), &json!({"theirs": "stays"})));
    }
}

#[test]
fn a_dry_run_only_reads_and_what_is_not_in_the_cluster_is_not_green() {
    let old = item("old");
    let sealed = SEALED.replace("ITEM", &old);
    let present = lab(Some(live(&old, "Unsealed")), json!({}));
    present.write("db.yaml", &sealed);
    let (exit, out, err) = present.run("seal rotate --check --context fake @db.yaml", "");
    assert_eq!((exit, out.contains("shop/db: would reseal pw\n")), (Exit::FINDINGS, true), "{out}{err}");
    assert_eq!(count(&present, "PUT"), 0);

    let absent = lab(None, json!({}));
    absent.write("db.yaml", &sealed);
    for verb in ["seal rotate", "seal rotate --check", "seal rotate --dry-run"] {
        let (exit, out, err) = absent.run(&format!("{verb} --context fake @db.yaml"), "");
        assert_eq!((exit, out.contains("it is not in the cluster")), (Exit::FAILED, true), "{out}{err}");
        assert!(err.contains("0 failed, 1 unknown"), "{err}");
    }
    assert_eq!((count(&absent, "PUT"), absent.read("db.yaml")), (0, sealed));
}

#[test]
fn what_its_status_says_is_current_is_not_asked_about() {
    let item = item("v");
    let mut object = live(&item, "Unsealed");
    object["status"]["keys"] = json!([key(1).0.fingerprint().as_str()]);
    let lab = lab(Some(object), json!({}));
    lab.write("db.yaml", &SEALED.replace("ITEM", &item));
    let (exit, _, err) = lab.run("seal rotate --context fake @db.yaml", "");
    assert_eq!((exit, err.as_str(), count(&lab, "PUT")), (Exit::DONE, "1 current, 0 resealed, 0 failed\n", 0));
}
