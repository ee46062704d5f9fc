use serde_json::{Value, json};
use store::Fact;

use super::*;

const HEAD: &str = "<?xml version='1.0'?><rss xmlns:wp='http://wordpress.org/export/1.2/'><channel><title>The Ferry Bell&amp;#8217;s</title>\
    <wp:wxr_version>1.2</wp:wxr_version><wp:base_blog_url>https://bell.example/news/</wp:base_blog_url>\
    <wp:author><wp:author_id>4</wp:author_id><wp:author_login>salt and pepper</wp:author_login><wp:author_email>s@bell.example</wp:author_email>\
    <wp:author_display_name><![CDATA[Agnes Salter]]></wp:author_display_name></wp:author>\
    <wp:author><wp:author_id>5</wp:author_id><wp:author_login>desk@bell.example</wp:author_login>\
    <wp:author_display_name>desk@bell.example</wp:author_display_name><wp:author_first_name>Paul</wp:author_first_name><wp:author_last_name>Desk</wp:author_last_name></wp:author>\
    <wp:author><wp:author_id>6</wp:author_id><wp:author_login>newsroom</wp:author_login><wp:author_display_name>Ida News-Room</wp:author_display_name></wp:author>\
    <wp:category><wp:category_nicename>harbour</wp:category_nicename></wp:category>\
    <wp:term><wp:term_taxonomy>author</wp:term_taxonomy><wp:term_slug>cap-otto</wp:term_slug><wp:term_name>Otto Kern</wp:term_name></wp:term>";

/// Returns what the items say, each asset's data with its id.
fn read(items: &str) -> Vec<Value> {
    let text = format!("{HEAD}{items}</channel></rss>");
    let reader = Wxr::default();
    let mut input = text.as_bytes();
    let mut cutter = reader.cutter(text.as_bytes());
    let mut all = Vec::new();
    while let Some(raw) = cutter.next(&mut input).unwrap() {
        let found = reader.read(&raw, &Origin { stem: "f".to_owned(), ..Origin::default() }).unwrap();
        for Found { event, .. } in found {
            if let Fact::Published(content) = &event.fact {
                let mut value = serde_json::to_value(content).unwrap();
                value["id"] = event.id.as_str().into();
                all.push(value);
            }
        }
    }
    all
}

fn post(inside: &str) -> Value {
    let item = format!("<item><wp:post_id>31</wp:post_id><wp:post_type>post</wp:post_type>{inside}</item>");
    read(&item).into_iter().find(|one| one["id"].as_str().unwrap().ends_with("?p=31")).unwrap()
}

#[test]
fn a_login_is_joined_with_its_author_before_anything_is_taken_apart() {
    let check = |creator: &str, credit: &str, id: &str| {
        let article = post(&format!("<dc:creator><![CDATA[{creator}]]></dc:creator>"));
        assert_eq!((&article["credit"], &article["bylines"]), (&json!(credit), &json!([id])), "{creator}");
    };
    check("salt and pepper", "Agnes Salter", "https://bell.example/news/?author=4");
    check("Salt And Pepper", "Agnes Salter", "https://bell.example/news/?author=4");
    check("desk@bell.example", "Paul Desk", "https://bell.example/news/?author=5");
    check("newsroom", "Ida News-Room", "https://bell.example/news/?author=6");
    // Exports before 1.1 have the name; a login that no author has is at least no address.
    check("Hanna and Sons", "Hanna and Sons", "byline:hanna-and-sons");
    check("karl.may@bell.example", "Karl May", "byline:karl-may");
}

#[test]
fn the_authors_that_a_plugin_lists_take_the_creators_place() {
    let term = |slug: &str, name: &str| {
        format!("<category domain='author' nicename='{slug}'><![CDATA[{name}]]></category>")
    };
    let check = |terms: &str, credit: &str| {
        let article = post(&format!("<dc:creator>newsroom</dc:creator>{terms}"));
        assert_eq!(article["credit"], credit, "{terms}");
        assert_eq!(article.get("keywords"), None, "{terms}");
    };
    check(
        &(term("cap-salt-and-pepper", "salt and pepper") + &term("cap-otto", "otto")),
        "Agnes Salter, Otto Kern",
    );
    check(&(term("cap-mary-anne", "mary-anne") + &term("newsroom", "newsroom")), "Mary Anne, Ida News-Room");
    let profile = read(
        "<item><title>Otto Kern</title><wp:post_id>8</wp:post_id><wp:post_type>guest-author</wp:post_type>\
         <wp:postmeta><wp:meta_key>cap-user_login</wp:meta_key><wp:meta_value>otto</wp:meta_value></wp:postmeta>\
         <wp:postmeta><wp:meta_key>cap-description</wp:meta_key><wp:meta_value>Writes of boats.</wp:meta_value></wp:postmeta></item>",
    );
    let profile = profile.iter().find(|one| one["id"] == "byline:otto").unwrap();
    assert_eq!(profile["bio"], "Writes of boats.");
}

#[test]
fn a_text_has_the_paragraphs_that_wordpress_makes() {
    let check = |content: &str, expected: &str| {
        let article = post(&format!("<content:encoded><![CDATA[{content}]]></content:encoded>"));
        assert_eq!(article["body"], expected, "{content}");
    };
    check("The ebb.\r\n\r\nThe flood.\n \nSlack.", "The ebb.\n\nThe flood.\n\nSlack.");
    check("A rhyme\nof two", "A rhyme\nof two");
    check("<b>Late</b>\n\nthe <i>last\nboat</i>", "Late\n\nthe last\nboat");
    check(
        "<!-- wp:paragraph -->\n<p>One\nline.</p>\n<!-- /wp:paragraph -->\n\n<p>Two</p>",
        "One line.\n\nTwo",
    );
    check("Before\n\n<pre>a\n\nb</pre>\n\nafter", "Before\n\na\n\nb\n\nafter");
    check("<a title=\"x\ny > z\">in</a> out", "in out");
    check("Ebb<!--more-->Flood<!--nextpage-->Slack", "Ebb\n\nFlood\n\nSlack");
}

/// WordPress keeps titles, names of authors and of terms as its pages have them, and an export escapes them once more.
#[test]
fn names_have_no_entities() {
    let article = post(
        "<title>Bell &amp;#038; Buoy</title><dc:creator>co</dc:creator><category domain='category'><![CDATA[Arts &amp; Crafts]]></category>\
         <category domain='post_tag'>Joe&amp;#8217;s</category>\
         <category domain='author' nicename='cap-anne'><![CDATA[Anne O&#8217;Dea]]></category>",
    );
    assert_eq!(
        (&article["headline"], &article["source"]),
        (&json!("Bell & Buoy"), &json!("The Ferry Bell’s"))
    );
    let words: Vec<_> = article["keywords"].as_array().unwrap().iter().map(|one| &one["value"]).collect();
    assert_eq!(words, ["Arts & Crafts", "Joe’s"]);
    assert_eq!(article["credit"], "Anne O’Dea");
    let known = read(
        "<wp:author><wp:author_id>9</wp:author_id><wp:author_login>co</wp:author_login><wp:author_display_name><![CDATA[Pike &amp; Co]]></wp:author_display_name></wp:author>",
    );
    assert!(known.iter().any(|one| one["name"] == "Pike & Co"), "{known:?}");
}

#[test]
fn shortcodes_lose_their_brackets_and_not_their_text() {
    let check = |content: &str, expected: &str, kept: &[&str]| {
        let article = post(&format!("<content:encoded><![CDATA[{content}]]></content:encoded>"));
        assert_eq!(article["body"], expected, "{content}");
        let kept = if kept.is_empty() { Value::Null } else { json!(kept) };
        assert_eq!(article["extra"]["shortcodes"], kept, "{content}");
    };
    check("He was their [sic] hero [1] [see below].", "He was their [sic] hero [1] [see below].", &[]);
    check("a [pull by='K']said so[/pull] b", "a said so b", &["[pull by='K']"]);
    check("a [dropcap]W[/dropcap]ho", "a Who", &["[dropcap]"]);
    check("[youtube https://v.example/1] x", "x", &["[youtube https://v.example/1]"]);
    check("[embed]https://v.example/2[/embed]", "https://v.example/2", &[]);
    check("write [[gallery]] there", "write [gallery] there", &[]);
    check("[box]open", "[box]open", &[]);
    check("[audio src='a]b.mp3' /]x", "x", &["[audio src='a]b.mp3' /]"]);
    check("<a title='[gallery]'>x</a> [/b] [", "x [/b] [", &[]);
}

#[test]
fn captions_and_galleries_show_images_of_the_article() {
    let id = |number: u32| format!("https://bell.example/news/?attachment_id={number}");
    let upload = |number: u32| {
        format!(
            "<item><wp:post_id>{number}</wp:post_id><wp:post_parent>31</wp:post_parent><wp:post_type>attachment</wp:post_type>\
             <wp:attachment_url>https://bell.example/{number}.jpg</wp:attachment_url></item>"
        )
    };
    let content = "[caption id=\"attachment_7\" width=\"300\"]<a href='b'><img src='s.jpg'></a> The <i>old</i> slip[/caption]\
         [caption caption='Before 3.4']<img class='wp-image-8' src='t.jpg'>[/caption][gallery ids='9, 10'] [gallery columns='2']";
    let item = format!(
        "<item><wp:post_id>31</wp:post_id><wp:post_type>post</wp:post_type><content:encoded><![CDATA[{content}]]></content:encoded></item>"
    );
    let found = read(&format!("{}{item}{}", upload(11), upload(12)));
    let article = found.last().unwrap();
    assert_eq!(article["images"], json!([id(7), id(8), id(9), id(10), id(11), id(12)]));
    assert_eq!(article.get("body"), None);
    let caption = |id: &str| found.iter().find(|one| one["id"] == id).unwrap()["caption"].clone();
    assert_eq!((caption(&id(7)), caption(&id(8))), (json!("The old slip"), json!("Before 3.4")));
    // The upload may have another.
    assert_eq!(article["extra"]["captions"], json!({id(7): "The old slip", id(8): "Before 3.4"}));
}

#[test]
fn nothing_that_opens_a_door_is_kept() {
    let comment = |approved: &str, text: &str| {
        format!(
            "<wp:comment><wp:comment_id>2</wp:comment_id><wp:comment_author>Reader</wp:comment_author><wp:comment_author_email>r@x.example</wp:comment_author_email>\
             <wp:comment_author_IP>192.0.2.7</wp:comment_author_IP><wp:comment_content>{text}</wp:comment_content><wp:comment_approved>{approved}</wp:comment_approved></wp:comment>"
        )
    };
    let item = format!(
        "<item><title>Don&amp;#8217;t</title><dc:creator>salt and pepper</dc:creator><wp:post_id>3</wp:post_id><wp:post_type>post</wp:post_type><wp:post_password>hunter2</wp:post_password>{}{}{}</item>",
        comment("1", "Well said"),
        comment("0", "not yet seen"),
        comment("spam", "cheap pills"),
    );
    let all = json!(read(&item)).to_string();
    for secret in
        ["hunter2", "192.0.2.7", "r@x.example", "bell.example\"", "pepper", "not yet seen", "cheap pills"]
    {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
    assert!(all.contains("Well said") && all.contains("Don’t"), "{all}");
}

#[test]
fn a_post_is_known_by_its_number_and_has_each_term_once() {
    let item = |number: u32, inside: &str| {
        format!(
            "<item><guid>https://old.example/?p=568</guid><wp:post_id>{number}</wp:post_id><wp:post_type>page</wp:post_type>{inside}</item>"
        )
    };
    let terms = "<category>Tides</category><category domain='category' nicename='tides'>Tides</category>\
         <category domain='post_tag' nicename='neap'>Neap</category><category>Neap</category>";
    let found = read(&(item(1, terms) + &item(2, "")));
    let ids: Vec<&Value> =
        found.iter().map(|one| &one["id"]).filter(|id| !id.as_str().unwrap().contains("author")).collect();
    assert_eq!(ids, ["https://bell.example/news/?p=1", "https://bell.example/news/?p=2"]);
    let article = found.iter().find(|one| one["keywords"].is_array()).unwrap();
    let keywords = json!([{"name": "category", "value": "Tides"}, {"name": "tag", "value": "Neap"}]);
    assert_eq!(article["keywords"], keywords);
}

#[test]
fn a_date_is_the_one_that_wordpress_knows() {
    let check = |dates: &str, expected: &str| {
        assert_eq!(post(dates)["published"].as_str().unwrap_or(""), expected, "{dates}");
    };
    let both = |gmt: &str, local: &str| {
        format!("<wp:post_date>{local}</wp:post_date><wp:post_date_gmt>{gmt}</wp:post_date_gmt>")
    };
    check(&both("2011-04-05 06:07:08", "2011-04-05 08:07:08"), "2011-04-05T06:07:08Z");
    check(&both("0000-00-00 00:00:00", "2011-04-05 08:07:08"), "2011-04-05T08:07:08Z");
    check(&both("-0001-11-30 00:00:00", "2011-04-05 08:07:08"), "2011-04-05T08:07:08Z");
    check(&both("", ""), "");
}

#[test]
fn a_post_names_its_attachments_by_their_numbers() {
    let image = read(
        "<item><guid>https://bell.example/w.jpg</guid><wp:post_id>7</wp:post_id><wp:post_type>attachment</wp:post_type><wp:attachment_url>https://bell.example/w.jpg</wp:attachment_url></item>",
    );
    assert!(image.iter().any(|one| one["id"] == "https://bell.example/news/?attachment_id=7"));
    let article = post(
        "<content:encoded><![CDATA[<img class='size-full wp-image-9' src='a.jpg'><img src='b.jpg'>]]></content:encoded>\
         <wp:postmeta><wp:meta_key>_thumbnail_id</wp:meta_key><wp:meta_value>7</wp:meta_value></wp:postmeta>",
    );
    let id = |number: u32| format!("https://bell.example/news/?attachment_id={number}");
    assert_eq!(article["images"], json!([id(7), id(9), "b.jpg"]));
}
