//! Any file and an edit of any of its nodes: done as intended or refused with a reason, never a result that does not read back. Where an older
//! reader (libyaml's scanner) read the file before, it reads the new value and nothing else changed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seal_manifest::{Edit, ManifestFile, New, Node, Problem, Segment};

const TEXTS: [&str; 6] = ["AgB+/x0=", "yes", "l1\n\n  l2\n", "l1\nl2", " \t", "0o17"];

fuzz_target!(|input: (u8, u8, u8, &str)| {
    let (kind, which, text, yaml) = input;
    let Ok(file) = ManifestFile::parse("f", yaml.to_owned()) else { return };
    let mut paths = Vec::new();
    for (index, document) in file.documents.iter().enumerate() {
        collect(&document.root, index, &mut Vec::new(), &mut paths);
    }
    if paths.is_empty() {
        return;
    }
    let (index, mut path) = paths.swap_remove(usize::from(which) % paths.len());
    let value = New::Text(TEXTS[usize::from(text) % TEXTS.len()].to_owned().into());
    let edit = match kind % 5 {
        0 => Edit::Set { path, value },
        1 => Edit::Remove { path },
        2 => Edit::Rename { path, key: "on".to_owned() },
        3 => {
            path.push("zz".into());
            path.push("no".into());
            Edit::Set { path, value }
        }
        _ => Edit::Set { path, value: New::Tree(Node::from_json(&serde_json::json!({"k": ["v", {"x": "a\nb\n"}]}))) },
    };
    let set = kind % 5 == 0;
    match file.edit(&[(index, edit)]) {
        Err(error) => assert!(error.problem != Problem::ReadBack, "an edit did not read back"),
        Ok(new) if set => older_reader(yaml, new.expose(), TEXTS[usize::from(text) % TEXTS.len()]),
        Ok(_) => {}
    }
});

fn older_reader(before: &str, after: &[u8], text: &str) {
    // That reader takes an alias for another node once an anchor's name is used twice.
    // Behind a byte order mark it takes `---` for text.
    if before.contains('*') || before.starts_with('\u{feff}') {
        return;
    }
    let Ok(before) = serde_yaml::from_str::<serde_yaml::Value>(before) else { return };
    let after = std::str::from_utf8(after).expect("an edit writes text");
    let after: serde_yaml::Value = serde_yaml::from_str(after).expect("an older reader refuses the new file");
    let changed = differences(&before, &after);
    assert!(changed.len() <= 1 && changed.iter().all(|new| new.as_str() == Some(text)), "an older reader sees another change");
}

fn differences<'v>(a: &'v serde_yaml::Value, b: &'v serde_yaml::Value) -> Vec<&'v serde_yaml::Value> {
    use serde_yaml::Value;
    match (a, b) {
        (Value::Mapping(a), Value::Mapping(b)) if a.len() == b.len() && a.keys().eq(b.keys()) => {
            a.values().zip(b.values()).flat_map(|(a, b)| differences(a, b)).collect()
        }
        (Value::Sequence(a), Value::Sequence(b)) if a.len() == b.len() => a.iter().zip(b).flat_map(|(a, b)| differences(a, b)).collect(),
        (Value::Tagged(a), Value::Tagged(b)) if a.tag == b.tag => differences(&a.value, &b.value),
        (a, b) if a == b => Vec::new(),
        (_, b) => vec![b],
    }
}

fn collect(node: &Node, index: usize, at: &mut Vec<Segment>, into: &mut Vec<(usize, Vec<Segment>)>) {
    if !at.is_empty() {
        into.push((index, at.clone()));
    }
    for entry in node.entries().unwrap_or_default() {
        at.push(entry.key.as_str().into());
        collect(&entry.value, index, at, into);
        at.pop();
    }
    for (element, item) in node.elements().unwrap_or_default().iter().enumerate() {
        at.push(element.into());
        collect(item, index, at, into);
        at.pop();
    }
}
