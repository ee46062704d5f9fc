// What whoever runs the archive does in the machine room, in a real browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { append, base, browse, done, hostile, open } from "./browser.mjs";

browse();

const order = (page, what, view) =>
  page.request.post(`${hostile}/status/${what}`, { form: { view }, headers: { accept: "text/html" }, maxRedirects: 0 });

test("the machine room follows the log without being asked", async () => {
  const page = await open("/status");
  const before = await page.textContent("#head");
  await append(page, { type: "byline.published", id: "b/from-the-test", data: { name: "From the Test" } });
  await page.waitForFunction(() => document.querySelector("#events tbody").textContent.includes("b/from-the-test"));
  assert.notEqual(await page.textContent("#head"), before);
  await done(page);
});

test("the machine room shows the machine, and each view's lag as a chart", async () => {
  const page = await open("/status");
  assert.match(await page.textContent("#machine"), /Disk[\s\S]*free[\s\S]*Memory[\s\S]*Held by this process/);
  assert.equal(await page.locator(".views svg.spark").count(), 3);
  await page.waitForSelector("#log .spark .line", { state: "attached" });
  assert.match(await page.textContent("#quarantine"), /Empty/);
  assert.match(await page.textContent("#health"), /^All is well\./);
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
          values.add(bar.position);
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
  assert.match(await page.textContent("#view-images .build"), /Waits|Making|Checking|Taking|Last built: g0/);
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
