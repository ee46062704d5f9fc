//! Function words: words of the closed classes, by language.

use views::Language;

/// Returns true if a word (lowered, not stemmed) is on the list of a language.
pub(super) fn is_listed(word: &str, language: Language) -> bool {
    list(language).split_ascii_whitespace().any(|listed| listed == word)
}

/// Words of the closed classes: articles, pronouns, auxiliaries, conjunctions, prepositions.
pub(super) const fn list(language: Language) -> &'static str {
    match language {
        Language::Other => "",
        Language::English => {
            "a an the this that these those such i me my mine myself we us our ours ourselves you your yours yourself he \
             him his himself she her hers herself it its itself they them their theirs themselves who whom whose which \
             what when where why how am is are was were be been being have has had having do does did done doing can \
             could may might must shall should will would and but or nor if then else because as while than so not no \
             of at by for with about against between into through during before after above below to from up down in \
             out on off over under upon within without there here"
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
        Language::Turkish => {
            "ama bir bu çok da daha de değil en gibi her için ile ise kadar ki mi ne o olan olarak sonra şu ve veya ya"
        }
        Language::Russian => {
            "а без бы в во все да для до его ее и из или их как к ко на не но о об он она они от по при с со что это я"
        }
    }
}
