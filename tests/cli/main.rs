//! Golden command lines: each case in `cases/<verb>/` is a list of commands with what they print and how they end, run in a copy
//! of the folder `<case>.in`; `<case>.out` is what must be in it afterwards. `TRYCMD=overwrite` writes new answers for review.

mod kubeseal;

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
    cases.case("cli/cases/*/*.trycmd").case("cli/cases/*/*.toml");
    cases.run();
}
