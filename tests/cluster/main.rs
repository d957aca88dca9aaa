//! Suites against a real Kubernetes control plane. Until the controller lands it only proves that the plane comes up.
fn main() {}
