//! What the crate promises: it refuses what Go refuses, it stays within its bounds, and no error shows a value.

mod bounds;
mod canary;
mod golden;
mod reading;

use crate::{Dialect, Limits, Options, Problem, Template, TemplateError, Value, World};
use seal_secret::SecretBytes;
use std::collections::BTreeMap;

/// A world in which nothing happens and time is over when one says so.
struct Still {
    over: bool,
}

impl World for Still {
    fn now(&self) -> (i64, i32) {
        (1_700_000_000, 0)
    }
    fn random(&mut self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
    fn is_over(&self) -> bool {
        self.over
    }
}

fn options(limits: Limits) -> Options {
    Options { limits, ..Options::of(Dialect::SealedSecret) }
}

fn render_within(source: &str, data: &Value, limits: Limits) -> Result<Vec<u8>, TemplateError> {
    let template = Template::parse("t", source, options(limits))?;
    template.render(data, &mut Still { over: false }).map(|out| out.expose().to_vec())
}

fn render(source: &str) -> Result<String, Problem> {
    let data = BTreeMap::from([("user".to_owned(), SecretBytes::from("admin".to_owned()))]);
    let out = render_within(source, &Value::secrets(&data), Limits::default()).map_err(|error| error.problem)?;
    Ok(String::from_utf8(out).expect("text"))
}

/// What a template of an ExternalSecret prints without data.
pub(crate) fn external(source: &str) -> String {
    let template = Template::parse("t", source, Options::of(Dialect::ExternalSecret)).expect("a template");
    let out = template.render(&Value::secrets(&BTreeMap::new()), &mut Still { over: false }).expect("it renders");
    String::from_utf8(out.expose().to_vec()).expect("text")
}
