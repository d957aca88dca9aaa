//! The YAML test suite: what kubectl's reader makes of each file, and edits of every leaf.

use serde_json::Value;

use super::{text, tree};
use crate::{Edit, ManifestFile, Node, Problem, Segment};

struct Case {
    id: String,
    yaml: String,
    kubectl: Option<Vec<Value>>,
}

fn cases() -> Vec<Case> {
    let lines = include_str!("../../vectors/yaml-suite.jsonl").lines();
    lines
        .map(|line| {
            let value: Value = serde_json::from_str(line).expect("a vector is JSON");
            let text = |key: &str| value[key].as_str().expect("a vector has this field").to_owned();
            Case { id: text("id"), yaml: text("yaml"), kubectl: value["kubectl"].as_array().cloned() }
        })
        .collect()
}

/// kubectl's reader refuses these and ours does not: YAML 1.2 forms that cannot be mistaken for another value.
const ACCEPTED: &str = "27NA 2LFX 3UYS 4MUZ/00 4MUZ/01 4MUZ/02 58MP 5MUD 5T43 5TYM 6BCT 6CA3 6CK3 6LVF 6ZKB 96NN/00 96NN/01 9DXL 9SA2 A2M4 BEC7 \
    CC74 DBG4 DK95/00 DK95/03 DK95/04 DK95/07 HM87/00 HWV9 JR7V K3WX MUS6/02 MUS6/03 MUS6/04 MUS6/05 MUS6/06 NJ66 P76L Q5MG QT73 R4YG RTP8 U3C3 \
    UT92 VJP3/01 W4TN WZ62 Y79Y/001 Y79Y/010 Z9M4";

/// Ours refuses these: not YAML by the suite, a tab for indentation (Y79Y/003), rubbish behind a document that kubectl never looks at, or read in two ways (4ABK, 652Z, HM87/01, Y2GN).
const REFUSED: &str =
    "3HFZ 4ABK 4H7K 565N 652Z 9HCY 9JBA BS4K CVW2 EB22 G5U8 HM87/01 HRE5 KS4U QLJ7 RHX7 S98Z SU5Z U99R X4QW Y2GN Y79Y/003 YJV2";

/// Read by both and not the same: kubectl drops what follows the first document of a `---` section (35KP, 7Z25, KSS4, L383, M7A3), and reads a
/// block scalar without indent, which only a document that is nothing else can have, as empty (DK3J, FP8R).
const DIFFERENT: &str = "35KP 7Z25 DK3J FP8R KSS4 L383 M7A3";

#[test]
fn the_suite_reads_as_kubectl_reads_it() {
    let (mut accepted, mut refused, mut different) = (Vec::new(), Vec::new(), Vec::new());
    let cases = cases();
    for case in &cases {
        let theirs = case.kubectl.as_ref().map(|docs| docs.iter().map(Node::from_json).collect::<Vec<_>>());
        match (ManifestFile::parse(&case.id, case.yaml.clone()), theirs) {
            (Ok(ours), Some(theirs)) => {
                let same = ours.documents.len() == theirs.len()
                    && ours.documents.iter().zip(&theirs).all(|(a, b)| a.root.means_the_same(b));
                if !same {
                    different.push(case.id.as_str());
                }
            }
            (Ok(_), None) => accepted.push(case.id.as_str()),
            (Err(_), Some(_)) => refused.push(case.id.as_str()),
            (Err(_), None) => {}
        }
    }
    let listed = |list: &'static str| list.split_whitespace().collect::<Vec<_>>();
    assert_eq!(cases.len(), 402);
    assert_eq!(accepted, listed(ACCEPTED));
    assert_eq!(refused, listed(REFUSED));
    assert_eq!(different, listed(DIFFERENT));
}

/// Every path of a document, root excluded, with the node there.
fn paths(node: &Node, at: &mut Vec<Segment>, into: &mut Vec<(Vec<Segment>, bool)>) {
    let is_leaf = node.entries().is_none() && node.elements().is_none();
    if !at.is_empty() {
        into.push((at.clone(), is_leaf));
    }
    for entry in node.entries().unwrap_or_default() {
        at.push(entry.key.as_str().into());
        paths(&entry.value, at, into);
        at.pop();
    }
    for (index, item) in node.elements().unwrap_or_default().iter().enumerate() {
        at.push(index.into());
        paths(item, at, into);
        at.pop();
    }
}

/// The leaves as an older YAML reader sees them; nothing when it refuses the file.
fn leaves(text: &str) -> Option<Vec<String>> {
    fn walk(value: &serde_yaml::Value, at: &str, into: &mut Vec<String>) {
        match value {
            serde_yaml::Value::Mapping(map) => {
                map.iter().for_each(|(k, v)| walk(v, &format!("{at}/{k:?}"), into));
                into.push(format!("{at}{{}}"));
            }
            serde_yaml::Value::Sequence(items) => {
                items.iter().enumerate().for_each(|(i, v)| walk(v, &format!("{at}/{i}"), into));
                into.push(format!("{at}[]"));
            }
            leaf => into.push(format!("{at}={leaf:?}")),
        }
    }
    let mut all = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        let value = <serde_yaml::Value as serde::Deserialize>::deserialize(document).ok()?;
        if !value.is_null() {
            walk(&value, "", &mut all);
        }
    }
    Some(all)
}

/// The forms a file may come in.
fn forms(yaml: &str) -> Vec<String> {
    let mut forms = vec![yaml.to_owned()];
    if !yaml.contains('\r') {
        forms.push(yaml.replace('\n', "\r\n"));
    }
    if let Some(cut) = yaml.strip_suffix('\n') {
        forms.push(cut.to_owned());
    }
    forms
}

#[derive(Default)]
struct Tally {
    done: usize,
    refused: Vec<String>,
    wrong: Vec<String>,
}

impl Tally {
    fn edit(&mut self, id: &str, file: &ManifestFile, index: usize, edit: Edit, check: impl Fn(&str) -> Option<String>) {
        let what = match &edit {
            Edit::Set { .. } => "set",
            Edit::Remove { .. } => "remove",
            Edit::Rename { .. } => "rename",
        };
        let path = crate::edit::show_path(edit.path());
        match file.edit(&[(index, edit)]) {
            Ok(bytes) => {
                self.done += 1;
                let new = String::from_utf8(bytes.expose().to_vec()).expect("text");
                if let Some(complaint) = check(&new) {
                    self.wrong.push(format!(
                        "{id} {what} {path}: {complaint}\n{:?}\n{new:?}",
                        String::from_utf8_lossy(file.bytes().expose())
                    ));
                }
            }
            Err(error) if error.problem == Problem::ReadBack => {
                self.wrong.push(format!("{id} {what} {path}: {error}\n{:?}", String::from_utf8_lossy(file.bytes().expose())));
            }
            Err(error) => self.refused.push(format!("{id} {what} {path}: {}", error.problem)),
        }
    }
}

#[test]
fn every_leaf_and_key_of_the_suite_can_be_edited_or_is_refused() {
    let mut tally = Tally::default();
    for case in cases() {
        for form in forms(&case.yaml) {
            let Ok(file) = ManifestFile::parse(&case.id, form.clone()) else { continue };
            let before = leaves(&form);
            for (index, document) in file.documents.iter().enumerate() {
                let mut all = Vec::new();
                paths(&document.root, &mut Vec::new(), &mut all);
                for (path, is_leaf) in all {
                    for value in ["AgB+/x0=", "yes", "l1\n\n  l2\n", "l1\nl2", " \t", "0o17"] {
                        let set = Edit::Set { path: path.clone(), value: text(value) };
                        tally.edit(&case.id, &file, index, set, |new| {
                            let (Some(before), Some(after)) = (before.as_ref().filter(|_| is_leaf), leaves(new)) else {
                                return None;
                            };
                            let changed: Vec<_> = before.iter().zip(&after).filter(|(a, b)| a != b).collect();
                            let good = before.len() == after.len()
                                && changed.len() <= 1
                                && changed.iter().all(|(_, new)| new.ends_with(&format!("=String({value:?})")));
                            (!good).then(|| format!("an older reader sees {changed:?}"))
                        });
                    }
                    tally.edit(&case.id, &file, index, Edit::Remove { path: path.clone() }, |_| None);
                    if let Some(Segment::Key(_)) = path.last() {
                        tally.edit(&case.id, &file, index, Edit::Rename { path: path.clone(), key: "on".to_owned() }, |_| None);
                    }
                    let mut below = path.clone();
                    below.push("zz".into());
                    below.push("no".into());
                    tally.edit(&case.id, &file, index, Edit::Set { path: below.clone(), value: text("a\nb\n") }, |_| None);
                    tally
                        .edit(&case.id, &file, index, Edit::Set { path: below, value: tree(r#"[{"a":["b\n"]},[1]]"#) }, |_| None);
                    tally.edit(
                        &case.id,
                        &file,
                        index,
                        Edit::Set { path: path.clone(), value: tree(r#"{"k":["v",{"x":"y"}]}"#) },
                        |_| None,
                    );
                }
            }
        }
    }
    assert!(tally.wrong.is_empty(), "{}", tally.wrong.join("\n"));
    assert!(tally.done > 16_000, "only {} edits were done, {} refused", tally.done, tally.refused.len());
}
