//! What every store does, whatever is behind it.

use crate::vaults::{Vaults, secret, shown};
use anyhow::Result;
use regex::Regex;
use seal_providers::fake::{Entry, Fake};
use seal_providers::vault::{Config, Kv};
use seal_providers::{Absent, Find, Push, Pushed, Reference, Shape, Store, StoreError};
use seal_tests::OpenBao;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is in every store before the table is run: `app/db` in two versions, `app/other`, `elsewhere`.
const OLD: &str = r#"{"password":"old","user":"me"}"#;
const NEW: &str = r#"{"password":"p&<w>","port":5432,"user":"me"}"#;
const OTHER: &str = r#"{"a":"b"}"#;

/// A seeded store, and what its keys begin with.
struct Subject {
    name: &'static str,
    store: Arc<dyn Store>,
    before: &'static str,
}

impl Subject {
    fn key(&self, key: &str) -> Reference {
        Reference::new(&format!("{}{key}", self.before))
    }

    async fn value(&self, key: &str) -> Result<String, StoreError> {
        self.store.get(&self.key(key)).await.map(|answer| shown(&answer.value))
    }

    fn push(&self, key: &str, property: Option<&str>, value: &str) -> Push {
        let key = format!("{}{key}", self.before);
        Push { key, property: property.map(str::to_owned), value: secret(value), only_if_absent: false }
    }
}

fn fake() -> Subject {
    let entry = |key: &str, value: &str, version: Option<&str>| Entry {
        key: key.to_owned(),
        value: secret(value),
        version: version.map(str::to_owned),
    };
    let entries = vec![
        entry("app/db", OLD, Some("1")),
        entry("app/db", NEW, Some("2")),
        entry("app/other", OTHER, None),
        entry("elsewhere", OTHER, None),
    ];
    Subject { name: "fake", store: Arc::new(Fake::new(entries)), before: "" }
}

async fn openbao(bao: &OpenBao) -> Result<Vec<Subject>> {
    bao.call("POST", "sys/mounts/kv", json!({"type": "kv", "options": {"version": "1"}})).await?;
    bao.call("POST", "sys/mounts/deep/er", json!({"type": "kv", "options": {"version": "2"}})).await?;
    for (key, text) in [("app/db", OLD), ("app/db", NEW), ("app/other", OTHER), ("elsewhere", OTHER)] {
        let data: serde_json::Value = serde_json::from_str(text)?;
        bao.put(key, data.clone()).await?;
        bao.call("POST", &format!("kv/{key}"), data.clone()).await?;
        bao.call("POST", &format!("deep/er/data/{key}"), json!({"data": data})).await?;
    }
    let tagged = json!({"custom_metadata": {"team": "blue"}});
    bao.call("POST", "secret/metadata/app/db", tagged.clone()).await?;
    bao.call("POST", "deep/er/metadata/app/db", tagged).await?;
    let subject = |name, before, mount: Option<&str>, kv| {
        let mut vaults = Vaults::at(&bao.url);
        vaults.config = Config { mount: mount.map(str::to_owned), kv, ..Config::default() };
        Subject { name, store: vaults.store(), before }
    };
    Ok(vec![
        subject("kv2", "", Some("secret"), Kv::V2),
        subject("kv2, keys with the mount", "deep/er/data/", Some("deep/er"), Kv::V2),
        subject("kv1", "", Some("kv"), Kv::V1),
    ])
}

#[tokio::test]
async fn the_fake_keeps_the_contract() {
    contract(&fake()).await;
}

#[tokio::test]
async fn openbao_keeps_the_contract() -> Result<()> {
    let Some(bao) = OpenBao::start(false).await? else { return Ok(()) };
    for subject in openbao(&bao).await? {
        contract(&subject).await;
    }
    Ok(())
}

async fn contract(subject: &Subject) {
    println!("{}", subject.name);
    assert_eq!(subject.store.validate().await, Ok(()));
    reads(subject).await;
    finds(subject).await;
    writes(subject).await;
}

async fn reads(subject: &Subject) {
    let store = &subject.store;
    let able = store.capabilities();
    let answer = store.get(&subject.key("app/db")).await.ok().unwrap();
    assert_eq!((shown(&answer.value).as_str(), answer.shape), (NEW, Shape::Object));
    let members = store.get_map(&subject.key("app/db")).await.ok().unwrap();
    let members: Vec<_> = members.iter().map(|(name, value)| (name.as_str(), shown(value))).collect();
    let expected = [("password", "p&<w>"), ("port", "5432"), ("user", "me")].map(|(name, value)| (name, value.to_owned()));
    assert_eq!(members, expected);

    assert_eq!(subject.value("app/none").await, Err(StoreError::Absent(Absent::Secret)));
    assert_eq!(store.exists(&subject.key("app/db").key, Some("user")).await, Ok(true));
    assert_eq!(store.exists(&subject.key("app/db").key, Some("none")).await, Ok(false));
    assert_eq!(store.exists(&subject.key("app/none").key, None).await, Ok(false));
    if able.versions {
        let pinned = |version| subject.key("app/db").at(version);
        assert_eq!(store.get(&pinned("1")).await.map(|answer| shown(&answer.value)), Ok(OLD.to_owned()));
        assert_eq!(store.get(&pinned("99")).await.err(), Some(StoreError::Absent(Absent::Version)));
        assert_eq!(answer.version.as_deref(), Some("2"));
    } else {
        assert!(matches!(store.get(&subject.key("app/db").at("1")).await.err(), Some(StoreError::Invalid(_))));
    }
    if able.cheap_versions {
        let keys = ["app/db", "app/other", "app/none"].map(|key| subject.key(key).key);
        let versions = store.versions(&keys).await.ok().unwrap();
        let expected = [Ok("2".to_owned()), Ok("1".to_owned()), Err(StoreError::Absent(Absent::Secret))];
        assert_eq!(versions, keys.into_iter().zip(expected).collect());
    }
    let metadata = store.get(&subject.key("app/db").metadata()).await;
    assert_eq!(metadata.is_ok(), able.metadata);
    if let Ok(metadata) = metadata {
        assert!(shown(&metadata.value).contains(r#""team":"blue""#));
    }
}

async fn finds(subject: &Subject) {
    let store = &subject.store;
    let keys = async |find: Find| store.find(&find).await.map(|all| all.into_keys().collect::<Vec<_>>());
    let named = |name: &str| Find { name: Some(Regex::new(name).unwrap()), ..Find::default() };
    let below = |path: &str| Find { path: Some(path.to_owned()), ..Find::default() };
    assert_eq!(keys(named("^app/d")).await, Ok(vec!["app/db".to_owned()]));
    assert_eq!(keys(named("e")).await, Ok(vec!["app/other".to_owned(), "elsewhere".to_owned()]));
    assert_eq!(keys(below("app")).await, Ok(vec!["app/db".to_owned(), "app/other".to_owned()]));
    assert_eq!(keys(below("nowhere")).await, Ok(vec![]));
    let tagged = Find { tags: BTreeMap::from([("team".to_owned(), "blue".to_owned())]), ..Find::default() };
    match store.capabilities().find_by_tags {
        true => assert_eq!(keys(tagged).await, Ok(vec!["app/db".to_owned()])),
        false => assert!(matches!(keys(tagged).await, Err(StoreError::Invalid(_)))),
    }
    let all = store.find(&Find::default()).await.ok().unwrap();
    assert_eq!(shown(&all["app/db"].value), NEW, "finding finds current values");
}

async fn writes(subject: &Subject) {
    let store = &subject.store;
    let pushes = [
        (Some("a"), "1", Pushed::Written, r#"{"a":"1"}"#),
        (Some("a"), "1", Pushed::Unchanged, r#"{"a":"1"}"#),
        (Some("b"), "2<", Pushed::Written, r#"{"a":"1","b":"2<"}"#),
        (None, r#"{"c":"3"}"#, Pushed::Written, r#"{"c":"3"}"#),
        (None, r#"{"c":"3"}"#, Pushed::Unchanged, r#"{"c":"3"}"#),
        (Some("d"), "4", Pushed::Written, r#"{"c":"3","d":"4"}"#),
    ];
    let mut before = None;
    for (property, value, done, _) in pushes {
        assert_eq!(store.push(&subject.push("made/here", property, value)).await, Ok(done), "{property:?}");
        let version = store.get(&subject.key("made/here")).await.ok().unwrap().version;
        if done == Pushed::Unchanged {
            assert_eq!(version, before, "an unchanged value makes no version");
        }
        before = version;
    }
    let members = async || {
        store.get_map(&subject.key("made/here")).await.map(|all| {
            all.into_iter()
                .filter(|(name, _)| name != "custom_metadata")
                .map(|(n, v)| format!("{n}={}", shown(&v)))
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(members().await, Ok(vec!["c=3".to_owned(), "d=4".to_owned()]));
    let keep = Push { only_if_absent: true, ..subject.push("made/here", Some("d"), "5") };
    assert_eq!(store.push(&keep).await, Ok(Pushed::Unchanged));

    let key = subject.key("made/here").key;
    assert_eq!(store.delete(&key, Some("none")).await, Ok(()));
    assert_eq!(store.delete(&key, Some("c")).await, Ok(()));
    assert_eq!(members().await, Ok(vec!["d=4".to_owned()]));
    assert_eq!(store.delete(&key, Some("d")).await, Ok(()));
    assert_eq!(subject.value("made/here").await, Err(StoreError::Absent(Absent::Secret)));
    assert_eq!(store.delete(&key, None).await, Ok(()), "absent already");
    assert_eq!(store.push(&subject.push("made/here", Some("a"), "again")).await, Ok(Pushed::Written));

    if subject.name != "fake" {
        let foreign = store.push(&subject.push("app/db", Some("password"), "stolen")).await;
        assert!(matches!(foreign, Err(StoreError::Conflict(_))), "{}", subject.name);
        assert!(matches!(store.delete(&subject.key("app/db").key, None).await, Err(StoreError::Conflict(_))));
        assert_eq!(subject.value("app/db").await.as_deref(), Ok(NEW));
    }
}
