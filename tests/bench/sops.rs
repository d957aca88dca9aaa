//! SOPS files against the real sops 3.13.3: start, opening, sealing, setting one value, many files, a large binary file.
//!
//! Run: `cargo bench -p seal-tests --bench sops`. Both sides run by turns; it prints medians and ratios and fails only when a command
//! fails or when setting a value to what it is already changes a byte.

mod measure;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use measure::{answer_for_peak, compare, peak_kib, run, seal};
use rand::{RngExt, SeedableRng, rngs::StdRng};

struct Bench {
    dir: tempfile::TempDir,
    sops: PathBuf,
    ours: PathBuf,
    recipient: String,
}

impl Bench {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn with_keys(&self, mut command: Command, arguments: &[&str]) -> Command {
        command.args(arguments).current_dir(self.dir.path()).env("SOPS_AGE_KEY_FILE", self.path("key.txt"));
        command.env("SOPS_DISABLE_VERSION_CHECK", "1");
        command
    }

    /// Ours under the same command line.
    fn ours(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.ours);
        command.arg("sops");
        self.with_keys(command, arguments)
    }

    fn native(&self, arguments: &[&str]) -> Command {
        self.with_keys(Command::new(&self.ours), arguments)
    }

    fn theirs(&self, arguments: &[&str]) -> Command {
        self.with_keys(Command::new(&self.sops), arguments)
    }

    fn sealed(&self, name: &str, clear: &[u8]) -> String {
        fs::write(self.path(name), clear).expect("written");
        let output = self.theirs(&["encrypt", "--age", &self.recipient, name]).output().expect("sops starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let sealed = format!("sealed-{name}");
        fs::write(self.path(&sealed), output.stdout).expect("written");
        sealed
    }

    /// Both sides by turns, with the same arguments.
    fn pair(&self, what: &str, rounds: usize, arguments: &[&str]) {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..=rounds {
            let pair = (run(&mut self.ours(arguments)).0, run(&mut self.theirs(arguments)).0);
            // The first one fills the caches.
            if round > 0 {
                ours.push(pair.0);
                theirs.push(pair.1);
            }
        }
        compare(what, ours, theirs);
    }

    fn peaks(&self, what: &str, arguments: &[&str]) {
        let (ours, theirs) = (peak_kib(&self.ours(arguments)), peak_kib(&self.theirs(arguments)));
        println!("{what}, peak memory: ours {ours} KiB, sops {theirs} KiB, ratio {:.1}", theirs as f64 / ours as f64);
    }
}

/// A Secret with so many values of 130 characters.
fn secret(values: usize) -> String {
    let mut rng = StdRng::seed_from_u64(1);
    let mut text = String::from("apiVersion: v1\nkind: Secret\nmetadata:\n    name: x\nstringData:\n");
    for index in 0..values.saturating_sub(3) {
        let value: String = (0..130).map(|_| char::from(rng.random_range(b'a'..=b'z'))).collect();
        writeln!(text, "    key{index:05}: {value}").expect("a String takes everything");
    }
    text
}

fn main() {
    answer_for_peak();
    let (Some(sops), Some(keygen)) = (seal_tests::peers::tool("sops"), seal_tests::peers::tool("age-keygen")) else { return };
    let dir = tempfile::tempdir().expect("a temporary folder");
    let key = dir.path().join("key.txt");
    assert!(Command::new(&keygen).arg("-o").arg(&key).output().expect("age-keygen starts").status.success());
    let recipient = Command::new(&keygen).arg("-y").arg(&key).output().expect("age-keygen starts").stdout;
    let recipient = String::from_utf8(recipient).expect("text").trim().to_owned();
    let bench = Bench { dir, sops, ours: seal(), recipient };

    small(&bench);
    large(&bench);
    many(&bench);
    binary(&bench);
}

fn small(bench: &Bench) {
    let sealed = bench.sealed("four.yaml", secret(4).as_bytes());
    bench.peaks("--version", &["--version"]);
    bench.peaks("decrypt 4 values", &["decrypt", &sealed]);
    bench.pair("--version", 21, &["--version"]);
    bench.pair("decrypt 4 values", 41, &["decrypt", &sealed]);
}

fn large(bench: &Bench) {
    let thousand = bench.sealed("thousand.yaml", secret(1_000).as_bytes());
    bench.pair("decrypt 1,000 values", 21, &["decrypt", &thousand]);
    let clear = secret(10_000);
    let sealed = bench.sealed("ten-thousand.yaml", clear.as_bytes());
    bench.pair("decrypt 10,000 values", 11, &["decrypt", &sealed]);
    bench.pair("encrypt 10,000 values", 11, &["encrypt", "--age", &bench.recipient, "ten-thousand.yaml"]);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..11 {
        let value = format!("\"new {round}\"");
        let path = "[\"stringData\"][\"key05000\"]";
        let copies = ["ours.yaml", "theirs.yaml"].map(|name| {
            fs::copy(bench.path(&sealed), bench.path(name)).expect("copied");
            name
        });
        ours.push(run(&mut bench.ours(&["set", copies[0], path, &value])).0);
        theirs.push(run(&mut bench.theirs(&["set", copies[1], path, &value])).0);
    }
    compare("set 1 of 10,000 values", ours, theirs);
    changed_lines(bench, &sealed);
}

/// Lines that differ after setting one value to what it is already, and to another one.
fn changed_lines(bench: &Bench, sealed: &str) {
    let before = fs::read_to_string(bench.path(sealed)).expect("read");
    let count = |name: &str| {
        let after = fs::read_to_string(bench.path(name)).expect("read");
        after.lines().zip(before.lines()).filter(|(new, old)| new != old).count()
            + after.lines().count().abs_diff(before.lines().count())
    };
    let path = "[\"metadata\"][\"name\"]";
    for (name, value) in [("same.yaml", "\"x\""), ("other.yaml", "\"y\"")] {
        fs::copy(bench.path(sealed), bench.path(name)).expect("copied");
        run(&mut bench.ours(&["set", name, path, value]));
        println!("set to {value}: {} lines differ", count(name));
    }
    assert_eq!(count("same.yaml"), 0, "a value that is there already was written");
}

fn many(bench: &Bench) {
    let names: Vec<String> = (0..100).map(|index| bench.sealed(&format!("file-{index}.yaml"), secret(4).as_bytes())).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let mut arguments = vec!["decrypt"];
        arguments.extend(&names);
        ours.push(run(&mut bench.native(&arguments)).0);
        theirs.push(names.iter().map(|name| run(&mut bench.theirs(&["decrypt", name])).0).sum());
    }
    compare("100 files of 4 values in one call, against 100 calls", ours, theirs);
}

fn binary(bench: &Bench) {
    let mut bytes = vec![0; 20 << 20];
    rand::Rng::fill_bytes(&mut StdRng::seed_from_u64(2), &mut bytes);
    let sealed = bench.sealed("large.bin", &bytes);
    let output = |name: &str| -> Vec<String> {
        ["decrypt", "--input-type", "binary", "--output-type", "binary", "--output", name, &sealed].map(str::to_owned).to_vec()
    };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let run_with = |command: fn(&Bench, &[&str]) -> Command, name: &str| {
        let arguments = output(name);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        run(&mut command(bench, &arguments)).0
    };
    for _ in 0..5 {
        ours.push(run_with(Bench::ours, "ours.bin"));
        theirs.push(run_with(Bench::theirs, "theirs.bin"));
    }
    same(&bench.path("ours.bin"), &bench.path("theirs.bin"));
    compare("decrypt 20 MB binary", ours, theirs);
    bench.peaks("decrypt 20 MB binary", &["decrypt", "--input-type", "binary", "--output-type", "binary", &sealed]);
}

fn same(ours: &Path, theirs: &Path) {
    assert!(fs::read(ours).expect("read") == fs::read(theirs).expect("read"), "the two sides gave different bytes");
}
