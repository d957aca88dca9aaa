//! Scalars as sops' reader takes them: what its store said of each, asked one by one.

use super::parse;
use crate::{LeafState, Store};

/// `text|type|value`, from sops 3.13.3. An empty type stands for what it refuses.
const TABLE: &str = include_str!("scalars.txt");

#[test]
fn every_scalar_means_what_it_means_to_sops() {
    let mut wrong = Vec::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('|').collect();
        let [text, kind, value] = fields.as_slice() else { panic!("three fields: {line}") };
        let found = match parse(Store::Yaml, format!("k: {text}\n").as_bytes()) {
            Err(_) => (String::new(), String::new()),
            Ok(file) => match &file.leaves().expect("leaves")[0].state {
                LeafState::Empty => ("null".to_owned(), String::new()),
                LeafState::Sealed(..) => ("sealed".to_owned(), String::new()),
                LeafState::Clear(value) => {
                    (value.kind.name().to_owned(), String::from_utf8_lossy(value.bytes.expose()).into_owned())
                }
            },
        };
        if found != ((*kind).to_owned(), (*value).to_owned()) {
            wrong.push(format!("{line}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
