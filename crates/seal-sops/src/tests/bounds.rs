//! Files made to cost: refused by what they hold, before they take room or time for it.

use super::{parse, refused, seal};
use crate::Store;

#[test]
fn more_values_than_a_file_can_have_are_refused() {
    let many = |piece: &str| piece.repeat(1_100_000);
    assert_eq!(refused(Store::Dotenv, many("A=\n").as_bytes()), "file:1000001:1: the file exceeds the line count budget");
    let json = format!("{{\"a\": [{}1]}}", many("1,"));
    assert_eq!(refused(Store::Json, json.as_bytes()), "file:1:2000005: the file exceeds the node count budget");
    assert_eq!(refused(Store::Ini, many("[s]\n").as_bytes()), "file:1000001:1: the file exceeds the key count budget");
}

#[test]
fn a_block_of_countless_keys_is_refused() {
    let keys = |prefix: &str| (0..20_000).map(|at| format!("{prefix}k{at}=x\n")).collect::<String>();
    let message = "sops metadata: more keys than a block can have";
    assert_eq!(refused(Store::Dotenv, keys("sops_").as_bytes()), format!("file:1:1: {message}"));
    assert_eq!(refused(Store::Ini, format!("[sops]\n{}", keys("")).as_bytes()), format!("file:1:1: {message}"));
    let deep = format!("{{\"sops\": {}", "{\"a\": ".repeat(10_000));
    assert_eq!(refused(Store::Json, deep.as_bytes()), "file:1:112: the file exceeds the depth budget");
}

#[test]
fn what_is_drawn_together_is_drawn_together_once() {
    let continued = format!("a = x{}", "\\\nx".repeat(200_000));
    let keys: String = (0..50_000).map(|at| format!("k{at} = \\\n")).collect();
    let comments = format!("{}a = 1\n", "; c\n".repeat(200_000));
    for text in [continued, keys, comments] {
        assert!(parse(Store::Ini, text.as_bytes()).is_ok());
    }
}

#[test]
fn a_sealed_file_cut_off_anywhere_is_refused_or_lacks_none_of_its_values() {
    for (store, clear) in
        [(Store::Json, "{\"a\": 1}"), (Store::Dotenv, "A=1\n"), (Store::Ini, "[s]\na = 1\n"), (Store::Binary, "hello")]
    {
        let sealed = seal(store, clear.as_bytes());
        let values = |bytes: &[u8]| {
            let opened = parse(store, bytes).ok()?.open(&super::key(), crate::OpenOptions::default()).ok()?;
            Some(opened.values().into_iter().map(|(path, value)| (path, value.bytes.expose().to_vec())).collect::<Vec<_>>())
        };
        let all = values(&sealed).expect("opens");
        for end in 0..sealed.len() {
            // In stores of lines, what stands behind the MAC may go: nothing else depends on it.
            assert!(values(&sealed[..end]).is_none_or(|values| values == all), "{store:?} cut off at {end}");
        }
    }
}
