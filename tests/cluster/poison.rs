//! One bad object hurts only itself.

use crate::case::Case;
use crate::runner::tests;
use anyhow::Result;
use kube::api::PostParams;
use seal_tests::Sealed;
use serde_json::{Value, json};

tests![malformed_objects_do_not_stop_the_others];

/// Whatever of these the API server lets in must not keep the next object waiting.
async fn malformed_objects_do_not_stop_the_others(case: &Case) -> Result<()> {
    let specs: [Value; 9] = [
        json!({"encryptedData": {"k": 5}}),
        json!({"encryptedData": {"k": null}}),
        json!({"encryptedData": {"k": {"deep": ["x"]}}}),
        json!({"encryptedData": {"k": "not base64!"}}),
        json!({"encryptedData": {"": "AgA=", "../x": "AgA=", "UPPER lower": "AgA="}}),
        json!({"encryptedData": {}, "data": "bm90IGEgYmxvYg=="}),
        json!({"encryptedData": {"k": "AgA="}, "data": "bm90IGEgYmxvYg=="}),
        // An age file, as a later format has it.
        json!({"encryptedData": {"k": "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBBQUFBCkFBQUEKLS0tIEFBQUEK"}}),
        json!({"encryptedData": {"k": "AgA="}, "template": {"metadata": {"labels": {"x": "not a label!"}, "annotations": null}, "type": ""}}),
    ];
    let mut taken = 0;
    for (number, spec) in specs.iter().enumerate() {
        let object = json!({"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": {"name": format!("bad-{number}")}, "spec": spec});
        let created = case.objects().create(&PostParams::default(), &serde_json::from_value(object)?).await;
        taken += u32::from(created.is_ok());
    }
    anyhow::ensure!(taken > 3, "the API server refused nearly all of them; the case tests nothing");
    // Sealed well, with a label that no Secret can have: fails at the write, not before.
    let label = json!({"metadata": {"labels": {"x": "not a label!"}}});
    case.put(&case.sealed("bad-write").await?.item("k", "v").template(label)).await?;
    for number in 0..3 {
        let name = format!("good-{number}");
        case.put(&Sealed::new(&case.key().await?, &case.namespace, &name).item("k", "v")).await?;
        case.expect_data(&name, &[("k", "v")]).await?;
        case.expect_synced(&name).await?;
    }
    case.expect_not_synced("bad-write").await?;
    Ok(())
}
