//! stub
fn main() { seal_controller::main() }
