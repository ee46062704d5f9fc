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

test(`${PAYLOADS.length} payloads in every field of every page are inert`, { timeout: 1_200_000 }, async () => {
  assert.equal(PAYLOADS.length, 200);
  const context = await browser.newContext();
  const page = await context.newPage();
  const elsewhere = [];
  page.on("dialog", (dialog) => (elsewhere.push("a dialog"), dialog.dismiss()));
  page.on("request", (request) => {
    const { origin } = new URL(request.url());
    if (origin !== new URL(hostile).origin && !request.url().startsWith("data:")) elsewhere.push(request.url());
  });
  const check = async (path) => {
    const answer = await page.goto(hostile + path, { waitUntil: "domcontentloaded" });
    assert.ok(answer.status() < 500, `${path}: ${answer.status()}`);
    assert.match(answer.headers()["content-security-policy"], /default-src 'self'/);
    assert.deepEqual(await page.evaluate(harm), [], path);
  };
  for (const [number, payload] of PAYLOADS.entries()) {
    for (const kind of ["articles", "images", "bylines"]) await check(`/${kind}/x/${number}`);
    const text = encodeURIComponent(payload);
    await check(`/?q=${text}&section=${text}&from=${text}&to=${text}&sort=${text}&as_of=${text}&view=${text}&page=${text}`);
    await check(`/?section=${text}`);
    await check(`/articles/${text}?at=${text}`);
  }
  for (const view of ["articles", "images", "bylines"]) {
    for (let number = 1; number <= 5; number += 1) await check(`/?q=harpoon&view=${view}&page=${number}`);
  }
  await check("/status");
  assert.deepEqual(elsewhere, []);
  await context.close();
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
