/** New results move the rows where they are: nobody has to reload, and nothing jumps under the reader. */

import { showLocally } from "./local-times.js";

// Everybody who watches is told in the same instant: they ask again one after the other.
const SPREAD_MS = 2_500;
const LIVE_EVERY_MS = 10_000;
const NOTE_MS = 8_000;
const MOVE_MS = 450;
// Above this the new page is far from the old: it is shown without a journey.
const FARTHEST_PX = 1_200;

const note = document.querySelector("#note");
const changedNote = note?.querySelector("[data-changed]");
const still = matchMedia("(prefers-reduced-motion: reduce)");
/** @type {number | undefined} */
let waiting;
let noteTimer = 0;

const board = () => /** @type {HTMLElement} */ (document.querySelector("#board"));
/** @returns {HTMLElement[]} */
const rows = () => [...board().querySelectorAll("[data-key]")].map((row) => /** @type {HTMLElement} */ (row));

/** Where each person's row is on the screen. */
function positions() {
  /** @type {Map<string, number>} */
  const found = new Map();
  for (const row of rows()) {
    const key = row.dataset["key"] ?? "";
    if (!found.has(key)) found.set(key, row.getBoundingClientRect().top);
  }
  return found;
}

/** @param {HTMLElement} fresh */
function put(fresh) {
  const before = positions();
  const seen = rows().find((row) => row.getBoundingClientRect().bottom > 0)?.dataset["key"];
  const focused = document.activeElement?.closest("#board a")?.getAttribute("href");
  board().replaceWith(document.adoptNode(fresh));
  showLocally(board());
  const same = seen === undefined ? undefined : rows().find((row) => row.dataset["key"] === seen);
  // What is read stays where it is, unless the top of the page is what is read.
  if (same && scrollY > 0) scrollBy(0, same.getBoundingClientRect().top - (before.get(seen ?? "") ?? 0));
  if (focused) {
    const again = [...board().querySelectorAll("a")].find((link) => link.getAttribute("href") === focused);
    again?.focus({ preventScroll: true });
  }
  if (still.matches) return;
  for (const row of rows()) {
    const from = before.get(row.dataset["key"] ?? "");
    const way = from === undefined ? 0 : from - row.getBoundingClientRect().top;
    if (from === undefined) row.animate({ opacity: [0, 1] }, MOVE_MS);
    else if (way && Math.abs(way) < FARTHEST_PX)
      row.animate({ transform: [`translateY(${way}px)`, "none"] }, { duration: MOVE_MS, easing: "ease-out" });
  }
}

async function refresh() {
  waiting = undefined;
  let text;
  try {
    const reply = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(10_000) });
    if (!reply.ok) return;
    text = await reply.text();
  } catch {
    // No network: the stream comes back, and says that something was missed.
    return;
  }
  const fresh = /** @type {HTMLElement | null} */ (
    new DOMParser().parseFromString(text, "text/html").querySelector("#board")
  );
  if (!fresh || words(fresh) === shown) return;
  shown = words(fresh);
  put(fresh);
  if (changedNote instanceof HTMLElement) {
    changedNote.hidden = false;
    clearTimeout(noteTimer);
    noteTimer = setTimeout(() => (changedNote.hidden = true), NOTE_MS);
  }
}

/** What it says, without the times: those here are in the reader's own zone. @param {HTMLElement} one */
function words(one) {
  const copy = /** @type {HTMLElement} */ (one.cloneNode(true));
  for (const time of copy.querySelectorAll("time")) time.remove();
  return copy.textContent;
}

let shown = words(board());

function soon() {
  waiting ??= setTimeout(() => void refresh(), Math.random() * SPREAD_MS);
}

const stream = new EventSource("/api/v1/leaderboard/events");
stream.addEventListener("changed", soon);
stream.addEventListener("missed", soon);
stream.addEventListener("open", () => {
  if (note instanceof HTMLElement) note.hidden = false;
});
setInterval(() => {
  if (board().dataset["live"] === "yes" && !document.hidden) soon();
}, LIVE_EVERY_MS);

document.querySelector("#exam")?.addEventListener("change", () => {
  /** @type {HTMLFormElement | null} */ (document.querySelector("#choose"))?.submit();
});
