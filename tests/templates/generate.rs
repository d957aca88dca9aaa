//! Makes templates from a seed: typed expressions with a mistake now and then, in every shape of action.

use crate::peer::Case;

struct Source(u64);

impl Source {
    fn next(&mut self) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// Functions as they are called: `s` a string, `i` an int, `l` a list, `d` a dict, `a` anything, `b` a bool, `x` an expression to match.
const TEXT: &[&str] = &[
    "upper s",
    "lower s",
    "title s",
    "untitle s",
    "trim s",
    "trunc i s",
    "substr i i s",
    "replace s s s",
    "quote a",
    "squote a",
    "cat a a",
    "indent i s",
    "nindent i s",
    "join s l",
    "b64enc s",
    "b64dec s",
    "b32enc s",
    "b32dec s",
    "toString a",
    "toJson a",
    "toPrettyJson a",
    "toRawJson a",
    "printf `%v` a",
    "printf `%q` s",
    "printf `%5d|%-5d|%05d` i i i",
    "printf `%x` s",
    "printf `%s %d` a a",
    "printf `%8.3f|%g|%e` f f f",
    "printf `%T` a",
    "printf `%+v %#v` i s",
    "printf `%c%U` i i",
    "print a a",
    "println a a",
    "html s",
    "js s",
    "urlquery s",
    "sha1sum s",
    "sha256sum s",
    "adler32sum s",
    "trimAll s s",
    "trimPrefix s s",
    "trimSuffix s s",
    "plural s s i",
    "nospace s",
    "initials s",
    "swapcase s",
    "snakecase s",
    "kebabcase s",
    "camelcase s",
    "wrap i s",
    "wrapWith i s s",
    "abbrev i s",
    "abbrevboth i i s",
    "repeat i s",
    "base s",
    "dir s",
    "clean s",
    "ext s",
    "regexFind x s",
    "regexReplaceAll x s s",
    "regexReplaceAllLiteral x s s",
    "regexQuoteMeta s",
    "typeOf a",
    "kindOf a",
    "default s s",
    "ternary s s b",
    "coalesce s s",
    "get d s",
    "first (list s s)",
    "seq i i",
    "index l i",
    "index d s",
    "slice (list 1 2 3) i i",
];
const INT: &[&str] = &["len s", "len l", "atoi s", "int a", "len d"];
const WIDE: &[&str] =
    &["add i i", "sub i i", "mul i i", "div i i", "mod i i", "add1 i", "max i i", "min i i", "int64 a", "toDecimal s"];
const FLOAT: &[&str] =
    &["float64 a", "addf f f", "subf f f", "mulf f f", "divf f f", "floor f", "ceil f", "round f i", "maxf f f", "minf f f"];
const LIST: &[&str] = &[
    "list a a a",
    "splitList s s",
    "regexFindAll x s i",
    "regexSplit x s i",
    "sortAlpha l",
    "reverse l",
    "uniq l",
    "rest l",
    "initial l",
    "append l a",
    "prepend l a",
    "concat l l",
    "without l a",
    "compact l",
    "until i",
    "untilStep i i i",
    "toStrings l",
    "chunk i l",
    "slice l i i",
    "keys (dict s a)",
    "values (dict s a)",
    "pluck s d d",
];
const DICT: &[&str] = &[
    "dict s a s a",
    "set (dict) s a",
    "unset d s",
    "pick d s",
    "omit d s",
    "merge d d",
    "mergeOverwrite d d",
    "deepCopy d",
    "fromJson .json",
];
const BOOL: &[&str] = &[
    "eq a a",
    "ne s s",
    "lt i i",
    "le s s",
    "gt f f",
    "ge i i",
    "not a",
    "and a a",
    "or a a",
    "contains s s",
    "hasPrefix s s",
    "hasSuffix s s",
    "empty a",
    "all a a",
    "any a a",
    "has a l",
    "hasKey d s",
    "kindIs s a",
    "typeIs s a",
    "deepEqual a a",
    "regexMatch x s",
    "isAbs s",
];

fn argument(source: &mut Source, kind: char, depth: usize) -> String {
    // A mistake now and then.
    let kind = if source.below(40) == 0 { ['s', 'i', 'l', 'd', 'a', 'b', 'f'][source.below(7)] } else { kind };
    let deeper = depth < 3 && source.below(3) == 0;
    let call = |source: &mut Source, of: &[&str]| format!("({})", call(source, of, depth + 1));
    match kind {
        's' if deeper => call(source, TEXT),
        's' => source
            .pick(&[
                ".user",
                ".password",
                ".empty",
                ".number",
                ".json",
                ".list",
                ".lines",
                ".unicode",
                ".binary",
                ".spaces",
                ".words",
                ".b64",
                ".path",
                "\"a\"",
                "\",\"",
                "\"x y\"",
                "\"\"",
                "`b\\c`",
                "\"\\n\"",
                "\"ü\"",
                "\"12\"",
                "\"0x1f\"",
                "\"1.50\"",
                "\" \"",
                "\"string\"",
                "\"k\"",
            ])
            .to_owned(),
        'i' if deeper => call(source, INT),
        'i' => source.pick(&["0", "1", "2", "3", "5", "7", "-1", "-3", "10", "0x10", "'a'", "40", "1_0"]).to_owned(),
        'w' if deeper => call(source, WIDE),
        'w' => argument(source, 'i', depth),
        'f' if deeper => call(source, FLOAT),
        'f' => source
            .pick(&["0.0", "1.5", "-2.25", "3.0", "1e6", "0.1", "0.2", "1e-7", "2", ".float", "\"2.5\"", "123456789.125", "1e21"])
            .to_owned(),
        'l' if deeper => call(source, LIST),
        'l' => source
            .pick(&[
                "(list 1 2 3)",
                "(list \"b\" \"a\" \"b\")",
                "(splitList \",\" .list)",
                "(list)",
                "(until 4)",
                "(list 1 \"a\" nil 2.5 true)",
                "(list .user .empty)",
            ])
            .to_owned(),
        'd' if deeper => call(source, DICT),
        'd' => source
            .pick(&[
                "(dict \"a\" 1 \"b\" \"x\")",
                "(dict)",
                "(dict \"k\" (dict \"n\" 2))",
                "(dict \"a\" 2 \"k\" nil)",
                "(fromJson .json)",
            ])
            .to_owned(),
        'b' if depth < 3 => call(source, BOOL),
        'b' => source.pick(&["true", "false"]).to_owned(),
        'x' => source
            .pick(&[
                "`a`",
                "`[a-z]+`",
                "`\\d+`",
                "`(\\w)(\\w)`",
                "`^.`",
                "`\\s*,\\s*`",
                "`x*`",
                "`(`",
                "`[^a]`",
                "`a|b|`",
                "`(?i)ADMIN`",
                "`\\bq`",
                "`é`",
                "`.$`",
                "`\\pL+`",
                "`[[:upper:]]`",
                "``",
            ])
            .to_owned(),
        _ => {
            let of = ['s', 's', 'i', 'w', 'f', 'l', 'd', 'b'];
            let kind = of[source.below(of.len())];
            match source.below(20) {
                0 => "nil".to_owned(),
                1 => ".missing".to_owned(),
                _ => argument(source, kind, depth),
            }
        }
    }
}

fn call(source: &mut Source, of: &[&str], depth: usize) -> String {
    let shape = source.pick(of);
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut quoted, mut nested) = (false, 0);
    for c in shape.chars().chain([' ']) {
        match c {
            '`' => quoted = !quoted,
            '(' => nested += 1,
            ')' => nested -= 1,
            _ => {}
        }
        if c == ' ' && !quoted && nested == 0 {
            words.push(std::mem::take(&mut word));
        } else {
            word.push(c);
        }
    }
    let filled: Vec<String> = words
        .into_iter()
        .enumerate()
        .map(|(n, word)| match word.as_str() {
            _ if n == 0 => word,
            "s" | "i" | "l" | "d" | "a" | "b" | "x" | "f" => argument(source, word.chars().next().unwrap(), depth),
            "(list" => word,
            _ => word,
        })
        .collect();
    // Keys come in no order from Go.
    filled.join(" ")
}

fn action(source: &mut Source, depth: usize) -> String {
    let any = |source: &mut Source| {
        let of = [TEXT, TEXT, INT, WIDE, FLOAT, LIST, DICT, BOOL];
        let of = of[source.below(of.len())];
        call(source, of, 1)
    };
    match source.below(if depth < 2 { 12 } else { 5 }) {
        0..=2 => format!("{{{{ {} }}}}", any(source)),
        3 => format!(
            "{{{{ {} | {} }}}}",
            argument(source, 's', 1),
            source.pick(&["upper", "quote", "b64enc", "trunc 3", "indent 2", "default \"d\"", "len", "toJson", "printf \"%s!\""])
        ),
        4 => format!("text {{{{- {} -}}}} text", argument(source, 'a', 1)),
        5 => format!(
            "{{{{ if {} }}}}{}{{{{ else }}}}{}{{{{ end }}}}",
            argument(source, 'a', 1),
            action(source, depth + 1),
            action(source, depth + 1)
        ),
        6 => format!("{{{{ with {} }}}}[{{{{ . }}}}]{{{{ else }}}}none{{{{ end }}}}", argument(source, 'a', 1)),
        7 => format!("{{{{ range {} }}}}<{{{{ . }}}}>{{{{ else }}}}none{{{{ end }}}}", argument(source, 'l', 1)),
        8 => {
            let kind = ['l', 'd'][source.below(2)];
            format!("{{{{ range $k, $v := {} }}}}{{{{ $k }}}}={{{{ $v }}}};{{{{ end }}}}", argument(source, kind, 1))
        }
        9 => format!(
            "{{{{ $x := {} }}}}{}{{{{ $x = {} }}}}{{{{ $x }}}}",
            argument(source, 'a', 1),
            action(source, depth + 1),
            argument(source, 'a', 1)
        ),
        10 => format!(
            "{{{{ define \"t{depth}\" }}}}({{{{ . }}}}){{{{ end }}}}{{{{ template \"t{depth}\" {} }}}}",
            argument(source, 'a', 1)
        ),
        _ => format!(
            "{{{{ range $i, $e := until 5 }}}}{{{{ if eq $i {} }}}}{{{{ {} }}}}{{{{ end }}}}{{{{ $i }}}}{{{{ end }}}}",
            source.below(6),
            source.pick(&["break", "continue", "$e"])
        ),
    }
}

/// The template of a seed.
pub(crate) fn case(seed: u64) -> Case {
    let mut source = Source(seed);
    let count = 1 + source.below(2);
    let template = (0..count).map(|_| action(&mut source, 0)).collect::<Vec<_>>().join(" ");
    let missing = ["default", "default", "zero", "error"][source.below(4)];
    Case { from: format!("seed {seed}"), template, missing }
}
