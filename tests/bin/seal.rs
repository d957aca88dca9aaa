//! stub
fn main() { seal_cli::main() }
