//! Any `sops` block: read or refused without harm; checks that need no key do not panic; recipients can be replaced and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seal_sops::{SopsFile, Store, config::SopsConfig, unwrap, verify};

fuzz_target!(|input: (u8, &str)| {
    let (kind, text) = input;
    let (store, file) = match kind % 5 {
        0 => (Store::Yaml, format!("a: 1\nsops:\n{text}")),
        1 => (Store::Json, format!("{{\"a\": 1, \"sops\": {text}}}")),
        2 => (Store::Dotenv, format!("A=1\nsops_lastmodified=2026-01-01T00:00:00Z\nsops_{text}")),
        3 => (Store::Ini, format!("[s]\na = 1\n[sops]\nlastmodified = 2026-01-01T00:00:00Z\n{text}")),
        _ => {
            if let Ok(config) = SopsConfig::parse("c", text.as_bytes()) {
                let _ = config.rule_for("a/b.yaml");
            }
            return;
        }
    };
    let Ok(file) = SopsFile::parse("f", store, file.into_bytes()) else { return };
    let _ = verify::structure(&file, &verify::Policy::default());
    let Some(metadata) = file.metadata() else { return };
    assert!(unwrap::data_key(metadata, &[]).is_err(), "a data key without an identity");
    let mut groups = metadata.groups.clone();
    if let Some(key) = groups.first_mut().and_then(|group| group.age.first_mut()) {
        key.recipient.push('x');
        key.enc = "ARMOR\nEND\n".to_owned();
    }
    if let Ok(changed) = file.rewrap(groups.clone(), metadata.shamir_threshold) {
        let changed = SopsFile::parse("changed", store, changed).expect("what was written is read");
        assert!(changed.metadata().map(|metadata| &metadata.groups) == Some(&groups), "other keys than were written");
    }
});
