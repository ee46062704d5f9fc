// 200 script injections in every field of text, and in every parameter: all of them stay text.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { hostile, launch } from "./browser.mjs";
import { PAYLOADS } from "./payloads.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

// What must never be in a page: what the script would have done, elements and attributes that came out of text.
const harm = () => {
  const found = [];
  if (globalThis.breach) found.push("a script ran");
  for (const element of document.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      if (name.startsWith("on")) found.push(`${element.tagName} ${name}`);
      if (/^(href|src|action|data|xlink:href)$/.test(name) && /^\s*(javascript|data|vbscript):/i.test(value)) found.push(`${name}=${value}`);
      if (name === "style") found.push("style");
    }
  }
  for (const script of document.scripts) if (!script.src.startsWith(`${location.origin}/assets/`)) found.push("a script");
  const strange = "iframe, object, embed, base, meta[http-equiv], style, video, audio, math, body body, link[href^='https:'], form[action^='https:']";
  for (const element of document.querySelectorAll(strange)) found.push(element.outerHTML);
  return found;
};

// So many tabs look at the same time.
const TABS = 4;

test(`${PAYLOADS.length} payloads in every field of every page are inert`, { timeout: 1_200_000 }, async () => {
  assert.equal(PAYLOADS.length, 200);
  const paths = PAYLOADS.flatMap((payload, number) => {
    const text = encodeURIComponent(payload);
    return [
      ...["articles", "images", "bylines"].map((kind) => `/${kind}/x/${number}`),
      `/?q=${text}&section=${text}&from=${text}&to=${text}&sort=${text}&as_of=${text}&view=${text}&page=${text}`,
      `/?section=${text}&after=${text}`,
      `/articles/${text}?at=${text}`,
      `/${text}`,
    ];
  });
  for (const view of ["articles", "images", "bylines"]) {
    for (let number = 1; number <= 5; number += 1) paths.push(`/?q=harpoon&view=${view}&page=${number}`);
  }
  paths.push("/status");
  const all = paths.length;
  const elsewhere = [];
  let checked = 0;
  const look = async () => {
    const page = await browser.newPage();
    page.on("dialog", (dialog) => (elsewhere.push("a dialog"), dialog.dismiss()));
    page.on("request", (request) => {
      const { origin } = new URL(request.url());
      if (origin !== new URL(hostile).origin && !request.url().startsWith("data:")) elsewhere.push(request.url());
    });
    for (let path = paths.pop(); path; path = paths.pop()) {
      const answer = await page.goto(hostile + path, { waitUntil: "domcontentloaded" });
      assert.ok(answer.status() < 500, `${path}: ${answer.status()}`);
      assert.match(answer.headers()["content-security-policy"], /default-src 'self'/, path);
      assert.deepEqual(await page.evaluate(harm), [], path);
      checked += 1;
    }
    await page.close();
  };
  await Promise.all(Array.from({ length: TABS }, look));
  assert.deepEqual(elsewhere, []);
  assert.equal(checked, all);
  console.log(`${checked} pages with payloads`);
});

test("scripts in a picture that is opened by itself do not run", async () => {
  const page = await browser.newPage();
  const answer = await page.goto(`${hostile}/media/images/ferry.svg`);
  assert.match(answer.headers()["content-security-policy"], /sandbox/);
  assert.equal(answer.headers()["x-content-type-options"], "nosniff");
  for (const path of ["/media/../log/data.mdb", "/media/%2e%2e/log/data.mdb", "/media/01-bylines.jsonl", "/media//etc/passwd"]) {
    assert.equal((await page.request.get(hostile + path)).status(), 404, path);
  }
  await page.close();
});
