//! Which of the five kinds of file a name or a flag means.

use std::str::FromStr;

/// A kind of file, named as sops' `--input-type` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Store {
    /// YAML, one or more documents.
    Yaml,
    /// JSON, one object.
    Json,
    /// `KEY=value` lines.
    Dotenv,
    /// Sections of `key = value` lines.
    Ini,
    /// Anything else: one value in a JSON wrapper.
    Binary,
}

/// A type that no store has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such file type {0:?}: it is one of yaml, json, dotenv, ini and binary")]
pub struct UnknownStore(String);

impl Store {
    /// The store of a file name: by its ending alone, as sops decides. `secrets.yaml.enc` is binary.
    pub fn of_path(path: &str) -> Store {
        let ends = |ending: &str| path.ends_with(ending);
        if ends(".yaml") || ends(".yml") {
            Store::Yaml
        } else if ends(".json") {
            Store::Json
        } else if ends(".env") {
            Store::Dotenv
        } else if ends(".ini") {
            Store::Ini
        } else {
            Store::Binary
        }
    }

    /// The name sops' flags use.
    pub fn name(self) -> &'static str {
        match self {
            Store::Yaml => "yaml",
            Store::Json => "json",
            Store::Dotenv => "dotenv",
            Store::Ini => "ini",
            Store::Binary => "binary",
        }
    }
}

impl FromStr for Store {
    type Err = UnknownStore;

    fn from_str(name: &str) -> Result<Store, UnknownStore> {
        let all = [Store::Yaml, Store::Json, Store::Dotenv, Store::Ini, Store::Binary];
        all.into_iter().find(|store| store.name() == name).ok_or_else(|| UnknownStore(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Store;

    #[test]
    fn the_ending_alone_decides() {
        for (path, store) in [
            ("a/b.yaml", Store::Yaml),
            ("b.yml", Store::Yaml),
            ("b.json", Store::Json),
            (".env", Store::Dotenv),
            ("prod.env", Store::Dotenv),
            ("a.ini", Store::Ini),
            ("a.yaml.enc", Store::Binary),
            ("A.YAML", Store::Binary),
            ("key", Store::Binary),
        ] {
            assert_eq!(Store::of_path(path), store, "{path}");
        }
    }

    #[test]
    fn names_are_those_of_the_flags() {
        assert_eq!("dotenv".parse(), Ok(Store::Dotenv));
        assert_eq!(
            "toml".parse::<Store>().map_err(|e| e.to_string()),
            Err("no such file type \"toml\": it is one of yaml, json, dotenv, ini and binary".to_owned())
        );
    }
}
