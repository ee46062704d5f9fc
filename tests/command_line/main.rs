//! The binary as people and scripts meet it: the whole way from files to hits, and one clear line for each thing that
//! can be wrong with what it is given.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod answers;
mod config;
mod correct;
mod damage;
mod formats;
mod hands;
mod loads;
mod serves;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

struct Archive {
    dir: tempfile::TempDir,
}

impl Archive {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_morgue"));
        command.arg("--data-dir").arg(self.path("data")).args(args);
        command.env_remove("MORGUE_LOG").env("RUST_BACKTRACE", "1");
        command
    }

    fn output(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// What it prints, given that it ends with this code and without a backtrace.
    #[track_caller]
    fn run(&self, args: &[&str], code: i32) -> String {
        let output = self.output(args);
        let (out, err) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(code), "{args:?}\n{out}{err}");
        assert!(!err.contains("panicked") && !err.contains("backtrace"), "{err}");
        out + &err
    }

    /// The last line of `--json` output.
    #[track_caller]
    fn json(&self, args: &[&str], code: i32) -> Value {
        let mut args = args.to_vec();
        args.insert(0, "--json");
        let output = self.output(&args);
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?}\n{err}");
        let text = String::from_utf8(output.stdout).unwrap();
        serde_json::from_str(text.lines().last().unwrap()).unwrap()
    }

    fn load_samples(&self) -> Value {
        data_samples::write_archive(&self.path("samples")).unwrap();
        self.json(&["load", self.path("samples").to_str().unwrap()], 0)
    }

    /// The ids of all hits, sorted.
    fn ids(&self, args: &[&str]) -> Vec<String> {
        let found = self.json(&[&["search", "--limit", "100"], args].concat(), 0);
        let hits = found["hits"].as_array().unwrap().iter();
        let mut ids: Vec<String> = hits.map(|hit| hit["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    }

    /// Documents and digest of each view.
    fn views(&self) -> Vec<(String, Value, Value)> {
        let status = self.json(&["status"], 0);
        let views = status["views"].as_object().unwrap().iter();
        views.map(|(name, view)| (name.clone(), view["documents"].clone(), view["digest"].clone())).collect()
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
