// What a reader does, in a real browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PAGES, PHONE, append, base, browse, count, done, empty, look, open } from "./browser.mjs";

browse();

test("a search finds, highlights and counts", async () => {
  const page = await open("/");
  await page.fill("#q", "gutta-percha");
  await page.press("#q", "Enter");
  await page.waitForURL(/q=gutta-percha/);
  assert.equal(await count(page), 5);
  assert.equal(await page.locator("ol.hits > li").count(), 5);
  assert.match((await page.textContent(".hits em")).toLowerCase(), /gutta/);
  assert.match(await page.textContent('.tabs [aria-current="page"]'), /Articles\s+5/);
  await done(page);
});

test("a facet is put on and taken off", async () => {
  const page = await open("/?q=ferry");
  const whole = await count(page);
  await page.click('.facet a:has-text("Local")');
  await page.waitForURL(/section=Local/);
  const narrowed = await count(page);
  assert.ok(narrowed > 0 && narrowed < whole);
  await page.click('ul.chosen a:has-text("Local")');
  await page.waitForURL((url) => !url.search.includes("section"));
  assert.equal(await count(page), whole);
  await done(page);
});

test("exact words stay exact", async () => {
  for (const javaScriptEnabled of [true, false]) {
    const page = await open("/?q=ferries", { javaScriptEnabled });
    const all = await count(page);
    await page.click('nav[aria-label="Words"] a:has-text("Exact words")');
    await page.waitForURL(/exact=true/);
    const exact = await count(page);
    assert.ok(exact > 0 && exact < all, `${exact} of ${all}`);
    for (const marked of await page.locator(".hits em").allTextContents()) assert.match(marked, /^ferries$/i);
    // It stays while the search is narrowed, put in another order, asked with other words, and taken away.
    await page.click('.facet a:has-text("Local")');
    await page.waitForURL(/exact=true.*section=Local/);
    await page.click('nav[aria-label="Order"] a:has-text("Oldest")');
    await page.waitForURL(/exact=true.*sort=oldest/);
    for (const path of ["/search.csv", "/search.atom"]) assert.match(await page.getAttribute(`a[href^="${path}"]`, "href"), /exact=true/);
    await page.fill("#q", "ferry");
    await page.press("#q", "Enter");
    await page.waitForURL(/q=ferry&.*exact=true/);
    for (const marked of await page.locator(".hits em").allTextContents()) assert.match(marked, /^ferry$/i);
    await page.click('nav[aria-label="Words"] a:has-text("All forms")');
    await page.waitForURL((url) => !url.search.includes("exact"));
    await done(page);
  }
});

test("bars are links, and a range can be dragged", async () => {
  const page = await open("/");
  await page.click('.chart a:has-text("1910s")');
  await page.waitForURL(/from=1910&to=1919/);
  assert.match(await page.textContent(".scale"), /^Most: \d in 191\d$/);
  await page.click('.way a:has-text("All years")');
  await page.waitForURL((url) => !url.search.includes("from"));
  const whole = await count(page);
  const box = await page.locator(".chart").boundingBox();
  await page.mouse.move(box.x + box.width * 0.3, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.4, box.y + 40, { steps: 4 });
  assert.match(await page.textContent(".tip"), /^\d{4} – \d{4}$/);
  await page.mouse.move(box.x + box.width * 0.5, box.y + 40, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(/from=19\d\d&to=19\d\d/);
  assert.ok((await count(page)) < whole && (await count(page)) > 0);
  // Down to months and days.
  await page.goto(`${base}/?from=1912&to=1912`);
  assert.equal(await page.getAttribute(".chart", "data-unit"), "month");
  await page.goto(`${base}/?from=1912-04&to=1912-04`);
  assert.equal(await page.getAttribute(".chart", "data-unit"), "day");
  await done(page);
});

test("dragging goes from centuries down to days", async () => {
  const page = await open("/");
  const units = [];
  for (;;) {
    units.push(await page.getAttribute(".chart", "data-unit"));
    if (units.at(-1) === "day") break;
    const from = page.url();
    const bar = await page.evaluate(() => {
      // Some bins around the tallest bar.
      const bins = Number(document.querySelector(".chart").dataset.bins);
      const tops = [...document.querySelector(".area path").getAttribute("d").matchAll(/M(\d+) 100V(\d+)/g)].map(([, x, top]) => [Number(x), Number(top)]);
      const [x] = tops.sort((one, other) => one[1] - other[1])[0];
      return (x + 0.5) / bins;
    });
    const box = await page.locator(".chart").boundingBox();
    const around = Math.max(0.02, 0.6 / Number(await page.getAttribute(".chart", "data-bins")));
    await page.mouse.move(box.x + box.width * Math.max(bar - around, 0.001), box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * Math.min(bar + around, 0.999), box.y + 40, { steps: 3 });
    await page.mouse.up();
    await page.waitForURL((url) => url.href !== from);
    assert.ok((await count(page)) > 0, page.url());
    assert.ok(units.length < 6, `${units}`);
  }
  assert.deepEqual([units[0], units.at(-1)], ["year", "day"]);
  await done(page);
});

test("the period says where one is, and leads out and on", async () => {
  const page = await open("/?from=1912-04&to=1912-04");
  assert.match(await page.textContent(".way"), /All years.*1910s.*1912.*April 1912.*March 1912.*May 1912/);
  await page.click('.way a:has-text("May 1912")');
  await page.waitForURL(/from=1912-05&to=1912-05/);
  await page.click('.way a:text-is("1912")');
  await page.waitForURL(/from=1912&to=1912/);
  await page.click('.way a:has-text("1910s")');
  await page.waitForURL(/from=1910&to=1919/);
  await done(page);
});

test("all values of a facet are had, and several are combined and come off one by one", async () => {
  const page = await open("/");
  const values = () => page.locator(".facet:has(#facet-section) li").count();
  assert.equal(await values(), 7);
  await page.click(".facet:has(#facet-section) .more a");
  await page.waitForURL(/all=section#facet-section$/);
  assert.ok((await values()) > 20);
  await page.click('.facet:has(#facet-section) a:has-text("Obituaries")');
  await page.waitForURL((url) => url.search === "?section=Obituaries");
  const one = await count(page);
  await page.goto(`${base}/?section=Obituaries&section=Science`);
  const two = await count(page);
  await page.goto(`${base}/?section=Obituaries&section=Science&type=obituary&from=2000`);
  assert.ok(one < two && (await count(page)) < one);
  for (const chip of ["Science", "Obituary", "2000", "Obituaries"]) {
    const chips = await page.locator("ul.chosen a").count();
    await page.click(`ul.chosen a:has-text("${chip}")`);
    await page.waitForFunction((chips) => document.querySelectorAll("ul.chosen a").length === chips - 1, chips);
  }
  await page.click('.facet:has(#facet-periods) .more a');
  await page.click('.facet:has(#facet-periods) a:has-text("1850s")');
  await page.waitForURL(/from=1850&to=1859/);
  await done(page);
});

test("an article opened from a search has its words marked, and leads back to where the reader was", async () => {
  const page = await open("/?q=cable&section=Front+Page&sort=oldest");
  const from = page.url();
  await page.click(".hit h3 a");
  await page.waitForURL(/articles/);
  const words = await page.$$eval(".text em", (words) => words.map((word) => word.textContent.toLowerCase()));
  assert.ok(words.length > 0 && words.every((word) => word.startsWith("cable")), `${words}`);
  assert.match(await page.textContent(".found"), new RegExp(`^${words.length} places? in the text`));
  await page.keyboard.press("j");
  assert.equal(await page.getAttribute(".text em.here", "id"), "found");
  assert.equal(await page.inputValue("#q"), "cable");
  await page.click(".back a");
  await page.waitForURL((url) => url.searchParams.get("section") === "Front Page" && url.searchParams.get("sort") === "oldest");
  assert.equal(new URL(page.url()).searchParams.get("q"), new URL(from).searchParams.get("q"));
  await done(page);
});

test("a hit of the archive as it stood leads to the page as it stood", async () => {
  const page = await open("/?q=titanic&as_of=1912-04-16");
  await page.click(".hit h3 a");
  await page.waitForURL(/at=1912-04-16/);
  assert.match(await page.textContent(".story .deck"), /All Passengers Reported Safe/);
  await done(page);
});

test("pictures that do not load leave no hole", async () => {
  const page = await open("/nothing");
  await page.route("**/media/**", (route) => route.abort());
  await page.goto(`${base}/?q=lighthouse`);
  await page.waitForFunction(() => document.querySelectorAll(".hit").length > 0 && !document.querySelector(".thumb img"));
  await page.goto(`${base}/?view=images`);
  await page.locator(".tile").last().scrollIntoViewIfNeeded();
  await page.waitForFunction(() => document.querySelector(".tile .no-picture") && !document.querySelector(".tile:first-child img"));
  assert.ok((await page.textContent(".tile:first-child .no-picture")).length > 10);
  page.complaints = page.complaints.filter((complaint) => !/ERR_FAILED/.test(complaint));
  await done(page);
});

test("an article without a headline is called by its first words, and lines of print stay lines", async () => {
  const page = await open("/");
  const body = "NEWBERRY, S. C., TUESDAY,\nTWICE A WEEK, $1.50 A YEAR.\nSECRET ASSOCIATION\nOF KERSHAW FARMERS\nThat the farmers of South\nCarolina are thinking.";
  await append(page, { type: "article.published", id: "a/scan", data: { body, published: "1916-01-04" } });
  await page.goto(`${base}/?from=1916-01-04&to=1916-01-04`);
  assert.match(await page.textContent(".hit h3"), /^NEWBERRY, S\. C\., TUESDAY, TWICE A WEEK/);
  await page.click(".hit h3 a");
  await page.waitForURL(/scan/);
  assert.match(await page.textContent("h1"), /^NEWBERRY/);
  assert.match(await page.title(), /^NEWBERRY/);
  assert.match(await page.textContent(".citation"), /NEWBERRY/);
  assert.equal(await page.$eval(".text p", (text) => getComputedStyle(text).whiteSpace), "pre-line");
  assert.equal(await page.locator(".text .first").count(), 0);
  await append(page, { type: "article.erased", id: "a/scan", data: { reason: "It was a test" } });
  await done(page);
});

test("bylines stand by how much they wrote", async () => {
  const page = await open("/?view=bylines");
  const counts = await page.$$eval(".person-hit .over span:first-child", (spans) => spans.map((span) => parseInt(span.textContent)));
  assert.ok(counts.length > 10 && counts[0] >= 15);
  assert.equal(await page.textContent('.orders [aria-current="true"]'), "Most articles");
  await page.click('.orders a:has-text("Oldest")');
  await page.waitForURL(/sort=oldest/);
  await done(page);
});

test("pages are leafed through, and the address brings one back", async () => {
  const page = await open("/");
  const first = await page.textContent(".hit h3");
  await page.click('.pager [rel="next"]');
  await page.waitForURL(/page=2/);
  const second = await page.textContent(".hit h3");
  assert.notEqual(first, second);
  await page.reload();
  assert.equal(await page.textContent(".hit h3"), second);
  await page.click('.pager [rel="prev"]');
  await page.waitForURL((url) => !url.search.includes("page"));
  assert.equal(await page.textContent(".hit h3"), first);
  await page.goBack();
  assert.equal(await page.textContent(".hit h3"), second);
  await page.goForward();
  assert.equal(await page.textContent(".hit h3"), first);
  await done(page);
});

for (const search of ["/", "/?q=the&sort=relevance", "/?q=the&sort=oldest", "/?view=images"]) {
  test(`every hit is on one page, forwards and back: ${search}`, async () => {
    const page = await open(search);
    const total = await count(page);
    assert.ok(total > 40);
    const leaf = async (rel) => {
      const hits = [];
      for (;;) {
        hits.push(...(await page.$$eval(".hits a.open", (links) => links.map((link) => link.pathname))));
        const link = page.locator(`.pager [rel="${rel}"]`);
        if ((await link.count()) === 0) return hits;
        await page.goto(base + (await link.getAttribute("href")));
      }
    };
    const forwards = await leaf("next");
    assert.equal(new Set(forwards).size, total);
    assert.equal(forwards.length, total);
    // The same hits, page after page from the last: each page in its own order.
    const back = await leaf("prev");
    assert.deepEqual([...back].sort(), [...forwards].sort());
    await done(page);
  });
}

test("a page stays what it is when something new comes before it", async () => {
  const page = await open("/");
  await page.click('.pager [rel="next"]');
  await page.waitForURL(/page=2/);
  const before = await page.$$eval(".hits a.open", (links) => links.map((link) => link.href));
  await append(page, { type: "article.published", id: "a/newest", data: { headline: "The Newest of All", body: "It came in.", published: "2026-12-31" } });
  await page.reload();
  assert.deepEqual(await page.$$eval(".hits a.open", (links) => links.map((link) => link.href)), before);
  await page.goto(`${base}/`);
  assert.equal(await page.textContent(".hit h3"), "The Newest of All");
  await append(page, { type: "article.erased", id: "a/newest", data: { reason: "It was a test" } });
  await done(page);
});

test("words are suggested while they are typed", async () => {
  const page = await open("/");
  await page.locator("#q").pressSequentially("eleanor q");
  await page.waitForSelector('#suggestions [role="option"]');
  assert.equal(await page.getAttribute("#q", "aria-expanded"), "true");
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.getAttribute("#q", "aria-activedescendant"), "suggestion-0");
  assert.match(await page.textContent("#suggestion-0"), /Eleanor Quill/);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#suggestions").count(), 0);
  await page.locator("#q").pressSequentially("u");
  await page.waitForSelector('#suggestions [role="option"]');
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL(/q=Eleanor(\+|%20)Quill/);
  assert.ok((await count(page)) > 10);
  await done(page);
});

test("a search is saved as a table and followed as a feed", async () => {
  const page = await open("/?q=ferry&byline=Nora+Hallam");
  const wanted = await count(page);
  const table = await page.request.get(base + (await page.getAttribute('.take-away a:has-text("CSV")', "href")));
  assert.match(table.headers()["content-type"], /^text\/csv/);
  assert.ok((await table.text()).startsWith("id,seq,revision,"));
  const feed = await page.request.get(base + (await page.getAttribute('link[rel="alternate"]', "href")));
  assert.match(feed.headers()["content-type"], /^application\/atom\+xml/);
  const entries = (await feed.text()).match(/<entry>/g) ?? [];
  assert.equal(entries.length, wanted);
  await done(page);
});

test("what is not there is told in the house's look, to readers alone", async () => {
  const page = await open("/nothing/here");
  assert.match(await page.textContent("h1"), /Not in the drawers/);
  assert.ok(await page.locator("#q").count());
  const answer = await page.request.get(`${base}/nothing/here`, { headers: { accept: "application/json" } });
  assert.equal(answer.status(), 404);
  assert.match(answer.headers()["content-type"], /problem\+json/);
  const api = await page.request.get(`${base}/api/v1/nothing`, { headers: { accept: "text/html" } });
  assert.match(api.headers()["content-type"], /problem\+json/);
  await done(page);
});

test("nothing found, and a way on", async () => {
  const page = await open("/?q=gutta-parcha");
  assert.equal(await count(page), 0);
  await page.click(".spelled a");
  await page.waitForURL(/q=gutta-percha/);
  assert.equal(await count(page), 5);
  await done(page);
});

test("an archive that nothing was loaded into says what to do next", async () => {
  const page = await open("/", { bypassCSP: true }, empty);
  assert.equal(await page.textContent("h1"), "The drawers are empty");
  assert.match(await page.textContent("pre"), /morgue load/);
  assert.deepEqual((await look(page)).violations, []);
  await page.goto(`${empty}/?q=ferry`);
  assert.match(await page.textContent(".way-on"), /Nothing in the drawers/);
  await page.goto(`${empty}/status`);
  assert.match(await page.textContent("#health"), /All is well/);
  await done(page);
});

test("a correction is shown as a difference, with its evidence", async () => {
  const page = await open("/?q=titanic+sunk");
  await page.click(".hit h3 a");
  await page.waitForURL(/titanic/);
  assert.equal(await page.textContent("h1"), "Titanic Sunk");
  assert.match(await page.textContent(".corrections"), /Neither was true/);
  assert.match(await page.textContent(".changes del"), /Strikes an Iceberg/);
  assert.match(await page.textContent(".changes ins"), /Sunk/);
  assert.match(await page.textContent(".evidence .digest"), /^[0-9a-f]{64}$/);
  assert.equal(await page.locator(".cite pre").count(), 3);
  await done(page);
});

test("an article, and the archive, as they stood on a date", async () => {
  const page = await open("/articles/a/1912-04-16-titanic");
  await page.fill("#at", "1912-04-16");
  await page.press("#at", "Enter");
  await page.waitForURL(/at=1912-04-16/);
  assert.match(await page.textContent(".story .deck"), /All Passengers Reported Safe/);
  assert.match(await page.textContent('[role="note"]'), /As it stood at the end of 16 April 1912/);
  await page.goto(`${base}/?q=titanic&as_of=1912-04-16`);
  assert.match(await page.textContent(".hits"), /Strikes an Iceberg/);
  await done(page);
});

test("a withdrawn article says so, and nothing of what it said, nor why", async () => {
  const page = await open("/articles/a/2025-09-12-lighthouse-pink");
  assert.match(await page.textContent("main"), /was withdrawn\s*On 16 Sep 2025/);
  assert.doesNotMatch(await page.textContent("body"), /painted|misread/i);
  await done(page);
});

test("what was withdrawn says so on the page as it stood before, too", async () => {
  const page = await open("/articles/a/2025-09-12-lighthouse-pink?at=2025-09-13");
  assert.match(await page.textContent("h1"), /was withdrawn/);
  assert.doesNotMatch(await page.textContent("body"), /painted|misread/i);
  assert.equal(await page.getAttribute('meta[name="robots"]', "content"), "noindex");
  await done(page);
});

test("a byline that is another person leads to that one; everything by her", async () => {
  const page = await open("/bylines/b/e-quill");
  assert.match(page.url(), /eleanor-quill$/);
  assert.match(await page.textContent(".names"), /E\. Quill/);
  assert.ok((await page.locator(".works .list li").count()) >= 15);
  assert.match(await page.getAttribute(".silhouette", "aria-label"), /16 articles from 1903 to 1940/);
  await done(page);
});

test("an image is shown, and where it was used", async () => {
  const page = await open("/images/i/ferry");
  assert.ok(await page.evaluate(() => document.querySelector(".plate img").naturalWidth > 0));
  assert.ok((await page.locator(".uses li").count()) > 0);
  await done(page);
});

test("the keyboard alone is enough", async () => {
  const page = await open("/?q=ferry");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "q");
  await page.keyboard.press("Escape");
  assert.notEqual(await page.evaluate(() => document.activeElement.id), "q");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  const wanted = await page.getAttribute(".hit.here a.open", "href");
  assert.equal(wanted, await page.locator(".hit a.open").first().getAttribute("href"));
  await page.keyboard.press("Enter");
  await page.waitForURL(base + wanted);
  await page.goto(`${base}/`);
  await page.focus(".chart a");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await page.waitForURL(/from=1860&to=1869/);
  await done(page);
});

test("everything is there without JavaScript", async () => {
  const page = await open("/", { javaScriptEnabled: false });
  await page.fill("#q", "ferry");
  await page.press("#q", "Enter");
  await page.waitForURL(/q=ferry/);
  await page.click('.facet a:has-text("Local")');
  await page.fill("#from", "1900");
  await page.press("#from", "Enter");
  await page.waitForURL(/from=1900/);
  assert.match(page.url(), /section=Local/);
  await page.click(".hit h3 a");
  await page.waitForURL(/articles/);
  for (const path of Object.values(PAGES)) {
    await page.goto(base + path);
    assert.ok(await page.locator("h1").count(), path);
  }
  await done(page);
});

test("a phone leads to what narrows the search, and back by the chips", async () => {
  const page = await open("/?q=ferry", PHONE);
  await page.tap('.to-narrow a');
  await page.waitForURL(/#narrow$/);
  await page.tap('.facet a:has-text("Local")');
  await page.waitForURL(/section=Local/);
  await page.tap('ul.chosen a:has-text("Local")');
  await page.waitForURL((url) => !url.search.includes("section"));
  await done(page);
});
