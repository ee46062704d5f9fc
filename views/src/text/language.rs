//! The languages that are analysed by their own rules, and which one a text is in.

use std::{collections::HashMap, sync::LazyLock};

use frostem::{Algorithm, Stemmer};
use whichlang::Lang;

use super::forms;

/// A language with a stemmer, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// Words are folded, not stemmed; Chinese, Japanese and Korean are cut into pairs of characters.
    Other,
    /// `en`
    English,
    /// `fr`
    French,
    /// `de`
    German,
    /// `es`
    Spanish,
    /// `it`
    Italian,
    /// `pt`
    Portuguese,
    /// `nl`
    Dutch,
    /// `ru`
    Russian,
    /// `tr`
    Turkish,
}

impl Language {
    /// All, in the order of their marks.
    pub const ALL: [Self; 10] = [
        Self::Other,
        Self::English,
        Self::French,
        Self::German,
        Self::Spanish,
        Self::Italian,
        Self::Portuguese,
        Self::Dutch,
        Self::Russian,
        Self::Turkish,
    ];

    /// Returns the first subtag of its BCP 47 tags; `und` for [`Self::Other`].
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Other => "und",
            Self::English => "en",
            Self::French => "fr",
            Self::German => "de",
            Self::Spanish => "es",
            Self::Italian => "it",
            Self::Portuguese => "pt",
            Self::Dutch => "nl",
            Self::Russian => "ru",
            Self::Turkish => "tr",
        }
    }

    /// Returns the language of a BCP 47 tag (`pt-BR`), of a tag of three letters, or of such names of it as the log
    /// takes for a tag (`English`, `Deutsch`: up to eight ASCII letters); `None` for an empty tag.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        let short = match primary.as_str() {
            "" => return None,
            "eng" | "english" => "en",
            "fra" | "fre" | "french" => "fr",
            "deu" | "ger" | "german" | "deutsch" => "de",
            "spa" | "spanish" => "es",
            "ita" | "italian" | "italiano" => "it",
            "por" => "pt",
            "nld" | "dut" | "dutch" => "nl",
            "rus" | "russian" => "ru",
            "tur" | "turkish" => "tr",
            other => other,
        };
        Some(Self::ALL.into_iter().find(|language| language.tag() == short).unwrap_or(Self::Other))
    }

    /// Returns the language that a text seems to be in: what the classifier of [`whichlang`] tells by its letters,
    /// unless the words speak against it. Longer texts have the small words of their language, and few words have
    /// letters that it has not: what has rules of its own is [`Self::Other`], and so is a word alone.
    pub fn detect(text: &str) -> Self {
        let Words { words, small, foreign, end, .. } = Words::of(text);
        let head = text.get(..end).unwrap_or(text);
        let told = match whichlang::detect_language(head) {
            Lang::Eng => Self::English,
            Lang::Fra => Self::French,
            Lang::Deu => Self::German,
            Lang::Spa => Self::Spanish,
            Lang::Ita => Self::Italian,
            Lang::Por => Self::Portuguese,
            Lang::Nld => Self::Dutch,
            Lang::Rus => Self::Russian,
            // Of two or three words an ending tells more than all letters together.
            Lang::Swe | Lang::Tur | Lang::Vie if words < 4 && ends_as_in_english(head) => Self::English,
            Lang::Tur => Self::Turkish,
            _ => return Self::Other,
        };
        // A few letters may mislead, where small words do not.
        let best = Self::ALL.into_iter().max_by_key(|language| (small.of(*language), *language == told));
        let best = best.filter(|best| words < LONG_WORDS && small.of(*best) > small.of(told) + MISLED);
        let told = best.unwrap_or(told);
        let alien = foreign.of(told) * ONE_FOREIGN_OF > words;
        let bare = words >= LONG_WORDS && told != Self::Russian && small.of(told) * ONE_SMALL_OF < words;
        if words < 2 || alien || bare { Self::Other } else { told }
    }

    /// Returns true for a text of few words which neither letters nor small words keep from being in the language: none has
    /// letters that the language does not use, and no other language has two small words more there.
    pub(crate) fn may_be_of(self, text: &str) -> bool {
        let Words { words, cyrillic, small, foreign, .. } = Words::of(text);
        let spelt = foreign.of(self) == 0 && cyrillic == if self == Self::Russian { words } else { 0 };
        let most = Self::ALL.into_iter().map(|language| small.of(language)).max().unwrap_or_default();
        (1..LONG_WORDS).contains(&words) && spelt && most <= small.of(self) + MISLED
    }

    /// Returns true for a word, in lower case, that has no letters which the language does not use.
    fn spells(self, word: &str) -> bool {
        if word.is_ascii() {
            return true;
        }
        let own = match self {
            Self::Other => "",
            Self::English => "éèêëïôçñöüä",
            Self::French => "àâæçéèêëîïôœùûüÿ",
            Self::German => "äöüßé",
            Self::Spanish => "áéíñóúü",
            Self::Italian => "àèéìíîòóù",
            Self::Portuguese => "ãáàâçéêíõóôúü",
            Self::Dutch => "éëïóöüèêáäç",
            Self::Russian => "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
            Self::Turkish => "âçğıîöşüû\u{307}",
        };
        word.chars().all(|c| c.is_ascii() || own.contains(c))
    }

    /// Returns the words that a page of the language is full of.
    const fn small_words(self) -> &'static str {
        match self {
            Self::Other => "",
            Self::English => {
                "the of and to a an in that is was for with by on from are were it he she his her they this \
                 which as at be been have has had not or but will would can you your we our their its if no \
                 do all there when who about into than then so"
            }
            Self::French => {
                "le la les de des et du un une en est sont dans qui que ce cette ces pour par au aux \
                 sur avec sans ou mais si je il elle on nous vous ils elles ne pas plus se son sa ses \
                 leur mes été était être avoir y a à"
            }
            Self::German => {
                "der die das den dem des und oder ein eine einen einem einer eines ist sind war wird werden \
                 wurde hat haben nicht kein keine mit von vom zu zum zur auf in im an am aus bei für nach \
                 über um als auch wenn wie es er sie ich sich ihr sein seinem seinen daß dass bis durch nur"
            }
            Self::Spanish => {
                "el la los las lo un una unos unas y e o de del al en por para con sin sobre que se su sus \
                 es son fue ha han hay no si como más pero este esta esto cuyo cuando entre está ser era"
            }
            Self::Italian => {
                "il lo la i gli le l un uno una di del della dello dei degli delle e ed o a al alla ai alle \
                 da dal dalla in nel nella con per su sul sulla che non si è sono era ha hanno come più ma \
                 se questo questa quel tra tutto essere"
            }
            Self::Portuguese => {
                "o a os as um uma uns umas e ou de do da dos das em no na nos nas ao aos à às por pelo pela \
                 para com sem sobre que se seu sua é são foi está não mais como mas ser tem ter este esta \
                 isto eu meu minha"
            }
            Self::Dutch => {
                "de het een en of van in op te ten ter voor met aan bij naar uit om over door is zijn was \
                 werd worden wordt had heeft hebben niet geen dat die dit deze als er ook maar dan ik je \
                 hij ze we mijn ben kan"
            }
            Self::Russian => {
                "и в во не на что с со по из был была быть его её для это этот эта как от при к у но или за \
                 о об он она они если есть до то же бы только все вы мы их так уже может также который"
            }
            Self::Turkish => "ve bir bu için ile çok daha gibi olarak olan kadar sonra değil ama şu",
        }
    }

    /// Returns the Snowball stemmer of the language (<https://snowballstem.org/algorithms/>).
    pub(crate) fn stemmer(self) -> Option<Stemmer> {
        let algorithm = match self {
            Self::Other => return None,
            Self::English => Algorithm::English,
            Self::French => Algorithm::French,
            Self::German => Algorithm::German,
            Self::Spanish => Algorithm::Spanish,
            Self::Italian => Algorithm::Italian,
            Self::Portuguese => Algorithm::Portuguese,
            Self::Dutch => Algorithm::Dutch,
            Self::Russian => Algorithm::Russian,
            Self::Turkish => Algorithm::Turkish,
        };
        Some(Stemmer::new(algorithm))
    }

    /// Returns what ends a stem of the language in an index, so that a word of one language is never found by the stem
    /// of another: a control character, which no word has in it. [`Self::Other`] has none, as it has no stems.
    pub const fn suffix(self) -> Option<char> {
        match self {
            Self::Other => None,
            language => Some((language as u8 + FIRST_SUFFIX) as char),
        }
    }

    /// Returns what stands in front of a text that is to be analysed in this language: a private-use character.
    #[expect(clippy::expect_used, reason = "a test asks each language for its mark")]
    pub fn mark(self) -> char {
        let at = (FIRST_MARK..).zip(Self::ALL).find(|(_, language)| *language == self);
        at.and_then(|(mark, _)| char::from_u32(mark)).expect("every language has a private-use character")
    }

    /// Returns the language of a mark; `None` for any other character.
    pub fn of_mark(mark: char) -> Option<Self> {
        let at = u32::from(mark).checked_sub(FIRST_MARK)?;
        Self::ALL.get(usize::try_from(at).ok()?).copied()
    }
}

/// Returns true where a word of a text in ASCII ends as few but English ones do.
fn ends_as_in_english(text: &str) -> bool {
    text.is_ascii()
        && text.split_whitespace().any(|word| {
            let word = word.to_ascii_lowercase();
            word.len() > 4 && ["ed", "ing", "tion", "ly", "ers"].iter().any(|ending| word.ends_with(ending))
        })
}

/// The languages that have a small word: a bit for each, in the order of [`Language::ALL`].
static SMALL_WORDS: LazyLock<HashMap<&'static str, u16>> = LazyLock::new(|| {
    let mut found = HashMap::new();
    for (at, language) in Language::ALL.into_iter().enumerate() {
        for word in language.small_words().split_whitespace() {
            *found.entry(word).or_default() |= 1 << at;
        }
    }
    found
});

/// The number of small words by which another language must lead to show that the letters mislead.
const MISLED: u32 = 1;
/// The number of words that are looked at to tell the language.
const LOOK_AT_WORDS: usize = 60;
/// A text of so many words, longer than most headlines, has small words among them …
const LONG_WORDS: u32 = 16;
/// … of so many at least one.
const ONE_SMALL_OF: u32 = 12;
/// The number of words of which one may have letters of another language.
const ONE_FOREIGN_OF: u32 = 5;
/// Above what begins a form whose word is unlike its stem.
const FIRST_SUFFIX: u8 = forms::UNLIKE;
/// In the private-use area, where no text of an archive has a meaning.
const FIRST_MARK: u32 = 0xf700;

/// A count for each language.
#[derive(Default)]
struct Counts([u32; Language::ALL.len()]);

impl Counts {
    fn of(&self, language: Language) -> u32 {
        Language::ALL
            .into_iter()
            .zip(self.0)
            .find(|(other, _)| *other == language)
            .map_or(0, |(_, count)| count)
    }
}

/// The evidence of a text's first words for its language.
#[derive(Default)]
struct Words {
    words: u32,
    /// Words with Cyrillic letters.
    cyrillic: u32,
    /// Small words of each language.
    small: Counts,
    /// Words with letters that a language does not use.
    foreign: Counts,
    /// The byte behind the last of these words.
    end: usize,
}

impl Words {
    fn of(text: &str) -> Self {
        let mut told = Self::default();
        let mut lower = String::new();
        for word in
            text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).take(LOOK_AT_WORDS)
        {
            told.words += 1;
            told.end = (word.as_ptr() as usize - text.as_ptr() as usize) + word.len();
            lower.clear();
            lower.extend(word.chars().flat_map(char::to_lowercase));
            told.cyrillic += u32::from(lower.chars().any(|c| matches!(c, '\u{400}'..='\u{4ff}')));
            let known = SMALL_WORDS.get(lower.as_str()).copied().unwrap_or_default();
            let counts = told.small.0.iter_mut().zip(&mut told.foreign.0);
            for (at, (language, (small, foreign))) in Language::ALL.into_iter().zip(counts).enumerate() {
                *small += u32::from(known >> at & 1);
                *foreign += u32::from(!language.spells(&lower));
            }
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_told_apart() {
        let check = |text: &str, expected: Language| assert_eq!(Language::detect(text), expected, "{text}");
        check("The ferry was late again, and the passengers on the quay were cold.", Language::English);
        check("Le vapeur est arrivé dans le port avec les passagers de Marseille.", Language::French);
        check("Der Dampfer ist mit den Auswanderern im Hafen und wartet auf das Wetter.", Language::German);
        check("El vapor llegó con los emigrantes y las cartas del puerto.", Language::Spanish);
        check("Il piroscafo della compagnia è nel porto per la notte.", Language::Italian);
        check(
            "O vapor chegou com os emigrantes e não partiu em dois dias para o porto da cidade.",
            Language::Portuguese,
        );
        check("Het schip van de maatschappij werd niet op tijd naar de haven gebracht.", Language::Dutch);
        check("Пароход пришёл в порт вечером.", Language::Russian);
        check("Vapur dün akşam limana geldi ve yolcular için bir gün daha kaldı.", Language::Turkish);
        check("港に船が着いた。", Language::Other);
        check("", Language::Other);
        check("42 17 9", Language::Other);
        // Neighbours of those, which have rules of their own.
        check(
            "Der kom en soldat marcherende hen ad landevejen: én, to! én, to! Han havde sit tornyster på ryggen og en \
             sabel ved siden, for han havde været i krigen, og nu skulle han hjem.",
            Language::Other,
        );
        check(
            "Gallia est omnis divisa in partes tres, quarum unam incolunt Belgae, aliam Aquitani, tertiam qui ipsorum \
             lingua Celtae, nostra Galli appellantur.",
            Language::Other,
        );
    }

    /// Headlines and captions have few small words, or those of other languages: `war`, `a`, `in`, `die`.
    #[test]
    fn short_texts_are_told_by_their_letters() {
        let check = |text: &str, expected: Language| assert_eq!(Language::detect(text), expected, "{text}");
        check("War declared", Language::English);
        check("A pencil drawing of a harbour in winter", Language::English);
        check("Screenshot of the sign-up form", Language::English);
        check("Mayor opens new bridge, thousands watch", Language::English);
        check("Harbour strike enters third week", Language::English);
        check("Streik im Hafen dauert an", Language::German);
        check("Neue Brücke eröffnet", Language::German);
        check("Grève des dockers : troisième semaine", Language::French);
        check("Ouverture du nouveau pont", Language::French);
        check("Huelga en los muelles", Language::Spanish);
        check("Sciopero dei portuali, terza settimana", Language::Italian);
        check("Greve nos portos entra na terceira semana", Language::Portuguese);
        check("Nieuwe brug over de rivier geopend", Language::Dutch);
        check("Новый мост открыт", Language::Russian);
    }

    #[test]
    fn a_short_text_may_be_of_a_language_by_its_letters() {
        let check = |language: Language, text: &str, expected: bool| {
            assert_eq!(language.may_be_of(text), expected, "{text}");
        };
        check(Language::English, "wildpixel/iStock via Getty Images", true);
        check(Language::English, "Über die Brücke gefahren ñandú", false);
        check(Language::English, "Пароход пришёл", false);
        check(Language::Russian, "Пароход пришёл", true);
        check(Language::Russian, "The steamer", false);
        check(Language::Other, "Båten är här", false);
        check(Language::English, "Die Zellen waren zu der Zeit nicht in Gebrauch", false);
        check(Language::English, "Plaza de Armas", true);
        check(Language::English, "", false);
        check(Language::English, &"word ".repeat(16), false);
    }

    #[test]
    fn tags_and_marks_come_back() {
        for language in Language::ALL {
            assert_eq!(Language::of_tag(language.tag()), Some(language));
            assert_eq!(Language::of_mark(language.mark()), Some(language));
            let suffix = language.suffix();
            assert!(suffix.is_none_or(|suffix| suffix > char::from(forms::UNLIKE) && suffix < ' '));
        }
        assert_eq!(Language::of_tag("pt-BR"), Some(Language::Portuguese));
        assert_eq!(Language::of_tag("ja"), Some(Language::Other));
        for (name, language) in
            [("English", Language::English), ("deutsch", Language::German), ("RUSSIAN", Language::Russian)]
        {
            assert_eq!(Language::of_tag(name), Some(language), "{name}");
        }
        assert_eq!(Language::of_tag("Danish"), Some(Language::Other));
        assert_eq!(Language::of_tag(""), None);
        assert_eq!(Language::of_mark('a'), None);
    }
}
