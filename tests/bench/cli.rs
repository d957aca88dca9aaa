//! Sealing from the command line against the real kubeseal: one Secret, 200 files, one multi-document file.
//!
//! Run: `cargo bench -p seal-tests --bench cli`. It prints medians and ratios and fails only when a command fails.

mod measure;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use measure::{answer_for_peak, compare, peak_kib, run, seal};
use seal_crypto::{Certificate, PrivateKey};

fn secret(index: usize) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: app-{index}\n  namespace: shop\nstringData:\n  username: app-{index}\n  \
         password: not-a-real-password-{index}\n  url: postgres://db.shop.svc:5432/app\n  token: not-a-real-token-{index}\n"
    )
}

struct Bench {
    dir: tempfile::TempDir,
    kubeseal: PathBuf,
    ours: PathBuf,
}

impl Bench {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn ours(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.ours);
        command.arg("encrypt").arg("--cert").arg(self.path("cert.pem")).args(arguments).current_dir(self.dir.path());
        command
    }

    fn theirs(&self, input: &Path) -> Command {
        let mut command = Command::new(&self.kubeseal);
        command.arg("--cert").arg(self.path("cert.pem")).args(["-o", "yaml", "-f"]).arg(input).current_dir(self.dir.path());
        command
    }
}

fn main() {
    answer_for_peak();
    let Some(kubeseal) = seal_tests::peers::tool("kubeseal") else { return };
    let bench = Bench { dir: tempfile::tempdir().expect("a temporary folder"), kubeseal, ours: seal() };
    let mut rng = rand::rng();
    let key = PrivateKey::generate(4096, &mut rng).expect("a key");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs() as i64;
    let cert = Certificate::self_signed(&key, "", now - 60, 86_400, &mut rng).expect("a certificate");
    fs::write(bench.path("cert.pem"), &cert.pem).expect("written");
    fs::create_dir(bench.path("in")).expect("made");
    let all: Vec<String> = (0..200).map(secret).collect();
    for (index, text) in all.iter().enumerate() {
        fs::write(bench.path("in").join(format!("app-{index}.yaml")), text).expect("written");
    }
    fs::write(bench.path("all.yaml"), all.join("---\n")).expect("written");

    one_secret(&bench);
    many_files(&bench);
}

fn one_secret(bench: &Bench) {
    let input = bench.path("in/app-0.yaml");
    let name = input.to_str().expect("UTF-8");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let (our_peak, their_peak) = (peak_kib(&bench.ours(&[name])), peak_kib(&bench.theirs(&input)));
    for _ in 0..41 {
        ours.push(run(&mut bench.ours(&[name])).0);
        theirs.push(run(&mut bench.theirs(&input)).0);
    }
    compare("one 4-key Secret, whole process", ours, theirs);
    println!(
        "one 4-key Secret, peak memory: ours {our_peak} KiB, upstream {their_peak} KiB, ratio {:.1}",
        their_peak as f64 / our_peak as f64
    );
}

fn many_files(bench: &Bench) {
    let (mut ours, mut single, mut documents) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..7 {
        let out = format!("out-{round}");
        ours.push(run(&mut bench.ours(&["in", "--output-dir", &out])).0);
        let written = fs::read_dir(bench.path(&out)).expect("the folder was made").count();
        assert_eq!(written, 200, "all files were sealed");
        let start = std::time::Instant::now();
        for index in 0..200 {
            run(&mut bench.theirs(&bench.path("in").join(format!("app-{index}.yaml"))));
        }
        single.push(start.elapsed());
        documents.push(run(&mut bench.theirs(&bench.path("all.yaml"))).0);
    }
    compare("200 files in one call, against 200 runs", ours.clone(), single);
    compare("200 files in one call, against one multi-document run", ours, documents);
}
