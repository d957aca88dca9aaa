//! Held against Go's own answers: what matches, what is refused and where.

use super::GoRegex;

#[test]
fn it_matches_what_go_matches() {
    // (expression, text that matches, text that does not)
    for (expression, yes, no) in [
        ("^(data|stringData)$", "data", "metadata"),
        ("pass", "a password", "word"),
        (r"\d", "a1", "\u{663}"),
        (r"^\w+$", "ab_1", "ä"),
        (r"\bkey\b", "my key", "monkey"),
        (r"\bk", "äk", "ak"),
        (r"^\s$", "\t", "\u{b}"),
        (r"^[\d_]+$", "1_2", "a"),
        (r"^[^\W\d]+$", "ab_", "a1"),
        (r"\Qa.b\E+$", "a.bbb", "axb"),
        (r"\Qa.b", "a.b", "axb"),
        ("x{,2}", "x{,2}", "xx"),
        ("x{a", "x{a", "xa"),
        ("^x{2}$", "xx", "xxx"),
        ("^x{2,}$", "xxx", "x"),
        ("^a{01}$", "a{01}", "a"),
        (r"a\<b\>", "a<b>", "a b"),
        ("^[a&&b]$", "&", "c"),
        ("^[a[b]$", "[", "c"),
        ("^[]a]$", "]", "b"),
        ("^[^]a]$", "b", "]"),
        ("^[a-]$", "-", "b"),
        ("^[a-c-e]$", "-", "d"),
        ("^[~~]$", "~", "a"),
        ("^[[:alpha:][:digit:]]$", "1", "_"),
        ("^[[:^alpha:]]$", "1", "a"),
        ("^[[:x]+$", "[:x", "y"),
        (r"^\pL$", "é", "1"),
        (r"^\p{Greek}$", "α", "a"),
        (r"^\P{Greek}$", "a", "α"),
        (r"^\p{^Greek}$", "a", "α"),
        (r"^[\p{Lu}\d]$", "1", "a"),
        ("(?i)^abc$", "ABC", "ABD"),
        ("(?i:a)b", "Ab", "AB"),
        ("(?i-i)a", "a", "A"),
        ("(?s)^.$", "\n", "ab"),
        ("^.$", "a", "\n"),
        ("(?m)^b$", "a\nb", "ab"),
        ("^b$", "b", "b\n"),
        ("(?P<n>a)(?<m>b)", "ab", "a"),
        (r"\x41\x{42}\103\.", "ABC.", "ABCx"),
        (r"\012", "\n", "12"),
        (r"\_\-\#\ ", "_-# ", "a"),
        ("a+?", "a", "b"),
        ("^(a|)$", "", "b"),
        ("()", "", "\u{0}no text fails"),
        ("a b #c", "a b #c", "ab"),
        ("]}", "]}", "]"),
        (r"\Aa\z", "a", "a\n"),
    ] {
        let regex = GoRegex::new(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
        assert!(regex.is_match(yes), "{expression} should match {yes:?}");
        assert!(no.starts_with('\0') || !regex.is_match(no), "{expression} should not match {no:?}");
    }
}

#[test]
fn what_go_refuses_is_refused_and_says_where() {
    for (expression, message) in [
        ("^(?!x)", "a group that is neither named nor known (look-around does not exist here) at character 2"),
        ("(?=x)", "a group that is neither named nor known (look-around does not exist here) at character 1"),
        ("(?<=x)", "a group that is neither named nor known (look-around does not exist here) at character 1"),
        ("(?x)a", "a group that is neither named nor known (look-around does not exist here) at character 1"),
        ("(?i-)a", "a group that is neither named nor known (look-around does not exist here) at character 1"),
        ("(a", "a group is not closed at character 3"),
        ("a)", "a closing parenthesis too many at character 2"),
        ("[a", "a character class is not closed at character 1"),
        ("[b-a]", "a range of characters that runs backwards at character 2"),
        ("[[:foo:]]", "a character class that does not exist at character 2"),
        (r"\p{Klingon}", "the expression is too large or uses a character class that does not exist at character 1"),
        (r"\p{sc=Greek}", "a character class that does not exist at character 1"),
        ("a**", "a repetition of a repetition at character 3"),
        ("a+{2}", "a repetition of a repetition at character 3"),
        ("*a", "a repetition with nothing to repeat at character 1"),
        ("a|*", "a repetition with nothing to repeat at character 3"),
        ("(*)", "a repetition with nothing to repeat at character 2"),
        ("a{1001}", "a repetition count that is out of range at character 2"),
        ("a{3,2}", "a repetition count that is out of range at character 2"),
        ("(a{100}){11}", "repetition counts that multiply to more than 1000 at character 9"),
        (r"\C", "\\C, a single byte, which cannot be used at character 1"),
        (r"\Z", "an escape that does not exist at character 1"),
        (r"\y", "an escape that does not exist at character 1"),
        (r"\1", "a back-reference, which does not exist here at character 1"),
        (r"\8", "an escape that does not exist at character 1"),
        (r"\x{D800}", "an escape that does not exist at character 1"),
        (r"\xg0", "an escape that does not exist at character 1"),
        (r"[\b]", "an escape that does not exist at character 2"),
        ("\\", "a backslash at the end at character 1"),
        ("(?P<a>x)(?P<a>y)", "a group name used twice at character 9"),
        ("(?P<a-b>x)", "a group that is neither named nor known (look-around does not exist here) at character 1"),
    ] {
        let error = GoRegex::new(expression).err().unwrap_or_else(|| panic!("{expression} should be refused"));
        assert_eq!(error.to_string(), message, "{expression}");
    }
}

#[test]
fn bombs_are_bounded() {
    assert!(GoRegex::new(&"(".repeat(5000)).is_err());
    assert!(GoRegex::new(&format!("{}a{}", "(".repeat(50), ")*".repeat(50))).is_ok());
    assert!(GoRegex::new("((a{30}){30}){30}").is_err());
    assert!(GoRegex::new(&format!("{}{}", "(?:", r"\pL{500}|".repeat(2000) + ")")).is_err());
}
