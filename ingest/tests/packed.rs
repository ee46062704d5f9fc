//! An archive is the same archive however it is packed: the samples of every format, in folders, zip files and tars.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails is a panic")]

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
    time::{Duration, SystemTime},
};

use ingest::{Hints, LoadOptions, LoadReport, Quarantine, load};
use serde_json::Value;
use store::{Log, Seq};

/// Returns the time of the last change of the samples' files and the archives made of them: undated pages take it.
fn changed() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = File::create(path).unwrap();
    file.write_all(bytes).unwrap();
    file.set_modified(changed()).unwrap();
}

/// All files below, with their paths from there.
fn files(root: &Path, below: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(root.join(below)).unwrap() {
        let path = below.join(entry.unwrap().file_name());
        if root.join(&path).is_dir() {
            files(root, &path, found);
        } else {
            found.push((path.display().to_string(), fs::read(root.join(&path)).unwrap()));
        }
    }
    found.sort();
}

fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn tar(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("./{name}"), bytes.as_slice()).unwrap();
    }
    tar.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// With a dictionary of so many bytes.
fn xz(bytes: &[u8], dictionary: u32) -> Vec<u8> {
    use liblzma::stream::{Check, Filters, LzmaOptions, Stream};
    let mut options = LzmaOptions::new_preset(1).unwrap();
    options.dict_size(dictionary);
    let stream = Stream::new_stream_encoder(Filters::new().lzma2(&options), Check::Crc64).unwrap();
    let mut out = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// Returns the events that a load of this folder puts into a log of its own, without what differs between two logs.
fn loaded(dir: &Path, root: PathBuf) -> (LoadReport, Vec<String>) {
    let log = Log::open(dir.join("log")).unwrap();
    let quarantine = Quarantine::at(dir.join("quarantine"));
    let mut options = LoadOptions::new(vec![root], quarantine);
    let pattern = "in/text/{byline}/{published:%Y%m%d}.txt";
    options.hints = Hints { patterns: vec![pattern.parse().unwrap()], ..Hints::default() };
    let report = load(&log, &options, &(), &AtomicBool::new(false)).unwrap();
    let mut out = Vec::new();
    log.export(Seq::new(1), &mut out, &mut |_| {}).unwrap();
    let mut events: Vec<String> = String::from_utf8(out)
        .unwrap()
        .lines()
        .map(|line| {
            let mut event: Value = serde_json::from_str(line).unwrap();
            for name in ["seq", "recorded", "salt", "digest", "source"] {
                event.as_object_mut().unwrap().remove(name);
            }
            event.to_string()
        })
        .collect();
    events.sort();
    (report, events)
}

#[test]
fn every_format_is_the_same_however_it_is_packed() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data-samples/formats");
    let mut formats = 0;
    for folder in fs::read_dir(samples).unwrap() {
        let folder = folder.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let mut found = Vec::new();
        files(&folder, Path::new(""), &mut found);
        let dir = tempfile::tempdir().unwrap();
        let at = |packing: &str| dir.path().join(packing).join("in");
        for (file, bytes) in &found {
            write(&at("folder").join(&name).join(file), bytes);
        }
        // A site is known by its folder's name, which is packed with it.
        if name == "image-yaml" {
            found.iter_mut().for_each(|(file, _)| *file = format!("{name}/{file}"));
        }
        write(&at("zip").join(format!("{name}.zip")), &zip(&found));
        write(&at("tar").join(format!("{name}.tar")), &tar(&found));
        write(&at("tgz").join(format!("{name}.tgz")), &gzip(&tar(&found)));
        write(
            &at("tzst").join(format!("{name}.tzst")),
            &zstd::encode_all(tar(&found).as_slice(), 3).unwrap(),
        );
        write(&at("tbz2").join(format!("{name}.tar.bz2")), &bzip2(&tar(&found)));
        write(&at("txz").join(format!("{name}.tar.xz")), &xz(&tar(&found), 64 << 20));
        let (report, expected) = loaded(&dir.path().join("folder"), at("folder"));
        assert_eq!((report.articles, report.quarantined), (3, 0), "{name}");
        for packing in ["zip", "tar", "tgz", "tzst", "tbz2", "txz"] {
            let (report, events) = loaded(&dir.path().join(packing), at(packing));
            assert_eq!(report.quarantined, 0, "{name} as {packing}: {:?}", report.reasons);
            assert_eq!(events, expected, "{name} as {packing}");
        }
        formats += 1;
    }
    assert_eq!(formats, 19);
}

/// `xz -9` has a dictionary of 64 MiB; who reads one of 128 needs as much memory.
#[test]
fn large_dictionaries_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let event = br#"{"type":"article.published","id":"a/1","data":{"headline":"The tide"}}"#;
    write(&dir.path().join("in/a.jsonl.xz"), &xz(event, 64 << 20));
    write(&dir.path().join("in/b.jsonl.xz"), &xz(event, 128 << 20));
    // Streams behind each other are one file.
    let two = [bzip2(event), bzip2(b"\n"), bzip2(&event.map(|byte| if byte == b'1' { b'2' } else { byte }))];
    write(&dir.path().join("in/c.jsonl.bz2"), &two.concat());
    let (report, events) = loaded(dir.path(), dir.path().join("in"));
    assert_eq!((events.len(), report.quarantined), (2, 1));
    assert!(report.reasons[0].reason.contains("more than 64 MB"), "{:?}", report.reasons);
}
