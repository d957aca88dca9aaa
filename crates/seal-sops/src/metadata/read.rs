//! From the content of a `sops` block to what it says: weakly typed, order-free, unknown keys passed over.

use super::{AgeKey, FOREIGN, ForeignKey, KeyGroup, Metadata, time};
use crate::layout::{Raw, RawForm};
use crate::{Problem, Selector};

type Entries = [(String, Raw)];

impl Metadata {
    /// Reads a block. `version` may be missing (sops' own command line refuses that, its library does not).
    pub(crate) fn read(raw: &Raw) -> Result<Metadata, Problem> {
        let RawForm::Map(block) = &raw.form else { return Err(wrong("it is not a mapping")) };
        let lastmodified = text(block, "lastmodified")?;
        if time::canonical(&lastmodified).is_none() {
            return Err(wrong("lastmodified is not a time such as 2026-01-31T12:00:00Z"));
        }
        let mut selectors = Vec::new();
        for name in Selector::NAMES {
            selectors.push((name, text(block, name)?));
        }
        let selector = Selector::only(selectors.iter().map(|(name, text)| (*name, text.as_str())))?;
        let strong = text(block, "seal_mac")?;
        Ok(Metadata {
            groups: groups(block)?,
            shamir_threshold: threshold(block)?,
            lastmodified,
            mac: text(block, "mac")?,
            mac_only_encrypted: flag(block, "mac_only_encrypted")?,
            selector,
            version: text(block, "version")?,
            strong_mac: (!strong.is_empty()).then_some(strong),
        })
    }
}

fn wrong(what: impl Into<String>) -> Problem {
    Problem::Metadata(what.into())
}

/// The value of a key: by its exact name, else by one that differs in case, as sops looks it up.
fn field<'a>(entries: &'a Entries, name: &str) -> Option<&'a Raw> {
    let exact = entries.iter().find(|(key, _)| key == name);
    exact.or_else(|| entries.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))).map(|(_, value)| value)
}

fn text(entries: &Entries, name: &str) -> Result<String, Problem> {
    match field(entries, name).map(|value| &value.form) {
        None | Some(RawForm::Null) => Ok(String::new()),
        Some(RawForm::Scalar(text)) => Ok(text.clone()),
        Some(_) => Err(wrong(format!("{name} is not a text"))),
    }
}

fn flag(entries: &Entries, name: &str) -> Result<bool, Problem> {
    match text(entries, name)?.as_str() {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "" | "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(wrong(format!("{name} is neither true nor false"))),
    }
}

fn threshold(entries: &Entries) -> Result<Option<u32>, Problem> {
    let text = text(entries, "shamir_threshold")?;
    if text.is_empty() {
        return Ok(None);
    }
    let value: u32 = text.parse().map_err(|_| wrong("shamir_threshold is not a whole number"))?;
    Ok((value != 0).then_some(value))
}

/// A list of mappings; a single mapping counts as a list of one.
fn maps<'a>(entries: &'a Entries, name: &str) -> Result<Vec<&'a Entries>, Problem> {
    let refused = || wrong(format!("{name} is not a list of mappings"));
    let map = |raw: &'a Raw| match &raw.form {
        RawForm::Map(entries) => Ok(entries.as_slice()),
        _ => Err(refused()),
    };
    match field(entries, name) {
        None => Ok(Vec::new()),
        Some(raw) => match &raw.form {
            RawForm::Null => Ok(Vec::new()),
            RawForm::List(items) => items.iter().map(map).collect(),
            RawForm::Map(entries) if entries.is_empty() => Ok(Vec::new()),
            RawForm::Scalar(text) if text.is_empty() => Ok(Vec::new()),
            _ => map(raw).map(|one| vec![one]),
        },
    }
}

/// The flat lists when one of them has a key, else `key_groups`.
fn groups(block: &Entries) -> Result<Vec<KeyGroup>, Problem> {
    let flat = group(block)?;
    if !flat.age.is_empty() || !flat.others.is_empty() {
        return Ok(vec![flat]);
    }
    let groups = maps(block, "key_groups")?.into_iter().map(group).collect::<Result<Vec<_>, _>>()?;
    if groups.is_empty() { Err(wrong("it names no key that could open the file")) } else { Ok(groups) }
}

fn group(entries: &Entries) -> Result<KeyGroup, Problem> {
    let mut group = KeyGroup::default();
    for key in maps(entries, "age")? {
        group.age.push(AgeKey { recipient: text(key, "recipient")?, enc: text(key, "enc")? });
    }
    for (kind, names) in FOREIGN {
        for key in maps(entries, kind)? {
            let mut name = Vec::new();
            for field in names {
                name.push(text(key, field)?);
            }
            name.retain(|part| !part.is_empty());
            let fields = key.iter().map(|(key, value)| (key.clone(), json(value))).collect();
            group.others.push(ForeignKey { kind: kind.to_owned(), name: name.join("/"), fields });
        }
    }
    Ok(group)
}

fn json(raw: &Raw) -> serde_json::Value {
    match &raw.form {
        RawForm::Null => serde_json::Value::Null,
        RawForm::Scalar(text) => text.as_str().into(),
        RawForm::List(items) => items.iter().map(json).collect(),
        RawForm::Map(entries) => entries.iter().map(|(key, value)| (key.clone(), json(value))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{AgeKey, Metadata};
    use crate::layout::{Raw, RawForm};
    use crate::{Problem, Selector};

    fn raw(value: &serde_json::Value) -> Raw {
        let form = match value {
            serde_json::Value::Null => RawForm::Null,
            serde_json::Value::Array(items) => RawForm::List(items.iter().map(raw).collect()),
            serde_json::Value::Object(map) => RawForm::Map(map.iter().map(|(key, value)| (key.clone(), raw(value))).collect()),
            serde_json::Value::String(text) => RawForm::Scalar(text.clone()),
            other => RawForm::Scalar(other.to_string()),
        };
        Raw { form, span: 0..0 }
    }

    fn read(json: &str) -> Result<Metadata, Problem> {
        Metadata::read(&raw(&serde_json::from_str(json).expect("JSON")))
    }

    const AGE: &str = r#""age": [{"recipient": "age1x", "enc": "ARMOR\n"}]"#;
    const TIME: &str = r#""lastmodified": "2026-01-31T12:00:00Z""#;

    #[test]
    fn types_are_weak_and_order_is_free() {
        for (extra, check) in [
            (r#""mac_only_encrypted": "true""#, &(|m: &Metadata| m.mac_only_encrypted) as &dyn Fn(&Metadata) -> bool),
            (r#""mac_only_encrypted": true"#, &|m| m.mac_only_encrypted),
            (r#""mac_only_encrypted": "", "x": 1"#, &|m| !m.mac_only_encrypted),
            (r#""version": 3.13"#, &|m| m.version == "3.13"),
            (r#""shamir_threshold": "2""#, &|m| m.shamir_threshold == Some(2)),
            (r#""shamir_threshold": 0"#, &|m| m.shamir_threshold.is_none()),
            (r#""kms": [], "pgp": null, "gcp_kms": """#, &|m| m.groups[0].others.is_empty()),
            (r#""MAC": "ENC[x]""#, &|m| m.mac == "ENC[x]"),
            (r#""encrypted_regex": "^a$""#, &|m| m.selector == Selector::EncryptedRegex("^a$".into())),
            (r#""encrypted_regex": """#, &|m| m.selector == Selector::default()),
            (r#""seal_mac": "m""#, &|m| m.strong_mac.as_deref() == Some("m")),
            (r#""pgp": {"fp": "85D7", "enc": "x", "created_at": "y"}"#, &|m| {
                m.groups[0].others[0].name == "85D7" && m.groups[0].others[0].fields.len() == 3
            }),
            (r#""hc_vault": [{"vault_address": "https://v", "engine_path": "t", "key_name": "k"}]"#, &|m| {
                m.groups[0].others[0].name == "https://v/t/k"
            }),
        ] {
            let metadata = read(&format!("{{{extra}, {AGE}, {TIME}}}")).unwrap_or_else(|error| panic!("{extra}: {error}"));
            assert!(check(&metadata), "{extra}");
            assert_eq!(metadata.groups[0].age, [AgeKey { recipient: "age1x".into(), enc: "ARMOR\n".into() }], "{extra}");
        }
    }

    #[test]
    fn groups_are_read_when_the_flat_lists_are_empty() {
        let groups =
            r#""age": [], "key_groups": [{"age": [{"recipient": "a", "enc": "b"}], "hc_vault": []}, {"pgp": [{"fp": "c"}]}]"#;
        let metadata = read(&format!("{{{groups}, \"shamir_threshold\": 2, {TIME}}}")).expect("valid");
        assert_eq!((metadata.groups.len(), metadata.groups_needed()), (2, 2));
        assert_eq!(metadata.foreign_keys().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["c"]);
        let one = read(&format!("{{{AGE}, {groups2}, {TIME}}}", groups2 = &groups[11..])).expect("valid");
        assert_eq!(one.groups.len(), 1);
    }

    #[test]
    fn what_it_cannot_mean_is_an_error_that_names_the_part() {
        for (block, message) in [
            (format!("{{{TIME}}}"), "sops metadata: it names no key that could open the file"),
            (format!("{{{AGE}}}"), "sops metadata: lastmodified is not a time such as 2026-01-31T12:00:00Z"),
            (format!("{{{TIME}, \"age\": [1]}}"), "sops metadata: age is not a list of mappings"),
            (format!("{{{AGE}, {TIME}, \"mac\": []}}"), "sops metadata: mac is not a text"),
            (
                format!("{{{AGE}, {TIME}, \"mac_only_encrypted\": \"yes\"}}"),
                "sops metadata: mac_only_encrypted is neither true nor false",
            ),
            (format!("{{{AGE}, {TIME}, \"shamir_threshold\": -1}}"), "sops metadata: shamir_threshold is not a whole number"),
            (
                format!("{{{AGE}, {TIME}, \"encrypted_suffix\": \"a\", \"encrypted_regex\": \"b\"}}"),
                "selector encrypted_regex cannot be used: encrypted_suffix is there too; use one of them",
            ),
            ("[]".to_owned(), "sops metadata: it is not a mapping"),
        ] {
            assert_eq!(read(&block).expect_err("refused").to_string(), message, "{block}");
        }
    }
}
