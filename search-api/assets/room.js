// The machine room keeps itself up to date: it is asked for again every two seconds while it is looked at, and faster while
// something is being built. A part that has the focus stays as it is: nobody's button goes away under the finger.

async function refresh(room) {
  try {
    const answer = document.hidden ? null : await fetch(room.dataset.refresh);
    if (answer?.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of fresh.querySelectorAll(".room > section")) {
        const old = document.getElementById(part.id);
        if (!old) room.append(part);
        else if (!old.contains(document.activeElement) && old.innerHTML !== part.innerHTML) renew(old, part);
      }
    }
  } catch {
    // The server is away for a moment: what is shown stays.
  }
  setTimeout(refresh, room.querySelector("progress") ? 400 : 2000, room);
}

// In place where the shape is the same, so that a bar that grows does so smoothly and a table stays where it was scrolled to.
function renew(old, fresh) {
  if (old.tagName !== fresh.tagName || old.childNodes.length !== fresh.childNodes.length) {
    old.replaceWith(fresh);
    return;
  }
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  const news = [...fresh.childNodes];
  [...old.childNodes].forEach((node, at) => {
    const next = news[at];
    if (node.nodeType === Node.ELEMENT_NODE && next.nodeType === Node.ELEMENT_NODE) renew(node, next);
    else if (node.nodeType !== next.nodeType) node.replaceWith(next);
    else if (node.nodeValue !== next.nodeValue) node.nodeValue = next.nodeValue;
  });
}

const room = document.querySelector(".room[data-refresh]");
if (room) setTimeout(refresh, 400, room);
