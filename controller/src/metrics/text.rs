//! The two text formats a scraper may ask for.

/// Content type of OpenMetrics.
pub const OPENMETRICS_TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Content type of the plain Prometheus format.
pub const PLAIN_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// OpenMetrics as plain text format: counters are described under the name their samples have, and there is no end mark.
pub(super) fn plain(openmetrics: &str) -> String {
    let counters: Vec<&str> =
        openmetrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
    let mut text = String::with_capacity(openmetrics.len());
    for line in openmetrics.lines().filter(|line| *line != "# EOF") {
        let described =
            ["# HELP ", "# TYPE "].into_iter().find_map(|word| Some((word, line.strip_prefix(word)?.split_once(' ')?)));
        match described {
            Some((word, (name, rest))) if counters.contains(&name) => text.extend([word, name, "_total ", rest]),
            _ => text.push_str(line),
        }
        text.push('\n');
    }
    text
}
