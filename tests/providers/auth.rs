//! Logins and the life of tokens, against a real OpenBao.

use crate::hands::Hands;
use crate::vaults::{Vaults, secret, shown};
use anyhow::Result;
use seal_providers::vault::{Credential, Sessions};
use seal_providers::{Absent, Operation, Outage, Read, Reader, Reference, Store, StoreError};
use seal_tests::OpenBao;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const READ: &str = r#"path "secret/data/app" { capabilities = ["read"] }"#;
const HOUR: Duration = Duration::from_secs(3600);

async fn approle(bao: &OpenBao, policy: &str, options: Value) -> Result<Credential> {
    bao.call("POST", "sys/policies/acl/app", json!({"policy": policy})).await?;
    let _ = bao.call("POST", "sys/auth/approle", json!({"type": "approle"})).await;
    let mut role = json!({"token_policies": "app"});
    role.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
    bao.call("POST", "auth/approle/role/app", role).await?;
    let role_id = bao.call("GET", "auth/approle/role/app/role-id", Value::Null).await?;
    let secret_id = bao.call("POST", "auth/approle/role/app/secret-id", Value::Null).await?;
    let text = |answer: &Value, field: &str| secret(answer["data"][field].as_str().unwrap());
    Ok(Credential::AppRole {
        mount: "approle".to_owned(),
        role_id: text(&role_id, "role_id"),
        secret_id: text(&secret_id, "secret_id"),
    })
}

/// How many tokens of `app` the server knows.
async fn tokens(bao: &OpenBao) -> Result<usize> {
    let accessors = bao.call("LIST", "auth/token/accessors", Value::Null).await?;
    let mut found = 0;
    for accessor in accessors["data"]["keys"].as_array().unwrap() {
        let asked = bao.call("POST", "auth/token/lookup-accessor", json!({"accessor": accessor})).await;
        found += usize::from(asked.is_ok_and(|token| token["data"]["policies"].as_array().unwrap().contains(&json!("app"))));
    }
    Ok(found)
}

#[tokio::test]
async fn one_login_serves_everybody_and_is_revoked_when_unused() -> Result<()> {
    let Some(bao) = OpenBao::start(false).await? else { return Ok(()) };
    bao.put("app", json!({"a": "b"})).await?;
    let vaults = Vaults::at(&bao.url).login(approle(&bao, READ, json!({"token_ttl": "1h", "token_max_ttl": "3h"})).await?);
    let sessions = Sessions::default();
    let session = sessions.of("app", || vaults.session())?;
    let store = Arc::new(seal_providers::vault::Vault::new(session.clone(), vaults.config.clone()));
    let all: Vec<_> = (0..50)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.get(&Reference::new("app")).await.map(|answer| shown(&answer.value)) })
        })
        .collect();
    for one in all {
        assert_eq!(one.await?.as_deref(), Ok(r#"{"a":"b"}"#));
    }
    assert_eq!((session.logins(), session.door().requests(), tokens(&bao).await?), (1, 51, 1));

    // At two thirds of its life it is renewed, not replaced, and only once.
    vaults.clock.forward(Duration::from_secs(41 * 60));
    for _ in 0..3 {
        assert!(store.get(&Reference::new("app")).await.is_ok());
    }
    assert_eq!((session.logins(), session.door().requests(), tokens(&bao).await?), (1, 55, 1));
    sessions.tick(HOUR).await;
    assert_eq!(tokens(&bao).await?, 1);
    vaults.clock.forward(HOUR);
    sessions.tick(HOUR).await;
    assert_eq!(tokens(&bao).await?, 0, "a token nobody used for an hour is revoked");
    assert!(store.get(&Reference::new("app")).await.is_ok());
    assert_eq!((session.logins(), tokens(&bao).await?), (2, 1));
    sessions.close().await;
    assert_eq!(tokens(&bao).await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_token_the_server_forgot_is_replaced_once_for_everybody() -> Result<()> {
    let Some(bao) = OpenBao::start(false).await? else { return Ok(()) };
    bao.put("app", json!({"a": "b"})).await?;
    let vaults = Vaults::at(&bao.url).login(approle(&bao, READ, json!({"token_ttl": "1h"})).await?);
    let store = vaults.store();
    assert!(store.get(&Reference::new("app")).await.is_ok());
    let accessors = bao.call("LIST", "auth/token/accessors", Value::Null).await?;
    for accessor in accessors["data"]["keys"].as_array().unwrap() {
        let token = bao.call("POST", "auth/token/lookup-accessor", json!({"accessor": accessor})).await?;
        if token["data"]["policies"].as_array().unwrap().contains(&json!("app")) {
            bao.call("POST", "auth/token/revoke-accessor", json!({"accessor": accessor})).await?;
        }
    }
    let all: Vec<_> = (0..20)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.get(&Reference::new("app")).await.is_ok() })
        })
        .collect();
    for one in all {
        assert!(one.await?);
    }
    assert_eq!((store.session().logins(), tokens(&bao).await?), (2, 1));

    // A path that is refused is not a reason to log in again, and costs one look at the token for all of them.
    let before = store.session().door().requests();
    for _ in 0..5 {
        assert_eq!(store.get(&Reference::new("other")).await.err(), Some(StoreError::Denied(Operation::Read)));
    }
    assert_eq!((store.session().logins(), store.session().door().requests() - before), (2, 6));
    Ok(())
}

#[tokio::test]
async fn a_token_at_its_longest_life_is_replaced_and_the_old_one_revoked() -> Result<()> {
    let Some(bao) = OpenBao::start(false).await? else { return Ok(()) };
    bao.put("app", json!({"a": "b"})).await?;
    let vaults = Vaults::at(&bao.url).login(approle(&bao, READ, json!({"token_ttl": "0", "token_max_ttl": "1h"})).await?);
    let store = vaults.store();
    for _ in 0..4 {
        assert!(store.get(&Reference::new("app")).await.is_ok());
        vaults.clock.forward(HOUR);
    }
    assert_eq!((store.session().logins(), tokens(&bao).await?), (4, 1));
    Ok(())
}

#[tokio::test]
async fn a_login_that_fails_is_not_repeated_by_everybody() -> Result<()> {
    let Some(bao) = OpenBao::start(false).await? else { return Ok(()) };
    let Credential::AppRole { mount, role_id, .. } = approle(&bao, READ, json!({})).await? else { panic!("not an approle") };
    let vaults = Vaults::at(&bao.url).login(Credential::AppRole { mount, role_id, secret_id: secret("CANARY-wrong") });
    let store = vaults.store();
    for _ in 0..20 {
        assert_eq!(store.get(&Reference::new("app")).await.err(), Some(StoreError::Denied(Operation::Login)));
    }
    assert_eq!(store.session().door().requests(), 1);
    vaults.clock.forward(Duration::from_secs(1));
    assert!(store.validate().await.is_err());
    assert_eq!(store.session().door().requests(), 2);
    Ok(())
}

#[tokio::test]
async fn who_may_not_read_metadata_reads_values() -> Result<()> {
    let Some(bao) = OpenBao::start(false).await? else { return Ok(()) };
    bao.put("app", json!({"a": "b"})).await?;
    let vaults = Vaults::at(&bao.url).login(approle(&bao, READ, json!({})).await?);
    let (store, clock) = (vaults.store(), Arc::new(Hands::default()));
    let reader = Reader::new(store.clone(), clock.clone(), Default::default());
    for _ in 0..5 {
        clock.forward(Duration::from_secs(60));
        assert!(matches!(reader.read(&Reference::new("app"), Some("1")).await, Ok(Read::Unchanged)));
    }
    // A login, one refused look at metadata with a look at the token, five values.
    assert_eq!(store.session().door().requests(), 8);
    Ok(())
}

#[tokio::test]
async fn names_passwords_and_namespaces() -> Result<()> {
    let Some(bao) = OpenBao::start(false).await? else { return Ok(()) };
    bao.call("POST", "sys/namespaces/team", json!({})).await?;
    bao.call_in("team", "POST", "sys/mounts/secret", json!({"type": "kv", "options": {"version": "2"}})).await?;
    bao.call_in("team", "POST", "secret/data/app", json!({"data": {"where": "team"}})).await?;
    bao.call_in("team", "POST", "sys/policies/acl/app", json!({"policy": READ})).await?;
    bao.call_in("team", "POST", "sys/auth/people", json!({"type": "userpass"})).await?;
    bao.call_in("team", "POST", "auth/people/users/ann", json!({"password": "pw", "token_policies": "app"})).await?;
    let person = |username: &str, password: &str| Credential::UserPass {
        mount: "people".to_owned(),
        username: username.to_owned(),
        password: secret(password),
    };
    let in_team = |credential| {
        let mut vaults = Vaults::at(&bao.url).login(credential);
        vaults.config.namespace = Some("team".to_owned());
        vaults.auth_namespace = Some("team".to_owned());
        vaults.store()
    };
    let store = in_team(person("ann", "pw\n"));
    assert_eq!(store.get(&Reference::new("app")).await.map(|a| shown(&a.value)).as_deref(), Ok(r#"{"where":"team"}"#));
    let wrong = in_team(person("ann", "other"));
    assert_eq!(wrong.validate().await, Err(StoreError::Denied(Operation::Login)));
    assert!(matches!(in_team(person("../ann", "pw")).validate().await, Err(StoreError::Refused(_))));

    // What is missing above the secret is a mistake, not an absent secret.
    for (namespace, mount) in [(Some("nobody"), "secret"), (None, "unmounted")] {
        let mut vaults = Vaults::at(&bao.url);
        vaults.config.namespace = namespace.map(str::to_owned);
        vaults.config.mount = Some(mount.to_owned());
        let error = vaults.store().get(&Reference::new("app")).await.err();
        assert!(matches!(error, Some(StoreError::Invalid(_) | StoreError::Denied(_))), "{error:?}");
    }
    Ok(())
}

#[tokio::test]
async fn deleted_and_destroyed_versions_are_absent() -> Result<()> {
    let Some(bao) = OpenBao::start(false).await? else { return Ok(()) };
    bao.put("app", json!({"a": "1"})).await?;
    bao.put("app", json!({"a": "2"})).await?;
    let store = Vaults::at(&bao.url).store();
    let gone = |key: &str| [(key.to_owned(), Err(StoreError::Absent(Absent::Secret)))].into();
    bao.call("DELETE", "secret/data/app", Value::Null).await?;
    assert_eq!(store.get(&Reference::new("app")).await.err(), Some(StoreError::Absent(Absent::Secret)));
    assert_eq!(store.versions(&["app".to_owned()]).await, Ok(gone("app")));
    assert_eq!(store.get(&Reference::new("app").at("1")).await.map(|a| shown(&a.value)).as_deref(), Ok(r#"{"a":"1"}"#));
    assert!(store.find(&Default::default()).await.is_ok_and(|all| all.is_empty()));
    bao.call("POST", "secret/destroy/app", json!({"versions": [1]})).await?;
    assert_eq!(store.get(&Reference::new("app").at("1")).await.err(), Some(StoreError::Absent(Absent::Version)));
    Ok(())
}

#[tokio::test]
async fn certificates_are_checked_both_ways() -> Result<()> {
    let Some(bao) = OpenBao::start(true).await? else { return Ok(()) };
    bao.put("app", json!({"a": "b"})).await?;
    let untrusting = Vaults::at(&bao.url).store();
    assert_eq!(untrusting.validate().await, Err(StoreError::Unavailable(Outage::Tls)));
    let mut vaults = Vaults::at(&bao.url);
    vaults.server.ca = bao.ca.clone();
    assert_eq!(vaults.store().get(&Reference::new("app")).await.map(|a| shown(&a.value)).as_deref(), Ok(r#"{"a":"b"}"#));
    vaults.server.ca = Some(b"CANARY".to_vec());
    assert!(matches!(vaults.session().err(), Some(StoreError::Invalid(_))));
    Ok(())
}
