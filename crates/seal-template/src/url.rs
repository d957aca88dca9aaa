//! URLs as Go's `net/url` takes them apart and puts them together: bytes, no normalising, no look-up of names.

use core::net::Ipv6Addr;

/// It is no URL.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotAUrl;

/// The parts of a URL, unescaped where Go unescapes them.
#[derive(Default)]
pub(crate) struct Url {
    pub(crate) scheme: Vec<u8>,
    pub(crate) opaque: Vec<u8>,
    /// User and, if there is a colon, password.
    pub(crate) user: Option<(Vec<u8>, Option<Vec<u8>>)>,
    pub(crate) host: Vec<u8>,
    pub(crate) path: Vec<u8>,
    pub(crate) raw_path: Option<Vec<u8>>,
    pub(crate) query: Vec<u8>,
    pub(crate) fragment: Vec<u8>,
    pub(crate) raw_fragment: Option<Vec<u8>>,
    pub(crate) empty_query: bool,
    pub(crate) no_host: bool,
}

/// Which part of a URL text belongs to: each has its own letters that stay as they are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    User,
    Host,
    Zone,
    Fragment,
}

impl Url {
    /// Takes `text` apart.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, NotAUrl> {
        let (text, fragment) = cut(text, b'#');
        let mut url = Self::parse_without_fragment(text)?;
        if let Some(fragment) = fragment.filter(|fragment| !fragment.is_empty()) {
            url.fragment = unescape(fragment, Part::Fragment)?;
            url.raw_fragment = (escape(&url.fragment, Part::Fragment) != fragment).then(|| fragment.to_vec());
        }
        Ok(url)
    }

    /// The name in `host`, without brackets and port.
    pub(crate) fn hostname(&self) -> &[u8] {
        let host = match self.host.iter().rposition(|byte| *byte == b':') {
            Some(colon) if is_port(&self.host[colon..]) => &self.host[..colon],
            _ => &self.host,
        };
        host.strip_prefix(b"[").and_then(|inner| inner.strip_suffix(b"]")).unwrap_or(host)
    }

    /// User and password as they stand before the `@`; empty where there are none.
    pub(crate) fn user_text(&self) -> Vec<u8> {
        match &self.user {
            None => Vec::new(),
            Some((name, None)) => escape(name, Part::User),
            Some((name, Some(password))) => [escape(name, Part::User), escape(password, Part::User)].join(&b':'),
        }
    }

    /// Puts it together again.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.scheme.is_empty() {
            out.extend_from_slice(&self.scheme);
            out.push(b':');
        }
        if self.opaque.is_empty() {
            self.write_hierarchy(&mut out);
        } else {
            out.extend_from_slice(&self.opaque);
        }
        if self.empty_query || !self.query.is_empty() {
            out.push(b'?');
            out.extend_from_slice(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push(b'#');
            out.extend_from_slice(&kept_or_escaped(self.raw_fragment.as_deref(), &self.fragment, Part::Fragment));
        }
        out
    }

    fn write_hierarchy(&self, out: &mut Vec<u8>) {
        let has_authority = !self.host.is_empty() || self.user.is_some();
        if has_authority || !self.scheme.is_empty() && !self.no_host {
            if has_authority || !self.path.is_empty() {
                out.extend_from_slice(b"//");
            }
            if self.user.is_some() {
                out.extend_from_slice(&self.user_text());
                out.push(b'@');
            }
            out.extend_from_slice(&escape(&self.host, Part::Host));
        }
        let path = match self.path.as_slice() {
            b"*" if self.raw_path.is_none() => b"*".to_vec(),
            path => kept_or_escaped(self.raw_path.as_deref(), path, Part::Path),
        };
        if path.first().is_some_and(|first| *first != b'/') && !self.host.is_empty() {
            out.push(b'/');
        }
        // A colon in the first segment would read as a scheme.
        if out.is_empty() && cut(&path, b'/').0.contains(&b':') {
            out.extend_from_slice(b"./");
        }
        out.extend_from_slice(&path);
    }

    fn parse_without_fragment(text: &[u8]) -> Result<Self, NotAUrl> {
        if text.iter().any(|byte| *byte < b' ' || *byte == 0x7f) {
            return Err(NotAUrl);
        }
        if text == b"*" {
            return Ok(Self { path: b"*".to_vec(), ..Self::default() });
        }
        let (scheme, mut rest) = scheme(text)?;
        let mut url = Self { scheme: scheme.to_ascii_lowercase(), ..Self::default() };
        if rest.last() == Some(&b'?') && rest.iter().filter(|byte| **byte == b'?').count() == 1 {
            url.empty_query = true;
            rest = &rest[..rest.len() - 1];
        } else if let (before, Some(query)) = cut(rest, b'?') {
            url.query = query.to_vec();
            rest = before;
        }
        if !rest.starts_with(b"/") {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_vec();
                return Ok(url);
            }
            if cut(rest, b'/').0.contains(&b':') {
                return Err(NotAUrl);
            }
        }
        if rest.starts_with(b"//") && (!url.scheme.is_empty() || !rest.starts_with(b"///")) {
            let authority = &rest[2..];
            let end = authority.iter().position(|byte| *byte == b'/').unwrap_or(authority.len());
            url.set_authority(&authority[..end])?;
            rest = &authority[end..];
        } else if !url.scheme.is_empty() && rest.starts_with(b"/") {
            url.no_host = true;
        }
        url.path = unescape(rest, Part::Path)?;
        url.raw_path = (escape(&url.path, Part::Path) != rest).then(|| rest.to_vec());
        Ok(url)
    }

    fn set_authority(&mut self, authority: &[u8]) -> Result<(), NotAUrl> {
        let Some(at) = authority.iter().rposition(|byte| *byte == b'@') else {
            self.host = host(&self.scheme, authority)?;
            return Ok(());
        };
        self.host = host(&self.scheme, &authority[at + 1..])?;
        let user = &authority[..at];
        if !user.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte)) {
            return Err(NotAUrl);
        }
        let (name, password) = cut(user, b':');
        let password = password.map(|password| unescape(password, Part::User)).transpose()?;
        self.user = Some((unescape(name, Part::User)?, password));
        Ok(())
    }
}

/// The scheme before the first colon, if that is what stands there, and the rest.
fn scheme(text: &[u8]) -> Result<(&[u8], &[u8]), NotAUrl> {
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err(NotAUrl),
            b':' => return Ok((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Ok((&[], text))
}

fn host(scheme: &[u8], host: &[u8]) -> Result<Vec<u8>, NotAUrl> {
    match host.iter().rposition(|byte| *byte == b'[') {
        Some(0) => return bracketed(host),
        Some(_) => return Err(NotAUrl),
        None => {}
    }
    if let Some(first) = host.iter().position(|byte| *byte == b':') {
        let last = host.iter().rposition(|byte| *byte == b':').unwrap_or(first);
        let colon = if matches!(scheme, b"http" | b"https") { first } else { last };
        if !is_port(&host[colon..]) {
            return Err(NotAUrl);
        }
    }
    unescape(host, Part::Host)
}

fn bracketed(host: &[u8]) -> Result<Vec<u8>, NotAUrl> {
    let close = host.iter().rposition(|byte| *byte == b']').ok_or(NotAUrl)?;
    let port = &host[close + 1..];
    if !is_port(port) {
        return Err(NotAUrl);
    }
    let name = &host[1..close];
    let unescaped = match name.windows(3).position(|window| window == b"%25") {
        Some(zone) => [unescape(&name[..zone], Part::Host)?, unescape(&name[zone..], Part::Zone)?].concat(),
        None => unescape(name, Part::Host)?,
    };
    let (address, zone) = cut(&unescaped, b'%');
    if zone.is_some_and(<[u8]>::is_empty) {
        return Err(NotAUrl);
    }
    std::str::from_utf8(address).ok().and_then(|address| address.parse::<Ipv6Addr>().ok()).ok_or(NotAUrl)?;
    Ok([b"[", unescaped.as_slice(), b"]", port].concat())
}

/// Nothing, or a colon and digits.
fn is_port(text: &[u8]) -> bool {
    text.is_empty() || text[0] == b':' && text[1..].iter().all(u8::is_ascii_digit)
}

fn cut(text: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|byte| *byte == separator) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

fn keeps(byte: u8, part: Part) -> bool {
    if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
        return true;
    }
    match part {
        Part::Host | Part::Zone => b"!$&'()*+,;=:[]<>\"".contains(&byte),
        Part::Path => b"$&+,/:;=@".contains(&byte),
        Part::User => b"$&+,;=".contains(&byte),
        Part::Fragment => b"$&+,/:;=?@!()*".contains(&byte),
    }
}

fn escape(text: &[u8], part: Part) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        if keeps(*byte, part) {
            out.push(*byte);
        } else {
            out.extend_from_slice(&[b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
    }
    out
}

fn unescape(text: &[u8], part: Part) -> Result<Vec<u8>, NotAUrl> {
    let in_host = matches!(part, Part::Host | Part::Zone);
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            if in_host && byte < 0x80 && !keeps(byte, part) {
                return Err(NotAUrl);
            }
            out.push(byte);
            continue;
        }
        let (digits, after) = rest.split_first_chunk::<2>().ok_or(NotAUrl)?;
        let value = hex_digit(digits[0])? << 4 | hex_digit(digits[1])?;
        let forbidden = match part {
            // Only bytes that are not ASCII may be escaped in a name, and the sign of a zone.
            Part::Host => value < 0x80 && digits != b"25",
            Part::Zone => digits != b"25" && value != b' ' && !keeps(value, Part::Host),
            _ => false,
        };
        if forbidden {
            return Err(NotAUrl);
        }
        out.push(value);
        rest = after;
    }
    Ok(out)
}

fn hex_digit(byte: u8) -> Result<u8, NotAUrl> {
    char::from(byte).to_digit(16).map(|digit| digit as u8).ok_or(NotAUrl)
}

/// The spelling of the input where it still says the same.
fn kept_or_escaped(raw: Option<&[u8]>, plain: &[u8], part: Part) -> Vec<u8> {
    match raw {
        Some(raw) if is_encoded(raw, part) && unescape(raw, part).is_ok_and(|text| text == plain) => raw.to_vec(),
        _ => escape(plain, part),
    }
}

fn is_encoded(text: &[u8], part: Part) -> bool {
    text.iter().all(|byte| b"!$&'()*+,;=:@[]%".contains(byte) || keeps(*byte, part))
}
