//! Values as Go's flag packages spell them: durations, booleans, `k=v` lists, listen addresses, RFC 1123 times.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

/// A Go duration (`720h`, `1h30m`, `1.5s`, `0`), never negative.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a Go duration such as 720h, 1h30m or 0 (there is no unit for days)".to_owned();
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut nanos = 0u128;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let unit_end = rest[end..].find(|c: char| c.is_ascii_digit() || c == '.').map_or(rest.len(), |at| end + at);
        let unit = unit_nanos(&rest[end..unit_end]).ok_or_else(wrong)?;
        nanos += scaled(&rest[..end], unit).ok_or_else(wrong)?;
        rest = &rest[unit_end..];
    }
    // Go's own durations end at 2^63 nanoseconds.
    u64::try_from(nanos)
        .ok()
        .filter(|n| *n <= i64::MAX as u64)
        .map(Duration::from_nanos)
        .ok_or_else(|| "longer than 292 years".to_owned())
}

fn unit_nanos(unit: &str) -> Option<u128> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// `number * unit` for a decimal number of at most 18 digits on either side of the point.
fn scaled(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || whole.len() > 18 || fraction.len() > 18 || fraction.contains('.') {
        return None;
    }
    let digits = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u128>().ok() };
    Some(digits(whole)? * unit + digits(fraction)? * unit / 10u128.pow(u32::try_from(fraction.len()).ok()?))
}

/// As Go's `strconv.ParseBool`.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("expected true or false".to_owned()),
    }
}

/// `k=v,k=v` as labels: keys and values in the form Kubernetes takes, checked now and not at the next renewal.
pub(super) fn labels(text: &str) -> Result<BTreeMap<String, String>, String> {
    let pairs = annotations(text)?;
    match pairs.iter().find(|(_, value)| !is_label_value(value)) {
        Some((key, _)) => Err(format!("the value of {key} is not a label value (at most 63 of A-Z a-z 0-9 - _ .)")),
        None => Ok(pairs),
    }
}

/// `k=v,k=v` as annotations.
pub(super) fn annotations(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut pairs = BTreeMap::new();
    for entry in text.split(',').filter(|entry| !entry.trim().is_empty()) {
        let (key, value) =
            entry.split_once('=').ok_or_else(|| format!("entry {entry:?} has no '=', expected key=value,key=value"))?;
        let key = key.trim();
        if !is_qualified_name(key) {
            return Err(format!("{key:?} is not a label or annotation name"));
        }
        pairs.insert(key.to_owned(), value.to_owned());
    }
    Ok(pairs)
}

fn is_qualified_name(key: &str) -> bool {
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    prefix.is_none_or(is_dns_name) && !name.is_empty() && is_label_value(name)
}

fn is_label_value(text: &str) -> bool {
    let ends = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        && ends(text.chars().next())
        && ends(text.chars().next_back())
}

/// A DNS subdomain of RFC 1123, as names of Kubernetes objects are.
pub(super) fn is_dns_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 253 && text.split('.').all(is_dns_label)
}

/// A DNS label of RFC 1123, as namespaces are.
pub(super) fn is_dns_label(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 63
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// `host:port` or `:port`; the latter means every address, IPv6 first as Go binds it. Host names are not resolved.
pub(super) fn listen(text: &str) -> Result<Vec<SocketAddr>, String> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(vec![address]);
    }
    let (host, port) = text.rsplit_once(':').ok_or("expected HOST:PORT or :PORT")?;
    let port: u16 = port.parse().map_err(|_| "the port is not a number up to 65535")?;
    let hosts: Vec<IpAddr> = match host {
        "" => vec![Ipv6Addr::UNSPECIFIED.into(), Ipv4Addr::UNSPECIFIED.into()],
        "localhost" => vec![Ipv4Addr::LOCALHOST.into()],
        _ => return Err("the host is not an IP address".to_owned()),
    };
    Ok(hosts.into_iter().map(|host| SocketAddr::new(host, port)).collect())
}

/// RFC 1123 with a numeric zone (`Mon, 02 Jan 2006 15:04:05 -0700`), to seconds since 1970.
pub(super) fn rfc1123z(text: &str) -> Result<i64, String> {
    jiff::fmt::strtime::parse("%a, %d %b %Y %H:%M:%S %z", text)
        .and_then(|time| time.to_timestamp())
        .map(|time| time.as_second())
        .map_err(|_| "expected a time such as \"Mon, 02 Jan 2006 15:04:05 -0700\"".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{annotations, boolean, duration, labels, listen, rfc1123z};
    use std::time::Duration;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, seconds) in
            [("0", 0.0), ("0s", 0.0), ("720h", 2_592_000.0), ("1h30m", 5400.0), ("1.5s", 1.5), (".5m", 30.0), ("2m", 120.0)]
        {
            assert_eq!(duration(text), Ok(Duration::from_secs_f64(seconds)), "{text}");
        }
        assert_eq!(duration("300ms1us"), Ok(Duration::from_nanos(300_001_000)));
        for text in ["", "30", "30d", "-1h", "h", "1h2", "..s", "1.2.3s", "+", "99999999999999999999h"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert_eq!(duration("87600h"), Ok(Duration::from_secs(315_360_000)));
        assert_eq!(duration("9999999h"), Err("longer than 292 years".to_owned()));
    }

    #[test]
    fn booleans_are_read_as_go_reads_them() {
        assert_eq!((boolean("T"), boolean("0")), (Ok(true), Ok(false)));
        assert!(boolean("yes").is_err());
    }

    #[test]
    fn label_lists_are_checked_at_the_start() {
        let pairs = labels("a=b,example.com/c=d=e");
        assert!(pairs.is_err(), "= is no label value");
        assert_eq!(annotations("a=b,example.com/c=d=e").map(|p| p.len()), Ok(2));
        assert_eq!(labels("").map(|p| p.len()), Ok(0));
        assert_eq!(labels("novalue"), Err("entry \"novalue\" has no '=', expected key=value,key=value".to_owned()));
        assert_eq!(annotations("bad name=1"), Err("\"bad name\" is not a label or annotation name".to_owned()));
    }

    #[test]
    fn listen_addresses() {
        assert_eq!(
            listen(":8080").map(|a| a.iter().map(ToString::to_string).collect()),
            Ok(vec!["[::]:8080".to_owned(), "0.0.0.0:8080".to_owned()])
        );
        assert_eq!(listen("127.0.0.1:0").map(|a| a.len()), Ok(1));
        assert!(listen("8080").is_err() && listen(":x").is_err() && listen("example.com:1").is_err());
    }

    #[test]
    fn cutoff_times() {
        assert_eq!(rfc1123z("Mon, 02 Jan 2006 15:04:05 -0700"), Ok(1_136_239_445));
        assert!(rfc1123z("2006-01-02").is_err());
    }
}
