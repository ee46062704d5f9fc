// Sends what a form says and shows what comes back.

const MOST = 200_000;

// For a POSIX shell.
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function asked(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  const headers = new Headers();
  let body;
  for (const input of form.elements) {
    if (!input.name || (input.value === "" && input.dataset.place !== "path")) continue;
    if (input.dataset.place === "path") path = path.replace("{id}", encodeURIComponent(input.value));
    if (input.dataset.place === "query") query.append(input.name, input.value);
    if (input.dataset.place === "header") headers.set(input.name, input.value);
    if (input.dataset.place === "body") {
      body = input.value;
      headers.set("content-type", input.dataset.media);
    }
  }
  const key = document.querySelector("#key")?.value;
  if (key) headers.set("authorization", `Bearer ${key}`);
  const text = query.toString();
  return { method: form.dataset.method, address: text ? `${path}?${text}` : path, headers, body };
}

function command({ method, address, headers, body }) {
  const parts = ["curl"];
  if (method !== "GET") parts.push("-X", method);
  for (const [name, value] of headers) {
    parts.push("-H", quoted(name === "authorization" ? "authorization: Bearer KEY" : `${name}: ${value}`));
  }
  if (body !== undefined) parts.push("--data-binary", quoted(body));
  return [...parts, quoted(location.origin + address)].join(" ");
}

// As much as can be shown: the log, followed, has no end.
async function beginning(response, say) {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (reader) {
    const { done, value } = await reader.read();
    text += done ? decoder.decode() : decoder.decode(value, { stream: true });
    if (text.length > MOST) {
      await reader.cancel();
      return `${text.slice(0, MOST)}\n…`;
    }
    if (done) break;
    say(text);
  }
  return text;
}

function block(output, text = "") {
  const pre = document.createElement("pre");
  pre.textContent = text;
  output.append(pre);
  return pre;
}

async function send(form) {
  const output = form.parentElement.querySelector("output");
  const request = asked(form);
  output.replaceChildren();
  block(output, command(request));
  try {
    const began = performance.now();
    const { method, headers, body } = request;
    const response = await fetch(request.address, { method, headers, body });
    const shown = ["content-type", "etag", "link", "retry-after", "x-total-count"]
      .filter((name) => response.headers.has(name))
      .map((name) => `${name}: ${response.headers.get(name)}`);
    const took = Math.round(performance.now() - began);
    block(output, [`${response.status} ${response.statusText} in ${took} ms`, ...shown].join("\n"));
    const pre = block(output);
    const text = await beginning(response, (some) => (pre.textContent = some));
    try {
      pre.textContent = JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      pre.textContent = text;
    }
  } catch (error) {
    block(output, `No answer: ${error.message}`);
  }
}

addEventListener("submit", (event) => {
  event.preventDefault();
  send(event.target);
});
