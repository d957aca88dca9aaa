//! Command lines given to both programs: how they end and what they say must agree.

use crate::pair::{Pair, Run, Side, TO_ALICE, TO_BOB};

/// How the two must agree.
enum Same {
    /// Exit 0 and the same output to the byte.
    Bytes,
    /// Exit 0; what is printed is help or ciphertext.
    Done,
    /// This exit code, and both say these words somewhere.
    Error(i32, &'static str),
    /// Theirs ends with the first code; ours knows better: the second code and these words.
    Better(i32, i32, &'static str),
}
use Same::{Better, Bytes, Done, Error};

const NO_RULE: &str = "config file not found, or has no creation rules, and no keys provided through command line options";
const MISSING: &str = "Error: cannot operate on non-existent file";
const ONE_SELECTOR: &str = "cannot use more than one of encrypted_suffix, unencrypted_suffix, encrypted_regex, unencrypted_regex";

/// Command line and agreement. `@` stands for a recipient, words are split at spaces, `~` is a space inside a word.
const CASES: &[(&str, Same)] = &[
    // The two programs say their own version after the same words.
    ("--nope", Error(1, "flag provided but not defined: -nope")),
    ("-di e.yaml", Error(1, "flag provided but not defined: -di")),
    ("decrypt --nope e.yaml", Error(1, "flag provided but not defined: -nope")),
    ("decrypt --extract", Error(1, "flag needs an argument: -extract")),
    ("--=x", Error(1, "bad flag syntax: --=x")),
    ("---x", Error(1, "bad flag syntax: ---x")),
    ("decrypt -i --in-place e.yaml", Error(1, "two forms of the same flag")),
    ("", Error(100, "Error: no file specified")),
    ("-d", Error(100, "Error: no file specified")),
    ("edit", Error(100, "Error: no file specified")),
    ("rotate", Error(100, "Error: no file specified")),
    ("set e.yaml", Error(100, "Need precisely 3 positional arguments")),
    ("set --value-stdin e.yaml", Error(100, "Need precisely 2 positional arguments")),
    ("set --value-stdin --value-file e.yaml [\"a\"]", Error(1, "Error: cannot use both --value-file and --value-stdin")),
    ("unset e.yaml", Error(100, "Error: no file specified, or index is missing")),
    ("filestatus", Error(100, "Error: no file specified")),
    ("exec-env e.yaml", Error(1, "error: missing file to decrypt")),
    ("exec-file e.yaml", Error(1, "error: missing file to decrypt")),
    ("groups foo", Error(3, "No help topic for 'foo'")),
    ("completion fish", Error(3, "No help topic for 'fish'")),
    ("help foo", Error(3, "No help topic for 'foo'")),
    ("groups", Done),
    ("completion", Done),
    ("completion bash", Done),
    ("completion zsh", Done),
    ("--help", Done),
    ("-h", Done),
    ("help", Done),
    ("help encrypt", Done),
    ("encrypt --help", Done),
    ("groups add --help", Done),
    ("--version", Done),
    ("-d none.yaml", Error(100, MISSING)),
    ("decrypt none.yaml", Error(100, MISSING)),
    ("encrypt none.yaml", Error(100, MISSING)),
    ("-r none.yaml", Error(100, MISSING)),
    ("rotate none.yaml", Error(2, "no such file or directory")),
    ("rotate --add-age @ none.yaml", Error(49, "cannot add or remove keys on non-existent file")),
    ("--rm-age @ none.yaml", Error(49, "cannot add or remove keys on non-existent file")),
    ("set none.yaml [\"a\"] 1", Error(2, "no such file or directory")),
    ("unset none.yaml [\"a\"]", Error(2, "no such file or directory")),
    ("filestatus none.yaml", Error(1, "no such file or directory")),
    ("exec-env none.yaml true", Error(2, "no such file or directory")),
    ("-d p.yaml", Error(1, "sops metadata not found")),
    ("decrypt p.yaml", Error(1, "sops metadata not found")),
    ("decrypt p.json", Error(1, "sops metadata not found")),
    ("decrypt p.env", Error(1, "sops metadata not found")),
    ("decrypt p.ini", Error(1, "sops metadata not found")),
    ("rotate p.yaml", Error(1, "sops metadata not found")),
    ("set p.yaml [\"a\"] 1", Error(1, "sops metadata not found")),
    ("edit p.yaml", Error(1, "sops metadata not found")),
    ("p.yaml", Error(1, "sops metadata not found")),
    ("filestatus p.yaml", Bytes),
    ("filestatus e.yaml", Bytes),
    ("filestatus e.json", Bytes),
    ("filestatus --input-type json e.json", Bytes),
    ("encrypt p.yaml", Error(1, NO_RULE)),
    ("-e p.yaml", Error(1, NO_RULE)),
    ("none.yaml", Error(1, NO_RULE)),
    ("encrypt", Error(8, "Error: must specify --filename-override when reading from stdin")),
    ("encrypt -i", Error(8, "Error: cannot use --in-place when reading from stdin")),
    ("decrypt -i", Error(8, "Error: cannot use --in-place when reading from stdin")),
    ("encrypt -i --output x p.yaml", Error(8, "Error: cannot operate on both --output and --in-place")),
    ("decrypt -i --output x e.yaml", Error(8, "Error: cannot operate on both --output and --in-place")),
    ("-d -i --output x e.yaml", Error(8, "Error: cannot operate on both --output and --in-place")),
    ("encrypt --age @ --encrypted-regex x --encrypted-suffix y p.yaml", Error(8, ONE_SELECTOR)),
    ("-e -a @ --unencrypted-regex x --unencrypted-comment-regex y p.yaml", Error(8, ONE_SELECTOR)),
    ("encrypt --age @ e.yaml", Error(203, "'sops'")),
    ("encrypt --age @ e.json", Error(203, "'sops'")),
    ("encrypt --age @ e.env", Error(203, "'sops_'")),
    ("encrypt --age @ empty.yaml", Error(92, "File cannot be completely empty, it must contain at least one document")),
    ("encrypt --age @ bad.yaml", Error(2, "Error unmarshalling file")),
    ("encrypt --age @ bad.json", Better(0, 2, "Error unmarshalling file")),
    ("encrypt --age @ bad.env", Error(2, "Error unmarshalling file")),
    ("encrypt --age @ list.yaml", Error(2, "Error unmarshalling file")),
    ("encrypt --age @ list.json", Error(2, "Error unmarshalling file")),
    ("encrypt --age foo p.yaml", Error(1, "unknown recipient type")),
    ("encrypt --age @ --output /none/x p.yaml", Error(3, "no such file or directory")),
    ("encrypt --age @ p.yaml", Done),
    ("encrypt p.yaml --age @", Done),
    ("encrypt -a @,@2 p.yaml", Done),
    ("--age @ -e p.yaml", Done),
    ("-e --age=@ p.yaml", Done),
    ("encrypt --age @ --output-type json p.yaml", Done),
    ("encrypt --age @ p.json", Done),
    ("encrypt --age @ p.env", Done),
    ("encrypt --age @ p.ini", Done),
    ("encrypt --age @ p.bin", Done),
    ("encrypt --age @ p.yaml -i", Done),
    ("encrypt --age @ --encrypted-regex ^(?!x) p.yaml", Better(0, 8, "encrypted_regex cannot be used")),
    ("encrypt --age @ --encrypted-regex nowhere p.yaml", Better(0, 8, "the selector matches no value")),
    ("encrypt --kms arn:aws:kms:us-east-1:1:key/x p.yaml", Better(1, 210, "--kms")),
    ("decrypt e.yaml", Bytes),
    ("-d e.yaml", Bytes),
    ("decrypt e.json", Bytes),
    ("decrypt e.env", Bytes),
    ("decrypt e.ini", Bytes),
    ("decrypt e.bin", Bytes),
    ("decrypt --output-type json e.yaml", Bytes),
    ("decrypt --output-type yaml e.json", Bytes),
    ("decrypt --output-type yaml e.env", Bytes),
    ("decrypt --output-type json e.env", Bytes),
    ("decrypt --output-type json global.ini", Bytes),
    // An INI file without keys outside sections gets an empty section from theirs.
    ("decrypt --output-type json e.ini", Better(0, 0, "\"s\": {")),
    ("decrypt --output-type yaml global.ini", Bytes),
    ("decrypt --output-type dotenv flat.yaml", Bytes),
    ("decrypt --output-type json flat.yaml", Bytes),
    ("--indent 2 decrypt --output-type json e.yaml", Bytes),
    ("--indent 2 decrypt --output-type yaml e.json", Bytes),
    ("--indent 0 decrypt --output-type json e.yaml", Bytes),
    ("decrypt --output-type dotenv e.yaml", Error(4, "cannot use complex value in dotenv file")),
    ("decrypt --output-type ini e.yaml", Error(4, "Error dumping file")),
    ("decrypt --output-type binary e.yaml", Error(4, "error emitting binary store: no binary data found in tree")),
    ("decrypt --extract [\"b\"] e.yaml", Bytes),
    ("decrypt --extract ['b'] e.yaml", Bytes),
    ("decrypt --extract [\"a\"] e.yaml", Bytes),
    ("decrypt --extract [\"f\"] e.yaml", Bytes),
    ("decrypt --extract [\"t\"] e.yaml", Bytes),
    ("decrypt --extract [\"n\"] e.yaml", Bytes),
    ("decrypt --extract [\"c\"] e.yaml", Bytes),
    ("decrypt --extract [\"c\"][0] e.yaml", Bytes),
    ("decrypt --extract [\"c\"][1] e.yaml", Bytes),
    ("decrypt --extract [\"c\"][1][\"y\"] e.yaml", Bytes),
    ("decrypt --extract [\"m\"] e.yaml", Bytes),
    ("decrypt --extract [\"m\"] --output-type json e.yaml", Bytes),
    ("-d --extract [\"m\"][\"k\"] e.yaml", Bytes),
    ("decrypt --extract [\"b\"] e.json", Bytes),
    ("decrypt --extract [\"c\"] e.json", Bytes),
    ("decrypt --extract [\"K\"] e.env", Bytes),
    ("decrypt --extract [\"s\"][\"k\"] e.ini", Bytes),
    ("decrypt --extract [\"zz\"] e.yaml", Error(1, "component ['zz'] not found")),
    ("decrypt --extract zz e.yaml", Error(91, "error parsing --extract path")),
    ("decrypt --extract [\"c\"][9] e.yaml", Error(1, "error truncating tree")),
    ("decrypt --decryption-order age,age e.yaml", Error(112, "Duplicate decryption key type: age")),
    ("decrypt --decryption-order pgp,age e.yaml", Bytes),
    ("decrypt --filename-override x.yaml e.yaml", Bytes),
    ("decrypt --input-type yaml e.yaml", Bytes),
    ("decrypt --input-type nonsense e.yaml", Bytes),
    ("decrypt bob.yaml", Error(128, "Failed to get the data key required to decrypt the SOPS file.")),
    ("-d bob.yaml", Error(128, "Failed to get the data key")),
    ("rotate bob.yaml", Error(128, "Failed to get the data key")),
    ("decrypt tampered.yaml", Error(25, "Error decrypting tree")),
    ("decrypt --ignore-mac tampered.yaml", Error(25, "Error decrypting tree")),
    ("decrypt moved.yaml", Error(51, "Cannot decrypt MAC")),
    ("decrypt --ignore-mac moved.yaml", Bytes),
    ("decrypt cut.yaml", Error(51, "MAC mismatch")),
    ("-d --ignore-mac cut.yaml", Bytes),
    ("decrypt nomac.yaml", Error(51, "MAC mismatch. File has no MAC")),
    ("decrypt --ignore-mac nomac.yaml", Bytes),
    ("decrypt noversion.yaml", Error(1, "Version string empty")),
    ("decrypt oddversion.yaml", Error(1, "No Major.Minor.Patch elements found")),
    ("set e.yaml [\"a\" 1", Error(7, "Invalid set index format")),
    ("set e.yaml [\"a\"] x", Error(7, "Value for --set is not valid JSON")),
    ("--set [\"a\"]1 e.yaml", Error(7, "Invalid --set format")),
    ("--set [\"a\"]~x e.yaml", Error(7, "Value for --set is not valid JSON")),
    ("set e.yaml [\"sops\"] 1", Error(203, "'sops'")),
    ("set e.env [\"sops_x\"] \"1\"", Error(203, "'sops_'")),
    ("unset e.yaml [\"zz\"]", Error(1, "Key not found: zz")),
    ("unset --idempotent e.yaml [\"zz\"]", Bytes),
    ("unset e.yaml [\"c\"][9]", Error(1, "Index 9 out of bounds")),
    ("unset e.yaml zz", Error(7, "Invalid unset index format")),
    ("updatekeys e.yaml", Error(1, "config file not found")),
    ("updatekeys", Error(1, "config file not found")),
    ("--config rules.yaml updatekeys", Error(100, "Error: no file specified")),
    ("--config rules.yaml updatekeys .", Error(1, "can't operate on a directory")),
    ("--config none.yaml encrypt p.yaml", Error(1, "no such file or directory")),
    ("--config rules.yaml encrypt p.yaml", Done),
    ("--config rules.yaml encrypt p.json", Error(1, "no matching creation rules found")),
    ("--config badrules.yaml encrypt p.yaml", Error(1, "error loading config")),
    ("groups add --file e.yaml --age @2 x", Error(1, "error: no positional arguments allowed")),
    ("groups delete --file e.yaml", Error(1, "error: exactly one positional argument (index) required")),
    ("groups delete --file e.yaml x", Error(1, "failed to parse [index] argument")),
    ("groups add --file e.yaml --age @2", Done),
    ("exec-env e.yaml true", Error(1, "cannot use complex value in environment; offending key c")),
    ("exec-env flat.yaml echo~$foo", Bytes),
    ("exec-env flat.yaml exit~7", Error(7, "")),
    ("exec-env --pristine flat.yaml env|sort|grep~-v~^PWD|grep~-v~^SHLVL|grep~-v~^_=", Bytes),
    ("exec-env --same-process flat.yaml echo~$foo;exit~3", Error(3, "")),
    ("exec-env --same-process --background flat.yaml true", Error(8, "The --same-process flag cannot be used with --background")),
    ("exec-file e.yaml cat~{}", Bytes),
    ("exec-file --no-fifo e.yaml cat~{}", Bytes),
    ("exec-file --output-type json e.yaml cat~{}", Bytes),
    ("exec-file --filename f.yaml e.yaml basename~{}", Bytes),
    ("exec-file --no-fifo --filename f.yaml e.yaml basename~{};stat~-c~%a~{}", Bytes),
    ("exec-file --filename ../f.yaml e.yaml cat~{}", Error(1, "The provided filename is not a local path.")),
    ("exec-file e.yaml cat~{};exit~3", Error(3, "exit status 3")),
    ("publish e.yaml", Better(1, 210, "publish")),
    ("keyservice --address /none/x --network unix", Better(1, 210, "keyservice")),
];

const YAML: &str =
    "a: 1\nb: text\nf: 1.5\nt: true\nn: null\nc:\n    - x\n    - \"y\": 2\nm:\n    k: v\n    l: |\n        two\n        lines\n";
const JSON: &str = "{\n\t\"a\": 1,\n\t\"b\": \"text\",\n\t\"c\": [\n\t\t\"x\",\n\t\t1.5\n\t]\n}\n";

/// The files that the command lines speak of.
fn furnish(pair: &Pair) {
    pair.write("p.yaml", YAML);
    pair.write("p.json", JSON);
    pair.write("p.env", "K=v\nL=two words\n");
    pair.write("p.ini", "[s]\nk = v\n");
    pair.write("p.bin", b"\x00\x01text\n\xff");
    pair.write("flat", "foo: bar\nnum: 3\nyes: true\n");
    pair.write("bad.yaml", "a: [");
    pair.write("bad.json", "{\"a\": ");
    pair.write("bad.env", "no equals sign\n");
    pair.write("list.yaml", "- a\n- b\n");
    pair.write("list.json", "[1, 2]");
    pair.write("empty.yaml", "");
    pair.write("rules.yaml", format!("creation_rules:\n- path_regex: \\.yaml$\n  age: {TO_ALICE}\n"));
    pair.write("badrules.yaml", "creation_rules: [");
    let seal = |to: &str, from: &str, name: &str| {
        let kind = name.rsplit('.').next().expect("a type").replace("env", "dotenv").replace("bin", "binary");
        let sealed = pair.theirs(&["encrypt", "--age", to, "--input-type", &kind, "--output-type", &kind, from]).done();
        pair.write(name, sealed);
    };
    pair.write("g.ini", "g = 1\n[s]\nk = v\n");
    seal(TO_ALICE, "g.ini", "global.ini");
    for kind in ["yaml", "json", "env", "ini", "bin"] {
        seal(TO_ALICE, &format!("p.{kind}"), &format!("e.{kind}"));
    }
    seal(TO_ALICE, "flat", "flat.yaml");
    seal(TO_BOB, "p.yaml", "bob.yaml");
    let sealed = pair.read_text("e.yaml");
    let lines = |drop: &dyn Fn(&str) -> bool| {
        sealed.lines().filter(|line| !drop(line)).map(|line| format!("{line}\n")).collect::<String>()
    };
    let data = sealed.split_once("b: ENC[AES256_GCM,data:").expect("b is sealed").1;
    pair.write("tampered.yaml", sealed.replace(&data[..6], if data.starts_with('A') { "BBBBBB" } else { "AAAAAA" }));
    pair.write("cut.yaml", lines(&|line| line.starts_with("b: ")));
    pair.write("nomac.yaml", lines(&|line| line.starts_with("    mac: ")));
    pair.write("noversion.yaml", lines(&|line| line.starts_with("    version: ")));
    pair.write("oddversion.yaml", sealed.replace("version: 3.13.3", "version: \"3.13\""));
    let stamp = sealed.lines().find(|line| line.contains("lastmodified")).expect("a time");
    pair.write("moved.yaml", sealed.replace(stamp, "    lastmodified: \"2020-01-01T00:00:00Z\""));
}

fn check(line: &str, same: &Same, theirs: &Run, ours: &Run) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |ok: bool, what: String| {
        if !ok && wrong.is_empty() {
            let head = |text: &str| text.lines().take(30).collect::<Vec<_>>().join("\n    ");
            wrong.push(format!(
                "{line}\n  {what}\n  theirs ({}): {}\n  ours ({}): {}",
                theirs.code,
                head(&theirs.err),
                ours.code,
                head(&ours.err)
            ));
        }
    };
    let says = |run: &Run, words: &str| run.err.contains(words) || run.text().contains(words);
    match same {
        Same::Bytes => {
            check((theirs.code, ours.code) == (0, 0), "both succeed".to_owned());
            check(theirs.out == ours.out, format!("the same output:\n{}---\n{}", theirs.text(), ours.text()));
        }
        Same::Done => {
            check((theirs.code, ours.code) == (0, 0) && ours.out.is_empty() == theirs.out.is_empty(), "both succeed".to_owned())
        }
        Same::Error(code, words) => {
            check((theirs.code, ours.code) == (*code, *code), format!("both end with {code}"));
            check(says(theirs, words), format!("theirs says: {words}"));
            check(says(ours, words), format!("ours says: {words}"));
        }
        Same::Better(code, mine, words) => {
            check((theirs.code, ours.code) == (*code, *mine), format!("they end with {code} and {mine}"));
            check(says(ours, words), format!("ours says: {words}"));
        }
    }
    wrong
}

#[test]
fn every_command_line_ends_as_the_real_one_does() {
    let Some(pair) = Pair::new() else { return };
    furnish(&pair);
    let mut wrong = Vec::new();
    for (line, same) in CASES {
        let words: Vec<String> = line
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(|word| word.replace("@2", TO_BOB).replace('@', TO_ALICE).replace('~', " "))
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let [theirs, ours] = Side::BOTH.map(|side| {
            let before: Vec<(String, Vec<u8>)> = files(&pair);
            let run = pair.run(side, &words, b"");
            // A line that changes a file changes it back, so that the cases do not depend on one another.
            for (name, bytes) in before {
                pair.write(&name, bytes);
            }
            run
        });
        wrong.extend(check(line, same, &theirs, &ours));
    }
    assert!(wrong.is_empty(), "{} of {} command lines differ:\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
}

fn files(pair: &Pair) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(pair.folder()).expect("the folder").flatten();
    let names = entries.filter(|entry| entry.path().is_file()).map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.map(|name| (name.clone(), pair.read(&name))).collect()
}
