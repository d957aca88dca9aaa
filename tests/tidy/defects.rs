//! The lists of upstream's defects and of faults name tests; each of them must be there, under that name, in that file.

use crate::tree;

#[test]
fn every_defect_names_tests_that_exist() {
    held("tests/cluster/DEFECTS.md", "| Upstream");
}

#[test]
fn every_fault_names_tests_that_exist() {
    held("tests/SCORECARD.md", "| # ");
}

fn held(list: &str, head: &str) {
    let text = std::fs::read_to_string(tree::root().join(list)).expect("the list");
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with(head)).collect();
    assert!(rows.len() > 20, "{list} has only {} rows", rows.len());
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
    assert!(wrong.is_empty(), "{list}:\n{}", wrong.join("\n"));
}
