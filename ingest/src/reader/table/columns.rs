//! The names of columns, and the field of the article that each is.

use std::{collections::BTreeMap, fmt, str::FromStr};

use crate::{dates, names::folded};

/// The fields of columns whose names do not tell them: `Überschrift` → `headline`.
pub type Columns = BTreeMap<String, Column>;

/// The field that a column holds, and the form of its dates where they have one of their own: `published:%d/%m/%Y`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub(crate) field: String,
    pub(crate) form: Option<String>,
}

/// A statement about a column that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidColumn {
    /// Articles have no such field.
    #[error("articles have no field `{0}` that a column could be; they have {fields}", fields = fields().join(", "))]
    Field(String),
    /// Only dates have forms.
    #[error("only `published` and `updated` have a form, and `{0}` has not")]
    NoDate(String),
    /// `strftime` does not know it.
    #[error("`{form}` is no form of a date ({why}): write it as in %d/%m/%Y")]
    Form {
        /// As it was given.
        form: String,
        /// The fault.
        why: String,
    },
}

impl Column {
    /// Returns a column that holds this field.
    pub(crate) fn of(field: &str) -> Self {
        Self { field: field.to_owned(), form: None }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.field)?;
        self.form.as_ref().map_or(Ok(()), |form| write!(f, ":{form}"))
    }
}

impl FromStr for Column {
    type Err = InvalidColumn;

    fn from_str(text: &str) -> Result<Self, InvalidColumn> {
        let (field, form) = text.split_once(':').map_or((text, None), |(field, form)| (field, Some(form)));
        if !fields().contains(&field) {
            return Err(InvalidColumn::Field(field.to_owned()));
        }
        if let Some(form) = form {
            if !matches!(field, "published" | "updated") {
                return Err(InvalidColumn::NoDate(field.to_owned()));
            }
            dates::check_form(form).map_err(|why| InvalidColumn::Form { form: form.to_owned(), why })?;
        }
        Ok(Self { field: field.to_owned(), form: form.map(str::to_owned) })
    }
}

/// Returns the fields that a column may be.
fn fields() -> Vec<&'static str> {
    NAMES.iter().map(|(field, _)| *field).chain(["rights", "byline", "bylines"]).collect()
}

/// The usual names of columns, folded and without `_`, `-` and spaces: in English, and in the other languages that
/// are indexed.
const NAMES: [(&str, &[&str]); 19] = [
    ("id", &["id", "articleid", "uid", "guid", "uuid", "docid", "identifier", "identifiant", "kennung"]),
    (
        "headline",
        &[
            "headline",
            "title",
            "heading",
            "head",
            "webtitle",
            "titel",
            "uberschrift",
            "schlagzeile",
            "titre",
            "titulo",
            "titular",
            "titolo",
            "kop",
            "заголовок",
            "название",
        ],
    ),
    (
        "body",
        &[
            "body",
            "text",
            "content",
            "article",
            "articlebody",
            "fulltext",
            "articletext",
            "story",
            "maintext",
            "bodytext",
            "inhalt",
            "volltext",
            "artikel",
            "texte",
            "contenu",
            "texto",
            "contenido",
            "cuerpo",
            "conteudo",
            "corpo",
            "testo",
            "contenuto",
            "tekst",
            "inhoud",
            "текст",
        ],
    ),
    (
        "published",
        &[
            "published",
            "date",
            "pubdate",
            "publicationdate",
            "datepublished",
            "publishdate",
            "publishedat",
            "datetime",
            "dateissued",
            "issuedate",
            "webpublicationdate",
            "datum",
            "erschienen",
            "erscheinungsdatum",
            "veroffentlicht",
            "veroffentlichungsdatum",
            "datedepublication",
            "fecha",
            "fechadepublicacion",
            "data",
            "datadepublicacao",
            "datapubblicazione",
            "datadipubblicazione",
            "publicatiedatum",
            "дата",
            "датапубликации",
        ],
    ),
    (
        "updated",
        &[
            "updated",
            "modified",
            "updatedat",
            "datemodified",
            "lastmodified",
            "geandert",
            "aktualisiert",
            "misajour",
            "actualizado",
            "atualizado",
            "aggiornato",
            "gewijzigd",
            "обновлено",
        ],
    ),
    ("url", &["url", "link", "weburl", "href", "permalink", "lien", "enlace", "collegamento", "ссылка"]),
    (
        "credit",
        &[
            "byline",
            "author",
            "authors",
            "credit",
            "writer",
            "by",
            "creator",
            "autor",
            "autorin",
            "autoren",
            "verfasser",
            "auteur",
            "auteurs",
            "autores",
            "autore",
            "autori",
            "schrijver",
            "автор",
            "авторы",
        ],
    ),
    (
        "summary",
        &[
            "summary",
            "abstract",
            "description",
            "lead",
            "snippet",
            "excerpt",
            "standfirst",
            "zusammenfassung",
            "vorspann",
            "beschreibung",
            "resume",
            "chapeau",
            "resumen",
            "entradilla",
            "resumo",
            "riassunto",
            "sommario",
            "samenvatting",
            "omschrijving",
            "аннотация",
        ],
    ),
    ("kicker", &["kicker", "dachzeile", "surtitre", "antetitulo", "occhiello"]),
    (
        "subheadline",
        &[
            "subheadline",
            "subtitle",
            "deck",
            "subheading",
            "untertitel",
            "soustitre",
            "subtitulo",
            "sottotitolo",
            "ondertitel",
            "подзаголовок",
        ],
    ),
    (
        "section",
        &[
            "section",
            "category",
            "sectionname",
            "rubric",
            "ressort",
            "rubrik",
            "rubrique",
            "seccion",
            "secao",
            "sezione",
            "rubriek",
            "рубрика",
        ],
    ),
    ("desk", &["desk", "newsdesk", "redaktion", "redaction"]),
    ("edition", &["edition", "ausgabe", "edicion", "edicao", "edizione", "editie", "выпуск"]),
    ("page", &["page", "printpage", "pagenumber", "seite", "pagina", "страница"]),
    ("type", &["type", "genre", "kind", "documenttype"]),
    (
        "source",
        &[
            "source",
            "publication",
            "newspaper",
            "paper",
            "publisher",
            "outlet",
            "quelle",
            "zeitung",
            "journal",
            "fuente",
            "periodico",
            "fonte",
            "jornal",
            "giornale",
            "testata",
            "bron",
            "krant",
            "источник",
            "газета",
        ],
    ),
    ("language", &["language", "lang", "sprache", "langue", "idioma", "lingua", "taal", "язык"]),
    (
        "dateline",
        &["dateline", "location", "place", "ort", "lieu", "lugar", "luogo", "local", "plaats", "место"],
    ),
    (
        "keywords",
        &[
            "keywords",
            "tags",
            "subjects",
            "topics",
            "categories",
            "schlagworte",
            "schlagworter",
            "stichworte",
            "stichworter",
            "motscles",
            "palabrasclave",
            "palavraschave",
            "parolechiave",
            "trefwoorden",
            "ключевыеслова",
            "теги",
        ],
    ),
];

/// Returns the field that a column of this name usually holds.
pub(crate) fn field_of(column: &str) -> Option<&'static str> {
    let plain: String = folded(column).chars().filter(|c| c.is_alphanumeric()).collect();
    NAMES.iter().find(|(_, names)| names.contains(&plain.as_str())).map(|(field, _)| *field)
}

/// Returns the field that a column holds, as the user says or as its name tells.
pub(crate) fn field<'c>(column: &str, mapped: &'c Columns) -> Option<&'c str> {
    mapped.get(column).map(|column| column.field.as_str()).or_else(|| field_of(column))
}

/// Returns true for columns that have what makes an article: a headline or a text.
pub(crate) fn is_header(columns: &[String], mapped: &Columns) -> bool {
    columns.len() > 1
        && columns.iter().any(|column| matches!(field(column, mapped), Some("headline" | "body")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_known_in_eight_languages() {
        let check = |column: &str, expected: Option<&str>| assert_eq!(field_of(column), expected, "{column}");
        check("Article Title", None);
        check("Pub_Date", Some("published"));
        check("ÜBERSCHRIFT", Some("headline"));
        check("Mots-clés", Some("keywords"));
        check("Título", Some("headline"));
        check("Página", Some("page"));
        check("Data di pubblicazione", Some("published"));
        check("Текст", Some("body"));
        check("nombre", None);
    }

    #[test]
    fn columns_are_stated_with_fields_that_there_are() {
        let check = |text: &str, expected: Result<(&str, Option<&str>), &str>| {
            let found = text.parse::<Column>().map_err(|error| error.to_string());
            match (&found, expected) {
                (Ok(column), Ok(expected)) => {
                    assert_eq!((column.field.as_str(), column.form.as_deref()), expected, "{text}");
                }
                (Err(error), Err(expected)) => assert!(error.contains(expected), "{text}: {error}"),
                _ => panic!("{text}: {found:?}"),
            }
        };
        check("headline", Ok(("headline", None)));
        check("published:%d/%m/%Y", Ok(("published", Some("%d/%m/%Y"))));
        check("updated:%d.%m.%y %H:%M", Ok(("updated", Some("%d.%m.%y %H:%M"))));
        check("headlin", Err("no field `headlin`"));
        check("body:%Y", Err("only `published` and `updated`"));
        check("published:%d/%QQ", Err("no form of a date"));
    }
}
