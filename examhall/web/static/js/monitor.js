/** The invigilator's page: everybody who sits the exam, as they stand now, and what can be done for them. */
import { Clock, countdown } from "./clock.js";
import { all, find } from "./fields.js";

// More rows than anybody reads; search and filters lead to the others.
const SHOWN = 200;
const LAST_MS = 5 * 60_000;
const REDRAW_MS = 250;

/**
 * @typedef {{ id: number, full_name: string, username: string, attempt_number: number, deadline_at: string,
 *   closed_at: string | null, closed_by: string | null, paused_at: string | null, granted_s: number,
 *   answered: number, is_connected: boolean, since: string | null }} Seat
 */

const page = find(".live");
const words = JSON.parse(find("#words").textContent);
const address = `/api/v1/exams/${page.dataset.exam}`;
const plurals = new Intl.PluralRules(document.documentElement.lang);
const timeOfDay = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const clock = new Clock();

/** @type {Map<number, Seat>} */
const seats = new Map();
/** @type {Set<number>} */
const selected = new Set();
let items = 0;
/** @type {Seat[]} */
let shown = [];
let dirty = true;

/** @param {string} what @param {number} n @returns {string} */
const several = (what, n) => (words[what][plurals.select(n)] ?? words[what].other).replace("{n}", n.toLocaleString());
/** @param {Seat} seat */
const left = (seat) => Date.parse(seat.deadline_at) - (seat.paused_at ? Date.parse(seat.paused_at) : clock.now());
const isOpen = (/** @type {Seat} */ seat) => !seat.closed_at;
/** Who was never connected may be on the way in, or sits it with a program. */
const isCut = (/** @type {Seat} */ seat) => isOpen(seat) && !seat.is_connected && seat.since !== null;
const isLast = (/** @type {Seat} */ seat) => isOpen(seat) && left(seat) < LAST_MS;
/** @type {Record<string, (seat: Seat) => boolean>} */
const FILTERS = { open: isOpen, cut: isCut, last: isLast, closed: (seat) => !isOpen(seat), all: () => true };

/** @param {string} method @param {string} path @param {any} [body] @param {string} [key] @returns {Promise<any>} */
async function ask(method, path, body, key) {
  const sentAt = performance.now();
  const reply = await fetch(address + path, {
    method,
    headers: {
      accept: "application/json",
      "content-type": "application/json",
      "x-csrf-token": find("meta[name=csrf-token]").content,
      ...(key && { "idempotency-key": key }),
    },
    body: body && JSON.stringify(body),
    cache: "no-store",
  });
  const found = await reply.json();
  if (!reply.ok) throw new Error(found.detail ?? reply.statusText);
  if (found.server_time) clock.sample(found.server_time, sentAt, performance.now());
  return found;
}

/** @param {any} news */
function take(news) {
  items = news.items;
  for (const seat of news.sessions) {
    seats.set(seat.id, seat);
    if (seat.closed_at) selected.delete(seat.id);
  }
  find("#is-paused").hidden = !news.paused_at;
  find("[data-open=pause]").disabled = Boolean(news.paused_at);
  dirty = true;
}

async function askForAll() {
  try {
    take(await ask("GET", "/monitor/sessions"));
    trouble("");
  } catch {
    trouble(words.offline);
  }
}

/** @param {string} text */
function trouble(text) {
  find("#trouble").hidden = !text;
  find("#trouble p").textContent = text;
}

function draw() {
  const everybody = [...seats.values()];
  const sought = find("#search").value.trim().toLowerCase();
  const passes = FILTERS[find("#filter input:checked").value];
  const found = everybody.filter(
    (seat) => passes(seat) && (!sought || `${seat.full_name} ${seat.username}`.toLowerCase().includes(sought)),
  );
  // Trouble first, then whose time is nearest its end.
  found.sort((a, b) => Number(isCut(b)) - Number(isCut(a)) || Number(isOpen(b)) - Number(isOpen(a)) || left(a) - left(b) || a.id - b.id);
  shown = found.slice(0, SHOWN);
  find("#more").textContent = found.length > SHOWN ? several("more", found.length - SHOWN) : "";
  const kept = new Map(all("#rows tr[data-id]").map((row) => [Number(row.dataset.id), row]));
  const rows = shown.map((seat) => dress(kept.get(seat.id) ?? made(seat), seat));
  if (!rows.length) {
    const none = document.createElement("tr");
    none.append(cell("td", words.nobody));
    none.firstElementChild?.setAttribute("colspan", "5");
    rows.push(none);
  }
  // Only what moved: a focused box keeps its focus.
  const body = find("#rows");
  const isSame = body.children.length === rows.length && rows.every((row, place) => body.children[place] === row);
  if (!isSame) {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    body.replaceChildren(...rows);
    if (focused && body.contains(focused)) focused.focus();
  }
  const counts = {
    in: everybody.filter(isOpen).length,
    connected: everybody.filter((seat) => isOpen(seat) && seat.is_connected).length,
    cut: everybody.filter(isCut).length,
    last: everybody.filter(isLast).length,
    closed: everybody.filter((seat) => !isOpen(seat)).length,
  };
  for (const [name, count] of Object.entries(counts)) find(`[data-count=${name}]`).textContent = count.toLocaleString();
  find("[data-tile=cut]").classList.toggle("some", counts.cut > 0);
  showWhom(counts.in);
}

/** @param {string} tag @param {string} text */
function cell(tag, text, name = "") {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  return made;
}

/** @param {Seat} seat */
function made(seat) {
  const row = document.createElement("tr");
  row.dataset.id = String(seat.id);
  const name = cell("th", seat.full_name);
  name.setAttribute("scope", "row");
  name.append(cell("small", seat.username));
  const tick = cell("td", "", "tick-cell");
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.setAttribute("aria-label", seat.full_name);
  box.onchange = () => {
    if (box.checked) selected.add(seat.id);
    else selected.delete(seat.id);
    dirty = true;
  };
  label.append(box);
  tick.append(label);
  const answered = cell("td", "");
  answered.append(cell("span", "", "num"), document.createElement("progress"));
  row.append(tick, name, cell("td", "", "state-cell"), answered, cell("td", "", "end num"));
  return row;
}

/** @param {HTMLElement} row @param {Seat} seat */
function dress(row, seat) {
  const [tick, , state, answered, time] = /** @type {any} */ (row.children);
  const box = tick.querySelector("input");
  box.checked = selected.has(seat.id);
  box.disabled = !isOpen(seat);
  const word = seat.closed_at ? `closed_${seat.closed_by}` : seat.is_connected ? "connected" : isCut(seat) ? "cut" : "unseen";
  const chips = [cell("span", words[word], `chip ${{ connected: "live", cut: "bad", unseen: "" }[word] ?? "good"}`)];
  const since = seat.closed_at ?? seat.since;
  if (since) chips.push(cell("span", words.since.replace("{time}", timeOfDay.format(new Date(since))), "small soft"));
  if (seat.granted_s) chips.push(cell("span", words.given.replace("{n}", Math.round(seat.granted_s / 6) / 10), "chip"));
  const text = chips.map((chip) => chip.textContent).join();
  if (state.dataset.text !== text) {
    state.dataset.text = text;
    state.replaceChildren(...chips.flatMap((chip, place) => (place ? [" ", chip] : [chip])));
  }
  answered.firstElementChild.textContent = words.answered.replace("{n}", seat.answered).replace("{total}", items);
  answered.lastElementChild.max = items || 1;
  answered.lastElementChild.value = seat.answered;
  answered.lastElementChild.setAttribute("aria-label", answered.firstElementChild.textContent);
  showTime(time, seat);
  return row;
}

/** @param {HTMLElement} box @param {Seat} seat */
function showTime(box, seat) {
  const ms = left(seat);
  box.textContent = !isOpen(seat) ? "–" : seat.paused_at ? `${words.paused} ${countdown(ms)}` : countdown(ms);
  box.classList.toggle("last", isOpen(seat) && ms < 60_000);
  box.classList.toggle("soon", isOpen(seat) && ms >= 60_000 && ms < LAST_MS);
}

/** @param {number} open */
function showWhom(open) {
  const text = selected.size ? several("to_some", selected.size) : open ? several("to_all", open) : words.to_nobody;
  for (const box of [find("#whom"), ...all("[data-whom]")]) if (box.textContent !== text) box.textContent = text;
  const boxes = all("#rows input:not(:disabled)");
  find("#select-all").checked = boxes.length > 0 && boxes.every((box) => box.checked);
}

find("#select-all").onchange = (/** @type {any} */ { target }) => {
  for (const seat of shown.filter(isOpen)) {
    if (target.checked) selected.add(seat.id);
    else selected.delete(seat.id);
  }
  draw();
};
find("#search").oninput = () => (dirty = true);
find("#filter").onchange = () => (dirty = true);

for (const button of all("[data-open]")) button.onclick = () => find(`[data-dialog=${button.dataset.open}]`).showModal();
for (const dialog of all("dialog")) {
  let key = "";
  const failed = cell("p", "", "failed");
  failed.setAttribute("role", "alert");
  find(".dialog-actions", dialog).before(failed);
  dialog.onclick = (/** @type {any} */ { target }) => (target === dialog || target.closest("[data-close]")) && dialog.close();
  dialog.onclose = () => (key = failed.textContent = "");
  find("form", dialog).onsubmit = async (/** @type {any} */ event) => {
    event.preventDefault();
    const form = event.target;
    const given = new FormData(form);
    const what = dialog.dataset.dialog;
    /** @type {any} */
    const body = Object.fromEntries(given);
    if (what === "time") body.seconds = Number(given.get("minutes")) * 60;
    delete body.minutes;
    if (what !== "pause" && selected.size) body.sessions = [...selected].sort((a, b) => a - b);
    key ||= crypto.randomUUID?.() ?? String(Math.random()).slice(2) + Date.now();
    const send = find("[type=submit]", form);
    send.disabled = true;
    // After a failure it stays open, so that another try is the same deed.
    failed.textContent = "";
    if (await act(what, body, key)) {
      dialog.close();
      form.reset();
      selected.clear();
      dirty = true;
    } else failed.textContent = find("#outcome").textContent;
    send.disabled = false;
  };
}
find("[data-do=resume]").onclick = async (/** @type {any} */ { currentTarget }) => {
  currentTarget.disabled = true;
  await act("resume", undefined, "");
  currentTarget.disabled = false;
};

/** @param {string} what @param {any} body @param {string} key */
async function act(what, body, key) {
  const outcome = find("#outcome");
  try {
    await ask("POST", `/${what}`, body, key);
    outcome.textContent = words[`done_${what}`];
    await Promise.all([askForAll(), showLog()]);
    return true;
  } catch (error) {
    outcome.textContent = words.failed.replace("{why}", error instanceof Error ? error.message : "");
    return false;
  }
}

async function showLog() {
  /** @type {any} */
  const { items: deeds } = await ask("GET", "/interventions?limit=20");
  find("#no-log").hidden = deeds.length > 0;
  find("#log").replaceChildren(
    ...deeds.map((/** @type {any} */ deed) => {
      const line = document.createElement("li");
      const said = deed.kind === "time" ? several("log_time", (deed.seconds ?? 0) / 60) : words[`log_${deed.kind}`];
      const what = said.replace("{reached}", several("reached", deed.reached));
      const told = [what, deed.text || deed.reason, deed.by && words.by.replace("{who}", deed.by)].filter(Boolean).join(" · ");
      line.append(cell("span", timeOfDay.format(new Date(deed.done_at)), "soft num"), cell("p", told));
      return line;
    }),
  );
}

const events = new EventSource(`${address}/monitor`);
events.addEventListener("changed", (event) => take(JSON.parse(event.data)));
events.addEventListener("missed", () => {
  askForAll();
  showLog().catch(() => {});
});
events.onopen = () => trouble("");
events.onerror = () => trouble(words.offline);

setInterval(() => {
  if (document.hidden) return;
  if (dirty) {
    dirty = false;
    draw();
  } else all("#rows tr[data-id]").forEach((row, place) => shown[place] && showTime(row.lastElementChild, shown[place]));
}, REDRAW_MS);
// Who comes near the end belongs under another filter.
setInterval(() => (dirty = true), 5_000);
askForAll();
showLog().catch(() => {});
