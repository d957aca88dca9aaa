//! Golden command lines: each case in `cases/<verb>/` is a list of commands with what they print and how they end, run in a copy
//! of the folder `<case>.in`; `<case>.out` is what must be in it afterwards. `TRYCMD=overwrite` writes new answers for review.

mod age;
#[cfg(target_os = "linux")]
mod disk;
mod git;
#[cfg(target_os = "linux")]
mod killed;
mod kubeseal;
#[cfg(target_os = "linux")]
mod terminal;

#[test]
fn every_case_prints_and_ends_as_recorded() {
    let cases = trycmd::TestCases::new();
    cases.register_bin("seal", std::path::Path::new(env!("CARGO_BIN_EXE_seal-under-test")));
    for name in ["NO_COLOR", "LC_ALL"] {
        cases.env(name, "C");
    }
    for name in ["SEAL_CERT", "KUBECONFIG", "HTTPS_PROXY", "EDITOR", "VISUAL"] {
        cases.env(name, "");
    }
    for name in ["SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE", "SOPS_AGE_KEY_CMD", "XDG_CONFIG_HOME", "SEAL_AGE_PLUGINS"] {
        cases.env(name, "");
    }
    cases.env("HOME", "/home/nobody");
    cases.case("cli/cases/*/*.trycmd").case("cli/cases/*/*.toml");
    cases.run();
}

/// The values that the cases seal: they may stand on a command line, and in nothing that is printed.
const VALUES: [&str; 3] = ["hunter2", "hunter3", "a-value-typed-here"];

#[test]
fn no_recorded_answer_repeats_a_value() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("cli/cases");
    let verbs = std::fs::read_dir(folder).expect("cases").flatten();
    let files = verbs.flat_map(|verb| std::fs::read_dir(verb.path()).expect("a verb").flatten()).map(|file| file.path());
    let mut read = 0;
    for path in files.filter(|path| path.extension().is_some_and(|extension| extension == "trycmd")) {
        read += 1;
        for line in std::fs::read_to_string(&path).expect("a case").lines().filter(|line| !line.starts_with("$ ")) {
            assert!(!VALUES.iter().any(|value| line.contains(value)), "{}: {line}", path.display());
        }
    }
    assert!(read > 5, "the cases were not found");
}
