// What a reader does, in a real browser.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { PAGES, PHONE, WIDE, base, hostile, launch } from "./browser.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

// A tab that remembers what the browser complained of: a breach of the policy is such a complaint.
async function open(path, options = {}, server = base) {
  const context = await browser.newContext({ ...WIDE, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !/Failed to load resource.*(4\d\d)/.test(message.text())) page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(error.message));
  await page.goto(server + path);
  return page;
}

async function done(page) {
  assert.deepEqual(page.complaints, []);
  await page.context().close();
}

// Appends one event and waits until searches show it.
async function append(page, event) {
  const headers = { "content-type": "application/x-ndjson" };
  const answer = await page.request.post(`${base}/api/v1/events`, { headers, data: `${JSON.stringify(event)}\n` });
  assert.ok(answer.ok(), await answer.text());
  for (const view of ["articles", "images", "bylines"]) {
    const { head_seq } = await (await page.request.get(`${base}/api/v1/status`)).json();
    const found = await page.request.get(`${base}/api/v1/search?view=${view}&limit=0&min_seq=${head_seq}`);
    assert.ok(found.ok(), await found.text());
  }
}

const order = (page, what, view) =>
  page.request.post(`${hostile}/status/${what}`, { form: { view }, headers: { accept: "text/html" }, maxRedirects: 0 });

const count = async (page) => Number((await page.textContent("#count")).replace(/[^0-9].*/, ""));

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
  await page.click('.chart a[aria-label^="1910s"]');
  await page.waitForURL(/from=1910&to=1919/);
  await page.click(".wider a");
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
        hits.push(...(await page.$$eval(".hits a.open", (links) => links.map((link) => link.getAttribute("href")))));
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

test("a withdrawn article says so, and why, and nothing of what it said", async () => {
  const page = await open("/articles/a/2025-09-12-lighthouse-pink");
  assert.match(await page.textContent("main"), /was withdrawn[\s\S]*The minute was misread/);
  assert.doesNotMatch(await page.textContent("body"), /painted/i);
  await done(page);
});

test("what was withdrawn says so on the page as it stood before, too", async () => {
  const page = await open("/articles/a/2025-09-12-lighthouse-pink?at=2025-09-13");
  assert.match(await page.textContent("h1"), /Painted Pink/);
  const note = await page.textContent('[role="note"]');
  assert.match(note, /As it stood at the end of 13 September 2025/);
  assert.match(note, /It was withdrawn later, on 16 Sep 2025, by event \d+: The minute was misread/);
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

test("the machine room follows the log without being asked", async () => {
  const page = await open("/status");
  const before = await page.textContent("#head");
  await append(page, { type: "byline.published", id: "b/from-the-test", data: { name: "From the Test" } });
  await page.waitForFunction((before) => document.querySelector("#head").textContent !== before, before);
  assert.match(await page.textContent("#events tbody tr"), /b\/from-the-test/);
  await done(page);
});

test("the machine room shows the machine, and each view's lag as a chart", async () => {
  const page = await open("/status");
  assert.match(await page.textContent("#machine"), /Disk[\s\S]*free[\s\S]*Memory[\s\S]*Held by this process/);
  assert.equal(await page.locator(".views svg.spark").count(), 3);
  await page.waitForSelector("#log .spark .line", { state: "attached" });
  assert.match(await page.textContent("#quarantine"), /Empty/);
  await done(page);
});

test("a rebuild is ordered, its bar moves, searches go on, and it is taken back", async () => {
  const page = await open("/status", {}, hostile);
  const live = () => page.textContent("#view-articles .facts code");
  const before = await live();
  await page.click('#view-articles button:has-text("Rebuild")');
  await page.waitForSelector("#view-articles progress");
  const seen = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const values = new Set();
        const look = () => {
          const bar = document.querySelector("#view-articles progress");
          if (!bar) return resolve([...values]);
          values.add(bar.value);
          requestAnimationFrame(look);
        };
        look();
      }),
  );
  assert.ok(seen.length >= 3, `the bar was at ${seen}`);
  assert.deepEqual(seen, [...seen].sort((one, other) => one - other));
  await page.waitForSelector('#view-articles button:has-text("Back to")');
  assert.notEqual(await live(), before);
  assert.match(await page.textContent("#view-articles .build"), /Last built: g0/);
  // Searches go on meanwhile, and a second order is refused with a page.
  const [search, again] = await Promise.all([page.request.get(`${hostile}/?q=harpoon`), order(page, "rebuild", "articles").then(() => order(page, "rebuild", "articles"))]);
  assert.equal(search.status(), 200);
  assert.equal(again.status(), 409);
  assert.match(await again.text(), /<h1>One moment/);
  await page.reload();
  await page.waitForSelector("#view-articles progress", { state: "detached", timeout: 60_000 });
  const now = await live();
  await page.click('#view-articles button:has-text("Back to")');
  await page.waitForFunction((now) => document.querySelector("#view-articles .facts code").textContent !== now, now);
  await done(page);
});

test("without a script the machine room asks again by itself during a rebuild", async () => {
  const page = await open("/status", { javaScriptEnabled: false }, hostile);
  assert.equal(await page.locator("meta[http-equiv]").count(), 0);
  await page.click('#view-images button:has-text("Rebuild")');
  await page.waitForURL(/status#views/);
  assert.match(await page.textContent("#view-images .build"), /Making|Checking|Taking|Last built: g0/);
  await done(page);
});

test("orders of strangers are refused", async () => {
  const page = await open("/status");
  for (const [view, headers, status] of [
    ["articles", { origin: "https://elsewhere.example" }, 403],
    ["articles", { "x-forwarded-for": "203.0.113.9" }, 403],
    ["nonsense", {}, 404],
  ]) {
    const answer = await page.request.post(`${base}/status/rebuild`, { form: { view }, headers, maxRedirects: 0 });
    assert.equal(answer.status(), status, JSON.stringify(headers));
  }
  const seen = await page.request.get(`${base}/status`, { headers: { "x-forwarded-for": "203.0.113.9" } });
  assert.doesNotMatch(await seen.text(), /<button[^>]*>Rebuild/);
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

test("nothing is wider than a phone, and nothing is loaded from elsewhere", async () => {
  const context = await browser.newContext(PHONE);
  const page = await context.newPage();
  const others = [];
  page.on("request", (request) => request.url().startsWith(base) || others.push(request.url()));
  for (const [name, path] of Object.entries(PAGES)) {
    await page.goto(base + path);
    await page.evaluate(() => document.fonts.ready);
    const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= window, `${name}: ${wide} > ${window}`);
  }
  assert.deepEqual(others, []);
  await context.close();
});

for (const [mode, options] of Object.entries({
  light: { ...WIDE, colorScheme: "light" },
  dark: { ...WIDE, colorScheme: "dark" },
  "light on a phone": { ...PHONE, colorScheme: "light" },
  "dark on a phone": { ...PHONE, colorScheme: "dark" },
})) {
  test(`no violation of WCAG A and AA on any page: ${mode}`, async () => {
    const context = await browser.newContext({ ...options, bypassCSP: true });
    const page = await context.newPage();
    let checks = 0;
    const told = [];
    for (const [name, path] of Object.entries(PAGES)) {
      await page.goto(base + path);
      await page.evaluate(() => document.fonts.ready);
      await page.evaluate(axe);
      const { violations, passes } = await page.evaluate(() =>
        globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }),
      );
      checks += passes.length;
      told.push(...violations.map(({ id, nodes }) => `${name}: ${id}: ${nodes.slice(0, 3).map((node) => `${node.html} ${node.failureSummary}`).join(" | ")}`));
    }
    assert.deepEqual(told, []);
    assert.ok(checks > 100);
    await context.close();
  });
}

test("no page weighs more than 100 KB without its images", async () => {
  for (const [name, path] of Object.entries(PAGES)) {
    const context = await browser.newContext(WIDE);
    const page = await context.newPage();
    const answers = [];
    page.on("response", (response) => answers.push(response));
    const started = performance.now();
    await page.goto(base + path);
    await page.evaluate(() => document.fonts.ready);
    const parts = { document: 0, stylesheet: 0, script: 0, font: 0 };
    for (const answer of answers) {
      const type = answer.request().resourceType();
      if (type in parts) parts[type] += (await answer.request().sizes()).responseBodySize;
    }
    const total = Object.values(parts).reduce((sum, part) => sum + part, 0);
    const server = await page.evaluate(() => {
      const [entry] = performance.getEntriesByType("navigation");
      return entry.responseStart - entry.requestStart;
    });
    const kilobytes = Object.entries(parts).map(([type, size]) => `${type} ${(size / 1000).toFixed(1)}`);
    console.log(`${name.padEnd(20)} ${(total / 1000).toFixed(1).padStart(6)} KB (${kilobytes.join(", ")}), server ${server.toFixed(0)} ms`);
    assert.ok(total < 100_000, `${name}: ${total}`);
    assert.ok(performance.now() - started < 30_000);
    await context.close();
  }
});
