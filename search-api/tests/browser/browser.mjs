// A Chromium that talks to nobody but the server under test, and what the tests do with it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before } from "node:test";
import { chromium } from "playwright-core";

export const base = process.env.MORGUE_PAGES?.replace(/\/$/, "");
export const hostile = process.env.MORGUE_HOSTILE?.replace(/\/$/, "");

export const empty = process.env.MORGUE_EMPTY?.replace(/\/$/, "");

export const launch = (more = []) =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", ...more],
  });

export const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true };
export const WIDE = { viewport: { width: 1440, height: 900 } };

// Every sort of page that there is.
export const PAGES = {
  front: "/",
  search: "/?q=ferry",
  narrowed: "/?q=ferry&section=Local&from=1900&to=1999",
  "one day": "/?from=1912-04-16&to=1912-04-16",
  "all sections": "/?all=section",
  nothing: "/?q=zzyzx+qwertz",
  images: "/?view=images",
  bylines: "/?view=bylines",
  "as it stood": "/?q=titanic&as_of=1912-04-16",
  refused: `/?q=${"(".repeat(60)}`,
  article: "/articles/a/1912-04-16-titanic",
  "article found": "/articles/a/1912-04-16-titanic?q=ice",
  "article then": "/articles/a/1912-04-16-titanic?at=1912-04-16",
  "article in Russian": "/?language=ru",
  withdrawn: "/articles/a/2025-09-12-lighthouse-pink",
  "withdrawn since": "/articles/a/2025-09-12-lighthouse-pink?at=2025-09-13",
  image: "/images/i/ferry",
  byline: "/bylines/b/eleanor-quill",
  "machine room": "/status",
  "not found": "/articles/none",
  nowhere: "/nothing/here",
};

let browser;

// One browser for the tests of a file.
export function browse(more) {
  before(async () => (browser = await launch(more)));
  after(() => browser.close());
}

export const newContext = (options) => browser.newContext(options);

// A tab that remembers what the browser complained of: a breach of the policy is such a complaint.
export async function open(path, options = {}, server = base) {
  const context = await newContext({ ...WIDE, ...options });
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

export async function done(page) {
  assert.deepEqual(page.complaints, []);
  await page.context().close();
}

// Appends one event and waits until searches show it.
export async function append(page, event) {
  const headers = { "content-type": "application/x-ndjson" };
  const answer = await page.request.post(`${base}/api/v1/events`, { headers, data: `${JSON.stringify(event)}\n` });
  assert.ok(answer.ok(), await answer.text());
  for (const view of ["articles", "images", "bylines"]) {
    const { head_seq } = await (await page.request.get(`${base}/api/v1/status`)).json();
    const found = await page.request.get(`${base}/api/v1/search?view=${view}&limit=0&min_seq=${head_seq}`);
    assert.ok(found.ok(), await found.text());
  }
}

export const count = async (page) => Number((await page.textContent("#count")).replace(/[^0-9].*/, ""));

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// What axe-core finds against WCAG 2.2 A and AA, and how many of its rules passed.
export async function look(page) {
  await page.evaluate(() => document.fonts.ready);
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }),
  );
  const told = ({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.html} ${node.failureSummary}`).join(" | ")}`;
  return { violations: violations.map(told), passes: passes.length };
}
