//! Documents that have any word in a field of text: those whose length there is not nothing.

use tantivy::{
    DocId, SegmentReader,
    query::{
        Query,
        doc_predicate_query::{DocPredicateQuery, FunctionPredicate},
    },
    schema::Field,
};

pub(super) fn present(field: Field) -> impl Query {
    let predicate = FunctionPredicate::from(move |reader: &SegmentReader| {
        let lengths = reader.get_fieldnorms_reader(field)?;
        Ok(move |doc: DocId| lengths.fieldnorm_id(doc) > 0)
    });
    DocPredicateQuery::from(predicate)
}
