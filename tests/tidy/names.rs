//! A file is named after the thing in it.

use crate::tree::{report, rust};

const MEANINGLESS: [&str; 8] = ["util", "utils", "common", "helpers", "helper", "types", "misc", "shared"];

#[test]
fn no_file_or_folder_has_a_name_that_says_nothing() {
    let mut findings = Vec::new();
    for source in rust() {
        let stems = source.path.split('/').map(|part| part.trim_end_matches(".rs"));
        if stems.into_iter().any(|stem| MEANINGLESS.contains(&stem)) {
            findings.push(source.path);
        }
    }
    report(
        &format!("names that say nothing: {MEANINGLESS:?}"),
        "Name the file after what it holds; if it holds several things, split it.",
        &findings,
    );
}
