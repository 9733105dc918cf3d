/** The lobby: a countdown by the server's clock, and a look at whether this device is ready. */
import { Clock, sleepWatch, countdown } from "./clock.js";
import { call } from "./net.js";
import { setFormulas } from "./math.js";

const boot = JSON.parse(document.getElementById("boot")?.textContent ?? "{}");
const { words } = boot;
// A clock known by round trips may be a little early; who presses at once must not be told to wait.
const MARGIN_MS = 250;
const clock = new Clock();
const find = (/** @type {string} */ selector) => /** @type {HTMLElement | null} */ (document.querySelector(selector));

async function askTime() {
  const reply = await call("GET", "/api/v1/time");
  if (reply.status === 200 && reply.body?.server_time) clock.sample(reply.body.server_time, reply.sentAt, reply.receivedAt);
  return reply;
}

/** @param {string} name @param {"busy" | "good" | "wait" | "bad"} state @param {string} text */
function check(name, state, text) {
  const line = find(`[data-check="${name}"]`);
  if (!line) return;
  line.dataset.state = state;
  const span = line.querySelector("span");
  if (span) span.textContent = text;
}

async function checkNetwork() {
  const trips = [];
  for (let round = 0; round < 3; round++) {
    const reply = await askTime();
    if (reply.status === 200) trips.push(reply.receivedAt - reply.sentAt);
  }
  if (!trips.length) return check("network", "bad", words.network_bad);
  const ms = Math.round(Math.min(...trips));
  check("network", trips.length === 3 && ms < 1000 ? "good" : "wait", (ms < 1000 ? words.network_good : words.network_slow).replace("{ms}", String(ms)));
  const seconds = Math.round((Date.now() - clock.now()) / 1000);
  check("clock", "good", Math.abs(seconds) < 5 ? words.clock_good : words.clock_off);
}

async function checkStorage() {
  try {
    await new Promise((resolve, reject) => {
      const request = indexedDB.open("examhall-check");
      request.onsuccess = () => resolve(request.result.close());
      request.onerror = () => reject(request.error);
    });
    indexedDB.deleteDatabase("examhall-check");
    check("storage", "good", words.storage_good);
  } catch {
    check("storage", "wait", words.storage_bad);
  }
}

function waitForOpening() {
  const start = /** @type {HTMLButtonElement | null} */ (find("#start"));
  const dial = find("#countdown .clock");
  if (!start?.disabled || !dial || !boot.opens_at) return;
  const opensAt = Date.parse(boot.opens_at) + MARGIN_MS;
  const watch = sleepWatch(askTime);
  let asked = false;
  const tick = () => {
    watch();
    const left = opensAt - clock.now();
    if (left <= 15_000 && !asked) {
      // Once more shortly before, spread out so that a full hall does not ask in the same instant.
      asked = true;
      setTimeout(askTime, Math.random() * 8_000);
    }
    const days = Math.floor(left / 86_400_000);
    dial.textContent = days >= 2 ? words.days.replace("{n}", String(days)) : countdown(left);
    if (left > 0) return;
    clearInterval(timer);
    start.disabled = false;
    /** @type {HTMLElement} */ (find("#countdown")).hidden = true;
    /** @type {HTMLElement} */ (find("#opened")).hidden = false;
    say(words.opened);
  };
  const timer = setInterval(tick, 250);
  tick();
}

/** @type {import("./sealed.js").SealedPaper | null} */
let sealed = null;

async function fetchSealedPaper() {
  const { SealedPaper, canOpen } = await import("./sealed.js");
  if (!canOpen()) return check("paper", "good", words.paper_later);
  // Before its hour there is nothing to wait for.
  check("paper", Date.parse(boot.sealed.from) > clock.now() ? "good" : "busy", words.paper_later);
  sealed = new SealedPaper({
    ...boot.sealed,
    clock,
    changed: (here) => check("paper", here ? "good" : "wait", here ? words.paper_here : words.paper_later),
    waiting: () => say(words.waiting),
  });
}

/** @param {string} text */
function say(text) {
  /** @type {HTMLElement} */ (find("#say")).textContent = text;
}

const form = /** @type {HTMLFormElement | null} */ (find("#start-form"));
form?.addEventListener("submit", async (event) => {
  const start = /** @type {HTMLButtonElement} */ (find("#start"));
  // One press is enough, and says so: the server would give the same sitting to a second one anyway.
  start.textContent = words.starting;
  if (!sealed?.paper && !sealed?.failure) return;
  event.preventDefault();
  start.disabled = true;
  if (await sealed.start()) return;
  const failure = Object.assign(document.createElement("input"), { type: "hidden", name: "sealed", value: sealed.failure });
  form.append(failure);
  form.submit();
});

clock.samplePage(boot.server_time);
waitForOpening();
if (boot.sealed) fetchSealedPaper().catch(() => {});
if (find("#checks")) {
  checkNetwork();
  checkStorage();
  window.addEventListener("online", checkNetwork);
  window.addEventListener("offline", () => check("network", "bad", words.network_bad));
}
window.addEventListener("pageshow", (event) => event.persisted && location.reload());
document.addEventListener("visibilitychange", () => document.hidden || askTime());
setFormulas(document);
