/** The exam room: brings questions, clock, outbox and map together. */
import { Clock, sleepWatch, countdown } from "./clock.js";
import { TYPED, act, all, dress, exclude, find, fullness, read, write } from "./fields.js";
import { QuestionMap } from "./map.js";
import { setFormulas } from "./math.js";
import { Outbox, slotOf } from "./outbox.js";
import { Store } from "./store.js";

const PAUSE_IN_TYPING_MS = 350;
const LOOK_ELSEWHERE_MS = 60_000;
const ANNOUNCED_MINUTES = [1, 5, 10, 30];

const boot = JSON.parse(find("#boot").textContent);
const { words, sitting } = boot;
const language = document.documentElement.lang;
const plurals = new Intl.PluralRules(language);
const timeOfDay = new Intl.DateTimeFormat(language, { timeStyle: "medium" });
/** @param {string} what @param {number} n @returns {string} */
const several = (what, n) => (words[what][plurals.select(n)] ?? words[what]).replace("{n}", n);

const questions = all(".question");
const items = all(".item");
/** @param {Item} item */
const slot = (item) => slotOf(item.dataset.question, item.dataset.part);
const bySlot = new Map(items.map((item) => [slot(item), item]));
/** @param {Item} item */
const placeOf = (item) => questions.findIndex((question) => question.contains(item));
/** @param {any} event @returns {any} */
const itemOf = (event) => event.target.closest(".item");

let current = 0;
let deadline = Date.parse(boot.deadline_at);
let stopped = 0;
let locked = false;
/** Changed and not yet in the outbox. @type {Map<Item, number>} */
const typing = new Map();

/** Said twice, it is news twice. @param {string} text */
function say(text, box = "#say") {
  find("#say").textContent = find("#shout").textContent = "";
  setTimeout(() => (find(box).textContent = text), 50);
}

/** Some browsers forbid their own memory. @param {() => any} risky */
function attempt(risky) {
  try {
    return risky();
  } catch {
    return null;
  }
}

const flagsKey = `examhall-flags-${sitting}`;
/** @type {Set<number>} */
const flags = new Set(attempt(() => JSON.parse(localStorage[flagsKey])) ?? []);

const clock = new Clock();
clock.samplePage(boot.server_time);
let announced = Infinity;

function tick() {
  sleep();
  const left = deadline - (stopped || clock.now());
  const minutes = left / 60_000;
  find("#clock .clock").textContent = countdown(left);
  find("#clock").dataset.phase = minutes <= 1 ? "last" : minutes <= 5 ? "soon" : "";
  const mark = ANNOUNCED_MINUTES.find((limit) => minutes <= limit) ?? Infinity;
  if (mark < announced && left > 0) say(several("minutes_left", Math.max(1, Math.round(minutes))));
  announced = mark;
  // Without a grace, too, the last word typed is sent in time.
  if (left < 1_500) commitAll();
  if (left <= 0 && !locked) timeIsUp();
}

const outbox = new Outbox({
  sitting,
  clock,
  store: await Store.open(sitting).catch(() => null),
  changed: (which) => (which ? items.filter((item) => slot(item) === which) : items).forEach(showState),
  arrived: (which, answer) => bySlot.has(which) && write(bySlot.get(which), answer),
  replied({ body, sentAt, receivedAt }) {
    clock.sample(body.server_time, sentAt, receivedAt);
    setTime(body);
  },
  over,
  dirty: (which) => typing.has(bySlot.get(which)),
});
const sleep = sleepWatch(() => outbox.refresh());

/** @param {Item} item */
function commit(item) {
  clearTimeout(typing.get(item));
  typing.delete(item);
  const { question, part, kind } = item.dataset;
  const answer = read(item);
  if (!locked) outbox.put(question, part, answer, TYPED.has(kind) ? (answer ?? "") : "");
}
const commitAll = () => [...typing.keys()].forEach(commit);

/** @param {Item} item @returns {string} */
function stateOf(item) {
  if (outbox.refused.has(slot(item))) return "refused";
  if (typing.has(item)) return "saving";
  if (outbox.pending.has(slot(item))) return trouble() ? "waiting" : "saving";
  return outbox.savedAt.has(slot(item)) ? "saved" : "";
}
const trouble = () => outbox.trouble ?? (navigator.onLine ? "" : "network");

/** @param {Element} box @param {string} state @param {string} text */
function showLine(box, state, text) {
  find(".state", box).dataset.state = state;
  find(".state span", box).textContent = text;
}

/** @param {Item} item */
function showState(item) {
  const state = stateOf(item);
  const text = words[state === "waiting" ? `waiting_${trouble()}` : state] ?? "";
  const time = timeOfDay.format(new Date(outbox.savedAt.get(slot(item)) ?? 0));
  showLine(item, state, text.replace("{time}", time).replace("{why}", outbox.refused.get(slot(item))?.refused));
  showQuestion(placeOf(item));
}

/** @param {number} index */
function showQuestion(index) {
  const parts = items.filter((item) => questions[index].contains(item));
  const full = parts.map(fullness);
  const states = parts.map(stateOf);
  map.mark(
    index,
    full.every((one) => one === full[0]) ? full[0] : "some",
    flags.has(index),
    ["refused", "waiting", "saving"].find((one) => states.includes(one)) ?? "",
  );
  // Many change together.
  if (!overallDue) queueMicrotask(showOverall);
  overallDue = true;
}

let lastNews = "";
let overallDue = false;
function showOverall() {
  overallDue = false;
  const unsaved = outbox.pending.size + typing.size;
  const wrong = trouble();
  const state = wrong ? "waiting" : outbox.refused.size ? "refused" : unsaved ? "saving" : outbox.savedAt.size && "saved";
  const count = state === "refused" ? outbox.refused.size : unsaved;
  const text = state === "waiting" && !unsaved ? words.offline : state && several(`all_${state}`, count);
  showLine(find("#overall"), state || "", text || "");
  find("#done").textContent = words.done
    .replace("{n}", items.filter((item) => fullness(item) !== "none").length)
    .replace("{total}", items.length);
  const news = wrong || (outbox.durable ? "" : "not_durable");
  if (news === lastNews) return;
  say(news ? words[`trouble_${news}`] : words.all_well, news ? "#shout" : "#say");
  lastNews = news;
  const signIn = news === "sign_in" || news === "stranger";
  find("#alert").hidden = !news;
  find("#alert").classList.toggle("bad", signIn);
  find("#alert a").hidden = !signIn;
  find("#alert p").textContent = words[`trouble_${news}`] ?? "";
}

/** @param {any} time of a save, it says nothing of pauses */
function setTime({ deadline_at, paused_at }) {
  deadline = Date.parse(deadline_at);
  if (paused_at === undefined) return;
  if (paused_at) commitAll();
  stopped = Date.parse(paused_at) || 0;
  paper.inert = document.body.classList.toggle("paused", !!stopped);
}

/** @type {HTMLElement} */
const paper = find("#paper");
paper.oninput = (event) => {
  const item = itemOf(event);
  if (!item || locked || !TYPED.has(item.dataset.kind)) return;
  clearTimeout(typing.get(item));
  typing.set(item, setTimeout(commit, PAUSE_IN_TYPING_MS, item));
  dress(item);
  showState(item);
};
paper.onchange = (event) => {
  const item = itemOf(event);
  if (!item || locked || (TYPED.has(item.dataset.kind) && !typing.has(item))) return;
  exclude(item, event.target);
  dress(item);
  commit(item);
};
paper.onclick = (event) => {
  const target = /** @type {Element} */ (event.target);
  const item = itemOf(event);
  if (target.closest(".flag")) return flip();
  const deed = item && !locked && act(item, target);
  if (!deed) return;
  commit(item);
  // Where what was moved is now.
  const row = target.closest(".order li");
  say(words[deed].replace("{n}", all(".order li", item).indexOf(row) + 1));
  if (deed === "cleared") find("input, select, button", item).focus();
};
paper.onsubmit = () => false;

function flip() {
  if (!flags.delete(current)) flags.add(current);
  attempt(() => (localStorage[flagsKey] = JSON.stringify([...flags])));
  showFlag(current);
}

/** @param {number} index */
function showFlag(index) {
  find(".flag", questions[index]).setAttribute("aria-pressed", flags.has(index));
  showQuestion(index);
}

const map = new QuestionMap(find("#grid"), words, go);
const [sheet, handIn, overDialog] = [find("#sheet"), find("#hand-in"), find("#over")];
const placeKey = `examhall-at-${sitting}`;

/** @param {number} index */
function go(index, focus = true) {
  if (!questions[index]) return;
  questions[current].classList.remove("current");
  current = index;
  const question = questions[index];
  question.classList.add("current");
  attempt(() => (sessionStorage[placeKey] = index));
  find("[data-place]").textContent = words.place.replace("{n}", index + 1).replace("{total}", questions.length);
  find("[data-go='-1']").disabled = index === 0;
  find("[data-go='1'] span").textContent = questions[index + 1] ? words.next : words.hand_in;
  sheet.close();
  handIn.close();
  map.show(index);
  if (focus) {
    (boot.paper ? question : paper).scrollIntoView();
    find("h2", question).focus({ preventScroll: true });
  }
  setFormulas(question).then(() => setFormulas(questions[index + 1] ?? question));
}

for (const button of all("[data-go]")) {
  button.onclick = () => {
    const to = current + Number(button.dataset.go);
    if (questions[to]) go(to);
    else askToHandIn();
  };
}
find("#open-sheet").onclick = () => {
  sheet.append(find("#map"));
  sheet.showModal();
  map.show(current);
  map.buttons[current].focus();
};
sheet.onclose = () => find("#rail").append(find("#map"));
for (const dialog of [sheet, handIn]) {
  dialog.onclick = (/** @type {any} */ { target }) => (target === dialog || target.closest("[data-close]")) && dialog.close();
}
overDialog.oncancel = () => false;

/** @param {any} box @param {(string | Node)[]} contents */
function fill(box, contents) {
  box.hidden = !contents.length;
  const lines = contents.map((content) => {
    const line = document.createElement("li");
    line.append(content);
    return line;
  });
  find("ul", box).replaceChildren(...lines);
}

/** @param {number} index */
function jump(index) {
  /** @type {any} */
  const copy = map.buttons[index].cloneNode(true);
  copy.tabIndex = 0;
  copy.onclick = () => go(index);
  return copy;
}

function askToHandIn() {
  commitAll();
  const without = [...questions.keys()].filter((index) => map.buttons[index].dataset.answered !== "all");
  fill(find("[data-list=unanswered]"), without.map(jump));
  fill(find("[data-list=flagged]"), [...flags].sort((a, b) => a - b).map(jump));
  find("[data-summary]").textContent = without.length ? several("incomplete", without.length) : words.complete;
  find("[data-unsaved]").hidden = true;
  handIn.showModal();
}
find("#finish").onclick = askToHandIn;

const confirm = find("#confirm");
confirm.onclick = async () => {
  confirm.disabled = true;
  confirm.textContent = words.handing_in;
  await deliver(() => handIn.open, (text) => {
    find("[data-unsaved]").hidden = false;
    find("[data-unsaved] p").textContent = text;
  }, "unsaved", "no_answer");
  confirm.disabled = false;
  confirm.textContent = words.hand_in;
};

/**
 * Empty the outbox, then hand in; keep at it while it is wanted, and say what it waits for.
 * @param {() => boolean} wanted @param {(text: string) => void} explain
 * @param {string} unsaved what is said while answers wait @param {string} saved what when none do
 */
async function deliver(wanted, explain, unsaved, saved) {
  for (let round = 0; wanted() && !outbox.closed; round++) {
    if (outbox.pending.size) outbox.hurry();
    else if (await outbox.submit()) return;
    if (round > 2) explain(outbox.pending.size ? several(unsaved, outbox.pending.size) : words[saved]);
    await new Promise((resolve) => setTimeout(resolve, Math.min(2_000, 150 * 2 ** round)));
  }
}

function lock() {
  locked = true;
  for (const item of items) item.inert = true;
  document.body.classList.add("locked");
  sheet.close();
  handIn.close();
}

function timeIsUp() {
  commitAll();
  lock();
  showOver(words.time_up, words.handing_in_all);
  deliver(() => true, (text) => showOver(words.time_up, text), "late", "no_reply");
}

/** @param {string} title @param {string} text */
function showOver(title, text) {
  find("#over-title").textContent = title;
  find("[data-text]").textContent = text;
  if (!overDialog.open) overDialog.showModal();
}

/** The sitting is closed, here or elsewhere. What did not arrive is said first. */
function over() {
  commitAll();
  lock();
  const lost = [...outbox.pending.values(), ...outbox.refused.values()];
  if (!lost.length) return location.replace(find("#over a").href);
  showOver(outbox.closed === "submitted" ? words.handed_in : words.over, several("lost", lost.length));
  const where = (/** @type {Entry} */ entry) => words.question.replace("{n}", placeOf(bySlot.get(entry.slot)) + 1);
  fill(find("[data-lost]"), lost.map((entry) => `${where(entry)} ${entry.part} ${entry.shown}`));
  find("#over a").hidden = false;
}

function back() {
  outbox.hurry();
  outbox.refresh();
}
function leave() {
  commitAll();
  outbox.flush();
}
addEventListener("pagehide", leave);
addEventListener("beforeunload", (event) => {
  commitAll();
  if (!outbox.closed && outbox.pending.size) event.preventDefault();
});
document.addEventListener("visibilitychange", () => (document.hidden ? leave() : back()));
addEventListener("pageshow", (event) => event.persisted && back());
for (const change of ["online", "offline"]) addEventListener(change, () => items.forEach(showState));

outbox.merge(boot.answers);
await outbox.open();
items.forEach((item) => (dress(item), showState(item)));
questions.forEach((_, index) => showFlag(index));
go(Number(attempt(() => sessionStorage[placeKey]) ?? 0), false);
/** What it can begin without. @param {string} name @param {any[]} given */
const later = (name, ...given) => import(name).then((page) => page.open(...given), () => setTimeout(later, 3_000, name, ...given));
if (boot.paper) later("./pdf-paper.js", boot, go);
later("./live.js", { boot, clock, outbox, say, several, setTime, go, at: () => current });
setInterval(tick, 250);
tick();
outbox.refresh();
// Not all in the same second.
setInterval(() => document.hidden || outbox.refresh(), LOOK_ELSEWHERE_MS * (1 + Math.random() / 8));
