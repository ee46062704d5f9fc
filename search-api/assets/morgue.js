// What the pages can do with a script that they do without one in more steps: keys, a range dragged over the chart,
// copying, suggestions. Nothing here makes HTML from text.

const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const still = matchMedia("(prefers-reduced-motion: reduce)");

// Keys: / to the box, j and k along the hits or the words found in a text, Enter opens, Escape leaves the box.

let here = -1;

function go(step) {
  const hits = all(".hit, .tile, .text em");
  if (hits.length === 0) return;
  hits[here]?.classList.remove("here");
  here = Math.min(Math.max(here + step, 0), hits.length - 1);
  hits[here].classList.add("here");
  one("a.open", hits[here])?.focus({ preventScroll: true });
  hits[here].scrollIntoView({ block: hits[here].matches("em") ? "center" : "nearest", behavior: still.matches ? "auto" : "smooth" });
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const box = one("#q");
  const typing = event.target.closest?.("input, select, textarea");
  if (event.key === "Escape" && event.target === box) {
    if (!closeSuggestions()) box.blur();
  } else if (typing) {
    return;
  } else if (event.key === "/" && box) {
    box.focus();
    box.select();
  } else if (event.key === "j") {
    go(1);
  } else if (event.key === "k") {
    go(-1);
  } else {
    return;
  }
  event.preventDefault();
});

// The chart: one stop for the Tab key, arrows between its bars, and a range by dragging.

const pad = (number, width = 2) => String(Math.abs(number)).padStart(width, "0");

function dayAfter(start, unit, steps) {
  const [year, month, day] = start.split("-").map(Number);
  const date = new Date(Date.UTC(2000, month - 1, unit === "day" ? day + steps : 1));
  date.setUTCFullYear(year, unit === "month" ? month - 1 + steps : month - 1, unit === "day" ? day + steps : 1);
  if (unit === "decade") date.setUTCFullYear(year + 10 * steps);
  if (unit === "year") date.setUTCFullYear(year + steps);
  return date;
}

function said(date, unit, isEnd) {
  const year = date.getUTCFullYear() + (unit === "decade" && isEnd ? 9 : 0);
  if (unit === "decade" || unit === "year") return pad(year, 4);
  const month = `${pad(year, 4)}-${pad(date.getUTCMonth() + 1)}`;
  return unit === "month" ? month : `${month}-${pad(date.getUTCDate())}`;
}

function chart(svg) {
  const bars = all("a", svg);
  bars.forEach((bar, number) => bar.setAttribute("tabindex", number === 0 ? "0" : "-1"));
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -bars.length, End: bars.length }[event.key];
    const at = bars.indexOf(event.target.closest("a"));
    if (!step || at < 0) return;
    const next = bars[Math.min(Math.max(at + step, 0), bars.length - 1)];
    bars.forEach((bar) => bar.setAttribute("tabindex", bar === next ? "0" : "-1"));
    next.focus();
    event.preventDefault();
  });

  const { unit, start, bins } = svg.dataset;
  const binAt = (event) => {
    const box = svg.getBoundingClientRect();
    return Math.min(Math.max(Math.floor(((event.clientX - box.left) / box.width) * bins), 0), bins - 1);
  };
  let first = null;
  let mark = null;
  let tip = null;
  const range = (event) => {
    const last = binAt(event);
    return [Math.min(first, last), Math.max(first, last)];
  };
  const words = ([low, high]) => [said(dayAfter(start, unit, low), unit, false), said(dayAfter(start, unit, high), unit, true)];
  const end = () => {
    mark?.remove();
    tip?.remove();
    first = mark = tip = null;
  };
  svg.addEventListener("pointerdown", (event) => {
    if (event.button === 0) first = binAt(event);
  });
  svg.addEventListener("dragstart", (event) => event.preventDefault());
  addEventListener("pointermove", (event) => {
    if (first === null) return;
    const [low, high] = range(event);
    if (!mark && low === high) return;
    if (!mark) {
      mark = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      mark.setAttribute("class", "drag");
      mark.setAttribute("height", "84");
      svg.append(mark);
      tip = document.createElement("output");
      tip.className = "tip";
      svg.parentElement.append(tip);
    }
    mark.setAttribute("x", `${(low / bins) * 100}%`);
    mark.setAttribute("width", `${((high - low + 1) / bins) * 100}%`);
    const [from, to] = words([low, high]);
    tip.textContent = from === to ? from : `${from} – ${to}`;
  });
  addEventListener("pointerup", (event) => {
    const dragged = mark !== null;
    const [from, to] = dragged ? words(range(event)) : [];
    end();
    if (!dragged) return;
    // The click that ends a drag is no click on a bar.
    svg.addEventListener("click", (click) => click.preventDefault(), { once: true, capture: true });
    const address = new URL(location.href);
    address.pathname = "/";
    for (const name of ["page", "after", "before"]) address.searchParams.delete(name);
    address.searchParams.set("from", from);
    address.searchParams.set("to", to);
    location.assign(address);
  });
  addEventListener("pointercancel", end);
}

all(".chart").forEach(chart);

// Suggestions, where the server has them: a combobox as the ARIA practices have it.

const list = document.createElement("ul");
let suggesting = null;

function closeSuggestions() {
  const open = list.isConnected;
  list.remove();
  one("#q")?.setAttribute("aria-expanded", "false");
  one("#q")?.removeAttribute("aria-activedescendant");
  return open;
}

function suggest(box) {
  const source = box.dataset.suggest;
  if (!source) return;
  list.id = "suggestions";
  list.className = "suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  box.setAttribute("role", "combobox");
  box.setAttribute("aria-expanded", "false");
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("aria-autocomplete", "list");
  const options = () => all("li", list);
  // A headline leads to its article; anything else is searched for.
  const take = (option) => {
    box.value = option.dataset.value;
    closeSuggestions();
    if (option.dataset.article) {
      location.assign(`/articles?id=${encodeURIComponent(option.dataset.article)}`);
      return;
    }
    box.form.requestSubmit();
  };
  const ask = async () => {
    suggesting?.abort();
    suggesting = new AbortController();
    const q = box.value.trim();
    if (q.length < 2) return closeSuggestions();
    try {
      const answer = await fetch(`${source}?q=${encodeURIComponent(q)}`, { signal: suggesting.signal });
      if (!answer.ok) return closeSuggestions();
      const found = ((await answer.json()).suggestions ?? []).slice(0, 8);
      list.replaceChildren(
        ...found.map((entry, number) => {
          const option = document.createElement("li");
          option.id = `suggestion-${number}`;
          option.setAttribute("role", "option");
          option.setAttribute("aria-selected", "false");
          option.dataset.value = entry.text;
          if (entry.id) option.dataset.article = entry.id;
          const kind = document.createElement("span");
          kind.className = "kind";
          kind.textContent = entry.count ? `${entry.kind} · ${entry.count}` : entry.kind;
          option.append(entry.text, kind);
          return option;
        }),
      );
      if (found.length === 0) return closeSuggestions();
      box.parentElement.append(list);
      box.setAttribute("aria-expanded", "true");
    } catch (error) {
      if (error.name !== "AbortError") closeSuggestions();
    }
  };
  let wait = 0;
  box.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(ask, 120);
  });
  box.addEventListener("blur", () => setTimeout(closeSuggestions, 150));
  box.addEventListener("keydown", (event) => {
    if (!list.isConnected) return;
    const chosen = options().findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "Enter" && chosen >= 0) {
      take(options()[chosen]);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const count = options().length;
      const next = (chosen + (event.key === "ArrowDown" ? 1 : count - (chosen < 0 ? 0 : 1))) % count;
      options().forEach((option, number) => option.setAttribute("aria-selected", String(number === next)));
      box.setAttribute("aria-activedescendant", options()[next].id);
    } else {
      return;
    }
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => {
    const option = event.target.closest("li");
    if (option) take(option);
  });
}

if (one("#q")) suggest(one("#q"));

// A picture that cannot be loaded: in a grid its words stand in its place, beside a headline there is nothing to say.

function missing(image) {
  const thumb = image.closest(".thumb");
  if (thumb) return thumb.remove();
  const words = document.createElement("span");
  words.className = "no-picture";
  words.textContent = image.alt || "The picture is not here";
  image.replaceWith(words);
}

addEventListener("error", ({ target }) => target instanceof HTMLImageElement && missing(target), true);
// Those that failed before this script ran.
for (const image of document.images) if (image.complete && !image.naturalWidth) image.decode().catch(() => missing(image));

// Copying a citation.

if (navigator.clipboard) {
  for (const block of all(".citation, .cite pre")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(block.textContent.trim());
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
    block.after(button);
  }
}
