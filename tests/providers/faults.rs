//! Servers that misbehave: each is one typed outcome, quickly, and nothing of what they said or were given is in it.

use crate::vaults::{Vaults, secret};
use anyhow::Result;
use seal_providers::vault::{Credential, Origins};
use seal_providers::{Absent, Operation, Outage, Push, Reference, Store, StoreError};
use seal_tests::HttpScript;
use seal_tests::http_script::Reply;
use std::time::{Duration, Instant};

const CANARY: &str = "CANARY-7d1f";

fn answer(status: u16, headers: &'static str, body: &str) -> Reply {
    Reply::Answer(status, headers, body.replace("@", CANARY))
}

fn garbled(error: &StoreError) -> bool {
    matches!(error, StoreError::Garbled(_))
}

fn invalid(error: &StoreError) -> bool {
    matches!(error, StoreError::Invalid(_))
}

/// How a server answers a read, and what that is to us.
type Case = (&'static str, fn() -> Reply, fn(&StoreError) -> bool);

const CASES: [Case; 24] = [
    ("sealed", || answer(503, "", r#"{"errors":["Vault is sealed @"]}"#), |e| *e == StoreError::Unavailable(Outage::Sealed)),
    ("standby", || answer(473, "", "@"), |e| *e == StoreError::Unavailable(Outage::Standby)),
    ("not replicated yet", || answer(412, "", "@"), |e| *e == StoreError::Unavailable(Outage::Standby)),
    ("failing", || answer(500, "", r#"{"errors":["@"]}"#), |e| *e == StoreError::Unavailable(Outage::Failing)),
    ("gateway", || answer(502, "", "<html>@"), |e| *e == StoreError::Unavailable(Outage::Failing)),
    (
        "quota",
        || answer(429, "retry-after: 7\r\n", "@"),
        |e| *e == StoreError::Throttled { retry_after: Some(Duration::from_secs(7)) },
    ),
    ("quota without a time", || answer(429, "retry-after: Fri\r\n", "@"), |e| *e == StoreError::Throttled { retry_after: None }),
    ("denied", || answer(403, "", r#"{"errors":["permission denied @"]}"#), |e| *e == StoreError::Denied(Operation::Read)),
    ("absent", || answer(404, "", r#"{"errors":[]}"#), |e| *e == StoreError::Absent(Absent::Secret)),
    ("a mount that is not there", || answer(404, "", r#"{"errors":["no handler for route \"@\""]}"#), invalid),
    ("a proxy's not found", || answer(404, "", "<html>@</html>"), garbled),
    ("an empty not found", || answer(404, "", ""), garbled),
    ("malformed request", || answer(400, "", r#"{"errors":["@"]}"#), invalid),
    ("half of JSON", || answer(200, "", r#"{"data":{"data":{"a":"@"#), garbled),
    ("another JSON", || answer(200, "", r#"{"data":{"data":"@","metadata":"@"}}"#), garbled),
    ("no data", || answer(200, "", r#"{"data":null,"x":"@"}"#), garbled),
    ("a page", || answer(200, "content-type: text/html\r\n", "<html>@"), garbled),
    ("nothing", || answer(200, "", ""), garbled),
    ("deep JSON", || answer(200, "", &"[".repeat(100_000)), garbled),
    ("no content", || answer(204, "", ""), garbled),
    ("a teapot", || answer(418, "", "@"), garbled),
    ("endless", || Reply::Endless, garbled),
    ("a gigabyte announced", || Reply::Announced, garbled),
    ("stalled", || Reply::Stall, |e| *e == StoreError::Unavailable(Outage::Slow)),
];

#[tokio::test]
async fn every_misbehaviour_is_one_typed_outcome() -> Result<()> {
    for (name, reply, expected) in CASES {
        let server = HttpScript::start(move |_| reply()).await?;
        let mut vaults = Vaults::at(&server.url);
        vaults.server.timeout = Duration::from_secs(2);
        let began = Instant::now();
        let Err(error) = vaults.store().get(&Reference::new("app")).await else { panic!("{name} was taken for a value") };
        assert!(expected(&error), "{name}: {error:?}");
        assert!(began.elapsed() < Duration::from_secs(10), "{name} took {:?}", began.elapsed());
        let texts = format!("{error} {error:?} {} {}", error.hint(), error.reason());
        assert!(!texts.contains(CANARY), "{name}: {texts}");
    }
    Ok(())
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_other_server_gets_nothing() -> Result<()> {
    let attacker = HttpScript::start(|_| answer(200, "", r#"{"data":{"data":{},"metadata":{}}}"#)).await?;
    for status in [301, 302, 303, 307, 308] {
        let to = format!("location: {}/v1/secret/data/app\r\n", attacker.url);
        let to: &'static str = to.leak();
        let server = HttpScript::start(move |_| answer(status, to, "")).await?;
        let error = Vaults::at(&server.url).store().get(&Reference::new("app")).await.err();
        assert!(matches!(error, Some(StoreError::Refused(_))), "{status}: {error:?}");
        let login = Credential::UserPass { mount: "u".to_owned(), username: "n".to_owned(), password: secret(CANARY) };
        let error = Vaults::at(&server.url).login(login).store().validate().await;
        assert!(matches!(error, Err(StoreError::Refused(_))), "{status}: {error:?}");
    }
    assert!(attacker.asked().is_empty());
    Ok(())
}

#[tokio::test]
async fn what_is_not_allowed_is_not_asked() -> Result<()> {
    let server = HttpScript::start(|_| answer(200, "", "{}")).await?;
    let port = server.url.rsplit(':').next().unwrap().to_owned();
    let mut by_name = Vaults::at(&format!("http://localhost:{port}"));
    by_name.origins = Origins::outside();
    assert!(by_name.store().validate().await.is_err(), "a name that resolves to this machine");
    let mut by_address = Vaults::at(&server.url);
    by_address.origins = Origins::outside();
    assert!(matches!(by_address.session().err(), Some(StoreError::Refused(_))));
    let mut elsewhere = Vaults::at(&server.url);
    elsewhere.origins = Origins::only(&["https://vault.example"])?;
    assert!(matches!(elsewhere.session().err(), Some(StoreError::Refused(_))));
    for key in ["a/../b", "a/%2e%2e/b", "a//b"] {
        let error = Vaults::at(&server.url).store().get(&Reference::new(key)).await.err();
        assert!(matches!(error, Some(StoreError::Refused(_))), "{key}");
    }
    assert!(server.asked().is_empty());
    Ok(())
}

#[tokio::test]
async fn paths_and_headers_arrive_as_they_were_meant() -> Result<()> {
    let server = HttpScript::start(|_| answer(404, "", r#"{"errors":[]}"#)).await?;
    let mut vaults = Vaults::at(&format!("{}/behind/", server.url));
    vaults.config.namespace = Some("team/a".to_owned());
    vaults.config.forward_inconsistent = true;
    vaults.server.headers.insert("X-Extra".to_owned(), "1".to_owned());
    let _ = vaults.store().get(&Reference::new("a b/ü?x#100%").at("3")).await;
    let asked = server.asked().remove(0);
    assert_eq!(asked.line, "GET /behind/v1/secret/data/a%20b/%C3%BC%3Fx%23100%25?version=3");
    for (name, value) in [
        ("x-vault-token", "root"),
        ("x-vault-namespace", "team/a"),
        ("x-vault-inconsistent", "forward-active-node"),
        ("x-vault-request", "true"),
        ("x-extra", "1"),
    ] {
        assert!(asked.headers.contains(&(name.to_owned(), value.to_owned())), "{name}");
    }
    vaults.server.headers.insert("X-Vault-Token".to_owned(), "mine".to_owned());
    assert!(matches!(vaults.session().err(), Some(StoreError::Refused(_))));
    Ok(())
}

#[tokio::test]
async fn a_change_in_between_is_a_conflict() -> Result<()> {
    let server = HttpScript::start(|asked| {
        let value = r#"{"data":{"data":{"a":"1"},"metadata":{"version":3}}}"#;
        let metadata = r#"{"data":{"current_version":3,"custom_metadata":{"managed-by":"external-secrets"}}}"#;
        match asked.line.as_str() {
            "GET /v1/secret/data/app" => answer(200, "", value),
            "GET /v1/secret/metadata/app" => answer(200, "", metadata),
            _ => answer(400, "", r#"{"errors":["check-and-set parameter did not match the current version @"]}"#),
        }
    })
    .await?;
    let push = Push { key: "app".to_owned(), property: Some("a".to_owned()), value: secret("2"), only_if_absent: false };
    let outcome = Vaults::at(&server.url).store().push(&push).await;
    assert!(matches!(outcome, Err(StoreError::Conflict(_))), "{outcome:?}");
    assert!(server.asked().iter().any(|asked| asked.body.contains(r#""cas":3"#)));
    Ok(())
}
