// @ts-check
/** The exam room: brings the paper, the clock, the outbox and the list of questions together. */
import { Clock, SleepWatch, countdown } from "./clock.js";
import { TYPED, act, all, dress, exclude, fullness, inWords, read, write } from "./fields.js";
import { QuestionMap } from "./map.js";
import { setFormulas } from "./math.js";
import { Outbox, slotOf } from "./outbox.js";
import { Store } from "./store.js";

/** @typedef {import("./fields.js").Item} Item */

const PAUSE_IN_TYPING_MS = 350;
const LOOK_ELSEWHERE_MS = 60_000;
const ANNOUNCED_MINUTES = [1, 5, 10, 30];

/** @template {HTMLElement} [T=HTMLElement] @param {string} selector @param {ParentNode} [root] @returns {T} */
const find = (selector, root = document) => /** @type {T} */ (root.querySelector(selector));
const boot = JSON.parse(find("#boot").textContent ?? "{}");
const { words } = boot;
const plurals = new Intl.PluralRules(document.documentElement.lang);
const several = (/** @type {string} */ what, /** @type {number} */ n) => words[what][plurals.select(n)].replace("{n}", String(n));
const savedTime = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

const paper = find("#paper");
/** @type {HTMLElement[]} */
const questions = all(paper, ".question");
/** @type {Item[]} */
const items = all(paper, ".item");
const slot = (/** @type {Item} */ item) => slotOf(Number(item.dataset.question), item.dataset.part);
const bySlot = new Map(items.map((item) => [slot(item), item]));
const questionOf = (/** @type {Item} */ item) => questions.indexOf(/** @type {HTMLElement} */ (item.closest(".question")));

let current = 0;
let deadline = Date.parse(boot.deadline_at);
let locked = false;
let leaving = false;
/** Changed by hand and not yet in the outbox. @type {Map<Item, ReturnType<typeof setTimeout>>} */
const typing = new Map();

// Saying things ---------------------------------------------------------------------------------------

const say = (/** @type {string} */ text) => (find("#say").textContent = text);
const shout = (/** @type {string} */ text) => (find("#shout").textContent = text);

// Flags stay on this device: they are notes to oneself.
const flagsKey = `examhall-flags-${boot.sitting}`;
const flags = new Set(attempt(() => JSON.parse(localStorage.getItem(flagsKey) ?? "[]")) ?? []);

/** @template T @param {() => T} risky @returns {T | undefined} what storage gives, where the browser allows it */
function attempt(risky) {
  try {
    return risky();
  } catch {
    return undefined;
  }
}

// The clock -------------------------------------------------------------------------------------------

const clock = new Clock();
const navigation = /** @type {PerformanceNavigationTiming | undefined} */ (performance.getEntriesByType("navigation")[0]);
if (navigation) clock.sample(boot.server_time, navigation.requestStart, navigation.responseStart);
let announced = Infinity;

function tick() {
  sleep.tick();
  const left = deadline - clock.now();
  const minutes = left / 60_000;
  find("#clock .clock").textContent = countdown(left);
  find("#clock").dataset.phase = minutes <= 1 ? "last" : minutes <= 5 ? "soon" : "";
  const mark = ANNOUNCED_MINUTES.find((limit) => minutes <= limit) ?? Infinity;
  if (mark < announced && minutes > 0) say(several("minutes_left", mark));
  announced = mark;
  if (left <= 0 && !locked) timeIsUp();
}

// The outbox ------------------------------------------------------------------------------------------

const store = await Store.open(boot.sitting).catch(() => null);
const outbox = new Outbox({
  sitting: boot.sitting,
  url: `/api/v1/sessions/${boot.sitting}`,
  clock,
  store,
  changed: (which) => (which === null ? items.forEach(showState) : bySlot.has(which) && showState(/** @type {Item} */ (bySlot.get(which)))),
  arrived(which, answer) {
    const item = bySlot.get(which);
    if (item) write(item, answer);
  },
  replied(reply) {
    clock.sample(reply.body.server_time, reply.sentAt, reply.receivedAt);
    if (reply.body.deadline_at) deadline = Date.parse(reply.body.deadline_at);
  },
  over,
  dirty: (which) => typing.has(/** @type {Item} */ (bySlot.get(which))),
});
const sleep = new SleepWatch(() => outbox.refresh());

/** @param {Item} item */
function commit(item) {
  clearTimeout(typing.get(item));
  typing.delete(item);
  if (!locked) outbox.put(Number(item.dataset.question), item.dataset.part, read(item), inWords(item));
}

/** @param {Item} item */
function stateOf(item) {
  const which = slot(item);
  if (outbox.refused.has(which)) return "refused";
  if (outbox.pending.has(which)) return outbox.trouble || !navigator.onLine ? "waiting" : "saving";
  if (typing.has(item)) return "saving";
  return outbox.savedAt.has(which) ? "saved" : "";
}

/** @param {Item} item */
function showState(item) {
  const state = stateOf(item);
  const line = find(".state", item);
  line.dataset.state = state;
  const which = slot(item);
  find("span", line).textContent =
    state === "saved" ? words.saved_at.replace("{time}", savedTime.format(new Date(outbox.savedAt.get(which) ?? 0)))
    : state === "refused" ? words.refused_because.replace("{why}", outbox.refused.get(which)?.refused ?? "")
    : state === "waiting" ? words[`waiting_${outbox.trouble ?? "network"}`]
    : state ? words.saving : "";
  showQuestion(questionOf(item));
}

/** @param {number} index */
function showQuestion(index) {
  const parts = items.filter((item) => questionOf(item) === index);
  const full = parts.map(fullness);
  const states = parts.map(stateOf);
  map.mark(index, {
    answered: full.every((one) => one === "all") ? "all" : full.every((one) => one === "none") ? "none" : "some",
    flagged: flags.has(index),
    state: ["refused", "waiting", "saving"].find((one) => states.includes(one)) ?? "",
  });
  queueMicrotask(showOverall);
}

let lastTrouble = "";
function showOverall() {
  const unsaved = outbox.pending.size + typing.size;
  const trouble = unsaved || outbox.trouble ? (outbox.trouble ?? (navigator.onLine ? "" : "network")) : navigator.onLine ? "" : "network";
  const state = trouble ? "waiting" : outbox.refused.size ? "refused" : unsaved ? "saving" : outbox.savedAt.size ? "saved" : "";
  const line = find("#overall .state");
  line.dataset.state = state;
  find("span", line).textContent =
    state === "waiting" ? (unsaved ? several("waiting", unsaved) : words.offline)
    : state === "refused" ? several("refused_count", outbox.refused.size)
    : state ? words[state === "saved" ? "all_saved" : "saving"] : "";
  find("#done").textContent = words.done.replace("{n}", String(items.filter((item) => fullness(item) !== "none").length)).replace("{total}", String(items.length));
  // Spoken when it changes, not with every answer.
  const alert = find("#alert");
  const news = trouble || (outbox.durable ? "" : "not_durable");
  if (news === lastTrouble) return;
  if (lastTrouble && !news) say(words.all_well);
  lastTrouble = news;
  alert.hidden = !news;
  alert.classList.toggle("bad", news === "sign_in" || news === "stranger");
  find("a", alert).hidden = news !== "sign_in" && news !== "stranger";
  find("p", alert).textContent = news ? words[`trouble_${news}`] : "";
  if (news) shout(words[`trouble_${news}`]);
}

// Answering -------------------------------------------------------------------------------------------

const itemOf = (/** @type {Event} */ event) => /** @type {Item | null} */ (/** @type {Element} */ (event.target).closest(".item"));

paper.addEventListener("input", (event) => {
  const item = itemOf(event);
  if (!item || locked) return;
  if (!TYPED.has(item.dataset.kind)) return;
  clearTimeout(typing.get(item));
  typing.set(item, setTimeout(() => commit(item), PAUSE_IN_TYPING_MS));
  dress(item);
  showState(item);
});
paper.addEventListener("change", (event) => {
  const item = itemOf(event);
  if (!item || locked || (TYPED.has(item.dataset.kind) && !typing.has(item))) return;
  exclude(item, /** @type {HTMLInputElement} */ (event.target));
  dress(item);
  commit(item);
});
paper.addEventListener("focusout", (event) => {
  const item = itemOf(event);
  if (item && typing.has(item)) commit(item);
});
paper.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  const item = itemOf(event);
  if (target.closest(".flag")) return flip();
  if (!item || locked) return;
  const deed = act(item, target);
  if (!deed) return;
  commit(item);
  say(words[deed]);
  if (deed === "cleared") find("input, select", item)?.focus();
});
paper.addEventListener("submit", (event) => event.preventDefault());

function flip() {
  if (!flags.delete(current)) flags.add(current);
  attempt(() => localStorage.setItem(flagsKey, JSON.stringify([...flags])));
  showFlag(current);
  showQuestion(current);
}

/** @param {number} index */
function showFlag(index) {
  const button = find(".flag", questions[index]);
  button.setAttribute("aria-pressed", String(flags.has(index)));
}

// Going about -----------------------------------------------------------------------------------------

const map = new QuestionMap(find("#grid"), words, (index) => go(index));

/** @param {number} index @param {boolean} [focus] */
function go(index, focus = true) {
  if (index < 0 || index >= questions.length) return;
  questions[current].classList.remove("current");
  current = index;
  questions[index].classList.add("current");
  map.show(index);
  attempt(() => sessionStorage.setItem(`examhall-at-${boot.sitting}`, String(index)));
  find("[data-place]").textContent = words.place.replace("{n}", String(index + 1)).replace("{total}", String(questions.length));
  find('[data-go="previous"]').toggleAttribute("disabled", index === 0);
  const last = index === questions.length - 1;
  find('[data-go="next"] span').textContent = last ? words.hand_in : words.next;
  if (sheet.open) sheet.close();
  if (handIn.open) handIn.close();
  window.scrollTo(0, 0);
  if (focus) find("h2", questions[index]).focus({ preventScroll: true });
  setFormulas(questions[index]).then(() => questions[index + 1] && setFormulas(questions[index + 1]));
}

/** @param {number} step */
const walk = (step) => (current + step === questions.length ? askToHandIn() : go(current + step));
find('[data-go="previous"]').addEventListener("click", () => walk(-1));
find('[data-go="next"]').addEventListener("click", () => walk(1));
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || document.querySelector("dialog[open]")) return;
  const inField = /** @type {Element} */ (event.target).matches("input, textarea, select, summary");
  const step = event.altKey ? { PageDown: 1, PageUp: -1 }[event.key] : inField ? 0 : { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step || current + step < 0 || current + step >= questions.length) return;
  event.preventDefault();
  go(current + step);
});

const sheet = /** @type {HTMLDialogElement} */ (find("#sheet"));
const handIn = /** @type {HTMLDialogElement} */ (find("#hand-in"));
const overDialog = /** @type {HTMLDialogElement} */ (find("#over"));
find("#open-sheet").addEventListener("click", () => {
  sheet.append(find("#map"));
  sheet.showModal();
  map.show(current);
  map.buttons[current].focus();
});
sheet.addEventListener("close", () => find("#rail").append(find("#map")));
for (const dialog of [sheet, handIn]) {
  dialog.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (target === dialog || target.closest("[data-close]")) dialog.close();
  });
}

// Handing in ------------------------------------------------------------------------------------------

function askToHandIn() {
  for (const item of typing.keys()) commit(item);
  const without = questions.map((_, index) => index).filter((index) => map.buttons[index].dataset.answered !== "all");
  const lists = { unanswered: without, flagged: [...flags].sort((a, b) => a - b) };
  for (const [name, indexes] of Object.entries(lists)) {
    const box = find(`[data-list="${name}"]`);
    box.hidden = indexes.length === 0;
    find("ul", box).replaceChildren(...indexes.map((index) => {
      const copy = /** @type {HTMLElement} */ (map.buttons[index].cloneNode(true));
      copy.tabIndex = 0;
      copy.removeAttribute("aria-current");
      copy.addEventListener("click", () => go(index));
      const li = document.createElement("li");
      li.append(copy);
      return li;
    }));
  }
  find("[data-summary]", handIn).textContent = without.length ? several("incomplete", without.length) : words.complete;
  find("[data-unsaved]", handIn).hidden = true;
  if (!handIn.open) handIn.showModal();
}
find("#finish").addEventListener("click", askToHandIn);
find("#confirm").addEventListener("click", async () => {
  const button = /** @type {HTMLButtonElement} */ (find("#confirm"));
  button.disabled = true;
  button.textContent = words.handing_in;
  await deliver((unsaved) => {
    find("[data-unsaved]", handIn).hidden = false;
    find("[data-unsaved] p", handIn).textContent = unsaved ? several("unsaved", unsaved) : words.no_answer;
  }, () => handIn.open);
  button.disabled = false;
  button.textContent = words.hand_in;
});

/** Empty the outbox, then hand in; keep at it for as long as *wanted*. */
/** @param {(unsaved: number) => void} stuck @param {() => boolean} wanted */
async function deliver(stuck, wanted) {
  for (let round = 0; wanted() && !outbox.closed; round++) {
    if (outbox.pending.size) outbox.hurry();
    else if ((await outbox.submit()).status === 200) return;
    if (round > 2) stuck(outbox.pending.size);
    await new Promise((resolve) => setTimeout(resolve, Math.min(2_000, 150 * 2 ** round)));
  }
}

function lock() {
  locked = true;
  document.body.classList.add("locked");
  for (const item of items) item.setAttribute("inert", "");
}

function timeIsUp() {
  for (const item of typing.keys()) commit(item);
  lock();
  for (const dialog of [sheet, handIn]) if (dialog.open) dialog.close();
  showOver(words.time_up, words.handing_in_all);
  deliver((unsaved) => showOver(words.time_up, unsaved ? several("late", unsaved) : words.no_answer), () => true);
}

/** @param {string} title @param {string} text */
function showOver(title, text) {
  find("#over-title").textContent = title;
  find("[data-text]", overDialog).textContent = text;
  if (overDialog.open) return;
  overDialog.showModal();
  find("#over-title").focus();
}
overDialog.addEventListener("cancel", (event) => event.preventDefault());

/** The sitting is closed, here or elsewhere. What did not arrive is said before anything else. @param {string} code */
function over(code) {
  lock();
  leaving = true;
  const lost = [...outbox.pending.values(), ...outbox.refused.values()];
  if (handIn.open) handIn.close();
  if (!lost.length) return location.replace(`${location.pathname.replace(/\/$/, "")}/result`);
  showOver(code === "submitted" ? words.handed_in : words.over, several("lost", lost.length));
  const list = find("[data-lost]", overDialog);
  list.replaceChildren(...lost.map((entry) => {
    const line = document.createElement("li");
    const place = words.question.replace("{n}", String(questionOf(/** @type {Item} */ (bySlot.get(entry.slot))) + 1));
    line.textContent = `${place}${entry.part ? ` ${entry.part})` : ""}: ${entry.shown ?? ""}`;
    return line;
  }));
  list.hidden = false;
  find("a", overDialog).hidden = false;
}

// Coming and leaving ----------------------------------------------------------------------------------

function back() {
  outbox.hurry();
  outbox.refresh();
}
window.addEventListener("pagehide", () => {
  for (const item of typing.keys()) commit(item);
  outbox.flush();
});
window.addEventListener("beforeunload", (event) => {
  for (const item of typing.keys()) commit(item);
  if (!leaving && outbox.pending.size) event.preventDefault();
});
document.addEventListener("visibilitychange", () => (document.hidden ? outbox.flush() : back()));
window.addEventListener("pageshow", (event) => event.persisted && back());
window.addEventListener("focus", () => outbox.trouble && outbox.hurry());
for (const change of ["online", "offline"]) window.addEventListener(change, () => items.forEach(showState));

outbox.merge(boot.answers);
await outbox.open();
items.forEach((item) => (dress(item), showState(item)));
questions.forEach((_, index) => showFlag(index));
go(Number(location.hash.slice(1)) - 1 in questions ? Number(location.hash.slice(1)) - 1 : Number(attempt(() => sessionStorage.getItem(`examhall-at-${boot.sitting}`)) ?? 0) || 0, false);
setInterval(tick, 250);
tick();
outbox.refresh();
setInterval(() => document.hidden || outbox.refresh(), LOOK_ELSEWHERE_MS + Math.random() * 5_000);
