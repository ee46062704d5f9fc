//! Sentences as they were printed, in every language that is analysed by its own rules, and in those that do not part
//! their words; none of them states its language. Each is found by another form of its words, and by nothing else;
//! what a scanner has misread, and what was spelt otherwise once, is found by what is nearly so.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};

/// The first sentences of books that everybody may print; beside each, forms of its words that do not stand in it.
const SENTENCES: [(&str, &str, &[&str]); 11] = [
    (
        "en",
        "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of \
        foolishness, it was the epoch of belief, it was the epoch of incredulity.",
        &["beliefs", "ages", "epochs time"],
    ),
    (
        "fr",
        "Longtemps, je me suis couché de bonne heure. Parfois, à peine ma bougie éteinte, mes yeux se fermaient si \
        vite que je n'avais pas le temps de me dire : « Je m'endors. »",
        &["bougies", "éteintes", "eteinte", "fermait"],
    ),
    (
        "de",
        "Als Gregor Samsa eines Morgens aus unruhigen Träumen erwachte, fand er sich in seinem Bett zu einem \
        ungeheueren Ungeziefer verwandelt. Er lag auf seinem panzerartig harten Rücken und sah, wenn er den Kopf ein \
        wenig hob, seinen gewölbten, braunen Bauch.",
        &["Traum", "unruhige", "Betten", "ungeziefers", "rucken"],
    ),
    (
        "es",
        "En un lugar de la Mancha, de cuyo nombre no quiero acordarme, no ha mucho tiempo que vivía un hidalgo de \
        los de lanza en astillero, adarga antigua, rocín flaco y galgo corredor.",
        &["corredores", "hidalgos", "rocin", "antiguas"],
    ),
    (
        "it",
        "Quel ramo del lago di Como, che volge a mezzogiorno, tra due catene non interrotte di monti, tutto a seni e \
        a golfi, a seconda dello sporgere e del rientrare di quelli, vien, quasi a un tratto, a ristringersi.",
        &["rami", "catena", "golfo"],
    ),
    (
        "pt",
        "Algum tempo hesitei se devia abrir estas memórias pelo princípio ou pelo fim, isto é, se poria em primeiro \
        lugar o meu nascimento ou a minha morte. Suposto o uso vulgar seja começar pelo nascimento, duas considerações \
        me levaram a adotar diferente método.",
        &["memória", "nascimentos", "consideração", "metodo"],
    ),
    (
        "nl",
        "Ik ben makelaar in koffie, en woon op de Lauriergracht. Het is mijn gewoonte niet, romans te schrijven, of \
        zulke dingen, en het heeft dan ook lang geduurd, voor ik er toe overging een paar riem papier extra te \
        bestellen.",
        &["makelaars", "roman", "gewoonten"],
    ),
    (
        "ru",
        "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему. Все смешалось в \
        доме Облонских.",
        &["счастливая", "семьями", "дом"],
    ),
    ("und", "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。", &["吾輩", "名前", "見当"]),
    ("und", "天下大势，分久必合，合久必分。周末七国分争，并入于秦。", &["天下", "大势", "七国"]),
    ("und", "나라의 말이 중국과 달라 문자와 서로 통하지 아니하므로", &["나라", "중국", "문자"]),
];

fn run(dir: &Path, args: &[&str]) -> Value {
    let morgue = Command::new(env!("CARGO_BIN_EXE_morgue"))
        .current_dir(dir)
        .args(["--data-dir", "data", "--json"])
        .args(args)
        .env_remove("MORGUE_LOG")
        .output()
        .unwrap();
    assert!(morgue.status.success(), "{args:?}: {}", String::from_utf8_lossy(&morgue.stderr));
    let out = String::from_utf8(morgue.stdout).unwrap();
    serde_json::from_str(out.lines().last().unwrap()).unwrap()
}

fn load<'a>(dir: &Path, bodies: impl Iterator<Item = &'a str>) {
    let line = |(n, body): (usize, &str)| {
        json!({"type": "article.published", "id": format!("a/{n}"), "data": {"body": body}}).to_string()
    };
    let lines: Vec<String> = bodies.enumerate().map(line).collect();
    fs::write(dir.join("sentences.jsonl"), lines.join("\n")).unwrap();
    run(dir, &["load", "sentences.jsonl"]);
}

fn ids(dir: &Path, query: &str) -> Vec<String> {
    let found = run(dir, &["search", query]);
    found["hits"].as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn sentences_are_found_by_other_forms_of_their_words() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path();
    load(dir, SENTENCES.iter().map(|(_, body, _)| *body));
    for (n, (language, body, forms)) in SENTENCES.iter().enumerate() {
        assert_eq!(views::Language::detect(body).tag(), *language, "{body}");
        for form in *forms {
            let mut words = body.split(|c: char| !c.is_alphabetic());
            assert!(*language == "und" || !words.any(|word| word == *form), "{form} stands in {body}");
            assert_eq!(ids(dir, form), [format!("a/{n}")], "{form} ({language})");
        }
    }
}

#[test]
fn what_is_misread_or_spelt_otherwise_is_found_by_what_is_nearly_so() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path();
    // As optical character recognition reads worn type, and as the eighteenth century wrote.
    let bodies = [
        "The harbour cornmittee met at tbe Custom Houfe on Tuefday, and refolved to repair the lighthoufe.",
        "A publick dinner was given to the musick of the garrison; the shew of flags was much admired.",
        "Tne steamship Atalanta was sighted ofF the Iizard, her foremast gone and her boi1ers cold.",
    ];
    load(dir, bodies.into_iter());
    for (query, found) in [
        ("committee~", "a/0"),
        ("lighthouse~", "a/0"),
        ("Tuesday~", "a/0"),
        ("public~", "a/1"),
        ("music~", "a/1"),
        ("lizard~", "a/2"),
        ("boilers~", "a/2"),
    ] {
        let exact = query.trim_end_matches('~');
        assert_eq!(ids(dir, exact), [""; 0], "{exact} is not there letter by letter");
        assert_eq!(ids(dir, query), [found], "{query}");
    }
}
