//! A copy of the controller's program, so that this package's tests are told its path. Nothing else.
fn main() -> std::process::ExitCode {
    seal_controller::main()
}
