//! The citations on the page of an article.

use maud::{Markup, html};
use search::cite::{Cited, Form};

pub(super) fn section(cited: &Cited) -> Markup {
    let [before, paper, after] = cited.footnote();
    html! {
        section.cite aria-labelledby="cite-title" {
            h2 #cite-title { "Cite" }
            p.citation #cite-text { (before) cite { (paper) } (after) }
            @for (name, form) in [("BibTeX", Form::Bibtex), ("RIS", Form::Ris), ("CSL-JSON", Form::Csl)] {
                details {
                    summary { (name) }
                    pre tabindex="0" aria-label=(format!("Citation as {name}")) { code { (cited.written(form)) } }
                }
            }
        }
    }
}
