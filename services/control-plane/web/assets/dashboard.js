// What pages do by themselves where a script may run. All of them work without it.

/** Lines that a live log keeps. */
const KEPT = 2000;

followLog(document.querySelector("[data-log]"));
followProgress(document.querySelector("[data-progress]"));
copyButtons();
document.addEventListener("submit", busy);

/** Shows an app's log as it comes. The server says which lines there are already. */
function followLog(log) {
  if (log === null) return;
  const state = document.querySelector("[data-log-state]");
  const pause = document.querySelector("[data-log-pause]");
  const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  log.scrollTop = log.scrollHeight;
  let held = [];
  let paused = false;
  const show = (lines) => {
    const stick = atEnd();
    for (const line of lines) log.append(entry(line));
    while (log.childElementCount > KEPT) log.firstElementChild.remove();
    if (stick) log.scrollTop = log.scrollHeight;
  };
  const stream = new EventSource(log.dataset.log);
  stream.onopen = () => state.replaceChildren("Live");
  stream.onerror = () => state.replaceChildren("Reconnecting…");
  stream.onmessage = ({ data }) => {
    if (!paused) show([data]);
    else held = [...held, data].slice(-KEPT);
  };
  pause.hidden = false;
  pause.onclick = () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.replaceChildren(paused ? "Go on" : "Pause");
    if (!paused) show(held.splice(0));
  };
}

/** `2026-01-01T00:00:00.000000+00:00 app[web.1]: text` as the server's pages show it. */
function entry(line) {
  const [, time, process, text] = /^(\S+) (\S+): ?(.*)$/.exec(line) ?? [undefined, "", "", line];
  const row = document.createElement("div");
  row.append(
    tag("i", time.slice(0, 10) === "" ? "" : `${time.slice(0, 10)} ${time.slice(11, 19)} `),
    tag("b", `${process} `),
    text,
  );
  return row;
}

function tag(name, text) {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}

/**
 * Asks how an act goes on until it has ended, and shows what has changed in place.
 *
 * @param shown what the server said last: what stays the same is left alone, with what is selected in it
 */
async function followProgress(part, shown = "") {
  if (part === null) return;
  await new Promise((resolve) => setTimeout(resolve, 700));
  let said = shown;
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (response.redirected) {
      location.replace(response.url);
      return;
    }
    said = await response.text();
    if (said !== shown) replaceMain(part, said);
  } catch {
    // The control plane is away for a moment.
  }
  followProgress(document.querySelector("[data-progress]"), said);
}

function replaceMain(part, page) {
  const next = new DOMParser().parseFromString(page, "text/html").querySelector("#main");
  const log = part.querySelector(".log");
  const end = log === null || log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  document.querySelector("#main").replaceChildren(...next.childNodes);
  const shown = document.querySelector("#main .log");
  if (shown !== null && end) shown.scrollTop = shown.scrollHeight;
  copyButtons();
}

function copyButtons() {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = navigator.clipboard === undefined;
    button.onclick = async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.replaceChildren("Copied");
    };
  }
}

/** A form that is under way is not sent twice. */
function busy(event) {
  const button = event.submitter;
  if (button === null || event.target.method !== "post") return;
  if (button.getAttribute("aria-busy") === "true") event.preventDefault();
  button.setAttribute("aria-busy", "true");
  addEventListener("pageshow", () => button.removeAttribute("aria-busy"), { once: true });
}
