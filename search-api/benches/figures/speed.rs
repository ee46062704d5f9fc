//! Searching beside bare tantivy: an index of its own with the same text, stored, which finds the same hits, fetches
//! them and makes their snippets. It is one of a single segment, which nothing is written to any more; beside it for
//! the ids alone, one of as many segments as ours.

use std::time::Instant;

use query::SearchRequest;
use store::AssetKind;
use tantivy::{
    Index, IndexWriter, Searcher, TantivyDocument, Term,
    collector::TopDocs,
    merge_policy::NoMergePolicy,
    query::{BooleanQuery, Occur, PhraseQuery, Query, RangeQuery, TermQuery},
    schema::{
        FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
    },
    snippet::SnippetGenerator,
};
use views::ARTICLES;

use crate::{
    archive::Archive,
    quantile,
    queries::{Asked, Queries, Sort},
};

const ROUNDS: usize = 7;

pub(crate) fn beside_bare_tantivy(archive: &Archive, queries: &Queries) {
    let segments = archive.indexes.live(ARTICLES).unwrap().searcher().unwrap();
    let segments = segments.searcher.tantivy().segment_readers().len();
    let (bare, parted) = (Bare::of(archive, 1), Bare::of(archive, segments));
    println!(
        "| queries | documents and highlights | bare | ratio | ids alone | bare | ratio | bare of {segments} segments | ratio |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let mut all = [0.0; 5];
    for sort in Sort::ALL.into_iter().filter(|sort| *sort != Sort::Faceted) {
        let asked: Vec<&Asked> = queries.0.iter().filter(|asked| asked.sort == sort).collect();
        let mut rounds: [Vec<f64>; 5] = Default::default();
        for _ in 0..ROUNDS {
            let mut sums = [0.0; 5];
            for one in &asked {
                let request = one.request();
                let ids_alone = SearchRequest { highlight: None, ..request.clone() };
                let (query, in_parts) = (bare.query(one), parted.query(one));
                let mut time = |at: usize, work: &mut dyn FnMut() -> usize| {
                    let began = Instant::now();
                    std::hint::black_box(work());
                    sums[at] += began.elapsed().as_secs_f64();
                };
                time(0, &mut || archive.search.begin().search(&request).unwrap().hits.len());
                time(1, &mut || bare.documents(&*query));
                time(2, &mut || archive.search.begin().ids(&ids_alone).unwrap().len());
                time(3, &mut || bare.ids(&*query));
                time(4, &mut || parted.ids(&*in_parts));
            }
            rounds.iter_mut().zip(sums).for_each(|(round, sum)| round.push(sum));
        }
        let [ours, theirs, our_ids, their_ids, parted_ids] =
            rounds.map(|mut round| quantile(&mut round, 0.5) / asked.len() as f64 * 1e6);
        println!(
            "| {sort:?} | {ours:.0} µs | {theirs:.0} µs | {:.2} | {our_ids:.0} µs | {their_ids:.0} µs | {:.2} \
             | {parted_ids:.0} µs | {:.2} |",
            ours / theirs,
            our_ids / their_ids,
            our_ids / parted_ids
        );
        let these = [ours, theirs, our_ids, their_ids, parted_ids];
        all.iter_mut().zip(these).for_each(|(all, one)| *all += one);
    }
    let [ours, theirs, our_ids, their_ids, parted_ids] = all;
    println!(
        "| all | | | {:.2} | | | {:.2} | | {:.2} |",
        ours / theirs,
        our_ids / their_ids,
        our_ids / parted_ids
    );
}

struct Bare {
    searcher: Searcher,
    body: Field,
    published: Field,
    /// From the first month's days to the last month's.
    bounds: (i64, i64),
}

impl Bare {
    fn of(archive: &Archive, segments: usize) -> Self {
        let generation = archive.indexes.live(ARTICLES).unwrap();
        let mut builder = Schema::builder();
        let id = builder.add_text_field("id", STRING | STORED | FAST);
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("en_stem")
            .set_index_option(IndexRecordOption::WithFreqsAndPositions);
        let body = builder
            .add_text_field("body", TextOptions::default().set_indexing_options(indexing).set_stored());
        let published = builder.add_i64_field("published", INDEXED | FAST | STORED);
        let dir = archive.home.path().join(format!("bare-{segments}"));
        std::fs::create_dir(&dir).unwrap();
        let bare = Index::create_in_dir(dir, builder.build()).unwrap();
        let mut writer: IndexWriter = bare.writer_with_num_threads(1, 512 << 20).unwrap();
        writer.set_merge_policy(Box::new(NoMergePolicy));
        let snapshot = archive.search.log().snapshot().unwrap();
        let assets = snapshot.assets(AssetKind::Article, None, usize::MAX).unwrap();
        let of_each = assets.len().div_ceil(segments);
        for (number, (asset, _)) in assets.iter().enumerate() {
            if number > 0 && number % of_each == 0 && segments > 1 {
                writer.commit().unwrap();
            }
            let document = generation.view().document(asset, &snapshot).unwrap().unwrap();
            let mut to = TantivyDocument::new();
            to.add_text(id, asset.as_str());
            let text = document.json.get("body").and_then(|body| body.as_str()).unwrap_or_default();
            to.add_text(body, text);
            to.add_i64(published, day(document.json.get("published").and_then(|date| date.as_str())));
            if writer.add_document(to).is_err() {
                writer.wait_merging_threads().unwrap(); // says why
                unreachable!("the writer has failed");
            }
        }
        writer.commit().unwrap();
        let made = bare.searchable_segment_ids().unwrap();
        if segments == 1 && made.len() > 1 {
            writer.merge(&made).wait().unwrap();
        }
        let searcher = bare.reader().unwrap().searcher();
        Self {
            searcher,
            body,
            published,
            bounds: (day(Some(archive.span.0)), day(Some(archive.span.1)) + 99),
        }
    }

    fn query(&self, asked: &Asked) -> Box<dyn Query> {
        let mut analyser = self.searcher.index().tokenizer_for_field(self.body).unwrap();
        let mut terms: Vec<Term> = Vec::new();
        analyser
            .token_stream(&asked.text)
            .process(&mut |token| terms.push(Term::from_field_text(self.body, &token.text)));
        let one = |term: &Term| -> Box<dyn Query> {
            Box::new(TermQuery::new(term.clone(), IndexRecordOption::WithFreqs))
        };
        let occur = match asked.sort {
            Sort::Or2 | Sort::Or3 => Occur::Should,
            _ => Occur::Must,
        };
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = terms.iter().map(|term| (occur, one(term))).collect();
        match asked.sort {
            Sort::Term => one(&terms[0]),
            Sort::Phrase => Box::new(PhraseQuery::new(terms)),
            Sort::Filtered => {
                let bound = |day: i64| Term::from_field_i64(self.published, day);
                let range = RangeQuery::new(
                    std::ops::Bound::Included(bound(self.bounds.0)),
                    std::ops::Bound::Included(bound(self.bounds.1)),
                );
                clauses.push((Occur::Must, Box::new(range)));
                Box::new(BooleanQuery::new(clauses))
            }
            _ => Box::new(BooleanQuery::new(clauses)),
        }
    }

    fn documents(&self, query: &dyn Query) -> usize {
        let top = self.searcher.search(query, &TopDocs::with_limit(10).order_by_score()).unwrap();
        let mut snippets = SnippetGenerator::create(&self.searcher, query, self.body).unwrap();
        snippets.set_max_num_chars(160);
        let mut bytes = 0;
        for (_, address) in top {
            let document: TantivyDocument = self.searcher.doc(address).unwrap();
            bytes += snippets.snippet_from_doc(&document).to_html().len();
        }
        bytes
    }

    fn ids(&self, query: &dyn Query) -> usize {
        let top = self.searcher.search(query, &TopDocs::with_limit(10).order_by_score()).unwrap();
        let mut id = String::new();
        let mut bytes = 0;
        for (_, address) in top {
            let reader = self.searcher.segment_reader(address.segment_ord);
            let column = reader.fast_fields().str("id").unwrap().unwrap();
            id.clear();
            let ord = column.term_ords(address.doc_id).next().unwrap();
            column.ord_to_str(ord, &mut id).unwrap();
            bytes += id.len();
        }
        bytes
    }
}

/// A date as a number that sorts: 20060622.
fn day(date: Option<&str>) -> i64 {
    let digits: String = date.unwrap_or_default().chars().filter(char::is_ascii_digit).take(8).collect();
    format!("{digits:0<8}").parse().unwrap_or(0)
}
