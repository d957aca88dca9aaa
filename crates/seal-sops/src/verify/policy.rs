//! The file against what is expected of it: recipients, groups, selector, MACs.

use std::collections::BTreeSet;

use super::{Finding, Policy};
use crate::unwrap::short;
use crate::{KeyGroup, Metadata, Store};

type Keys = BTreeSet<(String, String)>;

const REKEY: &str = "bring it up to date with `seal rekey`";
const RESEAL: &str = "open the file and encrypt it again";
const REMAC: &str = "see what changed, then `seal rekey` adds it again";

pub(super) fn check(store: Store, metadata: &Metadata, policy: &Policy, findings: &mut Vec<Finding>) {
    if let Some(wanted) = &policy.groups {
        recipients(metadata, wanted, policy.threshold, findings);
    }
    // A binary file is one value; selectors are for files with keys.
    let selector = policy.selector.as_ref().filter(|selector| store != Store::Binary && **selector != metadata.selector);
    if let Some(selector) = selector {
        let has = format!("{} {:?}", metadata.selector.name(), metadata.selector.text());
        let message = format!("the file's selector is {has}, its rule says {} {:?}", selector.name(), selector.text());
        findings.push(Finding::error("selector-differs", message, RESEAL));
    }
    match policy.mac_only_encrypted {
        Some(false) if metadata.mac_only_encrypted => {
            let message = "the MAC covers sealed values only; its rule says that it covers all";
            findings.push(Finding::error("mac-only-encrypted", message, RESEAL));
        }
        Some(true) if !metadata.mac_only_encrypted => {
            let message = "the MAC covers all values; its rule says that it covers sealed ones only";
            findings.push(Finding::warning("mac-only-encrypted", message, RESEAL));
        }
        _ => {}
    }
    if policy.strong_mac && metadata.strong_mac.is_none() {
        let message = "the file has no seal_mac and its policy demands one (sops drops it when it rewrites a file)";
        findings.push(Finding::error("strong-mac-missing", message, REMAC));
    }
}

fn recipients(metadata: &Metadata, wanted: &[Keys], threshold: Option<u32>, findings: &mut Vec<Finding>) {
    let has: Vec<Keys> = metadata.groups.iter().map(keys).collect();
    let (before, after): (Keys, Keys) = (has.iter().flatten().cloned().collect(), wanted.iter().flatten().cloned().collect());
    for (kind, name) in before.difference(&after) {
        let message = format!("{} can open the file and its rule does not name it", shown(kind, name));
        findings.push(Finding::error(
            "recipient-extra",
            message,
            "take it out with `seal rekey`, which makes a new data key; change the values where they come from",
        ));
    }
    for (kind, name) in after.difference(&before) {
        let message = format!("{} is named by the file's rule and cannot open the file", shown(kind, name));
        findings.push(Finding::error("recipient-missing", message, REKEY));
    }
    if before == after && !same_groups(&has, wanted) {
        findings.push(Finding::error("groups-differ", "the keys are grouped otherwise than the file's rule says", REKEY));
    }
    let needed = |threshold: Option<u32>| threshold.filter(|needed| *needed > 0).map_or(has.len(), |needed| needed as usize);
    if has.len() > 1 && has.len() == wanted.len() && needed(metadata.shamir_threshold) != needed(threshold) {
        let (file, rule) = (needed(metadata.shamir_threshold), needed(threshold));
        let message = format!("{file} key groups open the file, its rule says {rule}");
        findings.push(Finding::error("threshold-differs", message, REKEY));
    }
}

fn keys(group: &KeyGroup) -> Keys {
    let age = group.age.iter().map(|key| ("age".to_owned(), key.recipient.clone()));
    age.chain(group.others.iter().map(|key| (key.kind.clone(), key.name.clone()))).collect()
}

/// The order of groups means nothing.
fn same_groups(has: &[Keys], wanted: &[Keys]) -> bool {
    let sorted = |groups: &[Keys]| {
        let mut groups = groups.to_vec();
        groups.sort();
        groups
    };
    sorted(has) == sorted(wanted)
}

fn shown(kind: &str, name: &str) -> String {
    if kind == "age" { short(name) } else { format!("{kind} {}", short(name)) }
}
