//! Folding: what readers leave out when they type, by script.
//!
//! Accents of Latin and Greek letters, stress marks of Cyrillic ones, the vowel points of Arabic and Hebrew are left out.
//! Elsewhere a mark makes another letter: the voicing of kana, the vowels and the virama of Indic scripts, the vowels and
//! tones of Thai are kept.

use unicode_normalization::{
    UnicodeNormalization,
    char::{decompose_canonical, is_combining_mark},
};

use super::{language::Language, words::is_unseen};

/// Appends a word in lower case, in one way of writing its characters (NFKC), without what is not seen. Turkish has an `i`
/// without a dot, which is the small letter of `I`.
pub(super) fn lower_into(language: Language, word: &str, out: &mut String) {
    let seen = word.nfkc().filter(|c| !is_unseen(*c));
    if language == Language::Turkish {
        let small = |c| match c {
            'I' => 'ı',
            'İ' => 'i',
            c => c,
        };
        out.extend(seen.map(small).flat_map(char::to_lowercase));
    } else {
        out.extend(seen.flat_map(char::to_lowercase));
    }
}

/// Appends a lowered word without what readers leave out: `é` as `e`, `ß` as `ss`. The Turkish `ı` is a letter of its own
/// where it is told so, and an `i` elsewhere.
pub(super) fn fold_into(word: &str, keeps_dotless: bool, out: &mut String) {
    if word.is_ascii() {
        out.push_str(word);
        return;
    }
    // Lowering may take a character apart again (`İ`): what belongs together is put together.
    let mut folds = false;
    for c in word.nfc() {
        if is_combining_mark(c) {
            if !folds {
                out.push(c);
            }
            continue;
        }
        let script = Script::of(c);
        folds = script != Script::Other;
        match script {
            Script::Stripped => {
                let mut base = None;
                decompose_canonical(c, |part| base = base.or(Some(part)));
                push_letter(base.unwrap_or(c), keeps_dotless, out);
            }
            Script::Cyrillic => out.push(match c {
                'ё' | 'ѐ' => 'е',
                'ѝ' => 'и',
                c => c,
            }),
            Script::Other => out.push(c),
        }
    }
}

/// Adds a letter that readers write with others, or as another.
fn push_letter(c: char, keeps_dotless: bool, out: &mut String) {
    match c {
        'ß' => out.push_str("ss"),
        'æ' => out.push_str("ae"),
        'œ' => out.push_str("oe"),
        'ø' => out.push('o'),
        'ł' => out.push('l'),
        'đ' | 'ð' => out.push('d'),
        'ħ' => out.push('h'),
        'þ' => out.push_str("th"),
        'ı' if !keeps_dotless => out.push('i'),
        'ς' => out.push('σ'),
        c => out.push(c),
    }
}

/// The part that the marks of a script play for its readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    /// Latin, Greek, Hebrew, Arabic, Syriac: the letter without its marks is how it is typed.
    Stripped,
    /// Letters with marks are letters of their own (`й`, `ї`), but for `ё`; stress marks are left out.
    Cyrillic,
    /// Marks are kept.
    Other,
}

impl Script {
    /// By Unicode's blocks.
    const fn of(c: char) -> Self {
        match c as u32 {
            0..=0x3ff
            | 0x590..=0x77f
            | 0x8a0..=0x8ff
            | 0x1e00..=0x1fff
            | 0x2c60..=0x2c7f
            | 0xa720..=0xa7ff
            | 0xab30..=0xab6f => Self::Stripped,
            0x400..=0x52f | 0x1c80..=0x1c8f | 0x2de0..=0x2dff | 0xa640..=0xa69f => Self::Cyrillic,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let (mut lowered, mut folded) = (String::new(), String::new());
        lower_into(Language::Other, text, &mut lowered);
        fold_into(&lowered, false, &mut folded);
        folded
    }

    #[test]
    fn scripts_are_folded_as_their_readers_type() {
        let check = |text: &str, expected: &str| {
            assert_eq!(folded(text), expected, "{text}");
            let apart: String = text.nfd().collect();
            assert_eq!(folded(&apart), expected, "{text}, taken apart");
        };
        check("Łódź", "lodz");
        check("Straße", "strasse");
        check("Việt", "viet");
        check("ΟΔΌΣ", "οδοσ");
        check("οδός", "οδοσ");
        check("Ὀδυσσεύς", "οδυσσευσ");
        check("ёлка", "елка");
        check("замо\u{301}к", "замок");
        check("йод", "йод");
        check("Київ", "київ");
        check("ѓон", "ѓон");
        check("أحمد", "احمد");
        check("مُحَمَّد", "محمد");
        check("שָׁלוֹם", "שלום");
        check("Isparta", "isparta");
        check("kız", "kiz");
        // Other letters, not letters with something added.
        check("バス", "バス");
        check("パス", "パス");
        check("मान", "मान");
        check("मीन", "मीन");
        check("ข่าว", "ข่าว");
        check("한국", "한국");
    }

    #[test]
    fn what_is_written_in_another_width_is_the_same() {
        assert_eq!(folded("ﾊﾞｽ"), folded("バス"));
        assert_eq!(folded("Ｆｅｒｒｙ"), "ferry");
        assert_eq!(folded("محمـــد"), folded("محمد"));
    }
}
