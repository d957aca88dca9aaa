//! The `seal` program. Everything it does is in the library, where tests can reach it.

fn main() -> std::process::ExitCode {
    seal_cli::main()
}
