//! The list of what templates may call. A name that is not here does not exist: nothing looks at files, environment or network.

mod builtin;
mod cases;
mod convert;
mod crypto;
mod dates;
mod dicts;
mod encode;
mod flow;
mod hex;
mod json;
mod lists;
mod math;
mod paths;
mod pem;
mod random;
mod reflect;
mod regex;
mod strings;
mod urls;
mod versions;
mod yaml;

use crate::call::Function;
use crate::template::Dialect;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Functions of both dialects, by group.
const COMMON: [&[Function]; 18] = [
    builtin::ALL,
    strings::ALL,
    cases::ALL,
    convert::ALL,
    json::ALL,
    lists::ALL,
    dicts::ALL,
    flow::ALL,
    math::ALL,
    encode::ALL,
    regex::ALL,
    paths::ALL,
    reflect::ALL,
    random::ALL,
    crypto::ALL,
    dates::ALL,
    versions::ALL,
    urls::ALL,
];

/// Functions that only ExternalSecrets have.
const EXTERNAL: [&[Function]; 3] = [pem::ALL, hex::ALL, yaml::ALL];

static BY_NAME: LazyLock<HashMap<&'static str, (Function, bool)>> = LazyLock::new(|| {
    let common = COMMON.iter().flat_map(|group| group.iter()).map(|function| (function.name, (*function, false)));
    let external = EXTERNAL.iter().flat_map(|group| group.iter()).map(|function: &Function| (function.name, (*function, true)));
    common.chain(external).collect()
});

/// The function of this name that the dialect has.
pub fn find(name: &str, dialect: Dialect) -> Option<Function> {
    let (function, external) = BY_NAME.get(name)?;
    (!external || dialect == Dialect::ExternalSecret).then_some(*function)
}

/// Whether a function takes long by its nature.
pub fn is_slow(name: &str) -> bool {
    ["bcrypt", "htpasswd", "derivePassword"].contains(&name) || name.starts_with("gen")
}

/// Names of all functions of a dialect, sorted.
pub fn names(dialect: Dialect) -> Vec<&'static str> {
    let mut names: Vec<_> = BY_NAME.keys().copied().filter(|name| find(name, dialect).is_some()).collect();
    names.sort_unstable();
    names
}
