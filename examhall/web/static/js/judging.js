/** A judge's page: what is judged is saved as it is said, again and again until it has arrived. */
import { all, find } from "./fields.js";
import { setFormulas } from "./math.js";
import { call } from "./net.js";

const AGAIN_MS = 2_000;
const AFTER_MS = 400;
const page = find(".judging");
const state = find("#saved");
const round = Number(page.dataset.round);
const address = `/api/v1/panels/${page.dataset.panel}`;
/** What has not arrived, by the field's name. @type {Map<string, { value: number | null, revision: number }>} */
const waiting = new Map();
let revision = 0;
let busy = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** Later than any before, in this tab and in others. */
function next() {
  revision = Math.max(Date.now(), revision + 1);
  return revision;
}

/** @param {"saved" | "saving" | "waiting" | "over"} how */
function say(how) {
  const words = state.dataset[how] ?? "";
  if (state.textContent !== words) state.textContent = words;
}

/** @param {string} name @param {number | null} value */
function changed(name, value) {
  waiting.set(name, { value, revision: next() });
  say("saving");
  clearTimeout(timer);
  timer = setTimeout(send, AFTER_MS);
}

async function send() {
  if (busy || !waiting.size) return;
  busy = true;
  const sent = [...waiting];
  const reply = page.dataset.method === "angoff" ? await call("PUT", `${address}/ratings`, ratings(sent)) : await call("PUT", `${address}/bookmark`, bookmark(sent));
  busy = false;
  if (reply.status === 204) {
    for (const [name, one] of sent) if (waiting.get(name)?.revision === one.revision) waiting.delete(name);
    if (!waiting.size) return say("saved");
    return send();
  }
  if (reply.status >= 400 && reply.status < 500 && reply.status !== 429 && reply.status !== 401) return say("over");
  say("waiting");
  timer = setTimeout(send, Math.max(AGAIN_MS, reply.retryAfterMs));
}

/** @param {[string, { value: number | null, revision: number }][]} sent */
function ratings(sent) {
  return {
    round,
    ratings: sent.map(([name, one]) => {
      const slot = /^rating-(\d+)([a-z]?)$/.exec(name);
      return { question_number: Number(slot?.[1]), sub_part: slot?.[2] ?? "", percent: one.value, revision: one.revision };
    }),
  };
}

/** @param {[string, { value: number | null, revision: number }][]} sent */
const bookmark = (sent) => ({ round, page: sent[0]?.[1].value ?? null, revision: sent[0]?.[1].revision ?? next() });

function count() {
  const shown = document.querySelector("#count");
  if (shown) shown.textContent = String(all("input[type=number]").filter((field) => field.value !== "" && field.validity.valid).length);
}

for (const slider of all("input[type=range]")) {
  const field = find(`#${slider.dataset.for}`);
  if (field.disabled) continue;
  slider.hidden = false;
  const set = () => slider.classList.toggle("unset", field.value === "");
  set();
  slider.addEventListener("input", () => {
    field.value = slider.value;
    set();
    count();
  });
  slider.addEventListener("change", () => changed(field.name, Number(slider.value)));
  field.addEventListener("input", () => {
    if (field.value !== "") slider.value = field.value;
    set();
    count();
    if (field.validity.valid) changed(field.name, field.value === "" ? null : Number(field.value));
  });
}
function turned() {
  const chosen = Number(document.querySelector("input[name=page]:checked")?.getAttribute("value") ?? 0);
  all(".booklet > li").forEach((item, place) => item.classList.toggle("beyond", chosen > 0 && place >= chosen));
}
for (const radio of all("input[name=page]")) {
  radio.addEventListener("change", () => {
    changed("page", Number(radio.value));
    turned();
  });
}
turned();
setFormulas(page);
addEventListener("online", send);
addEventListener("beforeunload", (event) => {
  if (waiting.size) event.preventDefault();
});
