/** The marking desk: what is written is saved as it is written, again and again until it has arrived. */
import { all, find } from "./fields.js";
import { setFormulas } from "./math.js";
import { call, renewToken } from "./net.js";

const AFTER_MS = 500;
const AGAIN_MS = 2_000;
/** Well within the time after which a silent marker's answer goes to others. */
const STILL_HERE_MS = 10 * 60_000;
const desk = find(".desk");
const form = find("#marks");
const state = find("#saved");
const address = `/api/v1/marking/tasks/${desk.dataset.task}`;
const kept = `examhall-mark-${desk.dataset.task}`;
let revision = Number(desk.dataset.revision);
/** Whether something is written that has not arrived. */
let dirty = false;
let busy = false;
let ended = false;
/** Whether "Finish" was said: it stays said until it has arrived or was refused. */
let finishing = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** @param {string} how */
function say(how) {
  const words = state.dataset[how] ?? "";
  if (state.textContent !== words) state.textContent = words;
  state.dataset.state = how;
}

/** @returns {any} */
function written() {
  const levels = Object.fromEntries(all(".criterion input:checked").map((one) => [one.name.replace("level-", ""), Number(one.value)]));
  const said = find("#points")?.value.trim().replace(",", ".") ?? "";
  const points = /^\d{1,5}(\.\d{1,2})?$/.test(said) ? said : null;
  return { levels, points, comment: find("#comment").value, note: find("#note").value, revision };
}

function sum() {
  const shown = find("#sum");
  if (!shown) return;
  const chosen = all(".criterion input:checked");
  const points = chosen.reduce((total, one) => total + Math.round(Number(one.dataset.points) * 100), 0) / 100;
  shown.textContent = chosen.length ? String(points) : "–";
  find(".sum").classList.toggle("whole", chosen.length === all(".criterion").length);
}

function keep() {
  try {
    localStorage.setItem(kept, JSON.stringify(written()));
  } catch {
    // Full, or not allowed: then the server alone has it.
  }
}

function changed() {
  // Later than any before, in this window and in others.
  revision = Math.max(Date.now(), revision + 1);
  dirty = true;
  keep();
  sum();
  if (state.dataset.state !== "waiting") say("saving");
  clearTimeout(timer);
  timer = setTimeout(send, AFTER_MS);
}

const send = () => (finishing ? finish() : save());

async function save() {
  if (busy || ended) return;
  busy = true;
  const sent = revision;
  const reply = await call("PUT", `${address}/sheet`, written());
  busy = false;
  if (ended) return;
  if (reply.status === 200) {
    if (reply.body.revision > sent) return say("newer");
    if (sent === revision) {
      dirty = false;
      localStorage.removeItem(kept);
      return say("saved");
    }
    return save();
  }
  if (reply.status === 409 || reply.status === 404) return say("taken");
  later(reply);
}

/** @param {Reply} reply */
async function later(reply) {
  say("waiting");
  if (reply.status === 401 || reply.status === 403) await renewToken();
  clearTimeout(timer);
  timer = setTimeout(send, Math.max(AGAIN_MS, reply.retryAfterMs));
}

async function finish() {
  if (ended) return;
  ended = finishing = true;
  clearTimeout(timer);
  say("saving");
  const reply = await call("POST", `${address}/finish`, written());
  if (reply.status === 200) {
    dirty = false;
    localStorage.removeItem(kept);
    return find("#next").submit();
  }
  ended = false;
  finishing = ![404, 409, 422].includes(reply.status);
  if (reply.status === 422) {
    say("incomplete");
    const missing = all(".criterion").find((one) => !one.querySelector("input:checked"));
    (missing?.querySelector("input") ?? find("#points"))?.focus();
    return;
  }
  if (reply.status === 409 || reply.status === 404) return say(reply.body?.code === "newer_sheet" ? "newer" : "taken");
  later(reply);
}

function restore() {
  let before;
  try {
    before = JSON.parse(localStorage.getItem(kept) ?? "null");
  } catch {
    return;
  }
  if (!before || before.revision <= revision) return localStorage.removeItem(kept);
  for (const [key, place] of Object.entries(before.levels)) {
    const level = find(`[name="level-${CSS.escape(key)}"][value="${Number(place)}"]`);
    if (level) level.checked = true;
  }
  if (find("#points") && before.points !== null) find("#points").value = before.points;
  find("#comment").value = before.comment;
  find("#note").value = before.note;
  changed();
  say("restored");
}

const touched = () =>
  all("input:not([type=hidden]), textarea", form).some((one) => (one.type === "radio" ? one.checked !== one.defaultChecked : one.value !== one.defaultValue));

/** @param {KeyboardEvent} event */
function pressed(event) {
  const criterion = /** @type {HTMLElement} */ (event.target).closest(".criterion");
  if (!criterion || event.ctrlKey || event.altKey || event.metaKey) return;
  const criteria = all(".criterion");
  const turn = { n: 1, p: -1 }[event.key];
  /** @param {number} step */
  const go = (step) => {
    const other = criteria[criteria.indexOf(criterion) + step];
    (other?.querySelector("input:checked") ?? other?.querySelector("input") ?? (step > 0 ? find("#comment") : null))?.focus();
  };
  const level = /^\d$/.test(event.key) && find(`[data-digit="${event.key}"]`, criterion);
  if (!turn && !level) return;
  event.preventDefault();
  if (level) {
    level.checked = true;
    changed();
  }
  go(turn ?? 1);
}

setFormulas(desk);
if ("open" in desk.dataset) {
  restore();
  sum();
  // What was said before this script had come.
  if (!dirty && touched()) changed();
  form.addEventListener("input", changed);
  find("#rubric")?.addEventListener("keydown", pressed);
  form.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
    const deed = /** @type {HTMLButtonElement | null} */ (event.submitter)?.value ?? "finish";
    if (deed === "skip") {
      dirty = false;
      localStorage.removeItem(kept);
      return;
    }
    event.preventDefault();
    if (deed === "finish") finish();
    else save();
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    finish();
  });
  addEventListener("online", () => (dirty || finishing) && send());
  addEventListener("beforeunload", (event) => {
    if (dirty) event.preventDefault();
  });
  setInterval(() => document.visibilityState === "visible" && save(), STILL_HERE_MS);
  (find(".criterion input:checked") ?? find(".criterion input") ?? find("#points")).focus({ preventScroll: true });
}
