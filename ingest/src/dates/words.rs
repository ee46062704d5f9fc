//! The words of dates in the languages that archives are written in: English, French, German, Spanish, Italian,
//! Portuguese, Dutch and Russian, as their style guides write and shorten them.

use crate::names::folded;

/// Names of the months, folded: full, inflected and shortened.
const MONTHS: [&[&str]; 12] = [
    &[
        "january",
        "jan",
        "januar",
        "janner",
        "janvier",
        "janv",
        "enero",
        "ene",
        "gennaio",
        "gen",
        "genn",
        "janeiro",
        "januari",
        "января",
        "январь",
        "янв",
    ],
    &[
        "february",
        "feb",
        "februar",
        "feber",
        "febr",
        "fevrier",
        "fevr",
        "fev",
        "febrero",
        "febbraio",
        "febb",
        "fevereiro",
        "februari",
        "февраля",
        "февраль",
        "фев",
        "февр",
    ],
    &[
        "march",
        "mar",
        "marz",
        "maerz",
        "mrz",
        "mars",
        "marzo",
        "marco",
        "maart",
        "mrt",
        "марта",
        "март",
        "мар",
    ],
    &["april", "apr", "avril", "avr", "abril", "abr", "aprile", "апреля", "апрель", "апр"],
    &["may", "mai", "mayo", "maggio", "mag", "magg", "maio", "mei", "мая", "маи"],
    &["june", "jun", "juni", "juin", "junio", "giugno", "giu", "junho", "июня", "июнь", "июн"],
    &["july", "jul", "juli", "juillet", "juil", "julio", "luglio", "lug", "julho", "июля", "июль", "июл"],
    &["august", "aug", "aout", "agosto", "ago", "augustus", "августа", "август", "авг"],
    &[
        "september",
        "sept",
        "sep",
        "septembre",
        "septiembre",
        "setiembre",
        "settembre",
        "sett",
        "setembro",
        "set",
        "сентября",
        "сентябрь",
        "сен",
        "сент",
    ],
    &[
        "october",
        "oct",
        "oktober",
        "okt",
        "octobre",
        "octubre",
        "ottobre",
        "ott",
        "outubro",
        "out",
        "октября",
        "октябрь",
        "окт",
    ],
    &["november", "nov", "novembre", "noviembre", "novembro", "ноября", "ноябрь", "ноя", "нояб"],
    &[
        "december",
        "dec",
        "dezember",
        "dez",
        "decembre",
        "diciembre",
        "dic",
        "dicembre",
        "dezembro",
        "декабря",
        "декабрь",
        "дек",
    ],
];

/// Names of weekdays, folded; English ones may be cut anywhere after three letters.
const WEEKDAYS: [&str; 73] = [
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonnabend",
    "sonntag",
    "mo",
    "di",
    "mi",
    "do",
    "fr",
    "sa",
    "so",
    "lundi",
    "mardi",
    "mercredi",
    "jeudi",
    "vendredi",
    "samedi",
    "dimanche",
    "lun",
    "mar",
    "mer",
    "jeu",
    "ven",
    "sam",
    "dim",
    "lunes",
    "martes",
    "miercoles",
    "jueves",
    "viernes",
    "sabado",
    "domingo",
    "mie",
    "jue",
    "vie",
    "sab",
    "dom",
    "lunedi",
    "martedi",
    "mercoledi",
    "giovedi",
    "venerdi",
    "sabato",
    "domenica",
    "segunda",
    "terca",
    "quarta",
    "quinta",
    "sexta",
    "feira",
    "seg",
    "ter",
    "qua",
    "qui",
    "sex",
    "maandag",
    "dinsdag",
    "woensdag",
    "donderdag",
    "vrijdag",
    "zaterdag",
    "zondag",
    "понедельник",
    "вторник",
    "среда",
    "четверг",
    "пятница",
    "суббота",
    "воскресенье",
];
const ENGLISH_WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Words that stand in dates and before clocks, and say nothing.
const FILLERS: [&str; 35] = [
    "t", "of", "the", "on", "at", "de", "del", "do", "den", "der", "dem", "vom", "am", "um", "le", "el",
    "il", "la", "las", "les", "a", "as", "alle", "ore", "op", "om", "kl", "klokken", "г", "год", "года", "в",
    "d", "o", "clock",
];

/// Endings that may follow the number of a day, folded: `1st`, `1er`, `1º`, `2e`.
const ORDINALS: [&str; 12] = ["st", "nd", "rd", "th", "er", "re", "e", "eme", "o", "a", "го", "е"];

/// Words that follow the hours and minutes of a clock, folded.
pub(super) const CLOCK_WORDS: [&str; 9] = ["uhr", "uur", "h", "hs", "hrs", "hours", "horas", "heures", "ч"];

/// Returns the number of a month by its folded name.
pub(super) fn month(folded: &str) -> Option<u32> {
    let at = MONTHS.iter().position(|names| names.contains(&folded))?;
    u32::try_from(at + 1).ok()
}

/// Returns the number of a month in Roman numerals, which are capitals: `12.XII.1906`.
pub(super) fn roman_month(word: &str) -> Option<u32> {
    const ROMAN: [&str; 12] = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];
    let at = ROMAN.iter().position(|roman| *roman == word)?;
    u32::try_from(at + 1).ok()
}

/// Returns true for a weekday or a word without a meaning of its own.
pub(super) fn says_nothing(folded: &str) -> bool {
    FILLERS.contains(&folded)
        || WEEKDAYS.contains(&folded)
        || (folded.len() >= 3 && ENGLISH_WEEKDAYS.iter().any(|day| day.starts_with(folded)))
}

/// Returns the text without the ordinal ending that it begins with.
pub(super) fn without_ordinal(after: &str) -> &str {
    let rest = after.trim_start_matches(['º', 'ª', '°']);
    let length = rest.chars().take_while(|c| c.is_alphabetic()).map(char::len_utf8).sum();
    let (word, end) = rest.split_at_checked(length).unwrap_or((rest, ""));
    if ORDINALS.contains(&folded(word).as_str()) { end } else { rest }
}
