//! A synthetic archive that a seed repeats: words by Zipf's law, prolific and rare authors, stock images.

use store::{Article, AssetId, Batch, Byline, Image, Log, NewEvent};

/// The size that an archive is to have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) articles: u64,
    pub(crate) images: u64,
    pub(crate) bylines: u64,
}

impl Size {
    /// In the proportions of 1,000,000 articles, 300,000 images and 50,000 bylines.
    pub(crate) fn of(articles: u64) -> Self {
        Self { articles, images: articles * 3 / 10, bylines: articles / 20 }
    }
}

/// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// Small numbers often, large ones seldom: about one over the number.
    fn zipf(&mut self, end: u64) -> u64 {
        let uniform = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        ((end as f64).powf(uniform) as u64).saturating_sub(1).min(end - 1)
    }
}

const VOCABULARY: u64 = 60_000;

/// Returns the words of the archive: English ones first, made-up ones after.
pub(crate) fn vocabulary() -> Vec<String> {
    let common = "the of and to in a is that for it was on are as with his they at be this from have or by one had \
        not but what all were when we there can an your which their said if do will each about how up out them then \
        she many some so these would other into has more her two like him see time could no make than first been its \
        who now people my made over did down only way find use may water long little very after words called just \
        where most know harbour ferries running reported yesterday committee government meeting elections captains";
    let mut words: Vec<String> = common.split_whitespace().map(str::to_owned).collect();
    let mut dice = Dice(42);
    let syllables = [
        "ba", "con", "de", "fer", "gra", "hin", "jo", "kel", "lo", "mar", "ni", "por", "qua", "ros", "sta",
        "tel", "ver", "win",
    ];
    let endings = ["", "s", "ing", "ed", "ation", "ly", "er", "ness"];
    while (words.len() as u64) < VOCABULARY {
        let mut word = String::new();
        for _ in 0..=dice.below(3) {
            word.push_str(syllables[dice.below(syllables.len() as u64) as usize]);
        }
        word.push_str(endings[dice.below(endings.len() as u64) as usize]);
        words.push(word);
    }
    words
}

fn text(dice: &mut Dice, words: &[String], count: u64) -> String {
    let mut text = String::with_capacity(count as usize * 7);
    for n in 0..count {
        if n > 0 {
            text.push_str(if n % 17 == 0 { ". " } else { " " });
        }
        text.push_str(&words[dice.zipf(VOCABULARY) as usize]);
    }
    text
}

pub(crate) fn id(letter: char, n: u64) -> AssetId {
    AssetId::new(format!("{letter}/{n:08}")).unwrap()
}

/// Returns the article of a number; `language` empty is to be detected.
pub(crate) fn article(n: u64, size: Size, words: &[String], language: &str) -> Article {
    let mut dice = Dice(n ^ 0x5eed);
    let year = 1851 + n * 174 / size.articles.max(1);
    Article {
        headline: text(&mut dice, words, 8),
        summary: text(&mut dice, words, 25),
        body: text(&mut dice, words, 330),
        published: format!("{year}-{:02}-{:02}", 1 + dice.below(12), 1 + dice.below(28)).parse().ok(),
        language: language.to_owned(),
        section: format!("section {}", dice.zipf(20)),
        page: format!("A{}", 1 + dice.below(40)),
        bylines: (0..=dice.below(2)).map(|_| id('b', dice.zipf(size.bylines))).collect(),
        images: (0..dice.below(2)).map(|_| id('i', dice.below(size.images))).collect(),
        ..Article::default()
    }
}

fn image(n: u64, size: Size, words: &[String]) -> Image {
    let mut dice = Dice(n ^ 0x1316);
    Image {
        caption: text(&mut dice, words, 14),
        alt: text(&mut dice, words, 6),
        credit: "The Harbour Ledger".to_owned(),
        photographer: Some(id('b', dice.below(size.bylines))),
        ..Image::default()
    }
}

fn byline(n: u64, words: &[String]) -> Byline {
    let mut dice = Dice(n ^ 0xb11e);
    Byline { name: text(&mut dice, words, 2), ..Byline::default() }
}

/// Loads the archive. Returns the bytes of text in it.
pub(crate) fn load(log: &Log, size: Size, words: &[String]) -> u64 {
    let mut bytes = 0;
    let mut batch = Batch::default();
    let mut add = |event: &NewEvent, last: bool| {
        batch.events.push(log.prepare(event).unwrap());
        if batch.events.len() == 5_000 || last {
            log.append(std::mem::take(&mut batch)).unwrap();
        }
    };
    for n in 0..size.bylines {
        add(&NewEvent::published(id('b', n), byline(n, words)), false);
    }
    for n in 0..size.images {
        let image = image(n, size, words);
        bytes += (image.caption.len() + image.alt.len()) as u64;
        add(&NewEvent::published(id('i', n), image), false);
    }
    for n in 0..size.articles {
        let article = article(n, size, words, "en");
        bytes += (article.headline.len() + article.summary.len() + article.body.len()) as u64;
        add(&NewEvent::published(id('a', n), article), n + 1 == size.articles);
    }
    bytes
}
