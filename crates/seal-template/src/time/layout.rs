//! Go's layouts: a time written as the time of reference, Mon Jan 2 15:04:05 MST 2006, cut into its elements.

/// An element of a layout.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    LongMonth,
    Month,
    /// Number of the month; with a leading zero?
    MonthNumber(bool),
    LongWeekday,
    Weekday,
    /// With what in front of one digit.
    Day(Pad),
    /// Day of the year, three letters wide.
    YearDay(Pad),
    Hour,
    Hour12(bool),
    Minute(bool),
    Second(bool),
    LongYear,
    Year,
    /// AM or PM; in capitals?
    HalfDay(bool),
    ZoneName,
    Zone(ZoneForm),
    /// So many digits behind this separator; or as many as there are.
    Fraction {
        separator: u8,
        digits: usize,
        all: bool,
    },
}

/// What fills a number that is shorter than its place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pad {
    Nothing,
    Space,
    Zero,
}

/// How an offset is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct ZoneForm {
    /// `Z` for UTC.
    pub(super) z: bool,
    pub(super) colons: bool,
    /// 1: hours, 2: minutes too, 3: seconds too.
    pub(super) parts: u8,
}

/// Spellings of offsets without their first letter, longest first.
const OFFSETS: [(&[u8], ZoneForm); 5] = [
    (b"070000", ZoneForm { z: false, colons: false, parts: 3 }),
    (b"07:00:00", ZoneForm { z: false, colons: true, parts: 3 }),
    (b"0700", ZoneForm { z: false, colons: false, parts: 2 }),
    (b"07:00", ZoneForm { z: false, colons: true, parts: 2 }),
    (b"07", ZoneForm { z: false, colons: false, parts: 1 }),
];

/// The text before the first element, the element, the rest. No element: everything is text.
pub(super) fn next(layout: &[u8]) -> (&[u8], Option<Element>, &[u8]) {
    for at in 0..layout.len() {
        if let Some((element, skipped, length)) = element(layout, at) {
            return (&layout[..at + skipped], Some(element), &layout[at + skipped + length..]);
        }
    }
    (layout, None, &[])
}

/// The element at a place: how much text comes before it still, and its length.
fn element(layout: &[u8], at: usize) -> Option<(Element, usize, usize)> {
    let rest = &layout[at..];
    let found = |element, length| Some((element, 0, length));
    match rest[0] {
        b'J' if rest.starts_with(b"January") => found(Element::LongMonth, 7),
        b'J' if rest.starts_with(b"Jan") && !lower_case(rest, 3) => found(Element::Month, 3),
        b'M' if rest.starts_with(b"Monday") => found(Element::LongWeekday, 6),
        b'M' if rest.starts_with(b"Mon") && !lower_case(rest, 3) => found(Element::Weekday, 3),
        b'M' if rest.starts_with(b"MST") => found(Element::ZoneName, 3),
        b'0' => match rest.get(1)? {
            b'0' if rest.get(2) == Some(&b'2') => found(Element::YearDay(Pad::Zero), 3),
            b'1' => found(Element::MonthNumber(true), 2),
            b'2' => found(Element::Day(Pad::Zero), 2),
            b'3' => found(Element::Hour12(true), 2),
            b'4' => found(Element::Minute(true), 2),
            b'5' => found(Element::Second(true), 2),
            b'6' => found(Element::Year, 2),
            _ => None,
        },
        b'1' if rest.get(1) == Some(&b'5') => found(Element::Hour, 2),
        b'1' => found(Element::MonthNumber(false), 1),
        b'2' if rest.starts_with(b"2006") => found(Element::LongYear, 4),
        b'2' => found(Element::Day(Pad::Nothing), 1),
        b'_' if rest.starts_with(b"_2006") => Some((Element::LongYear, 1, 4)),
        b'_' if rest.starts_with(b"_2") => found(Element::Day(Pad::Space), 2),
        b'_' if rest.starts_with(b"__2") => found(Element::YearDay(Pad::Space), 3),
        b'3' => found(Element::Hour12(false), 1),
        b'4' => found(Element::Minute(false), 1),
        b'5' => found(Element::Second(false), 1),
        b'P' if rest.starts_with(b"PM") => found(Element::HalfDay(true), 2),
        b'p' if rest.starts_with(b"pm") => found(Element::HalfDay(false), 2),
        sign @ (b'-' | b'Z') => OFFSETS
            .iter()
            .find(|(text, _)| rest[1..].starts_with(text))
            .map(|(text, form)| (Element::Zone(ZoneForm { z: sign == b'Z', ..*form }), 0, 1 + text.len())),
        separator @ (b'.' | b',') => fraction(rest, separator),
        _ => None,
    }
}

/// A separator and a run of zeros or nines that ends where digits end.
fn fraction(rest: &[u8], separator: u8) -> Option<(Element, usize, usize)> {
    let digit = *rest.get(1).filter(|digit| matches!(digit, b'0' | b'9'))?;
    let digits = rest[1..].iter().take_while(|byte| **byte == digit).count();
    let ends = !rest.get(1 + digits).is_some_and(u8::is_ascii_digit);
    ends.then_some((Element::Fraction { separator, digits, all: digit == b'9' }, 0, 1 + digits))
}

fn lower_case(rest: &[u8], at: usize) -> bool {
    rest.get(at).is_some_and(u8::is_ascii_lowercase)
}
