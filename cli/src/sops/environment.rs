//! The values of an opened file as variables: those of a Secret decoded under their keys, else the top-level values. Pure.

use super::keypath;
use crate::report::CliError;
use base64::Engine;
use seal_secret::SecretBytes;
use seal_sops::{Path, Segment, Type, Value};

/// True when the file is a Kubernetes Secret.
pub fn is_secret(values: &[(Path, Value)]) -> bool {
    let says = |key: &str, text: &[u8]| {
        let at = Path::of_keys(&[key]);
        values.iter().any(|(path, value)| *path == at && value.bytes.expose() == text)
    };
    says("kind", b"Secret") && says("apiVersion", b"v1")
}

/// Names and values, those below `at` when it is given. A value inside a further map or list has no name and is refused.
pub fn variables(values: &[(Path, Value)], at: Option<&Path>) -> Result<Vec<(String, SecretBytes)>, CliError> {
    let decode_secret = at.is_none() && is_secret(values);
    let below = at.map_or(&[][..], |at| at.0.as_slice());
    let mut variables: Vec<(String, SecretBytes)> = Vec::new();
    for (path, value) in values {
        let Some(rest) = path.0.strip_prefix(below) else { continue };
        let (name, value) = match (decode_secret, rest) {
            (true, [Segment::Key(part), Segment::Key(name)]) if part == "stringData" => (name, value.bytes.clone()),
            (true, [Segment::Key(part), Segment::Key(name)]) if part == "data" => (name, decoded(path, value)?),
            (true, _) => continue,
            (false, [Segment::Key(name)]) => (name, spelled(value)),
            (false, _) => {
                return Err(CliError::failed(format!(
                    "{}: a value inside a map or list cannot be a variable",
                    keypath::shown(path)
                ))
                .hint("choose the map with --key, or hand the whole file over with --as fd"));
            }
        };
        if name.is_empty() || name.contains(['=', '\0']) {
            return Err(CliError::failed(format!("{}: the key cannot be the name of a variable", keypath::shown(path))));
        }
        if value.expose().contains(&0) {
            return Err(CliError::failed(format!(
                "{}: the value holds a zero byte, which no variable can",
                keypath::shown(path)
            ))
            .hint("hand the whole file over with --as fd"));
        }
        variables.retain(|(known, _)| known != name);
        variables.push((name.clone(), value));
    }
    if variables.is_empty() {
        return Err(CliError::failed("there is no value to hand over").hint("`seal get` shows the keys of a file"));
    }
    Ok(variables)
}

/// As a text file would have it: `true`, not the `True` that is sealed.
fn spelled(value: &Value) -> SecretBytes {
    match (value.kind, value.bytes.expose()) {
        (Type::Bool, b"True") => "true".to_owned().into(),
        (Type::Bool, b"False") => "false".to_owned().into(),
        _ => value.bytes.clone(),
    }
}

fn decoded(path: &Path, value: &Value) -> Result<SecretBytes, CliError> {
    base64::engine::general_purpose::STANDARD
        .decode(value.bytes.expose())
        .map(SecretBytes::from)
        .map_err(|_| CliError::failed(format!("{}: it is not base64", keypath::shown(path))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(pairs: &[(&str, &str)], at: Option<&str>) -> Result<Vec<(String, String)>, String> {
        let values: Vec<(Path, Value)> =
            pairs.iter().map(|(path, text)| (keypath::parse(path).unwrap(), Value::text((*text).to_owned()))).collect();
        let at = at.map(|at| keypath::parse(at).unwrap());
        let text = |bytes: SecretBytes| String::from_utf8(bytes.expose().to_vec()).unwrap();
        let found = variables(&values, at.as_ref()).map_err(|error| error.message)?;
        Ok(found.into_iter().map(|(name, value)| (name, text(value))).collect())
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn top_level_values_are_variables() {
        assert_eq!(names(&[("A", "1"), ("B", "two words")], None).unwrap(), [pair("A", "1"), pair("B", "two words")]);
        assert_eq!(names(&[("x.A", "1"), ("y.B", "2")], Some("y")).unwrap(), [pair("B", "2")]);
    }

    #[test]
    fn a_secret_gives_its_decoded_data_and_nothing_of_itself() {
        let secret = [
            ("apiVersion", "v1"),
            ("kind", "Secret"),
            ("metadata.name", "db"),
            ("data.USER", "YWRtaW4="),
            ("data.PASS", "b2xk"),
            ("stringData.PASS", "new"),
        ];
        assert_eq!(names(&secret, None).unwrap(), [pair("USER", "admin"), pair("PASS", "new")]);
    }

    #[test]
    fn what_cannot_be_a_variable_is_named() {
        for (pairs, message) in [
            (&[("a.b", "x")][..], "a.b: a value inside a map or list cannot be a variable"),
            (&[("A", "x\0y")], "A: the value holds a zero byte, which no variable can"),
            (&[("[\"A=B\"]", "x")], "A=B: the key cannot be the name of a variable"),
            (&[], "there is no value to hand over"),
        ] {
            assert_eq!(names(pairs, None).unwrap_err(), message);
        }
    }
}
