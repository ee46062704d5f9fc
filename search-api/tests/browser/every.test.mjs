// What must be so on every page: its width, its accessibility, its weight.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PAGES, PHONE, WIDE, base, browse, look, newContext } from "./browser.mjs";

browse();

test("nothing is wider than a phone, and nothing is loaded from elsewhere", async () => {
  const context = await newContext(PHONE);
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
    const context = await newContext({ ...options, bypassCSP: true });
    const page = await context.newPage();
    let checks = 0;
    const told = [];
    for (const [name, path] of Object.entries(PAGES)) {
      await page.goto(base + path);
      const { violations, passes } = await look(page);
      checks += passes;
      told.push(...violations.map((violation) => `${name}: ${violation}`));
    }
    assert.deepEqual(told, []);
    assert.ok(checks > 100);
    await context.close();
  });
}

// What a browser loads for a page, without its images: as it goes over the wire (packed), and unpacked.
test("no page weighs more than 100 KB without its images", async () => {
  const kilobytes = (bytes) => (bytes / 1000).toFixed(1);
  const median = (times) => [...times].sort((one, other) => one - other)[times.length >> 1];
  let heaviest = 0;
  for (const [name, path] of Object.entries(PAGES)) {
    const context = await newContext(WIDE);
    const page = await context.newPage();
    const answers = [];
    const note = (answer) => answers.push(answer);
    page.on("response", note);
    await page.goto(base + path);
    await page.evaluate(() => document.fonts.ready);
    page.off("response", note);
    const parts = { document: 0, stylesheet: 0, script: 0, font: 0 };
    let unpacked = 0;
    for (const answer of answers) {
      const type = answer.request().resourceType();
      if (!(type in parts)) continue;
      parts[type] += (await answer.request().sizes()).responseBodySize;
      unpacked += (await answer.body()).length;
    }
    const total = Object.values(parts).reduce((sum, part) => sum + part, 0);
    heaviest = Math.max(heaviest, total);
    const times = [];
    for (let turn = 0; turn < 9; turn += 1) {
      await page.goto(base + path);
      times.push(await page.evaluate(() => {
        const [entry] = performance.getEntriesByType("navigation");
        return entry.responseStart - entry.requestStart;
      }));
    }
    const told = Object.entries(parts).map(([type, size]) => `${type} ${kilobytes(size)}`).join(", ");
    console.log(`${name.padEnd(20)} ${kilobytes(total).padStart(5)} KB (${told}), unpacked ${kilobytes(unpacked).padStart(5)} KB, server ${median(times).toFixed(1)} ms`);
    assert.ok(total < 100_000, `${name}: ${total}`);
    await context.close();
  }
  console.log(`the heaviest: ${kilobytes(heaviest)} KB`);
});
