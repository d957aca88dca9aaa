//! Tells the linker which functions of `seal` run (`start.ld`, `start.order`, made by `tests/order`), so that they lie side by
//! side and a run touches a tenth of the program instead of half. It generates no code, and builds are right without it.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=start.ld");
    println!("cargo:rerun-if-changed=start.order");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    // lld, which rustc brings along for this target, knows the option; another linker that someone chose may not.
    let chosen =
        env::var("RUSTC_LINKER").is_ok() || env::var("CARGO_ENCODED_RUSTFLAGS").is_ok_and(|flags| flags.contains("link"));
    if is("PROFILE", "release") && is("TARGET", "x86_64-unknown-linux-gnu") && !chosen {
        let here = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
        for flag in [format!("-T,{here}/start.ld"), format!("--symbol-ordering-file={here}/start.order")] {
            println!("cargo:rustc-link-arg-bin=seal=-Wl,{flag}");
        }
        println!("cargo:rustc-link-arg-bin=seal=-Wl,--no-warn-symbol-ordering");
    }
}
