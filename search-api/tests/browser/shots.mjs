// Screenshots of the pages: light and dark, phone and wide. `node shots.mjs [NAME…]`: only these, such as `front-wide-light`.
import { writeFileSync } from "node:fs";
import { PHONE, WIDE, base, launch } from "./browser.mjs";

const SAMPLES = {
  front: "/",
  search: "/?q=lighthouse",
  narrowed: "/?q=cable&section=Front+Page&from=1850&to=1859",
  nothing: "/?q=gutta-parcha",
  article: "/articles/a/1912-04-16-titanic",
  found: "/articles/a/1858-08-17-cable?q=gutta-percha",
  history: "/articles/a/1912-04-16-titanic#history",
  images: "/?view=images",
  image: "/images/i/lighthouse",
  bylines: "/?view=bylines",
  byline: "/bylines/b/eleanor-quill",
  withdrawn: "/articles/a/2025-09-12-lighthouse-pink?at=2025-09-13",
  status: "/status",
  missing: "/articles/none",
};

// Of an archive that nobody knows beforehand: what its own first hits lead to.
async function pagesOf(page) {
  const first = async (path) => {
    await page.goto(base + path);
    return page.getAttribute(".hits a.open", "href", { timeout: 5000 }).catch(() => path);
  };
  await page.goto(`${base}/`);
  const keyword = await page.$eval(".facet:has(#facet-keyword) li a", (link) => link.firstChild.textContent.trim()).catch(() => "the");
  const search = `/?q=${encodeURIComponent(keyword)}`;
  return {
    front: "/",
    search,
    oldest: "/?sort=oldest",
    nothing: "/?q=zzyzx+qwertz",
    article: await first("/"),
    found: await first(search),
    history: `${await first("/?sort=oldest")}#history`,
    images: "/?view=images",
    image: await first("/?view=images"),
    bylines: "/?view=bylines",
    byline: await first("/?view=bylines"),
    status: "/status",
  };
}

const wanted = process.argv.slice(2);
const browser = await launch();
const shots = process.env.MORGUE_ARCHIVE ? await pagesOf(await browser.newPage()) : SAMPLES;
for (const [size, device] of Object.entries({ wide: WIDE, phone: PHONE })) {
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({ ...device, colorScheme, reducedMotion: "reduce" });
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    for (const [page_, path] of Object.entries(shots)) {
      const name = `${page_}-${size}-${colorScheme}`;
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      await page.goto("about:blank");
      await page.goto(base + path);
      await page.evaluate(() => document.fonts.ready);
      await page.waitForFunction(() => [...document.images].every((image) => image.complete || image.loading === "lazy"));
      const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: 80 });
      const file = Buffer.from(data, "base64");
      writeFileSync(`${process.env.MORGUE_SHOTS}/${name}.webp`, file);
      console.log(`${name.padEnd(24)} ${(file.length / 1000).toFixed(0).padStart(4)} KB`);
    }
    await context.close();
  }
}
await browser.close();
