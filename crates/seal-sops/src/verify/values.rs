//! Values: sealed where the selector says so, well-formed, no vector used twice, the MAC of the right shape.

use std::collections::HashMap;

use super::Finding;
use crate::{Enc, Leaf, LeafState, Metadata, Segment, SopsFile, Store, Type};

/// The MAC is 128 hexadecimal digits.
const MAC_BYTES: usize = 128;
/// Findings of one kind; a file in clear would have thousands.
const MOST: usize = 50;

const RESEAL: &str = "encrypt the file again";

pub(super) fn check(file: &SopsFile, metadata: &Metadata, findings: &mut Vec<Finding>) {
    mac(metadata, findings);
    let leaves = match file.leaves() {
        Ok(leaves) => leaves,
        Err(error) => {
            let message = error.problem.to_string();
            findings.push(Finding { at: error.at, ..Finding::error("selector", message, "fix the selector in the sops block") });
            return;
        }
    };
    let mut seen: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
    let secrets = secrets(&leaves);
    let (mut sealed, mut clear) = (0_usize, 0_usize);
    for leaf in &leaves {
        let found = match &leaf.state {
            LeafState::Empty => None,
            LeafState::Sealed(_, text) => {
                sealed += 1;
                ciphertext(leaf, text, &mut seen)
            }
            LeafState::Clear(value) if value.bytes.is_empty() => None,
            LeafState::Clear(value) => {
                clear += usize::from(value.kind != Type::Comment);
                in_clear(leaf, value.kind, file.store(), secrets[leaf.document])
            }
        };
        if let Some(found) = found
            && findings.iter().filter(|other| other.rule == found.rule).count() < MOST
        {
            findings.push(Finding { at: Some(leaf.at), path: Some(leaf.path.clone()), ..found });
        }
    }
    if sealed == 0 && clear > 0 && !findings.iter().any(|finding| finding.rule == "left-in-clear") {
        let message = format!("the selector {} selects nothing: every value is in clear", metadata.selector.name());
        findings.push(Finding::error("nothing-selected", message, RESEAL));
    }
}

fn ciphertext(leaf: &Leaf<'_>, text: &str, seen: &mut HashMap<Vec<u8>, Vec<u8>>) -> Option<Finding> {
    let Some(enc) = Enc::parse(text) else {
        return Some(Finding::error("malformed-value", "the sealed value is malformed and cannot be opened", RESEAL));
    };
    if enc.tag.len() != 16 {
        return Some(Finding::error(
            "malformed-value",
            "the sealed value has a tag of the wrong length and cannot be opened",
            RESEAL,
        ));
    }
    if enc.iv.len() < 12 {
        return Some(Finding::warning("short-iv", "the initialisation vector is shorter than 12 bytes", RESEAL));
    }
    // Equal plaintext at an equal path keeps its vector; two ciphertexts under one vector give both values away.
    let same = seen.entry(enc.iv).or_insert_with(|| enc.data.clone());
    if *same != enc.data {
        return Some(Finding::error(
            "iv-reused",
            "another value is sealed under the same initialisation vector: whoever knows one can compute the other",
            "rotate the data key and change the values",
        ));
    }
    if !leaf.selected && leaf.path.0.is_empty() {
        return None;
    }
    (!leaf.selected).then(|| {
        Finding::warning(
            "sealed-beside-selector",
            "the value is sealed and the selector says that it is in clear, so it stays ciphertext when the file is opened",
            "fix the selector, or set the value again",
        )
    })
}

fn in_clear(leaf: &Leaf<'_>, kind: Type, store: Store, secret: bool) -> Option<Finding> {
    if leaf.selected && kind == Type::Comment {
        let message = "the comment should be sealed and stands in clear";
        return Some(Finding::warning("comment-in-clear", message, "edit the file, which seals it"));
    }
    if leaf.selected {
        return Some(Finding::error("left-in-clear", "the value should be sealed and stands in clear", RESEAL));
    }
    let field = leaf.path.0.first();
    let of_secret = matches!(field, Some(Segment::Key(field)) if field == "data" || field == "stringData");
    let kubernetes = matches!(store, Store::Yaml | Store::Json) && secret && of_secret && kind != Type::Comment;
    kubernetes.then(|| {
        let message = "a value of a Kubernetes Secret stands in clear: the selector does not select it";
        Finding::error(
            "secret-in-clear",
            message,
            "use a selector that covers data and stringData, such as encrypted_regex ^(data|stringData)$",
        )
    })
}

/// For each document, whether it is a Kubernetes Secret.
fn secrets(leaves: &[Leaf<'_>]) -> Vec<bool> {
    let count = leaves.last().map_or(0, |leaf| leaf.document + 1);
    let mut secrets = vec![false; count];
    for leaf in leaves {
        let is_kind = matches!(leaf.path.0.as_slice(), [Segment::Key(key)] if key == "kind");
        if let (true, LeafState::Clear(value)) = (is_kind, &leaf.state) {
            secrets[leaf.document] |= value.bytes == b"Secret".to_vec().into();
        }
    }
    secrets
}

fn mac(metadata: &Metadata, findings: &mut Vec<Finding>) {
    if metadata.mac.is_empty() {
        findings.push(Finding::error("mac-missing", "the file has no MAC: nothing says that its values belong together", RESEAL));
    } else if !Enc::parse(&metadata.mac).is_some_and(|enc| enc.data.len() == MAC_BYTES && enc.kind == Type::Str) {
        findings.push(Finding::error("mac-malformed", "the MAC is malformed, so the file cannot be opened", RESEAL));
    }
    if let Some(strong) = &metadata.strong_mac
        && !strong.strip_prefix("v1:").is_some_and(|digits| digits.len() == 44 && digits.ends_with('='))
    {
        findings.push(Finding::error("strong-mac-malformed", "seal_mac is malformed, so the file cannot be opened", RESEAL));
    }
    if metadata.version.is_empty() {
        findings.push(Finding::warning("version-missing", "the block has no version: sops refuses such files", RESEAL));
    }
}
