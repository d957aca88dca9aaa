//! The list of upstream's defects names tests; each of them must be there, under that name, in that file.

use crate::tree;

const LIST: &str = "tests/cluster/DEFECTS.md";

#[test]
fn every_defect_names_tests_that_exist() {
    let text = std::fs::read_to_string(tree::root().join(LIST)).expect("the list");
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Upstream")).collect();
    assert!(rows.len() > 20, "{LIST} has only {} rows", rows.len());
    let mut wrong = Vec::new();
    for row in &rows {
        let named: Vec<(&str, &str)> = row.split('`').filter_map(|word| word.split_once(".rs::")).collect();
        if named.is_empty() && !row.contains("| the same") {
            wrong.push(format!("no test: {row}"));
        }
        for (file, name) in named {
            let source = std::fs::read_to_string(tree::root().join(format!("{file}.rs"))).unwrap_or_default();
            if !source.contains(&format!("fn {name}(")) {
                wrong.push(format!("{file}.rs has no {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{LIST}:\n{}", wrong.join("\n"));
}
