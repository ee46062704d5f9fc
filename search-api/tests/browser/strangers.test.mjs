// What pages of other sites can make a real browser do here, and how people sign in and out.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { browse, done, look, newContext, open } from "./browser.mjs";

// All names lead to this machine: to the browser they are sites of their own.
browse(["--host-resolver-rules=MAP *.example 127.0.0.1"]);

const KEY = "an admin's own key";
const started = [];
let dir, others, evil, named, keyed, keyless;

before(async () => {
  dir = mkdtempSync(join(tmpdir(), "strangers-"));
  others = createServer((request, answer) => {
    answer.setHeader("content-type", "text/html");
    answer.end("<!DOCTYPE html><title>Another site</title><body>");
  }).listen(0, "127.0.0.1");
  await once(others, "listening");
  const { port } = others.address();
  [evil, named] = [`http://evil.example:${port}`, `http://named.example:${port}`];
  const line = (role, key) => `${role} ${createHash("sha256").update(key).digest("hex")}\n`;
  writeFileSync(join(dir, "keys"), line("admin", KEY) + line("read", "reader"));
  keyed = await start("--keys", join(dir, "keys"), "--cors-origin", named);
  keyless = await start();
});

after(async () => {
  for (const server of started) {
    server.kill("SIGINT");
    await once(server, "exit");
  }
  others.close();
  rmSync(dir, { recursive: true });
});

async function start(...args) {
  const server = spawn(process.env.MORGUE_SERVER, ["127.0.0.1:0", ...args], { stdio: ["ignore", "ignore", "pipe"] });
  started.push(server);
  for await (const line of createInterface({ input: server.stderr })) {
    const address = line.match(/http:\/\/[^ /]*/);
    if (address) {
      server.stderr.resume();
      return address[0];
    }
  }
  throw new Error("the server does not start");
}

const authorization = `Bearer ${KEY}`;
const head = async (server) => (await (await fetch(`${server}/api/v1/status`, { headers: { authorization } })).json()).head_seq;

// A form whose text is a body: what stands left and right of its equals sign.
const FORMS = [
  ["append", "/api/v1/events", '{"type":"article.published","id":"a/evil","data":{"headline":"', 'Evil"}}'],
  ["erase", "/api/v1/events", '{"type":"article.erased","id":"a/1912-04-16-titanic","data":{"reason":"', '"}}'],
  ["rebuild", "/api/v1/rebuild", "", ""],
  ["rollback", "/api/v1/rollback", "", ""],
  ["_bulk", "/es/_bulk", '{"delete":{"_index":"articles","_id":"a/1912-04-16-titanic"},"x":"', '"}\n'],
];

// Lets a page of another site send a form here, as text; the status that the browser is answered.
async function send(page, site, action, [left, right]) {
  await page.goto(site);
  const answered = page.waitForNavigation();
  await page.evaluate(
    ([action, left, right]) => {
      const form = document.createElement("form");
      Object.assign(form, { method: "post", enctype: "text/plain", action });
      if (left) {
        const input = document.createElement("input");
        Object.assign(input, { type: "hidden", name: left, value: right });
        form.append(input);
      }
      document.body.append(form);
      form.submit();
    },
    [action, left, right],
  );
  const answer = await answered;
  const sent = await answer.request().allHeaders();
  assert.equal(sent.origin, site, "the browser says where it comes from");
  return [answer.status(), sent.authorization];
}

test("a form on another site changes nothing, with a key that the browser remembers", async () => {
  const withKey = keyed.replace("http://", `http://x:${encodeURIComponent(KEY)}@`);
  const page = await open("/api/v1/status", {}, withKey);
  assert.match(await page.textContent("body"), /head_seq/);
  await page.goto(`${withKey}/es/`);
  assert.match(await page.textContent("body"), /cluster_name/);
  const before = await head(keyed);
  for (const [what, path, ...body] of FORMS) {
    const [status, sent] = await send(page, evil, keyed + path, body);
    assert.equal(status, 403, what);
    assert.match(sent ?? "", /^Basic /, `${what}: the browser adds the key`);
  }
  assert.equal(await head(keyed), before);
  await done(page);
});

test("nor where somebody has signed in, nor where there are no keys", async () => {
  const page = await signedIn(KEY);
  for (const server of [keyed, keyless]) {
    const before = await head(server);
    for (const [what, path, ...body] of [...FORMS, ["order", "/status/rebuild", "view", "articles"], ["out", "/sign-out", "", ""]]) {
      const [status] = await send(page, evil, server + path, body);
      assert.equal(status, 403, `${server} ${what}`);
    }
    assert.equal(await head(server), before);
  }
  await page.goto(`${keyed}/status`);
  assert.equal(await page.locator('button:has-text("Rebuild")').count() > 0, true, "still signed in");
  await done(page);
});

test("pictures open no scrolls", async () => {
  const page = await signedIn(KEY);
  // How many searches of an index the server has answered, by their status: what a picture gets is hidden from pages.
  const searches = async (server) => {
    const metrics = await (await fetch(`${server}/metrics`, { headers: { authorization } })).text();
    const line = /duration_seconds_count\{route="\/es\/\{index\}\/_search",method="GET",status="(\d+)"\} (\d+)/g;
    return [...metrics.matchAll(line)].map(([, status, count]) => `${status}: ${count}`);
  };
  for (const [site, server, expected] of [
    [evil, keyless, ["403: 1"]],
    [`${keyless}/`, keyless, ["403: 2"]],
    [`${keyed}/status`, keyed, ["403: 1"]],
  ]) {
    await page.goto(site);
    await page.evaluate(
      (src) =>
        new Promise((resolve) => {
          const image = new Image();
          image.onerror = image.onload = resolve;
          image.src = src;
        }),
      `${server}/es/articles/_search?scroll=1h`,
    );
    assert.deepEqual(await searches(server), expected, site);
  }
  await done(page);
});

test("a page of a named site reads, and with a key writes; others do neither", async () => {
  const page = await open("/", {}, named);
  const ask = (path, init) =>
    page.evaluate(async ([address, init]) => {
      try {
        const answer = await fetch(address, init);
        return [answer.status, await answer.json()];
      } catch (error) {
        return [0, String(error)];
      }
    }, [keyed + path, init]);
  const headers = { authorization };
  const event = { type: "byline.published", id: "b/from-another-site", data: { name: "From Another Site" } };
  const post = { method: "POST", headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(event) };
  const [status, found] = await ask("/api/v1/search?q=ferry", { headers });
  assert.ok(status === 200 && found.total > 0, JSON.stringify(found));
  assert.equal((await ask("/api/v1/search?q=ferry", {}))[0], 401);
  assert.equal((await ask("/api/v1/events", { ...post, headers: { authorization: "Bearer reader" } }))[0], 403);
  const [written, taken] = await ask("/api/v1/events", post);
  assert.ok(written === 200 && taken.items[0].status === "appended", JSON.stringify(taken));

  await page.goto(evil);
  const before = await head(keyed);
  assert.equal((await ask("/api/v1/search?q=ferry", { headers }))[0], 0);
  const other = { ...post, body: JSON.stringify({ ...event, id: "b/from-evil" }) };
  assert.equal((await ask("/api/v1/events", other))[0], 0);
  assert.equal((await ask("/api/v1/events", { ...other, headers: {}, mode: "no-cors" }))[0], 0);
  assert.equal(await head(keyed), before);
  page.complaints.length = 0;
  await done(page);
});

test("a name that was made to lead here reads nothing without keys", async () => {
  const { port } = new URL(keyless);
  const page = await open("/?q=ferry", {}, `http://rebound.example:${port}`);
  assert.match(await page.textContent("h1"), /Staff only/);
  assert.doesNotMatch(await page.content(), /a\/1931/);
  const read = await page.evaluate(async () => (await fetch("/api/v1/events")).status);
  assert.equal(read, 403);
  await page.goto(`http://localhost:${port}/?q=ferry`);
  assert.ok(await page.locator("#count").count());
  await done(page);
});

// A tab that has signed in by the form.
async function signedIn(key) {
  const page = await open("/status", {}, keyed);
  await page.fill("#key", key);
  await page.click('button:has-text("Sign in")');
  await page.waitForURL(`${keyed}/status`);
  return page;
}

test("somebody signs in, looks around, and signs out", async () => {
  const page = await open("/?q=ferry", {}, keyed);
  assert.equal(await page.textContent("h1"), "Sign in");
  assert.deepEqual((await look(page)).violations, []);
  await page.fill("#key", "not a key");
  await page.keyboard.press("Enter");
  await page.waitForSelector('[role="alert"]:has-text("not known")');
  await page.fill("#key", KEY);
  await page.keyboard.press("Enter");
  // Where it was wanted in the first place.
  await page.waitForURL(`${keyed}/?q=ferry`);
  assert.ok(await page.locator("#count").count());
  const [cookie] = await page.context().cookies();
  assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.path, cookie.expires], [true, "Strict", "/", -1]);
  assert.ok(!cookie.value.includes(KEY) && (await page.evaluate(() => document.cookie)) === "");
  await page.goto(`${keyed}/status`);
  await page.click('#view-images button:has-text("Rebuild")');
  await page.waitForURL(/status#views/);

  await page.click('footer a:has-text("Sign in or out")');
  assert.match(await page.textContent("main"), /look after the archive/);
  assert.deepEqual((await look(page)).violations, []);
  await page.click('button:has-text("Sign out")');
  await page.waitForURL(`${keyed}/sign-in`);
  assert.deepEqual(await page.context().cookies(), []);
  // Whoever has kept the cookie has nothing.
  await page.context().addCookies([cookie]);
  await page.goto(`${keyed}/status`);
  assert.match(await page.textContent("main"), /session is over/);
  await done(page);
});

test("a link from another site finds who is signed in", async () => {
  const page = await signedIn("reader");
  await page.goto(evil);
  await page.evaluate((href) => document.body.append(Object.assign(document.createElement("a"), { href, textContent: "there" })), `${keyed}/?q=titanic`);
  await page.click("a");
  await page.waitForSelector("#count");
  const stranger = await newContext();
  const nobody = await stranger.newPage();
  await nobody.goto(evil);
  await nobody.evaluate((href) => (location.href = href), `${keyed}/?q=titanic`);
  await nobody.waitForSelector("#key");
  await stranger.close();
  await done(page);
});
