//! From an edit to splices: chooses between the block and the flow writer by where the path leads.

use crate::locate::{Parent, Place, Site, Target, find_anchor};
use crate::resolve::{is_merge, key_name, resolve_scalar};
use crate::scalar_write::{push_inline, push_quoted};
use crate::splice::Splice;
use crate::tree::{Form, Style, Tree};
use crate::{Edit, Entry, Format, Kind, New, Node, Problem, Segment};
use crate::{edit::show_path, output::Output};

/// Plans one edit against the text as it stands.
pub(crate) fn plan(site: &Site<'_, '_>, edit: &Edit) -> Result<Vec<Splice>, Problem> {
    let mut splices = match edit {
        Edit::Set { path, value } => {
            let value = match value {
                New::Text(text) => Node::text(text.clone()),
                New::Tree(tree) => tree.clone(),
            };
            set(site, path, value)
        }
        Edit::Remove { path } => remove(site, path),
        Edit::Rename { path, key } => rename(site, path, key),
    }?;
    // White space behind a literal block would become part of its last line.
    for splice in &mut splices {
        let text = splice.text.text();
        if text.contains('|') && text.contains('\n') && !text.ends_with('\n') && site.is_rest_blank(splice.range.end) {
            splice.range.end = site.line_end(splice.range.end);
        }
    }
    // Older readers take a blank line with a tab only behind a plain scalar, which swallows it.
    let ends_plain = |splice: &Splice| {
        !splice.text.text().is_empty()
            && !splice.text.text().ends_with(['"', '}', ']', '\n'])
            && !splice.text.text().contains('|')
    };
    if site.format == Format::Yaml
        && splices.iter().any(|splice| !ends_plain(splice) && site.has_tab_line_behind(splice.range.end))
    {
        return Err(Problem::CannotEdit("a value in front of a blank line with a tab"));
    }
    Ok(splices)
}

fn set(site: &Site<'_, '_>, path: &[Segment], value: Node) -> Result<Vec<Splice>, Problem> {
    match site.find(path)? {
        Target::Present { node, place, .. } => {
            site.refuse_referenced(node)?;
            match place {
                Place::Flow { key_end, colon_end } => site.replace_in_flow(node, key_end, colon_end, &value),
                Place::Root if site.format == Format::Json => site.replace_in_flow(node, None, None, &value),
                place => site.replace_in_block(node, place, &value),
            }
        }
        Target::Missing { node, place, rest } if matches!(rest.first(), Some(Segment::Index(_))) => {
            let value = match &rest[1..] {
                [] => value,
                below => {
                    let (key, value) = nest(below, value).ok_or_else(|| Problem::NoSuchField(show_path(path)))?;
                    let entry = Entry { key, key_at: value.at, value };
                    Node { kind: Kind::Map(vec![entry]), at: node.at }
                }
            };
            site.refuse_shared(node)?;
            site.append_item(node, place, value)
        }
        Target::Missing { node, place, rest } => {
            let (key, value) = nest(rest, value).ok_or_else(|| Problem::NoSuchField(show_path(path)))?;
            add(site, node, place, &key, value).map_err(|problem| match problem {
                Problem::NoSuchField(_) => Problem::NoSuchField(show_path(path)),
                other => other,
            })
        }
    }
}

/// The first missing key and the value below it, with the mappings on the way.
fn nest(rest: &[Segment], value: Node) -> Option<(String, Node)> {
    let (first, below) = rest.split_first()?;
    let Segment::Key(key) = first else { return None };
    let value = match below {
        [] => value,
        below => {
            let (key, value) = nest(below, value)?;
            let entry = Entry { key, key_at: value.at, value };
            Node { kind: Kind::Map(vec![entry]), at: Default::default() }
        }
    };
    Some((key.clone(), value))
}

fn add(site: &Site<'_, '_>, node: &Tree<'_>, place: Place, key: &str, value: Node) -> Result<Vec<Splice>, Problem> {
    site.refuse_shared(node)?;
    if key.chars().count() > crate::render::MAX_SIMPLE_KEY {
        return Err(Problem::CannotEdit("a key of this length"));
    }
    match &node.form {
        Form::Map { flow: false, pairs } => {
            if pairs.iter().any(|(key, _)| is_merge(key)) && site.merged_has(node, key) {
                return Err(Problem::CannotEdit("a key that comes from a merge"));
            }
            site.append_to_block(pairs, key, &value)
        }
        Form::Map { flow: true, pairs } => {
            if pairs.iter().any(|(key, _)| is_merge(key)) && site.merged_has(node, key) {
                return Err(Problem::CannotEdit("a key that comes from a merge"));
            }
            let in_flow = matches!(place, Place::Flow { .. }) || site.format == Format::Json;
            if pairs.is_empty() && !in_flow {
                return site.fill_in_block(node, place, key, value);
            }
            site.append_to_flow(node, pairs, key, &value)
        }
        Form::Scalar { text, style }
            if resolve_scalar(text.as_str(), *style, node.tag, site.format).is_some_and(|kind| matches!(kind, Kind::Null)) =>
        {
            match place {
                Place::Flow { key_end, colon_end } => {
                    let entry = Entry { key: key.to_owned(), key_at: node.at, value };
                    let map = Node { kind: Kind::Map(vec![entry]), at: node.at };
                    site.replace_in_flow(node, key_end, colon_end, &map)
                }
                place => site.fill_in_block(node, place, key, value),
            }
        }
        Form::Alias(_) | Form::Scalar { .. } | Form::List { .. } => Err(Problem::NoSuchField(String::new())),
    }
}

fn remove(site: &Site<'_, '_>, path: &[Segment]) -> Result<Vec<Splice>, Problem> {
    let Target::Present { node, parent: Some(parent), .. } = site.find(path)? else {
        return Err(not_there(path));
    };
    site.refuse_referenced(node)?;
    match &parent.node.form {
        Form::Map { flow: true, pairs } => {
            site.refuse_referenced(&pairs[parent.index].0)?;
            let ranges: Vec<_> = pairs.iter().map(|(key, value)| key.outer_start..site.pair_end(key, value)).collect();
            Ok(site.remove_from_flow(parent.node, &ranges, parent.index))
        }
        Form::List { flow: true, items, .. } => {
            let ranges: Vec<_> = items.iter().map(|item| item.outer_start..item.span.end).collect();
            Ok(site.remove_from_flow(parent.node, &ranges, parent.index))
        }
        Form::Map { flow: false, pairs } => {
            site.refuse_referenced(&pairs[parent.index].0)?;
            let ranges: Vec<_> = pairs.iter().map(|(key, value)| key.outer_start..site.pair_end(key, value)).collect();
            let last = parent.index.checked_sub(1).map(|before| &pairs[before].1);
            site.remove_from_block(&parent, &ranges, last, "{}")
        }
        Form::List { flow: false, items, dashes } => {
            let ranges: Vec<_> = dashes.iter().zip(items).map(|(dash, item)| *dash..item.span.end.max(dash + 1)).collect();
            let last = parent.index.checked_sub(1).map(|before| &items[before]);
            site.remove_from_block(&parent, &ranges, last, "[]")
        }
        Form::Scalar { .. } | Form::Alias(_) => Err(not_there(path)),
    }
}

fn rename(site: &Site<'_, '_>, path: &[Segment], new: &str) -> Result<Vec<Splice>, Problem> {
    let Target::Present { parent: Some(Parent { node, index, .. }), .. } = site.find(path)? else {
        return Err(not_there(path));
    };
    let Form::Map { pairs, flow } = &node.form else { return Err(not_there(path)) };
    let key = &pairs[index].0;
    let Form::Scalar { style, .. } = &key.form else { return Err(Problem::CannotEdit("a key that is an alias")) };
    if *style == Style::Block || new.chars().count() > crate::render::MAX_SIMPLE_KEY {
        return Err(Problem::CannotEdit("a key of this length"));
    }
    site.refuse_referenced(key)?;
    let mut text = Output::default();
    if *style == Style::Quoted || site.format == Format::Json {
        push_quoted(&mut text, new);
    } else {
        push_inline(&mut text, new, *flow);
    }
    Ok(vec![Splice::new(key.outer_start..key.span.end, text)])
}

/// The resolved tree has the field but the text has not: it came in by a merge.
fn not_there(path: &[Segment]) -> Problem {
    match path {
        [] => Problem::CannotEdit("a whole document"),
        _ => Problem::CannotEdit("a key that comes from a merge"),
    }
}

impl Site<'_, '_> {
    /// True when a merge of this mapping brings in a key.
    fn merged_has(&self, node: &Tree<'_>, key: &str) -> bool {
        let Form::Map { pairs, .. } = &node.form else { return false };
        pairs.iter().filter(|(k, _)| is_merge(k)).any(|(_, value)| self.brings(value, key, 0))
    }

    fn brings(&self, value: &Tree<'_>, key: &str, depth: usize) -> bool {
        if depth > 16 {
            return true;
        }
        match &value.form {
            Form::Map { pairs, .. } => pairs.iter().any(|(k, v)| {
                if is_merge(k) { self.brings(v, key, depth + 1) } else { key_name(k, self.format).as_deref() == Some(key) }
            }),
            Form::List { items, .. } => items.iter().any(|item| self.brings(item, key, depth + 1)),
            Form::Alias(id) => find_anchor(self.root, *id).is_none_or(|target| self.brings(target, key, depth + 1)),
            Form::Scalar { .. } => true,
        }
    }

    /// The end of a pair: its value, or its colon, or its key.
    pub(crate) fn pair_end(&self, key: &Tree<'_>, value: &Tree<'_>) -> usize {
        if value.is_absent() { self.colon_end(key, value).unwrap_or(key.span.end) } else { value.span.end.max(key.span.end) }
    }
}
