//! Finding `.seal.yaml` and the rule that is for a file.

use super::{Cluster, Config, FILE_NAME, Rule, parse};
use crate::{Io, report::CliError};
use ignore::gitignore::GitignoreBuilder;
use std::path::{Path, PathBuf};

/// A configuration and where it was found.
#[derive(Clone, Debug)]
pub struct Located {
    /// The file.
    pub path: PathBuf,
    /// What it says.
    pub config: Config,
}

/// The nearest `.seal.yaml` in the folder of `file` (or `file` itself when it is a folder) or above. `-` looks from the working folder.
pub fn find(file: &Path, io: &Io) -> Result<Option<Located>, CliError> {
    let start = if file == Path::new("-") { Path::new(".") } else { file };
    let absolute =
        std::path::absolute(start).map_err(|error| CliError::failed(format!("cannot find {}: {error}", start.display())))?;
    for folder in absolute.ancestors() {
        let path = folder.join(FILE_NAME);
        if path.is_file() {
            let name = shown(&path);
            let config = parse(&name, io.read_file(&path)?)?;
            return Ok(Some(Located { path, config }));
        }
    }
    Ok(None)
}

/// The path as a user would write it: relative to the working folder where it is below it.
pub fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}

impl Located {
    /// The first rule that matches a file.
    pub fn rule(&self, file: &Path) -> Result<Option<&Rule>, CliError> {
        let root = self.folder();
        let absolute =
            std::path::absolute(file).map_err(|error| CliError::failed(format!("cannot find {}: {error}", file.display())))?;
        let Ok(relative) = absolute.strip_prefix(root) else { return Ok(None) };
        for rule in &self.config.rules {
            let mut builder = GitignoreBuilder::new("");
            builder.add_line(None, &rule.path).map_err(|error| {
                CliError::failed(format!("{}: rule path {:?}: {error}", shown(&self.path), rule.path))
                    .hint("patterns are those of .gitignore")
            })?;
            let matcher = builder.build().map_err(|error| CliError::failed(format!("{}: {error}", shown(&self.path))))?;
            if matcher.matched_path_or_any_parents(relative, false).is_ignore() {
                return Ok(Some(rule));
            }
        }
        Ok(None)
    }

    /// The cluster that needs no rule, because there is no other.
    pub fn only(&self) -> Option<&str> {
        let mut names = self.config.clusters.keys();
        names.next().filter(|_| names.next().is_none()).map(String::as_str)
    }

    /// The cluster of that name.
    pub fn cluster(&self, name: &str) -> Result<&Cluster, CliError> {
        self.config.clusters.get(name).ok_or_else(|| {
            let known = self.config.clusters.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            CliError::failed(format!("{}: no cluster {name:?}", shown(&self.path))).hint(format!("clusters there: {known}"))
        })
    }

    /// The folder that relative paths and rules start from.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    #[test]
    fn the_first_matching_rule_counts_and_the_nearest_file_wins() {
        let folder = tempfile::tempdir().unwrap();
        let nested = folder.path().join("apps/a");
        std::fs::create_dir_all(&nested).unwrap();
        std::fs::write(
            folder.path().join(FILE_NAME),
            "clusters: {p: {context: p}, s: {context: s}}\nrules:\n- {path: /apps/a/, cluster: p}\n- {path: '*.yaml', cluster: s, scope: cluster-wide}\n",
        )
        .unwrap();
        let (io, ..) = Io::scripted(b"", 0, &[]);
        let found = find(&nested.join("x.yaml"), &io).unwrap().unwrap();
        let cluster_for = |file: &str| found.rule(&folder.path().join(file)).unwrap().and_then(|rule| rule.cluster.clone());
        assert_eq!(cluster_for("apps/a/x.yaml").as_deref(), Some("p"));
        assert_eq!(cluster_for("apps/b/x.yaml").as_deref(), Some("s"));
        assert_eq!(cluster_for("apps/b/x.json"), None);
        assert_eq!(found.cluster("q").unwrap_err().hint.as_deref(), Some("clusters there: p, s"));
        let (secret, sealed) = (tempfile::tempdir().unwrap().path().join("s.yaml"), nested.join("x.yaml"));
        let mut certificates = crate::certificate::Certificates::default();
        let (input, stdin) = (nested.join("in.yaml"), Path::new("-"));
        for (given, output, expected) in [
            (&*secret, Some(&*sealed), &*sealed),
            (stdin, Some(&*sealed), &*sealed),
            (&*input, Some(&*sealed), &*input),
            (&*secret, None, stdin),
        ] {
            assert_eq!(certificates.place(given, output, &io).unwrap(), expected);
        }
        std::fs::write(nested.join(FILE_NAME), "clusters: {}\n").unwrap();
        assert_eq!(find(&nested.join("x.yaml"), &io).unwrap().unwrap().folder(), nested);
        assert!(parse("x", "rules: []\n".to_owned().into()).is_ok());
    }
}
