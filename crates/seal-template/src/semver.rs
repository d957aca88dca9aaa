//! Semantic versions and their constraints, with the leniency of Masterminds/semver 3: `v1`, `1.2` and `1.2.x` are understood.

use std::cmp::Ordering;
use std::sync::LazyLock;

use regex::Regex;

use crate::keys::Failed;

/// A version.
#[derive(Clone)]
pub(crate) struct Version {
    pub(crate) numbers: [u64; 3],
    pub(crate) prerelease: String,
    pub(crate) metadata: String,
    pub(crate) original: String,
}

const NO_VERSION: Failed = Failed("this is no semantic version");
const NO_CONSTRAINT: Failed = Failed("this is no version constraint");

/// Bounds of constraints: bytes, and alternatives.
const MAX_LENGTH: usize = 512;
const MAX_ALTERNATIVES: usize = 32;

impl Version {
    /// Reads one to three numbers, a prerelease, metadata.
    pub(crate) fn parse(text: &str) -> Result<Self, Failed> {
        static FORM: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?(?:\+([0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?$")
                .expect("the pattern is a pattern")
        });
        let parts = FORM.captures(text).ok_or(NO_VERSION)?;
        let number = |at| parts.get(at).map_or(Ok(0), |part| part.as_str().parse::<u64>().map_err(|_| NO_VERSION));
        let word = |at| parts.get(at).map_or_else(String::new, |part| part.as_str().to_owned());
        let version = Self {
            numbers: [number(1)?, number(2)?, number(3)?],
            prerelease: word(4),
            metadata: word(5),
            original: text.to_owned(),
        };
        let leading_zero = |part: &str| part.len() > 1 && part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit());
        if version.prerelease.split('.').any(leading_zero) {
            return Err(NO_VERSION);
        }
        Ok(version)
    }

    /// In full, without what was around it.
    pub(crate) fn text(&self) -> String {
        let [major, minor, patch] = self.numbers;
        let mut text = format!("{major}.{minor}.{patch}");
        for (sign, part) in [('-', &self.prerelease), ('+', &self.metadata)] {
            if !part.is_empty() {
                text.push(sign);
                text.push_str(part);
            }
        }
        text
    }

    /// The next version: `IncMajor`, `IncMinor`, or the next patch, which of a prerelease is its release.
    pub(crate) fn next(&self, step: &str) -> Self {
        let [major, minor, patch] = self.numbers;
        let numbers = match step {
            "IncMajor" => [major.saturating_add(1), 0, 0],
            "IncMinor" => [major, minor.saturating_add(1), 0],
            _ if self.prerelease.is_empty() => [major, minor, patch.saturating_add(1)],
            _ => self.numbers,
        };
        let mut next = Self { numbers, prerelease: String::new(), metadata: String::new(), original: String::new() };
        next.original = format!("{}{}", if self.original.starts_with('v') { "v" } else { "" }, next.text());
        next
    }

    /// Precedence (semver 2.0.0, 11): metadata counts for nothing.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| prerelease_order(&self.prerelease, &other.prerelease))
    }
}

fn prerelease_order(one: &str, other: &str) -> Ordering {
    match (one.is_empty(), other.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut these, mut those) = (one.split('.'), other.split('.'));
    loop {
        let order = match (these.next(), those.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(this), Some(that)) => match (this.parse::<u64>(), that.parse::<u64>()) {
                (Ok(this), Ok(that)) => this.cmp(&that),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => this.cmp(that),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Whether a version satisfies a constraint such as `>= 1.2, < 3 || ^4.1`.
pub(crate) fn satisfies(constraint: &str, version: &Version) -> Result<bool, Failed> {
    let alternatives = parse(constraint)?;
    Ok(alternatives.iter().any(|all| {
        let with_prereleases = all.iter().any(|one| !one.version.prerelease.is_empty());
        (version.prerelease.is_empty() || with_prereleases) && all.iter().all(|one| one.admits(version))
    }))
}

/// One comparison: what was left open is written as 0.
struct Comparison {
    operator: String,
    version: Version,
    /// Something is left open; the minor number; the patch number.
    open: bool,
    open_minor: bool,
    open_patch: bool,
}

const VERSION: &str = r"v?([0-9|x|X|\*]+)(\.[0-9|x|X|\*]+)?(\.[0-9|x|X|\*]+)?(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?(\+([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?";
const OPERATORS: &str = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^";

fn pattern(form: &str) -> Regex {
    Regex::new(&form.replace("OPS", OPERATORS).replace("VER", VERSION)).expect("the pattern is a pattern")
}

fn parse(constraint: &str) -> Result<Vec<Vec<Comparison>>, Failed> {
    static RANGE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\s*(VER)\s+-\s+(VER)\s*"));
    static VALID: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(\s*(OPS)\s*(VER)\s*)((?:\s+|,\s*)(OPS)\s*(VER)\s*)*$"));
    static ONE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(OPS)\s*(VER)"));
    if constraint.len() > MAX_LENGTH {
        return Err(Failed("the version constraint is longer than 512 bytes"));
    }
    let constraint = RANGE.replace_all(constraint, ">= $1, <= $11 ");
    let alternatives: Vec<&str> = constraint.split("||").collect();
    if alternatives.len() > MAX_ALTERNATIVES {
        return Err(Failed("the version constraint has more than 32 alternatives"));
    }
    let one = |text: &str| -> Result<Vec<Comparison>, Failed> {
        if !VALID.is_match(text) {
            return Err(NO_CONSTRAINT);
        }
        ONE.find_iter(text).map(|found| Comparison::parse(found.as_str())).collect()
    };
    alternatives.into_iter().map(one).collect()
}

impl Comparison {
    fn parse(text: &str) -> Result<Self, Failed> {
        static FORM: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\s*(OPS)\s*(VER)\s*$"));
        let parts = FORM.captures(text).ok_or(NO_CONSTRAINT)?;
        let part = |at: usize| parts.get(at).map_or("", |part| part.as_str());
        let is_open = |text: &str| matches!(text, "" | "x" | "X" | "*" | ".x" | ".X" | ".*");
        let (major, minor, patch, prerelease) = (part(3), part(4), part(5), part(6));
        let (open_minor, open_patch, written) = if is_open(major) {
            (false, false, format!("0.0.0{prerelease}"))
        } else if is_open(minor) {
            (true, false, format!("{major}.0.0{prerelease}"))
        } else if is_open(patch) {
            (false, true, format!("{major}{minor}.0{prerelease}"))
        } else {
            (false, false, part(2).to_owned())
        };
        let open = is_open(major) || open_minor || open_patch;
        let version = Version::parse(&written).map_err(|_| NO_CONSTRAINT)?;
        Ok(Self { operator: part(1).to_owned(), version, open, open_minor, open_patch })
    }

    fn admits(&self, version: &Version) -> bool {
        match self.operator.as_str() {
            "!=" => self.differs(version),
            ">" => self.is_below(version),
            "<" => version.compare(&self.version) == Ordering::Less,
            ">=" | "=>" => version.compare(&self.version) != Ordering::Less,
            "<=" | "=<" => self.is_not_below(version),
            "~" | "~>" => self.tilde(version),
            "^" => self.caret(version),
            _ if self.open => self.tilde(version),
            _ => self.is_same(version),
        }
    }

    fn is_same(&self, version: &Version) -> bool {
        version.compare(&self.version) == Ordering::Equal
    }

    fn differs(&self, version: &Version) -> bool {
        if self.open {
            let ([major, minor, patch], [own_major, own_minor, own_patch]) = (version.numbers, self.version.numbers);
            if major != own_major || minor != own_minor && !self.open_minor {
                return true;
            }
            if self.open_minor {
                return false;
            }
            if patch != own_patch && !self.open_patch {
                return true;
            }
            if self.open_patch {
                return prerelease_order(&version.prerelease, &self.version.prerelease) != Ordering::Equal;
            }
        }
        !self.is_same(version)
    }

    fn is_below(&self, version: &Version) -> bool {
        if self.open {
            match version.numbers[0].cmp(&self.version.numbers[0]) {
                Ordering::Greater => return true,
                Ordering::Less => return false,
                Ordering::Equal if self.open_minor => return false,
                Ordering::Equal if self.open_patch => return version.numbers[1] > self.version.numbers[1],
                Ordering::Equal => {}
            }
        }
        version.compare(&self.version) == Ordering::Greater
    }

    fn is_not_below(&self, version: &Version) -> bool {
        if !self.open {
            return version.compare(&self.version) != Ordering::Greater;
        }
        let ([major, minor, _], [own_major, own_minor, _]) = (version.numbers, self.version.numbers);
        major < own_major || major == own_major && (minor <= own_minor || self.open_minor)
    }

    fn tilde(&self, version: &Version) -> bool {
        if version.compare(&self.version) == Ordering::Less {
            return false;
        }
        // `~0.0.0` and `*` admit everything.
        if self.version.numbers == [0; 3] && !self.open_minor && !self.open_patch {
            return true;
        }
        version.numbers[0] == self.version.numbers[0] && (version.numbers[1] == self.version.numbers[1] || self.open_minor)
    }

    fn caret(&self, version: &Version) -> bool {
        if version.compare(&self.version) == Ordering::Less {
            return false;
        }
        let ([major, minor, patch], [own_major, own_minor, own_patch]) = (version.numbers, self.version.numbers);
        if own_major > 0 || self.open_minor || major > 0 {
            return major == own_major;
        }
        if own_minor > 0 || self.open_patch || minor > 0 {
            return minor == own_minor;
        }
        patch == own_patch
    }
}
