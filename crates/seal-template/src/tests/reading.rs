//! What is a template and what is none.

use super::{options, render, render_within};
use crate::{Limits, Problem, Template, Value};

#[test]
fn what_go_refuses_is_refused() {
    for source in [
        "{{ if .user }}x",
        "a{{ end }}b",
        "{{ else }}",
        "{{ if .user }}{{ else }}{{ else }}{{ end }}",
        "{{ range .user }}{{ else if .user }}{{ end }}",
        "{{ break }}",
        "{{ range 3 }}{{ end }}{{ continue }}",
        "{{ range 3 }}{{ block \"b\" . }}{{ break }}{{ end }}{{ end }}",
        "{{ \"a\"\"b\" }}",
        "{{ 1 | 2 }}",
        "{{ .user | . }}",
        "{{ (1 }}",
        "{{ 1) }}",
        "{{ }}",
        "{{ | }}",
        "{{",
        "{{ .user",
        "{{/* a",
        "{{/* a */ .user }}",
        "{{ /* a */ }}",
        "{{ \"a }}",
        "{{ \"\\q\" }}",
        "{{ '\\'' '' }}",
        "{{ .user$x }}",
        "{{ $x }}",
        "{{ if $x := 1 }}{{ end }}{{ $x }}",
        "{{ $x, $y := 1 }}",
        "{{ range $a, $b, $c := .user }}{{ end }}",
        "{{ range $a, 1 }}{{ end }}",
        "{{ define \"a\" }}x{{ end }}{{ define \"a\" }}y{{ end }}",
        "{{ if .user }}{{ define \"a\" }}{{ end }}{{ end }}",
        "{{ define a }}{{ end }}",
        "{{ template .user }}",
        "{{ nil.x }}",
        "{{ 1.x }}",
        "{{ \"a\".b }}",
        "{{ 1_ }}",
        "{{ 0x }}",
        "{{ 12345678901234567890123 }}",
        "{{ 'ab' }}",
        "{{ .user é }}",
        "{{ # }}",
        "{{ true. }}",
        "{{ $x := }}",
        "{{ env \"HOME\" }}",
        "{{ if false }}{{ getHostByName \"a\" }}{{ end }}",
    ] {
        let read = Template::parse("t", source, options(Limits::default()));
        assert!(read.is_err(), "{source}");
    }
}

#[test]
fn what_go_reads_is_read() {
    for (source, expected) in [
        ("", ""),
        ("a {{- /* c */ -}} b", "ab"),
        ("a {{/* c */}} b", "a  b"),
        ("a\n{{- .user -}}\n b", "aadminb"),
        ("{{-1}}", "-1"),
        ("{{- -1 }}", "-1"),
        ("{{ 'a' }} {{ '\\n' }} {{ '\\xff' }} {{ '世' }}", "97 10 255 19990"),
        ("{{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 017 }} {{ 1_000 }} {{ .5 }} {{ 0x1p4 }} {{ 1e3 }}", "31 5 15 15 1000 0.5 16 1000"),
        ("{{ `a\\n\r` }}", "a\\n"),
        ("{{ \"\\u4e16\\t\\101\" }}", "世\tA"),
        ("{{ len \"\\xff\" }}", "1"),
        ("{{ if false }}a{{ else if false }}b{{ else if .user }}c{{ else }}d{{ end }}", "c"),
        ("{{ with false }}a{{ else with .user }}{{ . }}{{ else }}d{{ end }}", "admin"),
        ("{{ if $x := 1 }}{{ $x }}{{ else if $y := 2 }}{{ end }}", "1"),
        ("{{ range $i, $x := list 5 6 }}{{ if eq $x 6 }}{{ break }}{{ end }}{{ $i }}{{ $x }}{{ end }}", "05"),
        ("{{ range 3 }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ . }}{{ end }}", "02"),
        ("{{ range $x := 2 }}{{ $x }}{{ else }}none{{ end }}{{ range 0 }}{{ else }}none{{ end }}", "01none"),
        ("{{ define \"a\" }}[{{ . }}]{{ end }}{{ template \"a\" .user }}{{ block \"b\" 1 }}<{{ . }}>{{ end }}", "[admin]<1>"),
        ("{{ define \"t\" }}me{{ end }}", "me"),
        ("{{ ($x := 1) }}{{ $x }}", "11"),
        ("{{ (list 1 2) | len }}{{ ((.user)) }}", "2admin"),
        ("{{ .user | }}", "admin"),
        ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $x := 3 }}{{ end }}{{ $x }}", "2"),
    ] {
        assert_eq!(render(source).as_deref(), Ok(expected), "{source}");
    }
}

#[test]
fn bytes_that_are_no_text_pass() {
    let out = render_within("{{ \"\\xff\\x00\" }}", &Value::Nil, Limits::default()).expect("a template");
    assert_eq!(out, [0xff, 0]);
}

#[test]
fn an_error_tells_line_column_and_function() {
    let error = render_within("a\nb {{ 1 }}é {{ trunc \"x\" 3 }}", &Value::Nil, Limits::default()).expect_err("a wrong type");
    assert_eq!(error.to_string(), "t:2:15: trunc: argument 1 must be an int");
    let error = render_within("{{ nosuch }}", &Value::Nil, Limits::default()).expect_err("an unknown function");
    assert_eq!((error.line, error.column, error.problem), (1, 4, Problem::UnknownFunction("nosuch".into())));
}

#[test]
fn other_delimiters_serve_as_well() {
    let mut own = options(Limits::default());
    own.delimiters = ("<<".into(), ">>".into());
    let template = Template::parse("t", "{{ <<- 1 ->> }}", own).expect("a template");
    let out = template.render(&Value::Nil, &mut super::Still { over: false }).expect("rendered");
    assert_eq!(out.expose(), b"{{1}}");
}
