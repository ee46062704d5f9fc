// Events of which every field of text holds a script injection: 200 payloads, an article, an image and a byline each.
// After them come articles enough that a rebuild takes some seconds.

const RUN = "globalThis.breach=1";
const VECTORS = [
  `<script>${RUN}</script>`,
  `<img src=x onerror=${RUN}>`,
  `<svg onload=${RUN}>`,
  `<svg><script>${RUN}</script></svg>`,
  `<iframe src="javascript:${RUN}"></iframe>`,
  `<a href="javascript:${RUN}">x</a>`,
  `<body onload=${RUN}>`,
  `<details open ontoggle=${RUN}>`,
  `<input autofocus onfocus=${RUN}>`,
  `<video><source onerror=${RUN}></video>`,
  `<math><mtext></mtext><mglyph><style><!--</style><img title="--><img src=x onerror=${RUN}>">`,
  `<style>@import'https://breach.example/x.css';</style>`,
  `<link rel=stylesheet href=https://breach.example/x.css>`,
  `<meta http-equiv=refresh content="0;url=https://breach.example/">`,
  `<base href=https://breach.example/>`,
  `<form action=https://breach.example/><button autofocus>x`,
  `<object data="data:text/html,<script>${RUN}</script>"></object>`,
  `<em onmouseover=${RUN}>ferry</em>`,
  `javascript:${RUN}//`,
  `data:text/html,<script>${RUN}</script>`,
];
const PLACES = [
  (vector) => vector,
  (vector) => `">${vector}`,
  (vector) => `'>${vector}`,
  (vector) => `</title></textarea></script></style>${vector}`,
  (vector) => `" autofocus onfocus="${RUN}" x="${vector}`,
  (vector) => `-->${vector}<!--`,
  (vector) => `]]>${vector}`,
  (vector) => vector.replaceAll("<", "&lt;").replaceAll(">", "&gt;"),
  (vector) => vector.replaceAll("<", "\uff1c").toUpperCase(),
  (vector) => `{{${vector}}}\${${RUN}}\u202e`,
];

const FILLERS = 10_000;

export const PAYLOADS = PLACES.flatMap((place) => VECTORS.map(place));

const event = (type, number, data) => console.log(JSON.stringify({ type, id: `x/${number}`, time: "1931-05-02", data }));

if (process.argv[1].endsWith("payloads.mjs")) {
  PAYLOADS.forEach((p, number) => {
    event("byline.published", number, { name: p, given: p, family: p, title: p, organization: p, also_known_as: [p], url: p, bio: `harpoon ${p}` });
    event("image.published", number, {
      caption: `harpoon ${p}`, alt: p, credit: p, photographer: `x/${number}`, taken: "1931-05", rights: p,
      renditions: [{ href: p, width: 640, height: 480, media_type: p, role: p }],
    });
    const article = (more) => ({
      headline: `harpoon ${p}`, kicker: p, subheadline: p, summary: p, body: `harpoon ${p}\n\n${p}${more}`, published: "1931-05-02",
      language: "en", section: p, desk: p, edition: p, page: p, type: p, source: p, url: p, dateline: p, credit: p,
      bylines: [`x/${number}`], images: [`x/${number}`], keywords: [{ name: p, value: p }], corrections: [{ date: "1931-05-03", text: p }], rights: p,
    });
    event("article.published", number, article(""));
    event("article.published", number, article(" And later."));
  });
  const words = ["tide", "quay", "mast", "rope", "gull", "keel", "fog", "lamp", "hull", "deck", "salt", "wind"];
  for (let number = 1000; number < 1000 + FILLERS; number += 1) {
    const body = Array.from({ length: 120 }, (_, at) => words[(number * 7 + at * at) % words.length] + ((number + at) % 97)).join(" ");
    event("article.published", number, { headline: `Entry ${number}`, body, published: "1931-05-02", language: "en" });
  }
}
