//! `spec.template.data`: values of the Secret that are computed from its items by Go templates.
//!
//! A sealed item wins over a template of its name; plain entries see each other as they are written; `null` leaves a key out. Only
//! what makes a Secret renders: nothing that answers a stranger may, because templates are not covered by the encryption, and
//! whether one fails tells one bit of a value.

use seal_secret::SecretBytes;
use seal_template::{Dialect, Options, Problem, Template, TemplateError, Value, World};
use std::collections::BTreeMap;

/// Templates by key of the Secret; `None` leaves the key out.
pub type Templates = BTreeMap<String, Option<String>>;

/// Templates that failed. It tells keys, places and functions, never a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("spec.template.data: {}", failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct Unrendered {
    /// Each with the key as its name.
    pub failures: Vec<TemplateError>,
}

impl Unrendered {
    /// True when a bound on time was hit, so that it may work on a calmer machine.
    pub fn is_out_of_time(&self) -> bool {
        self.failures.iter().any(|failure| failure.problem == Problem::Limit("time"))
    }
}

/// Whether all of them can be read as templates.
pub fn check(templates: &Templates) -> Result<(), Unrendered> {
    read(templates).map(drop)
}

/// Whether rendering them takes long, because they make keys or password hashes.
pub fn is_slow(templates: &Templates) -> bool {
    read(templates).is_ok_and(|all| all.iter().any(|(_, template)| template.is_slow()))
}

/// Keys that a template reads directly and that are neither an item nor a plain entry: they print `<no value>`. By template.
pub fn missing(templates: &Templates, is_item: impl Fn(&str) -> bool) -> Vec<(&str, Vec<String>)> {
    let known = |name: &str| is_item(name) || templates.get(name).is_some_and(Option::is_some);
    let missing = |template: Template| template.fields().into_iter().filter(|name| !known(name)).collect::<Vec<_>>();
    let texts = templates.iter().filter_map(|(key, text)| Some((key.as_str(), text.as_ref()?)));
    let readable = texts.filter_map(|(key, text)| Some((key, parse(key, text).ok()?)));
    readable.map(|(key, template)| (key, missing(template))).filter(|(_, names)| !names.is_empty()).collect()
}

/// The data of the Secret from opened items and templates.
pub fn render(
    templates: &Templates,
    mut data: BTreeMap<String, SecretBytes>,
    world: &mut dyn World,
) -> Result<BTreeMap<String, SecretBytes>, Unrendered> {
    if templates.is_empty() {
        return Ok(data);
    }
    let plain: BTreeMap<String, SecretBytes> =
        templates.iter().filter_map(|(key, text)| Some((key.clone(), SecretBytes::from(text.clone()?)))).collect();
    let mut rendered = BTreeMap::new();
    let mut failures = Vec::new();
    for (key, template) in read(templates)? {
        // Each template starts from values of its own: none can change what another one sees.
        let visible = plain.iter().filter(|(key, _)| !data.contains_key(*key)).chain(&data);
        match template.render(&Value::secrets(visible), world) {
            Ok(value) => drop(rendered.insert(key.to_owned(), value)),
            Err(failure) => failures.push(failure),
        }
    }
    if !failures.is_empty() {
        return Err(Unrendered { failures });
    }
    for (key, value) in rendered {
        data.entry(key).or_insert(value);
    }
    data.retain(|key, _| !matches!(templates.get(key), Some(None)));
    Ok(data)
}

fn parse(key: &str, text: &str) -> Result<Template, TemplateError> {
    Template::parse(key, text, Options::of(Dialect::SealedSecret))
}

fn read(templates: &Templates) -> Result<Vec<(&str, Template)>, Unrendered> {
    let (mut read, mut failures) = (Vec::new(), Vec::new());
    for (key, text) in templates.iter().filter_map(|(key, text)| Some((key, text.as_ref()?))) {
        match parse(key, text) {
            Ok(template) => read.push((key.as_str(), template)),
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() { Ok(read) } else { Err(Unrendered { failures }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nowhere;

    impl World for Nowhere {
        fn now(&self) -> (i64, i32) {
            (0, 0)
        }
        fn random(&mut self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
        fn is_over(&self) -> bool {
            false
        }
    }

    fn templates(all: &[(&str, Option<&str>)]) -> Templates {
        all.iter().map(|(key, text)| ((*key).to_owned(), text.map(str::to_owned))).collect()
    }

    fn rendered(items: &[(&str, &str)], all: &[(&str, Option<&str>)]) -> Result<Vec<(String, String)>, String> {
        let items = items.iter().map(|(key, value)| ((*key).to_owned(), SecretBytes::from((*value).to_owned()))).collect();
        let data = render(&templates(all), items, &mut Nowhere).map_err(|failed| failed.to_string())?;
        let text = |value: &SecretBytes| String::from_utf8(value.expose().to_vec()).expect("text");
        Ok(data.iter().map(|(key, value)| (key.clone(), text(value))).collect())
    }

    #[test]
    fn the_rules_are_those_of_upstream() {
        type Case<'c> = (&'c str, &'c [(&'c str, &'c str)], &'c [(&'c str, Option<&'c str>)], &'c [(&'c str, &'c str)]);
        let cases: [Case<'_>; 8] = [
            ("an item in a template", &[("p", "s3")], &[("u", Some("a:{{ .p }}"))], &[("p", "s3"), ("u", "a:s3")]),
            ("functions", &[("p", "s3")], &[("u", Some("{{ .p | b64enc | upper }}"))], &[("p", "s3"), ("u", "CZM=")]),
            ("a sealed item wins", &[("p", "s3")], &[("p", Some("plain")), ("u", Some("{{ .p }}"))], &[("p", "s3"), ("u", "s3")]),
            (
                "entries see each other unrendered",
                &[],
                &[("a", Some("{{ 1 }}")), ("b", Some("{{ .a }}"))],
                &[("a", "1"), ("b", "{{ 1 }}")],
            ),
            ("null leaves a key out, an item too", &[("p", "s3")], &[("p", None), ("u", Some("{{ .p }}"))], &[("u", "s3")]),
            ("null is not visible", &[], &[("n", None), ("u", Some("{{ .n }}"))], &[("u", "<no value>")]),
            ("a missing key prints", &[], &[("u", Some("[{{ .nosuch }}]"))], &[("u", "[<no value>]")]),
            ("keys with a dot", &[("a.b", "1")], &[("u", Some("{{ index . \"a.b\" }}"))], &[("a.b", "1"), ("u", "1")]),
        ];
        for (what, items, all, expected) in cases {
            let expected = expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            assert_eq!(rendered(items, all), Ok(expected), "{what}");
        }
    }

    #[test]
    fn all_that_fails_is_named_and_no_value_is() {
        let all = [("bad", Some("{{ if }}")), ("worse", Some("{{ nosuch }}"))];
        assert_eq!(
            rendered(&[], &all),
            Err("spec.template.data: bad:1:7: not a template: a value is missing; \
                 worse:1:4: there is no function \"nosuch\"; `seal template --functions` lists them"
                .into())
        );
        let all = [("leak", Some("{{ fail .p }}")), ("type", Some("{{ .p | trunc .p }}"))];
        assert_eq!(
            rendered(&[("p", "s3cret")], &all),
            Err("spec.template.data: leak:1:4: fail: the template calls `fail` here; type:1:9: trunc: argument 1 must be an int"
                .into())
        );
    }

    #[test]
    fn what_a_template_misses_is_told_by_name() {
        let all =
            templates(&[("u", Some("{{ .p }}{{ if true }}{{ .typo }}{{ end }}{{ .host }}")), ("host", Some("h")), ("n", None)]);
        assert_eq!(missing(&all, |name| name == "p"), vec![("u", vec!["typo".to_owned()])]);
    }
}
