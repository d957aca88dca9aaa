//! `seal-controller`: nothing but the way into the library.

fn main() -> std::process::ExitCode {
    seal_controller::main()
}
