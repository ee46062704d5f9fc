// A Chromium that talks to nobody but the server under test.
import { chromium } from "playwright-core";

export const base = process.env.MORGUE_PAGES?.replace(/\/$/, "");
export const hostile = process.env.MORGUE_HOSTILE?.replace(/\/$/, "");

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });

export const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true };
export const WIDE = { viewport: { width: 1440, height: 900 } };

// Every sort of page that there is.
export const PAGES = {
  front: "/",
  search: "/?q=ferry",
  narrowed: "/?q=ferry&section=Local&from=1900&to=1999",
  nothing: "/?q=zzyzx+qwertz",
  images: "/?view=images",
  bylines: "/?view=bylines",
  "as it stood": "/?q=titanic&as_of=1912-04-16",
  refused: `/?q=${"(".repeat(60)}`,
  article: "/articles/a/1912-04-16-titanic",
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
