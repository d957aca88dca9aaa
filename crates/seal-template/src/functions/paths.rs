//! Paths with slashes, as Go's `path` has them.

use crate::call::{Function, Is};
use crate::value::Value;

pub(super) const ALL: &[Function] = &[
    Function::new("base", &[Is::Text], |call| call.answer(base(&call.text(0)))),
    Function::new("dir", &[Is::Text], |call| call.answer(dir(&call.text(0)))),
    Function::new("clean", &[Is::Text], |call| call.answer(clean(&call.text(0)))),
    Function::new("ext", &[Is::Text], |call| call.answer(ext(&call.text(0)))),
    Function::new("isAbs", &[Is::Text], |call| Ok(Value::Bool(call.text(0).starts_with(b"/")))),
    Function::new("osBase", &[Is::Text], |call| call.answer(base(&call.text(0)))),
    Function::new("osDir", &[Is::Text], |call| call.answer(dir(&call.text(0)))),
    Function::new("osClean", &[Is::Text], |call| call.answer(clean(&call.text(0)))),
    Function::new("osExt", &[Is::Text], |call| call.answer(ext(&call.text(0)))),
    Function::new("osIsAbs", &[Is::Text], |call| Ok(Value::Bool(call.text(0).starts_with(b"/")))),
];

fn base(path: &[u8]) -> Vec<u8> {
    if path.is_empty() {
        return b".".to_vec();
    }
    let Some(end) = path.iter().rposition(|byte| *byte != b'/') else { return b"/".to_vec() };
    let path = &path[..=end];
    path[path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1)..].to_vec()
}

fn dir(path: &[u8]) -> Vec<u8> {
    clean(&path[..path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1)])
}

fn ext(path: &[u8]) -> Vec<u8> {
    let name = path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    path[name..].iter().rposition(|byte| *byte == b'.').map_or(Vec::new(), |at| path[name + at..].to_vec())
}

fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => match parts.last() {
                Some(last) if *last != b".." => drop(parts.pop()),
                _ if rooted => {}
                _ => parts.push(part),
            },
            part => parts.push(part),
        }
    }
    let joined = parts.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/", &joined[..]].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}
