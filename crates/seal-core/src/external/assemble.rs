//! From what the stores answered to the data of the Secret: `dataFrom` in order, later over earlier, then `data` over all.
//!
//! Either everything is there that the policy asks for, or nothing is made: never half a Secret. What a failure says holds
//! paths, keys and what to do, never a value.

use super::Profile;
use super::decode::{decode, takes};
use super::gjson_path::{entries, property};
use super::keys::{KeyTrouble, Map, converted, validated};
use super::rewrite::{RewriteTrouble, Transform, rewritten};
use seal_api::external_secrets::{
    Cause, CauseCode, ConversionStrategy, Data, DataFrom, DecodingStrategy, DeletionPolicy, NullBytePolicy, RemoteRef, Source,
    Spec,
};
use seal_secret::SecretBytes;
use std::collections::BTreeMap;

/// What a store answered for one entry. Holds plaintext: no Debug.
#[derive(Clone)]
pub enum Fetched {
    /// One value.
    Value(SecretBytes),
    /// Values by name: what was found, or what a generator made.
    Values(BTreeMap<String, SecretBytes>),
    /// It is certain that there is nothing.
    Absent(Absent),
}

/// What is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Absent {
    /// The secret.
    Secret,
    /// The version that was asked for, or the newest one is deleted.
    Version,
    /// The property, in a secret that is there.
    Property,
}

/// The answers, one for each entry in its order.
#[derive(Clone, Default)]
pub struct Answers {
    /// Those for `dataFrom`.
    pub data_from: Vec<Fetched>,
    /// Those for `data`.
    pub data: Vec<Fetched>,
}

/// An entry that was left out, as its policy says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// True for an entry of `data`.
    pub in_data: bool,
    /// Its index.
    pub index: usize,
    /// Key in the store; empty when it has none.
    pub key: String,
    /// What is not there.
    pub what: Absent,
}

/// The data that was put together. Holds plaintext: no Debug.
#[derive(Clone, Default)]
pub struct Assembled {
    /// Values by key.
    pub data: BTreeMap<String, SecretBytes>,
    /// What was left out.
    pub missing: Vec<Missing>,
}

/// Why nothing was put together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {message}")]
pub struct Trouble {
    /// Its kind.
    pub code: CauseCode,
    /// Path of the entry.
    pub at: String,
    /// Key in the store; empty when there is none.
    pub key: String,
    /// What happened.
    pub message: String,
}

impl Trouble {
    /// The cause in a status: what happened and what to do. `store`: kind and name; `since`: RFC 3339.
    pub fn cause(&self, store: &str, since: Option<String>) -> Cause {
        Cause {
            code: self.code.as_str().to_owned(),
            at: self.at.clone(),
            store: store.to_owned(),
            key: self.key.clone(),
            message: format!("{}; {}", self.message, self.code.hint()),
            since,
        }
    }
}

/// What went wrong with one entry.
enum Fault {
    Absent(Absent),
    Other(CauseCode, String),
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::Other(CauseCode::InvalidData, message.into())
}

/// Puts the data together.
///
/// # Errors
/// The first entry that cannot be had.
pub fn assemble(spec: &Spec, answers: Answers, profile: Profile, transform: Transform<'_>) -> Result<Assembled, Trouble> {
    let mut out = Assembled::default();
    if answers.data_from.len() != spec.data_from.len() || answers.data.len() != spec.data.len() {
        return Err(trouble("spec".into(), "", CauseCode::Unavailable, "the store did not answer for every entry".into()));
    }
    for (index, (entry, answer)) in spec.data_from.iter().zip(answers.data_from).enumerate() {
        match many(entry, answer, transform) {
            Ok(map) => out.data.extend(map),
            Err(fault) => left_out(&mut out, spec, profile, (false, index, key_of(&entry.source)), fault)?,
        }
    }
    for (index, (entry, answer)) in spec.data.iter().zip(answers.data).enumerate() {
        match single(entry, answer) {
            Ok(value) => drop(out.data.insert(entry.secret_key.clone(), value)),
            Err(fault) => left_out(&mut out, spec, profile, (true, index, &entry.remote.key), fault)?,
        }
    }
    Ok(out)
}

fn key_of(source: &Source) -> &str {
    match source {
        Source::Extract(remote) => &remote.key,
        _ => "",
    }
}

fn trouble(at: String, key: &str, code: CauseCode, message: String) -> Trouble {
    Trouble { code, at, key: key.to_owned(), message }
}

/// Absence is left out where the policy allows it; everything else ends here.
fn left_out(
    out: &mut Assembled,
    spec: &Spec,
    profile: Profile,
    (in_data, index, key): (bool, usize, &str),
    fault: Fault,
) -> Result<(), Trouble> {
    let at = if in_data { format!("spec.data[{index}]") } else { format!("spec.dataFrom[{index}]") };
    let what = match fault {
        Fault::Other(code, message) => return Err(trouble(at, key, code, message)),
        Fault::Absent(what) => what,
    };
    // Upstream fails over a property whatever the policy says, so an entry that it keeps must not vanish after the swap.
    let counts = what != Absent::Property || profile == Profile::Strict;
    if spec.target.deletion != DeletionPolicy::Retain && counts {
        out.missing.push(Missing { in_data, index, key: key.to_owned(), what });
        return Ok(());
    }
    Err(match what {
        Absent::Secret => trouble(at, key, CauseCode::NoSecret, "the store has no such secret".into()),
        Absent::Version => trouble(at, key, CauseCode::NoSecret, "the store has no such version of the secret".into()),
        Absent::Property => trouble(at, key, CauseCode::NoProperty, "the secret has no such property".into()),
    })
}

fn single(entry: &Data, answer: Fetched) -> Result<SecretBytes, Fault> {
    let value = match answer {
        Fetched::Value(value) => part(&entry.remote, value)?,
        Fetched::Absent(what) => return Err(Fault::Absent(what)),
        Fetched::Values(_) => return Err(invalid("the store answered with many values where one was asked for")),
    };
    finished(value, entry.remote.decoding, entry.remote.null_bytes, "")
}

/// The property of a value, or all of it.
fn part(remote: &RemoteRef, value: SecretBytes) -> Result<SecretBytes, Fault> {
    match remote.property.as_str() {
        "" => Ok(value),
        path => property(&value, path).ok_or(Fault::Absent(Absent::Property)),
    }
}

fn finished(value: SecretBytes, decoding: DecodingStrategy, nulls: NullBytePolicy, key: &str) -> Result<SecretBytes, Fault> {
    let of = if key.is_empty() { String::new() } else { format!(" of key {key:?}") };
    let value = decode(decoding, value)
        .ok_or_else(|| invalid(format!("the value{of} is not what decodingStrategy {} says", decoding.as_str())))?;
    if !takes(nulls, &value) {
        return Err(invalid(format!("the value{of} has a NUL byte, which nullBytePolicy Fail refuses")));
    }
    Ok(value)
}

fn many(entry: &DataFrom, answer: Fetched, transform: Transform<'_>) -> Result<Map, Fault> {
    let (map, conversion, decoding, nulls) = match (&entry.source, answer) {
        (_, Fetched::Absent(what)) => return Err(Fault::Absent(what)),
        (Source::Extract(remote), Fetched::Value(value)) => {
            let value = part(remote, value)?;
            let map =
                entries(&value).ok_or_else(|| invalid("the value is no JSON object, so nothing can be extracted; use data"))?;
            (map, Some(remote.conversion), remote.decoding, remote.null_bytes)
        }
        (Source::Extract(remote), Fetched::Values(map)) => (map, Some(remote.conversion), remote.decoding, remote.null_bytes),
        (Source::Find(find), Fetched::Values(map)) => (map, Some(find.conversion), find.decoding, find.null_bytes),
        (Source::Generator(_), Fetched::Values(map)) => (map, None, DecodingStrategy::None, NullBytePolicy::Ignore),
        _ => return Err(invalid("the store answered with one value where many were asked for")),
    };
    let map = named(entry, map, conversion, transform)?;
    let decoded = map.into_iter().map(|(key, value)| Ok((key.clone(), finished(value, decoding, nulls, &key)?)));
    decoded.collect()
}

/// Keys rewritten, or converted when nothing is rewritten; held to be keys of a Secret.
fn named(entry: &DataFrom, map: Map, conversion: Option<ConversionStrategy>, transform: Transform<'_>) -> Result<Map, Fault> {
    let map = match (entry.rewrite.is_empty(), conversion) {
        (true, Some(strategy)) => converted(strategy, map).map_err(key_fault)?,
        _ => rewritten(&entry.rewrite, map, transform).map_err(|(index, trouble)| rewrite_fault(index, trouble))?,
    };
    validated(map).map_err(key_fault)
}

fn key_fault(trouble: KeyTrouble) -> Fault {
    invalid(match trouble {
        KeyTrouble::Invalid(key) => format!("{key:?} cannot be a key of a Secret; use rewrite or conversionStrategy"),
        KeyTrouble::Twice(key) => format!("two values would have the key {key:?}; use rewrite to keep them apart"),
    })
}

fn rewrite_fault(index: usize, trouble: RewriteTrouble) -> Fault {
    let said = match trouble {
        RewriteTrouble::Key(trouble) => return key_fault(trouble),
        RewriteTrouble::Template(said) => return Fault::Other(CauseCode::TemplateFailed, format!("rewrite[{index}]: {said}")),
        RewriteTrouble::Expression => {
            return Fault::Other(CauseCode::InvalidSpec, format!("rewrite[{index}]: the expression does not compile"));
        }
        RewriteTrouble::NoObject(key) => format!("the value of {key:?} is no JSON object"),
        RewriteTrouble::NoPriority(key) => format!("the priority key {key:?} is not there"),
        RewriteTrouble::Conflict(key) => format!("two objects have the key {key:?}"),
    };
    invalid(format!("rewrite[{index}]: {said}"))
}

#[cfg(test)]
#[path = "tests/assemble.rs"]
mod tests;
