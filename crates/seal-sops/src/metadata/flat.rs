//! The block in stores without nesting: keys joined by `__map_` and `__list_`, one line each.

use zeroize::Zeroizing;

use super::entries::Meta;
use crate::layout::{Raw, RawForm};
use crate::{Problem, Type, Value};

const MAP: &str = "__map_";
const LIST: &str = "__list_";
/// Steps of one key. A block has six at most.
const MOST_STEPS: usize = 16;

/// Lines of one block: 2000 recipients have two each.
const MOST_LINES: usize = 10_000;

/// A step of a flattened key.
#[derive(Clone, Copy, PartialEq)]
enum Step<'a> {
    Key(&'a str),
    Index(&'a str),
}

/// The entries as keys and texts, in order.
pub(crate) fn flatten(entries: &[(String, Meta)]) -> Vec<(String, String)> {
    let mut flat = Vec::new();
    for (key, value) in entries {
        descend(key.clone(), value, &mut flat);
    }
    flat
}

fn descend(key: String, value: &Meta, flat: &mut Vec<(String, String)>) {
    match value {
        Meta::Null => flat.push((key, String::new())),
        Meta::Text(text) | Meta::Bare(text) => flat.push((key, text.clone())),
        Meta::List(items) => {
            for (at, item) in items.iter().enumerate() {
                descend(format!("{key}{LIST}{at}"), item, flat);
            }
        }
        Meta::Map(entries) => {
            for (name, value) in entries {
                descend(format!("{key}{MAP}{name}"), value, flat);
            }
        }
    }
}

/// Joins flattened keys, each with its scalar, into a block. The error says what does not fit, by key name.
pub(crate) fn unflatten(flat: Vec<(String, Raw)>) -> Result<Raw, String> {
    let mut root = fresh();
    if flat.len() > MOST_LINES {
        return Err("more keys than a block can have".to_owned());
    }
    // Positions may come in any order; a hostile one must not make lists that hold nothing.
    let mut gaps = flat.len();
    for (key, value) in flat {
        let steps = steps(&key);
        if steps.len() > MOST_STEPS {
            return Err("a key nests too deeply".to_owned());
        }
        place(&mut root, &steps, value, &mut gaps).map_err(|what| format!("{key}: {what}"))?;
    }
    if has_gap(&root) { Err("a list lacks one of its positions".to_owned()) } else { Ok(root) }
}

fn has_gap(raw: &Raw) -> bool {
    match &raw.form {
        RawForm::Map(entries) => entries.is_empty() || entries.iter().any(|(_, value)| has_gap(value)),
        RawForm::List(items) => items.iter().any(has_gap),
        _ => false,
    }
}

fn steps(key: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut is_list = false;
    let mut rest = key;
    loop {
        let next = [MAP, LIST].iter().filter_map(|mark| rest.find(mark).map(|at| (at, *mark))).min();
        let (part, mark) = next.map_or((rest, None), |(at, mark)| (&rest[..at], Some(mark)));
        steps.push(if is_list { Step::Index(part) } else { Step::Key(part) });
        let Some(mark) = mark else { return steps };
        is_list = mark == LIST;
        rest = &rest[part.len() + mark.len()..];
    }
}

/// Puts a scalar to its place. What has been made on the way and not filled yet is an empty mapping.
fn place(node: &mut Raw, steps: &[Step<'_>], value: Raw, gaps: &mut usize) -> Result<(), &'static str> {
    let is_fresh = |node: &Raw| matches!(&node.form, RawForm::Map(entries) if entries.is_empty());
    let Some((first, rest)) = steps.split_first() else {
        if !is_fresh(node) {
            return Err("the key is there twice, or another one gives it another shape");
        }
        *node = value;
        return Ok(());
    };
    if is_fresh(node) && matches!(first, Step::Index(_)) {
        node.form = RawForm::List(Vec::new());
    }
    let child = match (first, &mut node.form) {
        (Step::Key(key), RawForm::Map(entries)) => {
            let at = entries.iter().position(|(name, _)| name == key).unwrap_or_else(|| {
                entries.push(((*key).to_owned(), fresh()));
                entries.len() - 1
            });
            &mut entries[at].1
        }
        (Step::Index(text), RawForm::List(items)) => {
            let index: usize = text.parse().map_err(|_| "the position is not a number")?;
            let missing = index.saturating_add(1).saturating_sub(items.len());
            *gaps = gaps.checked_sub(missing.saturating_sub(1)).ok_or("earlier positions of the list are missing")?;
            items.extend((0..missing).map(|_| fresh()));
            &mut items[index]
        }
        _ => return Err("another key gives it another shape"),
    };
    place(child, rest, value, gaps)
}

fn fresh() -> Raw {
    Raw { form: RawForm::Map(Vec::new()), span: 0..0 }
}

/// A value as the stores without types write it: as Go prints it.
pub(crate) fn scalar_text(value: &Value) -> Result<Zeroizing<String>, Problem> {
    let text = std::str::from_utf8(value.bytes.expose());
    let text = text.map_err(|_| Problem::Unsupported("a value that is not UTF-8 text cannot stand in this kind of file"))?;
    Ok(Zeroizing::new(match value.kind {
        Type::Bool => text.to_ascii_lowercase(),
        Type::Float => float(text),
        _ => text.to_owned(),
    }))
}

/// Go's `%G`: an exponent below 1e-4 and from 1e6; always a point or an exponent.
fn float(text: &str) -> String {
    let Ok(number) = text.parse::<f64>() else { return text.to_owned() };
    let shown = format!("{number:E}");
    let Some((mantissa, exponent)) = shown.split_once('E').filter(|_| number.is_finite()) else { return text.to_owned() };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if number != 0.0 && !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}E{sign}{:02}", exponent.abs());
    }
    if text.contains('.') { text.to_owned() } else { format!("{text}.0") }
}

#[cfg(test)]
mod tests {
    use super::{flatten, unflatten};
    use crate::layout::{Raw, RawForm};
    use crate::metadata::Meta;

    fn lines(text: &str) -> Vec<(String, Raw)> {
        let line = |(key, value): (&str, &str)| (key.to_owned(), Raw { form: RawForm::Scalar(value.to_owned()), span: 0..0 });
        text.split_whitespace().filter_map(|line| line.split_once('=')).map(line).collect()
    }

    fn show(raw: &Raw) -> String {
        match &raw.form {
            RawForm::Null => "null".to_owned(),
            RawForm::Scalar(text) => text.clone(),
            RawForm::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(" ")),
            RawForm::Map(entries) => {
                format!(
                    "{{{}}}",
                    entries.iter().map(|(key, value)| format!("{key}:{}", show(value))).collect::<Vec<_>>().join(" ")
                )
            }
        }
    }

    #[test]
    fn flat_keys_become_a_block() {
        for (flat, shown) in [
            ("a=1 b=2", "{a:1 b:2}"),
            ("age__list_0__map_enc=E age__list_0__map_recipient=R mac=M", "{age:[{enc:E recipient:R}] mac:M}"),
            ("l__list_1=b l__list_0=a", "{l:[a b]}"),
            ("g__list_0__map_age__list_0__map_enc=E", "{g:[{age:[{enc:E}]}]}"),
            ("m__map_a__map_b=1 m__map_c=2", "{m:{a:{b:1} c:2}}"),
        ] {
            assert_eq!(unflatten(lines(flat)).map(|raw| show(&raw)), Ok(shown.to_owned()), "{flat}");
        }
    }

    #[test]
    fn keys_that_do_not_fit_together_are_refused_without_making_room_for_them() {
        for (flat, message) in [
            ("a=1 a=2", "a: the key is there twice, or another one gives it another shape"),
            ("a=1 a__map_b=2", "a__map_b: another key gives it another shape"),
            ("a__map_b=2 a=1", "a: the key is there twice, or another one gives it another shape"),
            ("a__list_0=1 a__map_b=2", "a__map_b: another key gives it another shape"),
            ("a__list_1=1 b=2", "a list lacks one of its positions"),
            ("a__list_999999999=1", "a__list_999999999: earlier positions of the list are missing"),
            ("a__list_x=1", "a__list_x: the position is not a number"),
        ] {
            assert_eq!(unflatten(lines(flat)).map(|raw| show(&raw)), Err(message.to_owned()), "{flat}");
        }
        let deep = format!("a{}=1", "__map_a".repeat(100));
        assert_eq!(unflatten(lines(&deep)).map(|raw| show(&raw)), Err("a key nests too deeply".to_owned()));
    }

    #[test]
    fn a_block_becomes_flat_keys() {
        let text = |text: &str| Meta::Text(text.to_owned());
        let key = Meta::Map(vec![("enc".to_owned(), text("E")), ("recipient".to_owned(), text("R"))]);
        let entries = [("age".to_owned(), Meta::List(vec![key])), ("mac".to_owned(), text("M"))];
        let flat = flatten(&entries);
        let flat: Vec<String> = flat.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(flat, ["age__list_0__map_enc=E", "age__list_0__map_recipient=R", "mac=M"]);
    }
}
