/** The questions in their order: moved with the pointer or the keyboard, formulas set. */
import "./card-menus.js";
import { all, find } from "./fields.js";
import { setFormulas } from "./math.js";

const EDGE = 80;
const list = find("#cards");
const said = find("#said");

/** @param {string} what @param {number} [n] */
function say(what, n) {
  said.textContent = list.dataset[what].replace("{n}", n).replace("{total}", list.children.length);
}

/** @type {HTMLElement | null} */
let lifted = null;
/** Where it was. @type {Element | null} */
let nextSibling = null;

const placeOf = (/** @type {Element} */ card) => [...list.children].indexOf(card) + 1;

/** @param {HTMLElement} card */
function lift(card) {
  lifted = card;
  nextSibling = card.nextElementSibling;
  card.classList.add("lifted");
  say("lifted", placeOf(card));
}

function putBack() {
  if (!lifted) return;
  const focused = document.activeElement;
  list.insertBefore(lifted, nextSibling);
  lifted.classList.remove("lifted");
  lifted = null;
  list.classList.remove("dragging");
  if (focused instanceof HTMLElement) focused.focus();
  say("left");
}

async function drop() {
  if (!lifted) return;
  const card = lifted;
  lifted = null;
  card.classList.remove("lifted");
  list.classList.remove("dragging");
  if (card.nextElementSibling === nextSibling) return say("left");
  const place = placeOf(card);
  const sent = new URLSearchParams({
    csrf_token: find("meta[name=csrf-token]").content,
    do: "move",
    question: card.dataset.id ?? "",
    place: String(place),
    version: list.dataset.version,
  });
  const reply = await fetch(list.dataset.way, { method: "POST", body: sent }).catch(() => null);
  if (!reply || reply.status >= 500) {
    list.insertBefore(card, nextSibling);
    return say("failed");
  }
  // The list as it is now: numbers, versions, and what somebody else has moved.
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  const fresh = find("#cards", page);
  if (!fresh) return void location.reload();
  find("#refused")?.remove();
  const refused = find("#refused", page);
  if (refused) list.before(document.adoptNode(refused));
  list.replaceChildren(...[...fresh.children].map((each) => document.adoptNode(each)));
  list.dataset.version = fresh.dataset.version;
  dress();
  find(`#${card.id} .handle`)?.focus();
  if (!refused) say("dropped", place);
}

/** @param {number} step */
function shift(step) {
  if (!lifted) return;
  // The neighbour goes: what is lifted keeps the focus.
  const neighbour = step < 0 ? lifted.previousElementSibling : lifted.nextElementSibling;
  if (neighbour && step < 0) lifted.after(neighbour);
  else if (neighbour) lifted.before(neighbour);
  lifted.scrollIntoView({ block: "nearest" });
  say("at", placeOf(lifted));
}

/** @param {KeyboardEvent} event */
function key(event) {
  const handle = event.target instanceof Element ? event.target.closest(".handle") : null;
  if (!handle) return;
  const steps = /** @type {Record<string, number>} */ ({ ArrowUp: -1, ArrowDown: 1 });
  if (event.key === " " || event.key === "Enter") {
    event.preventDefault();
    if (lifted) void drop();
    else lift(/** @type {HTMLElement} */ (handle.closest(".question-card")));
  } else if (lifted && event.key in steps) {
    event.preventDefault();
    shift(steps[event.key]);
  } else if (lifted && (event.key === "Escape" || event.key === "Tab")) {
    if (event.key === "Escape") event.preventDefault();
    putBack();
  }
}

/** @param {PointerEvent} event */
function hold(event) {
  const handle = event.target instanceof Element ? event.target.closest(".handle") : null;
  if (!(handle instanceof HTMLElement) || event.button !== 0 || lifted) return;
  event.preventDefault();
  handle.focus();
  lift(/** @type {HTMLElement} */ (handle.closest(".question-card")));
  list.classList.add("dragging");
  const move = (/** @type {PointerEvent} */ at) => {
    if (!lifted) return;
    if (at.clientY < EDGE) scrollBy(0, -12);
    if (at.clientY > innerHeight - EDGE) scrollBy(0, 12);
    const middle = (/** @type {Element} */ card) => {
      const { top, height } = card.getBoundingClientRect();
      return top + height / 2;
    };
    // The others go round what is lifted: moved itself, it would slip from the finger.
    for (let next; (next = lifted.nextElementSibling) && at.clientY > middle(next); ) lifted.before(next);
    for (let last; (last = lifted.previousElementSibling) && at.clientY < middle(last); ) lifted.after(last);
  };
  const end = (/** @type {Event} */ why) => {
    document.removeEventListener("pointermove", move);
    document.removeEventListener("pointerup", end);
    document.removeEventListener("pointercancel", end);
    if (why.type === "pointerup") void drop();
    else putBack();
  };
  document.addEventListener("pointermove", move);
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
}

function dress() {
  for (const handle of all(".handle", list)) handle.hidden = false;
  void setFormulas(list);
}

if (list) {
  dress();
  if ("sortable" in list.dataset) {
    list.classList.add("sortable");
    list.addEventListener("keydown", key);
    list.addEventListener("pointerdown", hold);
  }
}
