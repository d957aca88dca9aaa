//! Every function of the list is called with wrong things; none may panic and no error may show what it was given.

use super::{Still, options};
use crate::functions;
use crate::value::{Entries, Value};
use crate::{Dialect, Limits, Options, Template};
use proptest::prelude::*;

const CANARY: &str = "c4n4ry";

/// Values with the canary in them, and numbers that are not what one expects.
fn values() -> Vec<Value> {
    let text = Value::text(CANARY);
    let mut entries = Entries::new();
    entries.insert(CANARY.as_bytes().into(), text.clone());
    vec![
        text.clone(),
        Value::text(format!("[{CANARY}")),
        Value::text(format!("{{\"{CANARY}\": ")),
        Value::text(format!("(?P<{CANARY}")),
        Value::text(format!("{CANARY}: [: {CANARY}")),
        Value::text(format!("-----BEGIN {CANARY}-----\n{CANARY}\n-----END {CANARY}-----")),
        Value::text([b"\xff".as_slice(), CANARY.as_bytes()].concat()),
        Value::text("%d %s %v %*d %[9]d %!"),
        Value::text(""),
        Value::list(vec![text.clone(), Value::Int(1), Value::Nil]),
        Value::texts([CANARY, "b"]),
        Value::map(entries),
        Value::Nil,
        Value::Absent,
        Value::Bool(true),
        Value::Int(0),
        Value::Int(3),
        Value::Int(i64::MAX),
        Value::Int(i64::MIN),
        Value::Int64(-1),
        Value::Byte(200),
        Value::Uint(u64::MAX),
        Value::Float(f64::NAN),
        Value::Float(1e300),
        Value::Float(-0.5),
    ]
}

/// Calls a function with data's fields `a0`, `a1`, ... and checks what it says.
fn try_call(name: &str, args: &[Value]) -> Result<(), String> {
    let fields: String = (0..args.len()).map(|n| format!(" .a{n}")).collect();
    let source = format!("{{{{ {name}{fields} }}}}");
    let limits = Limits { made: 1 << 20, steps: 20_000, ..Limits::default() };
    let options = Options { dialect: Dialect::ExternalSecret, ..options(limits) };
    let Ok(template) = Template::parse("t", &source, options) else { return Err(format!("{source} is not read")) };
    let mut entries = Entries::new();
    for (n, value) in args.iter().enumerate() {
        entries.insert(format!("a{n}").as_bytes().into(), value.clone());
    }
    match template.render(&Value::map(entries), &mut Still { over: false }).map(drop) {
        Ok(()) => Ok(()),
        Err(error) => {
            let told = format!("{error} {error:?}");
            if told.contains(CANARY) { Err(format!("{source} tells a value")) } else { Ok(()) }
        }
    }
}

#[test]
fn no_function_panics_or_tells_what_it_was_given() {
    let values = values();
    let mut findings = Vec::new();
    for name in functions::names(Dialect::ExternalSecret) {
        findings.extend(try_call(name, &[]).err());
        // Functions that take long by their nature get few calls.
        let step = if functions::is_slow(name) { 9 } else { 1 };
        for (n, a) in values.iter().enumerate().step_by(step) {
            findings.extend(try_call(name, std::slice::from_ref(a)).err());
            for (m, b) in values.iter().enumerate().step_by(step) {
                findings.extend(try_call(name, &[a.clone(), b.clone()]).err());
                let third = &values[(n * 7 + m * 3) % values.len()];
                findings.extend(try_call(name, &[a.clone(), b.clone(), third.clone()]).err());
                findings.extend(try_call(name, &[third.clone(), a.clone(), b.clone(), third.clone()]).err());
            }
        }
    }
    assert!(findings.is_empty(), "{findings:#?}");
}

#[test]
fn fail_says_where_and_not_what() {
    let template = Template::parse("t", "a\n {{ fail .a0 }}", options(Limits::default())).expect("a template");
    let mut entries = Entries::new();
    entries.insert(b"a0".as_slice().into(), Value::text(CANARY));
    let error = template.render(&Value::map(entries), &mut Still { over: false }).map(drop).expect_err("fail fails");
    assert_eq!(error.to_string(), "t:2:5: fail: the template calls `fail` here");
}

#[test]
fn what_would_look_outside_does_not_exist() {
    for dialect in [Dialect::SealedSecret, Dialect::ExternalSecret] {
        for name in ["env", "expandenv", "getHostByName", "lookup", "include", "tpl", "readFile", "getSecretKey"] {
            assert!(functions::find(name, dialect).is_none(), "{name}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_reader_panic(source in "(\\{\\{-? ?|-?\\}\\}|if |else |end|range |with |define |\\$x|:=|=|\\||\\(|\\)|,|\\.|a|\"|`|'|\\\\|1|0x|_|é| |\n|/\\*|\\*/){0,40}") {
        let _ = Template::parse("t", &source, options(Limits::default()));
    }

    #[test]
    fn no_format_panics(format in "(%|[+\\-# 0]|[0-9]|\\*|\\.|\\[1\\]|[vdsqxXobcUeEfFgGtTp]|é|a){0,12}", which in 0usize..25) {
        let values = values();
        let args = [Value::text(format), values[which].clone(), values[(which + 7) % values.len()].clone()];
        prop_assert!(try_call("printf", &args).is_ok());
    }
}
