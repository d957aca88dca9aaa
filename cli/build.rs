//! Makes a short start of `seal`. It generates no code, and builds are right without it.
//!
//! It tells the linker which functions run (`start.ld`, `start.order`, made by `tests/order`), so that they lie side by side and a
//! run touches a tenth of the program instead of half; and it has the compiler's own library linked in, because finding, mapping and
//! relocating it costs every run a tenth of a millisecond. The C library stays shared: it loads its name
//! services at run time.

use std::process::Command;
use std::{env, fs, path::Path};

/// What is asked for as a shared library, and the archives that stand in for it.
const SHARED: &str = "libgcc_s.so";
const ARCHIVES: [&str; 2] = ["libgcc_eh.a", "libgcc.a"];

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
        link_in();
    }
}

/// A linker script under the name of the shared library, found before it; only where every archive is there.
fn link_in() {
    let found: Option<Vec<String>> = ARCHIVES.iter().map(|archive| archive_path(archive)).collect();
    let Some(found) = found else { return };
    let folder = env::var("OUT_DIR").expect("cargo sets it");
    let script = format!("INPUT({})\n", found.join(" "));
    fs::write(Path::new(&folder).join(SHARED), script).expect("cargo's folder for this script can be written");
    println!("cargo:rustc-link-arg-bin=seal=-L{folder}");
}

/// Where the compiler that links keeps an archive; `None` when it has none.
fn archive_path(archive: &str) -> Option<String> {
    let answer = Command::new("cc").arg(format!("-print-file-name={archive}")).output().ok()?;
    let path = String::from_utf8(answer.stdout).ok()?.trim().to_owned();
    Path::new(&path).is_absolute().then_some(path)
}
