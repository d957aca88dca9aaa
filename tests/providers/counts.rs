//! What a sync costs the server: counted, not estimated.

use crate::hands::Hands;
use crate::vaults::{Vaults, secret};
use anyhow::Result;
use seal_providers::vault::Credential;
use seal_providers::{Read, Reader, Reference, Store};
use seal_tests::OpenBao;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const PATHS: u64 = 1000;

#[tokio::test]
async fn a_thousand_paths_of_four_properties_each() -> Result<()> {
    let Some(bao) = OpenBao::start(false).await? else { return Ok(()) };
    bao.call("POST", "sys/auth/userpass", json!({"type": "userpass"})).await?;
    bao.call("POST", "sys/policies/acl/app", json!({"policy": r#"path "secret/*" { capabilities = ["read"] }"#})).await?;
    bao.call("POST", "auth/userpass/users/app", json!({"password": "pw", "token_policies": "app"})).await?;
    for n in 0..PATHS {
        bao.put(&format!("load/{n}"), json!({"a": "1", "b": "2", "c": "3", "d": "4"})).await?;
    }
    let (mount, username) = ("userpass".to_owned(), "app".to_owned());
    let vaults = Vaults::at(&bao.url).login(Credential::UserPass { mount, username, password: secret("pw") });
    let (store, clock) = (vaults.store(), Arc::new(Hands::default()));
    let reader = Arc::new(Reader::new(store.clone(), clock.clone(), Default::default()));
    let requests = || store.session().door().requests();

    let began = std::time::Instant::now();
    round(&reader, None, false).await?;
    println!("first sync: {} requests in {:?}", requests(), began.elapsed());
    assert_eq!(requests(), PATHS + 1, "a login and one read a path");

    for interval in 1..=3 {
        clock.forward(Duration::from_secs(60));
        round(&reader, Some("1"), true).await?;
        assert_eq!(requests(), PATHS + 1 + interval * PATHS, "one read of metadata a path and interval");
    }
    bao.put("load/7", json!({"a": "changed"})).await?;
    clock.forward(Duration::from_secs(60));
    let before = requests();
    round(&reader, Some("1"), false).await?;
    assert_eq!(requests() - before, PATHS + 1, "and the one value that moved");
    assert_eq!(store.validate().await, Ok(()));
    Ok(())
}

/// Four properties of each path, all at once.
async fn round(reader: &Arc<Reader>, knows: Option<&'static str>, all_unchanged: bool) -> Result<()> {
    let mut all = Vec::new();
    for n in 0..PATHS {
        for _ in 0..4 {
            let reader = reader.clone();
            all.push(tokio::spawn(async move {
                let read = reader.read(&Reference::new(&format!("load/{n}")), knows).await;
                read.map(|read| matches!(read, Read::Unchanged))
            }));
        }
    }
    for one in all {
        let unchanged = one.await??;
        assert!(unchanged || !all_unchanged);
    }
    Ok(())
}
