//! The languages that are analysed by their own rules, and which one a text is in.

use std::{collections::HashMap, sync::LazyLock};

use frostem::{Algorithm, Stemmer};

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

    /// The first subtag of its BCP 47 tags; `und` for [`Self::Other`].
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

    /// The language of a BCP 47 tag (`pt-BR`), of a tag of three letters, or of such names of it as the log takes for a tag
    /// (`English`, `Deutsch`: up to eight ASCII letters); `None` for an empty tag.
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

    /// The language that a text seems to be in, from its script and its small words. Good enough to choose a
    /// stemmer: text that gives no sign is [`Self::Other`].
    pub fn detect(text: &str) -> Self {
        let mut scores = [0_u32; Self::ALL.len()];
        let (mut letters, mut cyrillic) = (0_u32, 0_u32);
        let mut lower = String::new();
        for word in
            text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).take(LOOK_AT_WORDS)
        {
            letters += 1;
            if word.starts_with(|c| ('\u{400}'..='\u{4ff}').contains(&c)) {
                cyrillic += 1;
            }
            lower.clear();
            lower.extend(word.chars().flat_map(char::to_lowercase));
            let known = SMALL_WORDS.get(lower.as_str()).copied().unwrap_or_default();
            for (at, score) in scores.iter_mut().enumerate() {
                *score += u32::from(known >> at & 1);
            }
        }
        if cyrillic * 2 > letters {
            return Self::Russian;
        }
        let best = Self::ALL
            .into_iter()
            .zip(scores)
            .max_by_key(|(language, score)| (*score, std::cmp::Reverse(*language)));
        match best {
            Some((language, score)) if score * 6 >= letters && score > 0 => language,
            _ => Self::Other,
        }
    }

    /// The words that a page of the language is full of. Neighbours share some: the most of them win.
    const fn small_words(self) -> &'static str {
        match self {
            Self::Other => "",
            Self::English => {
                "the of and to that is was for with by on from are were it he his which this as at be have not or had"
            }
            Self::French => {
                "le la les de des et du un une est dans qui que pour au aux sur en je me il elle ne pas se mes ses \
                 son sa plus par avec était nous vous"
            }
            Self::German => {
                "der die und das den von ist mit dem ein eine nicht auf im er sie sich zu in als war des sein seinem \
                 seinen wenn aus es"
            }
            Self::Spanish => {
                "el la los las y de del en un una que por con su para es fue no se lo al más como era cuyo"
            }
            Self::Italian => {
                "il lo la i gli le di che della un una per non con del è sono nel dei a da in e al tra si quel tutto"
            }
            Self::Portuguese => {
                "o a os as e de da do dos em um uma não que com para ao foi é se meu minha pelo pela por isto mais \
                 como eu"
            }
            Self::Dutch => {
                "de het een en van niet dat op te zijn voor aan werd ook naar in ik is met er dan mijn ben had"
            }
            Self::Russian => "и в не на что с по из был его",
            Self::Turkish => "ve bir bu için ile çok daha gibi olarak olan kadar sonra değil ama şu",
        }
    }

    /// The Snowball stemmer of the language (<https://snowballstem.org/algorithms/>).
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

    /// What ends a stem of the language in an index, so that a word of one language is never found by the stem of
    /// another: a control character, which no word has in it. [`Self::Other`] has none, as it has no stems.
    pub const fn suffix(self) -> Option<char> {
        match self {
            Self::Other => None,
            language => Some((language as u8 + FIRST_SUFFIX) as char),
        }
    }

    /// What stands in front of a text that is to be analysed in this language: a private-use character.
    pub fn mark(self) -> char {
        let at = Self::ALL.iter().position(|language| *language == self).unwrap_or(0);
        u32::try_from(at).ok().and_then(|at| char::from_u32(FIRST_MARK + at)).unwrap_or('\u{f700}')
    }

    /// The language of a mark; `None` for any other character.
    pub fn of_mark(mark: char) -> Option<Self> {
        let at = u32::from(mark).checked_sub(FIRST_MARK)?;
        Self::ALL.get(usize::try_from(at).ok()?).copied()
    }
}

/// Which languages have a small word: a bit for each, in the order of [`Language::ALL`].
static SMALL_WORDS: LazyLock<HashMap<&'static str, u16>> = LazyLock::new(|| {
    let mut found = HashMap::new();
    for (at, language) in Language::ALL.into_iter().enumerate() {
        for word in language.small_words().split_whitespace() {
            *found.entry(word).or_default() |= 1 << at;
        }
    }
    found
});

/// How many words tell the language.
const LOOK_AT_WORDS: usize = 60;
/// Above what begins a form whose word is unlike its stem.
const FIRST_SUFFIX: u8 = forms::UNLIKE;
/// In the private-use area, where no text of an archive has a meaning.
const FIRST_MARK: u32 = 0xf700;

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
