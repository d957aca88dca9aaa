//! Templates that want too much are stopped: by an error, never by a crash.

use super::{Still, options, render};
use crate::{Limits, Problem, Template, Value};

#[test]
fn bombs_are_stopped() {
    for (source, limit) in [
        ("{{ range 100000000 }}x{{ end }}", "steps"),
        ("{{ range 9000000000000000000 }}{{ end }}", "steps"),
        ("{{ define \"a\" }}{{ template \"a\" }}{{ end }}{{ template \"a\" }}", "depth"),
        ("{{ range 900000 }}{{ \"0123456789\" }}{{ end }}", "output"),
        ("{{ $x := list 1 }}{{ range 60 }}{{ $x = list $x $x }}{{ end }}{{ $x }}", "nesting"),
        ("{{ $x := list }}{{ range 100000 }}{{ $x = list $x }}{{ end }}", "nesting"),
        ("{{ $x := \"0123456789\" }}{{ range 40 }}{{ $x = print $x $x }}{{ end }}", "memory"),
    ] {
        let problem = render(source).expect_err(source);
        assert_eq!(problem, Problem::Limit(limit), "{source}");
    }
    for source in [
        "{{ repeat 2000000000 \"abc\" }}",
        "{{ until 2000000000 }}",
        "{{ printf \"%2000000000d\" 1 }}",
        "{{ untilStep 0 2000000000 1 }}",
        "{{ seq 1 2000000000 }}",
        "{{ indent 2000000000 \"a\" }}",
        "{{ randAlpha 2000000000 }}",
    ] {
        if let Ok(text) = render(source) {
            assert!(text.len() < 1000, "{source}");
        }
    }
}

#[test]
fn what_is_nested_without_end_is_refused_before_it_hurts() {
    for (open, close) in [("{{ if true }}", "{{ end }}"), ("{{ range 1 }}", "{{ end }}"), ("{{ with 1 }}{{ else }}", "{{ end }}")]
    {
        let source = format!("{}{}", open.repeat(20_000), close.repeat(20_000));
        assert_eq!(render(&source), Err(Problem::Limit("nesting")), "{open}");
    }
    let source = format!("{{{{ {}1{} }}}}", "(".repeat(50_000), ")".repeat(50_000));
    assert_eq!(render(&source), Err(Problem::Limit("nesting")));
}

#[test]
fn a_long_chain_is_no_deep_one() {
    let source = format!("{{{{ if false }}}}{}{{{{ else }}}}end{{{{ end }}}}", "{{ else if false }}".repeat(20_000));
    assert_eq!(render(&source).as_deref(), Ok("end"));
}

#[test]
fn deep_values_are_let_go_without_a_deep_stack() {
    // Each turn hangs a dict into the last one: the outermost is never looked at again.
    let source = "{{ $root := dict }}{{ $at := $root }}{{ range 50000 }}{{ $new := dict }}{{ $_ := set $at \"k\" $new }}{{ $at = $new }}{{ end }}done";
    assert_eq!(render(source).as_deref(), Ok("done"));
}

#[test]
fn time_that_is_over_ends_a_template() {
    let template = Template::parse("t", "{{ range 100000 }}{{ end }}", options(Limits::default())).expect("a template");
    let error = template.render(&Value::Nil, &mut Still { over: true }).map(drop).expect_err("no time left");
    assert_eq!(error.problem, Problem::Limit("time"));
}

#[test]
fn a_long_text_is_refused_before_it_is_read() {
    assert_eq!(render(&"a".repeat((1 << 20) + 1)), Err(Problem::Limit("text")));
}
