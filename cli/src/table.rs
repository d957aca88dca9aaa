//! Tables for people: columns as wide as they need to be, no decoration, nothing that a terminal would act on.

/// Rows under a heading, padded; the last column is not.
pub fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let clean = |cell: &str| cell.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    let mut all: Vec<Vec<String>> = vec![heading.iter().map(|cell| (*cell).to_owned()).collect()];
    all.extend(rows.iter().map(|row| row.iter().map(|cell| clean(cell)).collect()));
    let widths: Vec<usize> = (0..heading.len())
        .map(|i| all.iter().filter_map(|row| row.get(i)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in &all {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:width$}  "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// How long ago, or how long until, in the largest unit that fits: `45s`, `12m`, `7h`, `30d`.
pub fn span(seconds: i64) -> String {
    match seconds.abs() {
        s @ ..60 => format!("{s}s"),
        s @ ..3600 => format!("{}m", s / 60),
        s @ ..86400 => format!("{}h", s / 3600),
        s => format!("{}d", s / 86400),
    }
}

/// Seconds since 1970 as a day.
pub fn day(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| "?".to_owned(), |at| at.strftime("%F").to_string())
}

/// `1 file`, `2 files`.
pub fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::{day, span, table};

    #[test]
    fn columns_line_up_and_control_characters_are_blanks() {
        let rows = [
            vec!["a".to_owned(), "long value".to_owned(), "x".to_owned()],
            vec!["bcd".to_owned(), "\u{1b}[31m".to_owned(), String::new()],
        ];
        assert_eq!(table(&["N", "V", "E"], &rows), "N    V           E\na    long value  x\nbcd   [31m\n");
    }

    #[test]
    fn spans_and_days() {
        for (seconds, expected) in [(5, "5s"), (-61, "1m"), (7200, "2h"), (200_000, "2d")] {
            assert_eq!(span(seconds), expected);
        }
        assert_eq!(day(86400), "1970-01-02");
    }
}
