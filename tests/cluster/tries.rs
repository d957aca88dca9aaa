//! Many keys: which one opens is remembered, so that old keys cost no more than the newest.

use crate::case::{Case, compatible};
use crate::runner::tests;
use anyhow::{Result, ensure};
use seal_crypto::PublicKey;
use seal_tests::{Controller, Sealed, key_secret};

tests![with_thirteen_keys_an_item_costs_one_operation_once_its_object_is_known];

const KEYS: usize = 13;
const ITEMS: usize = 4;

fn sealed(case: &Case, key: &PublicKey, name: &str, value: &str) -> Sealed {
    (0..ITEMS).fold(Sealed::new(key, &case.namespace, name), |sealed, item| sealed.item(&format!("k{item}"), value))
}

async fn all(case: &Case, keys: &[PublicKey], value: &str) -> Result<()> {
    for (rank, key) in keys.iter().enumerate() {
        case.put(&sealed(case, key, &format!("s{rank}"), value)).await?;
    }
    let items: Vec<String> = (0..ITEMS).map(|item| format!("k{item}")).collect();
    let wanted: Vec<(&str, &str)> = items.iter().map(|item| (item.as_str(), value)).collect();
    for rank in 0..keys.len() {
        case.expect_data(&format!("s{rank}"), &wanted).await?;
        case.expect_synced(&format!("s{rank}")).await?;
    }
    Ok(())
}

async fn with_thirteen_keys_an_item_costs_one_operation_once_its_object_is_known(case: &Case) -> Result<()> {
    let home = case.plane().namespace().await?;
    let mut keys = Vec::new();
    for age in 0..KEYS {
        let (secret, key) = key_secret::fresh(&format!("key-{age}"), 1_600_000_000 - age as i64)?;
        key_secret::create(case.plane(), &home, secret).await?;
        keys.push(key);
    }
    let controller = Controller::start(case.plane(), compatible().args(["--key-renew-period=0"]).home(&home)).await?;
    let spent =
        || async { Ok::<_, anyhow::Error>(controller.metric("seal_controller_decrypts_total", "").await?.unwrap_or(0.0)) };
    all(case, &keys, "first").await?;
    let first = spent().await?;
    // Of an unknown object the first item is tried newest first; the key that opens it is tried first with the others.
    let most: usize = (1..=KEYS).map(|rank| rank + ITEMS - 1).sum();
    ensure!(first <= most as f64, "{first} private-key operations for {} items; {most} are enough", KEYS * ITEMS);
    all(case, &keys, "second").await?;
    let second = spent().await? - first;
    ensure!(second == (KEYS * ITEMS) as f64, "{second} private-key operations for {} items of known objects", KEYS * ITEMS);
    Ok(())
}
