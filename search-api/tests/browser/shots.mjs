// Screenshots of the pages: light and dark, phone and wide.
import { PHONE, WIDE, base, launch } from "./browser.mjs";

const SHOTS = {
  front: "/",
  search: "/?q=lighthouse",
  article: "/articles/a/1912-04-16-titanic",
  images: "/?view=images",
  image: "/images/i/lighthouse",
  byline: "/bylines/b/eleanor-quill",
  status: "/status",
};

const browser = await launch();
for (const [size, device] of Object.entries({ wide: WIDE, phone: PHONE })) {
  for (const colorScheme of ["light", "dark"]) {
    const page = await browser.newPage({ ...device, colorScheme });
    for (const [name, path] of Object.entries(SHOTS)) {
      await page.goto(base + path, { waitUntil: "networkidle" });
      await page.screenshot({ path: `${process.env.MORGUE_SHOTS}/${name}-${size}-${colorScheme}.png` });
    }
    await page.close();
  }
}
await browser.close();
