//! The command line under test.
fn main() -> std::process::ExitCode {
    seal_cli::main()
}
