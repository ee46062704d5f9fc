// Screenshots of the pages: light and dark, phone and wide. `node shots.mjs [NAME…]`: only these, such as `front-wide-light`.
import { writeFileSync } from "node:fs";
import { PHONE, WIDE, base, launch } from "./browser.mjs";

const SHOTS = {
  front: "/",
  search: "/?q=lighthouse",
  article: "/articles/a/1912-04-16-titanic",
  history: "/articles/a/1912-04-16-titanic#history",
  images: "/?view=images",
  image: "/images/i/lighthouse",
  byline: "/bylines/b/eleanor-quill",
  withdrawn: "/articles/a/2025-09-12-lighthouse-pink?at=2025-09-13",
  status: "/status",
};
const wanted = process.argv.slice(2);

const browser = await launch();
for (const [size, device] of Object.entries({ wide: WIDE, phone: PHONE })) {
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({ ...device, colorScheme, reducedMotion: "reduce" });
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    for (const [page_, path] of Object.entries(SHOTS)) {
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
