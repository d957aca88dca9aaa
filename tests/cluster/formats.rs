//! v2 items where only v1 is known, and objects as large as the API server takes them.

use crate::case::{Case, public_key};
use crate::runner::tests;
use anyhow::{Result, ensure};
use kube::api::PostParams;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use seal_core::sealed::{MAX_OBJECT_BYTES, SealedObject};
use seal_crypto::age::{Identity, Recipient, RecipientKind};
use seal_crypto::{Binding, Scope, v2};
use seal_tests::{Sealed, peers, upstream};

tests![
    upstreams_controller_fails_closed_on_v2_items_of_every_size,
    what_counts_as_small_enough_is_stored_and_what_does_not_is_not
];

fn recipient(kind: RecipientKind) -> Result<Recipient> {
    let identity = Identity::generate(kind, &mut StdRng::seed_from_u64(3));
    Ok(identity.as_ref().and_then(Identity::recipient).ok_or_else(|| anyhow::anyhow!("no recipient"))?.clone())
}

fn item(namespace: &str, name: &str, key: &str, value: Vec<u8>, to: &Recipient) -> Result<String> {
    let context = v2::Context::new(&Binding::new(Scope::Strict, namespace, name)?, key, "", 7)?;
    Ok(v2::seal(&value.into(), &context, std::slice::from_ref(to), &mut StdRng::seed_from_u64(4))?.encode())
}

async fn upstreams_controller_fails_closed_on_v2_items_of_every_size(case: &Case) -> Result<()> {
    let Some(program) = peers::tool("sealed-secrets-controller") else { return Ok(()) };
    let theirs = upstream::start(case.plane(), &program, "kube-system", &["--key-size=2048"]).await?;
    let key = public_key(&theirs).await?;
    for kind in [RecipientKind::X25519, RecipientKind::PostQuantum] {
        let to = recipient(kind)?;
        for size in [5, 20_000, 25_000, 30_000, 900_000] {
            let name = format!("v2-{kind:?}-{size}").to_lowercase();
            let text = item(&case.namespace, &name, "k", vec![b'x'; size], &to)?;
            case.put(&Sealed::new(&key, &case.namespace, &name).raw_item("k", &text)).await?;
            let why = case.expect_not_synced(&name).await?;
            ensure!(why.contains("no key could decrypt secret"), "{name}: {why}");
            ensure!(case.secrets().get_opt(&name).await?.is_none(), "{name}: a Secret was written");
        }
    }
    // An item of its own beside one of ours: all or nothing.
    let text = item(&case.namespace, "mixed", "k", b"v".to_vec(), &recipient(RecipientKind::X25519)?)?;
    case.put(&Sealed::new(&key, &case.namespace, "mixed").item("own", "v").raw_item("k", &text)).await?;
    case.expect_not_synced("mixed").await?;
    ensure!(case.secrets().get_opt("mixed").await?.is_none(), "half a Secret was written");
    // It is there and works.
    case.put(&Sealed::new(&key, &case.namespace, "v1").item("k", "v")).await?;
    case.expect_data("v1", &[("k", "v")]).await?;
    Ok(())
}

/// The bound is on the safe side of what the API server takes, by less than a tenth, for few large and for many small items.
async fn what_counts_as_small_enough_is_stored_and_what_does_not_is_not(case: &Case) -> Result<()> {
    let key = seal_tests::key_secret::fresh("size", 0)?.1;
    let text = |length: usize| -> String {
        let mut rng = StdRng::seed_from_u64(5);
        (0..length).map(|_| char::from(b'A' + rng.random_range(0..26_u8))).collect()
    };
    let with = |name: &str, items: usize, bytes: usize| {
        let (one, object) = (text(bytes / items), Sealed::new(&key, &case.namespace, name));
        (0..items).fold(object, |object, n| object.raw_item(&format!("an-item-with-a-name-of-usual-length-{n}"), &one))
    };
    for items in [1, 40, 1_000] {
        let fits = |bytes: usize| -> Result<bool> {
            Ok(!SealedObject::from_json(&with("x", items, bytes).json()).map_err(anyhow::Error::from)?.is_too_large())
        };
        let largest = (0..MAX_OBJECT_BYTES / 1_000).rev().map(|n| n * 1_000).find(|bytes| fits(*bytes).is_ok_and(|fits| fits));
        let largest = largest.unwrap_or_default();
        case.put(&with(&format!("fits-{items}"), items, largest)).await?;
        let object = with(&format!("too-large-{items}"), items, MAX_OBJECT_BYTES + MAX_OBJECT_BYTES / 10).object()?;
        let refused = case.objects().create(&PostParams::default(), &object).await;
        ensure!(refused.is_err(), "{items} items: larger than the bound, and stored");
        case.patch(&format!("fits-{items}"), serde_json::json!({"metadata": {"annotations": {"changed": "once"}}})).await?;
    }
    Ok(())
}
