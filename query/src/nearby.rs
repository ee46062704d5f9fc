//! The places where the words of a phrase stand together in a text, if they may be moved.
//!
//! Each word of the phrase has its places in a text. Taken back by the word's own number in the phrase they are all the
//! same where the phrase stands as it is; how far they are apart is how much was moved. This is what Lucene calls slop,
//! and its way of finding it (`SloppyPhraseMatcher`): always the word that is furthest behind goes on, so every place is
//! looked at once, however many there are.

use std::{cmp::Reverse, collections::BinaryHeap};

/// Hands `enough` each place where the words of a phrase stand together, as the places of its words in the phrase's
/// order, until it says that it has enough, or what it is told the steps of says that it is `over`. `places` are the
/// places of each word in the text, ascending.
pub fn each_match(
    places: &[&[u32]],
    slop: u32,
    mut over: impl FnMut(usize) -> bool,
    mut enough: impl FnMut(&[u32]) -> bool,
) {
    let taken_back = |word: usize, place: u32| i64::from(place) - word as i64;
    let mut next_of: Vec<_> = places.iter().map(|places| places.iter()).collect();
    let firsts: Option<Vec<u32>> = next_of.iter_mut().map(|places| places.next().copied()).collect();
    let Some(mut now) = firsts else { return };
    let moved = now.iter().zip(0..).map(|(place, word)| (taken_back(word, *place), word));
    let mut behind: BinaryHeap<Reverse<(i64, usize)>> = moved.map(Reverse).collect();
    let mut ahead = behind.iter().map(|Reverse((place, _))| *place).max().unwrap_or(0);
    while let Some(Reverse((place, word))) = behind.pop() {
        let next = next_of.get_mut(word).and_then(|places| places.next().copied());
        let is_near = ahead - place <= i64::from(slop);
        if over(if is_near { now.len() } else { 1 }) {
            return;
        }
        if is_near && stand_apart(&now) {
            // As long as it stays behind the others, going on brings it nearer to them.
            let second = behind.peek().map_or(i64::MAX, |Reverse((place, _))| *place);
            let is_nearer_next = next.is_some_and(|next| {
                let replaced =
                    now.iter().enumerate().map(|(other, at)| if other == word { next } else { *at });
                taken_back(word, next) <= second && stand_apart(&replaced.collect::<Vec<u32>>())
            });
            if !is_nearer_next && enough(&now) {
                return;
            }
        }
        let (Some(next), Some(own)) = (next, now.get_mut(word)) else { return };
        *own = next;
        ahead = ahead.max(taken_back(word, next));
        behind.push(Reverse((taken_back(word, next), word)));
    }
}

/// Returns true if all words stand in places of their own: one word of a text does not stand for two of a phrase, be they
/// the same, or one the start of the other.
fn stand_apart(at: &[u32]) -> bool {
    let mut taken = at.to_vec();
    taken.sort_unstable();
    taken.is_sorted_by(|one, other| one < other)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(text: &str, phrase: &str, slop: u32) -> Vec<Vec<u32>> {
        let text: Vec<&str> = text.split_whitespace().collect();
        let words: Vec<&str> = phrase.split_whitespace().collect();
        let of = |word: &&str| (0..).zip(&text).filter(|(_, own)| own == &word).map(|(at, _)| at).collect();
        let places: Vec<Vec<u32>> = words.iter().map(of).collect();
        let places: Vec<&[u32]> = places.iter().map(Vec::as_slice).collect();
        let mut found = Vec::new();
        each_match(
            &places,
            slop,
            |_| false,
            |at| {
                found.push(at.to_vec());
                false
            },
        );
        found
    }

    #[test]
    fn words_may_be_moved_as_far_as_the_slop_says() {
        let check = |text: &str, phrase: &str, needs: u32| {
            assert_eq!(matches(text, phrase, needs).len(), 1, "`{phrase}` in `{text}` within {needs}");
            if let Some(less) = needs.checked_sub(1) {
                assert!(matches(text, phrase, less).is_empty(), "`{phrase}` in `{text}` within {less}");
            }
        };
        check("the golden gate", "golden gate", 0);
        check("golden old gate", "golden gate", 1);
        check("gate golden", "golden gate", 2);
        check("a x x x b", "a b", 3);
        check("a x b x x c", "a b c", 3);
        check("c b a", "a b c", 4);
        check("to be or not to be", "to be or not to be", 0);
        check("the cat sat on the mat", "the mat", 0);
        assert!(matches("the cat", "the the cat", 9).is_empty(), "one word does not stand for two");
        assert_eq!(matches("a b a b x a b", "a b", 0), [[0, 1], [2, 3], [5, 6]]);
    }

    #[test]
    fn many_places_are_looked_at_once_each() {
        let text = "of the ".repeat(5_000);
        let phrase = "of the ".repeat(20);
        assert_eq!(matches(&text, &phrase, 0).len(), 5_000 - 19);
        assert!(!matches(&text, &phrase, 100).is_empty());
    }

    proptest! {
        /// It finds the phrase exactly where trying all places of all words finds it.
        #[test]
        fn as_trying_everything(text in prop::collection::vec(0_u8..4, 1..14), slop in 0_u32..6) {
            let phrase = [0_u8, 1, 2];
            let at = |word: u8| -> Vec<u32> {
                (0..).zip(&text).filter(|(_, own)| **own == word).map(|(at, _)| at).collect()
            };
            let places = phrase.map(at);
            let mut expected = false;
            for a in &places[0] {
                for b in &places[1] {
                    for c in &places[2] {
                        let back = [i64::from(*a), i64::from(*b) - 1, i64::from(*c) - 2];
                        let (low, high) = (back.iter().min().unwrap(), back.iter().max().unwrap());
                        expected |= high - low <= i64::from(slop);
                    }
                }
            }
            let lists: Vec<&[u32]> = places.iter().map(Vec::as_slice).collect();
            let mut found = false;
            each_match(&lists, slop, |_| false, |_| { found = true; true });
            prop_assert_eq!(found, expected);
        }
    }
}
