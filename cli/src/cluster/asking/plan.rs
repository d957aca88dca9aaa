//! What the object in the cluster says about the one in a file. Pure.

use crate::kubeseal::fresh_items;
use seal_api::{
    ConditionStatus, ConditionType, Reason, SealedSecret,
    sealed_secret::{ROTATE_REQUEST, Rotation},
};
use seal_core::{claim::keys_of, sealed::SealedObject};
use seal_crypto::{Fingerprint, Kind};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// An answer, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<T> {
    /// It is known.
    Known(T),
    /// The controller cannot do it, in its words.
    Refused(String),
    /// Nobody knows, and why.
    Unknown(String),
}

/// Why the cluster's object says nothing about the file's; `None` when it does.
pub fn difference(file: &SealedObject, live: Option<&Value>) -> Option<String> {
    let Some(live) = live.and_then(|live| SealedObject::from_json(live).ok()) else {
        return Some("it is not in the cluster".to_owned());
    };
    if live.items != file.items || live.blob != file.blob {
        return Some("the cluster has other ciphertext under this name".to_owned());
    }
    (live.scope() != file.scope()).then(|| "the cluster has it under another scope".to_owned())
}

/// Whether the controller opens it, from its condition.
pub fn opens(file: &SealedObject, live: Option<&Value>) -> Answer<()> {
    if let Some(why) = difference(file, live) {
        return Answer::Unknown(why);
    }
    let sealed = SealedSecret::from_value(live.unwrap_or(&Value::Null));
    let waits = || Answer::Unknown("the controller has not looked at it yet".to_owned());
    let Some(condition) = sealed.status.condition(ConditionType::Synced) else { return waits() };
    if sealed.status.observed_generation != sealed.meta.generation {
        return waits();
    }
    let not_opening = [Reason::NoKey, Reason::Invalid].map(Reason::as_str).contains(&condition.reason.as_str());
    match condition.status {
        ConditionStatus::True => Answer::Known(()),
        ConditionStatus::False if not_opening => Answer::Refused(condition.message.clone()),
        _ => Answer::Unknown(format!("its Secret is not written for another reason: {}", condition.message)),
    }
}

/// Names of the v1 items that are not sealed to the newest key, as far as can be told without opening anything: where claims do not
/// tell them apart, all of an object that some other key opens.
pub fn stale(file: &SealedObject, live: Option<&Value>, newest: &Fingerprint) -> Answer<Vec<String>> {
    match opens(file, live) {
        Answer::Known(()) => {}
        Answer::Refused(why) => return Answer::Refused(why),
        Answer::Unknown(why) => return Answer::Unknown(why),
    }
    let keys = SealedSecret::from_value(live.unwrap_or(&Value::Null)).status.keys;
    if keys.is_empty() && !file.items.is_empty() {
        return Answer::Unknown("its status does not tell which keys opened it".to_owned());
    }
    let (v1, claimed) = (file.items_of(Kind::V1), keys_of(file));
    // What opened v2 items says nothing about the others.
    let opens_v2 = |key: &String| file.items_of(Kind::V2).iter().any(|item| claimed[*item].iter().any(|one| one.as_str() == key));
    if v1.is_empty() || keys.iter().filter(|key| !opens_v2(key)).all(|key| key == newest.as_str()) {
        return Answer::Known(Vec::new());
    }
    let current = |item: &str| claimed[item].first() == Some(newest);
    let named: Vec<String> = v1.iter().filter(|item| !current(item)).map(|item| (*item).to_owned()).collect();
    Answer::Known(if named.is_empty() { v1.into_iter().map(str::to_owned).collect() } else { named })
}

/// The answer under an id, once it is there: new ciphertext by item name.
pub fn answer(file: &SealedObject, live: &Value, id: &str, newest: &Fingerprint) -> Option<Answer<BTreeMap<String, String>>> {
    let rotation = Rotation::of(live).filter(|rotation| rotation.request == id)?;
    let generation = live.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or(0);
    if let Some(why) = difference(file, Some(live)) {
        return Some(Answer::Unknown(why));
    }
    if rotation.observed_generation != generation || rotation.scope != file.scope().as_str() {
        return Some(Answer::Unknown("it changed while it was sealed anew".to_owned()));
    }
    if !rotation.problem.is_empty() {
        return Some(Answer::Refused(rotation.problem));
    }
    if rotation.key != newest.as_str() {
        return Some(Answer::Unknown("the newest key changed meanwhile".to_owned()));
    }
    let mut items = file.items.clone();
    items.extend(rotation.items);
    Some(match fresh_items(file, &json!({"spec": {"encryptedData": items}})) {
        Ok(fresh) => Answer::Known(fresh),
        Err(error) => Answer::Refused(error.message),
    })
}

/// The object with the question, or without it: then only when the question is the one under this id. `None` when there is nothing
/// to change.
pub fn asking(mut live: Value, id: &str, ask: bool) -> Option<Value> {
    let there = Rotation::asked(&live) == Some(id);
    if there == ask {
        return None;
    }
    let metadata = live.get_mut("metadata")?.as_object_mut()?;
    let annotations = metadata.entry("annotations").or_insert(Value::Null);
    if annotations.is_null() {
        *annotations = Value::Object(Map::new());
    }
    let annotations = annotations.as_object_mut()?;
    match ask {
        true => drop(annotations.insert(ROTATE_REQUEST.to_owned(), id.into())),
        false => drop(annotations.remove(ROTATE_REQUEST)),
    }
    Some(live)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef";
    const OLD: &str = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
    const NEW: &str = "SHA256:uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek";

    fn newest() -> Fingerprint {
        NEW.parse().unwrap()
    }

    /// Not ciphertext of anything; long enough to be read as an item.
    fn item(fill: char) -> String {
        format!("AgA{}", fill.to_string().repeat(1021))
    }

    fn live(condition: Value, observed: i64, keys: Value) -> Value {
        json!({
            "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
            "metadata": {"name": "db", "namespace": "shop", "generation": 2},
            "spec": {"encryptedData": {"a": item('A'), "b": item('B')}},
            "status": {"observedGeneration": observed, "conditions": [condition], "keys": keys},
        })
    }

    fn synced(status: &str, reason: &str) -> Value {
        json!({"type": "Synced", "status": status, "reason": reason, "message": "words"})
    }

    fn file() -> SealedObject {
        SealedObject::from_json(&live(json!({}), 0, json!([]))).unwrap()
    }

    #[test]
    fn the_condition_answers_only_for_the_same_ciphertext_and_the_present_generation() {
        let good = live(synced("True", "Unsealed"), 2, json!([NEW]));
        let (mut other, mut scope) = (good.clone(), good.clone());
        other["spec"]["encryptedData"]["b"] = json!(item('C'));
        scope["metadata"]["annotations"] = json!({"sealedsecrets.bitnami.com/cluster-wide": "true"});
        let unknown = |why: &str| Answer::Unknown(why.to_owned());
        for (live, expected) in [
            (Some(good), Answer::Known(())),
            (None, unknown("it is not in the cluster")),
            (Some(other), unknown("the cluster has other ciphertext under this name")),
            (Some(scope), unknown("the cluster has it under another scope")),
            (Some(live(synced("True", ""), 1, json!([]))), unknown("the controller has not looked at it yet")),
            (Some(live(json!({}), 2, json!([]))), unknown("the controller has not looked at it yet")),
            (Some(live(synced("False", "NoKey"), 2, json!([]))), Answer::Refused("words".to_owned())),
            (Some(live(synced("False", "Invalid"), 2, json!([]))), Answer::Refused("words".to_owned())),
            (
                Some(live(synced("False", "NotManaged"), 2, json!([]))),
                unknown("its Secret is not written for another reason: words"),
            ),
        ] {
            assert_eq!(opens(&file(), live.as_ref()), expected);
        }
    }

    #[test]
    fn the_keys_in_the_status_tell_what_is_stale() {
        let claimed = |items: Value| {
            let claim = json!({"key": NEW, "scope": "strict", "namespace": "shop", "name": "db", "items": items});
            let mut file = file();
            file.metadata.insert("annotations".into(), json!({"sealkit.dev/sealed-for": claim.to_string()}));
            file
        };
        let names = |names: &[&str]| Answer::Known(names.iter().map(|name| (*name).to_owned()).collect());
        for (file, keys, expected) in [
            (file(), json!([NEW]), names(&[])),
            (file(), json!([OLD]), names(&["a", "b"])),
            (file(), json!([NEW, OLD]), names(&["a", "b"])),
            (claimed(json!({"b": OLD})), json!([NEW, OLD]), names(&["b"])),
            (claimed(json!({})), json!([OLD]), names(&["a", "b"])),
            (file(), json!([]), Answer::Unknown("its status does not tell which keys opened it".into())),
        ] {
            assert_eq!(stale(&file, Some(&live(synced("True", ""), 2, keys.clone())), &newest()), expected, "{keys}");
        }
    }

    #[test]
    fn keys_of_v2_items_make_no_v1_item_stale() {
        let vector = include_str!("../../../../tests/vectors/v2/opens-strict.txt").split_once("\n\n").unwrap().1;
        let mut file = file();
        file.items.insert("password".to_owned(), vector.to_owned());
        let identity = keys_of(&file)["password"][0].to_string();
        let stale = |file: &SealedObject, keys: Value| {
            let mut live = live(synced("True", ""), 2, keys);
            live["spec"]["encryptedData"] = json!(file.items);
            stale(file, Some(&live), &newest())
        };
        assert_eq!(stale(&file, json!([NEW, identity])), Answer::Known(vec![]));
        assert_eq!(stale(&file, json!([OLD, identity])), Answer::Known(vec!["a".to_owned(), "b".to_owned()]));
        file.items.retain(|name, _| name == "password");
        assert_eq!(stale(&file, json!([identity])), Answer::Known(vec![]));
    }

    #[test]
    fn only_an_answer_to_this_question_about_these_items_is_taken() {
        let told = |change: &dyn Fn(&mut Value)| {
            let mut object = live(synced("True", ""), 2, json!([OLD]));
            object["status"]["rotation"] =
                json!({"request": ID, "observedGeneration": 2, "scope": "strict", "key": NEW, "items": {"b": item('C')}});
            change(&mut object);
            answer(&file(), &object, ID, &newest())
        };
        let unknown = |why: &str| Some(Answer::Unknown(why.to_owned()));
        assert_eq!(told(&|_| {}), Some(Answer::Known([("b".to_owned(), item('C'))].into())));
        assert_eq!(told(&|object| object["status"]["rotation"]["request"] = json!("someone-else")), None);
        assert_eq!(told(&|object| object["status"]["rotation"] = Value::Null), None);
        for (change, why) in [
            ("/metadata/generation", "it changed while it was sealed anew"),
            ("/status/rotation/scope", "it changed while it was sealed anew"),
            ("/status/rotation/key", "the newest key changed meanwhile"),
            ("/spec/encryptedData/a", "the cluster has other ciphertext under this name"),
        ] {
            assert_eq!(told(&|object| *object.pointer_mut(change).unwrap() = json!(OLD)), unknown(why), "{change}");
        }
        let problem = told(&|object| object["status"]["rotation"]["problem"] = json!("no key could decrypt secret (b)"));
        assert_eq!(problem, Some(Answer::Refused("no key could decrypt secret (b)".into())));
        for items in [json!({"stranger": item('C')}), json!({"b": "not an item"})] {
            let told = told(&|object| object["status"]["rotation"]["items"] = items.clone());
            assert!(matches!(told, Some(Answer::Refused(_))), "{items}");
        }
    }

    #[test]
    fn the_question_is_put_once_and_only_ones_own_is_taken_away() {
        let bare = json!({"metadata": {"name": "db"}});
        let asked = asking(bare.clone(), ID, true).unwrap();
        assert_eq!(asked["metadata"]["annotations"], json!({ROTATE_REQUEST: ID}));
        assert_eq!(asking(asked.clone(), ID, true), None);
        assert_eq!(asking(asked.clone(), "someone-else", false), None);
        assert_eq!(asking(asked, ID, false).unwrap()["metadata"]["annotations"], json!({}));
        assert_eq!(asking(bare, ID, false), None);
    }
}
