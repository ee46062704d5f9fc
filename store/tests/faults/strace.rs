//! strace, where it is installed: it numbers the system calls of a process, and makes one of them fail or kill.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use crate::child;

/// Returns true if strace is there and may trace.
pub(crate) fn is_there() -> bool {
    let tried = Command::new("strace").args(["-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}

/// One system call of a run: its name, and how often it was called before and now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) nth: usize,
}

/// Returns a child under strace, with these options.
pub(crate) fn command(options: &[&str], child_args: &[&str]) -> Command {
    let plain = child::command(child_args);
    let mut command = Command::new("strace");
    command.args(["-f", "-qq"]).args(options).arg("--").arg(plain.get_program()).args(plain.get_args());
    command.stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// Returns all system calls of a child from the first that names `dir`, by its first thread.
pub(crate) fn calls(child_args: &[&str], dir: &Path, trace: &Path) -> Vec<Call> {
    let status = command(&["-o", trace.to_str().unwrap()], child_args).stdout(Stdio::null()).status();
    assert!(status.unwrap().success());
    let text = std::fs::read_to_string(trace).unwrap();
    let mut counts = std::collections::HashMap::<String, usize>::new();
    let (mut calls, mut begun, mut first_thread) = (Vec::new(), false, None);
    for line in text.lines() {
        let (thread, line) = line.split_once(' ').unwrap_or(("", line));
        let thread = thread.to_owned();
        if *first_thread.get_or_insert_with(|| thread.clone()) != thread {
            continue;
        }
        let Some((name, _)) = line.trim_start().split_once('(') else { continue };
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            continue;
        }
        let nth = counts.entry(name.to_owned()).or_insert(0);
        *nth += 1;
        begun |= line.contains(dir.to_str().unwrap());
        if begun && !name.starts_with("exit") {
            calls.push(Call { name: name.to_owned(), nth: *nth });
        }
    }
    calls
}

/// So many of them, evenly spread, the first and the last among them.
pub(crate) fn spread<T: Clone>(all: &[T], count: usize) -> Vec<T> {
    if all.len() <= count {
        return all.to_vec();
    }
    (0..count).map(|n| all[n * (all.len() - 1) / (count - 1)].clone()).collect()
}
