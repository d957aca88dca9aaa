//! `.gitattributes`: which files get the drivers. Pure: a text in, a text out; lines of others stay byte for byte.

/// What a line of ours says about its files.
pub const DRIVERS: &str = "diff=seal merge=seal";

/// The text with a line for each pattern that has none of ours yet, or nothing when all are there.
pub fn with(text: &str, patterns: &[String]) -> Option<String> {
    let missing: Vec<&String> =
        patterns.iter().filter(|pattern| !text.lines().any(|line| is_ours(line, Some(pattern)))).collect();
    if missing.is_empty() {
        return None;
    }
    let mut new = text.to_owned();
    if !new.is_empty() && !new.ends_with('\n') {
        new.push('\n');
    }
    for pattern in missing {
        new.push_str(&format!("{} {DRIVERS}\n", written(pattern)));
    }
    Some(new)
}

/// The text without our lines, or nothing when there are none.
pub fn without(text: &str) -> Option<String> {
    let kept: String = text.split_inclusive('\n').filter(|line| !is_ours(line, None)).collect();
    (kept != text).then_some(kept)
}

/// Patterns for files of these paths (relative to the top, `/` between folders): one for each folder and ending.
pub fn patterns_for<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut patterns = Vec::new();
    for path in paths {
        let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
        if [".enc.", ".sops."].iter().any(|mark| name.contains(mark)) {
            continue;
        }
        let star = match name.rsplit_once('.') {
            Some((stem, ending)) if !stem.is_empty() && !ending.is_empty() => format!("*.{ending}"),
            _ => escaped(name),
        };
        let pattern = if folder.is_empty() { format!("/{star}") } else { format!("/{}/{star}", escaped(folder)) };
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
    patterns
}

fn is_ours(line: &str, pattern: Option<&String>) -> bool {
    let line = line.trim_end();
    line.strip_suffix(DRIVERS).is_some_and(|rest| {
        let before = rest.trim_end();
        rest.len() > before.len() && !before.starts_with('#') && pattern.is_none_or(|pattern| before == written(pattern))
    })
}

/// Glob characters in names stand for themselves.
fn escaped(name: &str) -> String {
    name.chars().fold(String::new(), |mut text, c| {
        if "*?[]\\".contains(c) {
            text.push('\\');
        }
        text.push(c);
        text
    })
}

/// A pattern with spaces or quotes is quoted as in C.
fn written(pattern: &str) -> String {
    if pattern.chars().any(|c| c.is_whitespace() || c == '"') {
        return format!("\"{}\"", pattern.replace('\\', "\\\\").replace('"', "\\\""));
    }
    pattern.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_added_once_and_others_stay() {
        let patterns = ["*.enc.*".to_owned(), "/my app/*.yaml".to_owned()];
        let before = "*.png binary";
        let after = with(before, &patterns).unwrap();
        assert_eq!(after, "*.png binary\n*.enc.* diff=seal merge=seal\n\"/my app/*.yaml\" diff=seal merge=seal\n");
        assert_eq!(with(&after, &patterns), None);
        assert_eq!(without(&after).unwrap(), "*.png binary\n");
        assert_eq!(without("*.png binary\n# x diff=seal merge=seal\n"), None);
    }

    #[test]
    fn a_folder_and_ending_make_one_pattern() {
        let paths = ["a/x.yaml", "a/y.yaml", "a/b.json", "top.env", "a/s.enc.yaml", "k/Secret", ".env", "w[1]/z.yaml"];
        let expected = ["/a/*.yaml", "/a/*.json", "/*.env", "/k/Secret", "/.env", "/w\\[1\\]/*.yaml"];
        assert_eq!(patterns_for(paths.into_iter()), expected);
    }
}
