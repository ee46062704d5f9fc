//! Words that say nothing where any of several words will do: `the` in "the wreck of the ferry".
//!
//! They are indexed like all others, so phrases have them. Left out is only what is both on the list of a language
//! of the index and in more than a tenth of the documents: `die` is an article in German and a verb in English.

use indexer::Language;

/// The share of documents above which a word on a list says nothing.
pub(super) const COMMON: f64 = 0.1;

/// Whether a word (lowered, not stemmed) is on the list of any of these languages.
pub(super) fn is_listed(word: &str, languages: &[Language]) -> bool {
    languages.iter().any(|language| list(*language).split_ascii_whitespace().any(|listed| listed == word))
}

/// The English list is Lucene's (`EnglishAnalyzer.ENGLISH_STOP_WORDS_SET`); the others have the same sort of words.
const fn list(language: Language) -> &'static str {
    match language {
        Language::Other => "",
        Language::English => {
            "a an and are as at be but by for if in into is it no not of on or such that the their then there these \
             they this to was will with"
        }
        Language::French => {
            "à au aux avec ce ces dans de des du elle en est et il ils la le les leur ne ou où par pas pour qu que qui \
             sa se ses son sur un une l d"
        }
        Language::German => {
            "als am an auch auf aus bei das dass dem den der des die durch ein eine einem einen einer eines er es für \
             hat ihm ihn ihr im in ist mit nach nicht oder sich sie sind um und von vor war wie wird zu zum zur"
        }
        Language::Spanish => {
            "a al con de del el en es la las le lo los más no o para pero por que se sin su sus un una y"
        }
        Language::Italian => {
            "a ai al alla che con da dal dei del della di e è gli i il in la le lo ma nel nella non o per si su un una"
        }
        Language::Portuguese => {
            "a ao aos as à com da das de do dos e é em mas na nas no nos não o os ou para pela pelo por que se sua seu um uma"
        }
        Language::Dutch => {
            "aan als bij dat de den der die door een en er het hij in is maar met naar niet of om ook op te tot uit van \
             voor was werd ze zijn"
        }
        Language::Russian => {
            "а без бы в во все да для до его ее и из или их как к ко на не но о об он она они от по при с со что это я"
        }
    }
}
