/** The invigilator's page: everybody who sits the exam, as they stand now, and what can be done for them. */
import { Clock, countdown } from "./clock.js";
import { all, find } from "./fields.js";
import { language } from "./writing.js";

// More rows than anybody reads; search and filters lead to the others.
const SHOWN = 200;
const LAST_MS = 5 * 60_000;
const REDRAW_MS = 250;

/**
 * @typedef {{ id: number, full_name: string, username: string, room: string | null, seat: string | null, attempt_number: number, deadline_at: string,
 *   closed_at: string | null, closed_by: string | null, paused_at: string | null, granted_s: number,
 *   answered: number, items: number | null, is_connected: boolean, since: string | null }} Seat
 */

const page = find(".live");
const words = JSON.parse(find("#words").textContent);
const address = `/api/v1/exams/${page.dataset.exam}`;
const plurals = new Intl.PluralRules(document.documentElement.lang);
const timeOfDay = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "short" });
const clock = new Clock();

/** @type {Map<number, Seat>} */
const seats = new Map();
/** @type {Set<number>} */
const selected = new Set();
let items = 0;
let room = new URLSearchParams(location.search).get("room") ?? "";
/** @type {Seat[]} */
let shown = [];
let dirty = true;

/** @param {string} what @param {number} n @returns {string} */
const several = (what, n) => (words[what][plurals.select(n)] ?? words[what].other).replace("{n}", n.toLocaleString(language));
/** @param {Seat} seat */
const left = (seat) => Date.parse(seat.deadline_at) - (seat.paused_at ? Date.parse(seat.paused_at) : clock.now());
const isOpen = (/** @type {Seat} */ seat) => !seat.closed_at;
/** Who was never connected may be on the way in, or sits it with a program. */
const isCut = (/** @type {Seat} */ seat) => isOpen(seat) && !seat.is_connected && seat.since !== null;
const isLast = (/** @type {Seat} */ seat) => isOpen(seat) && left(seat) < LAST_MS;
/** Who sits in the room that is looked at; every room, if none is. */
const isHere = (/** @type {Seat} */ seat) => !room || seat.room === room;
/** @type {Record<string, (seat: Seat) => boolean>} */
const FILTERS = { open: isOpen, cut: isCut, last: isLast, closed: (seat) => !isOpen(seat), all: () => true };

/** @param {string} method @param {string} path @param {any} [body] an object, or CSV @param {string} [key] @returns {Promise<any>} */
async function ask(method, path, body, key) {
  const isCsv = typeof body === "string";
  const sentAt = performance.now();
  const reply = await fetch(address + path, {
    method,
    headers: {
      accept: "application/json",
      "content-type": isCsv ? "text/csv" : "application/json",
      "x-csrf-token": find("meta[name=csrf-token]").content,
      ...(key && { "idempotency-key": key }),
    },
    body: isCsv ? body : body && JSON.stringify(body),
    cache: "no-store",
  });
  const found = await reply.json();
  if (!reply.ok) {
    const lines = (found.fields ?? []).filter((/** @type {any} */ field) => field.line);
    const wrong = lines.map((/** @type {any} */ field) => words.line.replace("{n}", field.line).replace("{why}", field.message));
    throw new Error([found.detail ?? reply.statusText, ...wrong.slice(0, 5)].join(" "));
  }
  if (found.server_time) clock.sample(found.server_time, sentAt, performance.now());
  return found;
}

/** @param {any} news */
function take(news) {
  items = news.items;
  for (const seat of news.sessions) {
    // Who hands in meanwhile is not among those for whom it was chosen, nor who is let in again.
    if (Boolean(seat.closed_at) !== Boolean(seats.get(seat.id)?.closed_at)) selected.delete(seat.id);
    seats.set(seat.id, seat);
  }
  showRooms();
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

function showRooms() {
  const box = find("#room");
  const names = [...new Set([...seats.values()].map((seat) => seat.room).filter(Boolean))].sort();
  if (room && !names.includes(room)) names.push(room);
  find("#rooms").hidden = !names.length;
  const told = names.join("\n");
  if (box.dataset.told === told) return;
  box.dataset.told = told;
  while (box.options.length > 1) box.options[1].remove();
  for (const name of names) box.append(new Option(String(name), String(name)));
  box.value = room;
}

function draw() {
  const everybody = [...seats.values()].filter(isHere);
  const sought = find("#search").value.trim().toLowerCase();
  const passes = FILTERS[find("#filter input:checked").value];
  const found = everybody.filter(
    (seat) => passes(seat) && (!sought || `${seat.full_name} ${seat.username} ${seat.seat ?? ""}`.toLowerCase().includes(sought)),
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
  for (const [name, count] of Object.entries(counts)) find(`[data-count=${name}]`).textContent = count.toLocaleString(language);
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
  const name = cell("th", "");
  const history = document.createElement("a");
  history.href = `${location.pathname.replace(/\/live$/, "")}/sittings/${seat.id}`;
  history.textContent = seat.full_name;
  name.append(history);
  name.setAttribute("scope", "row");
  name.append(cell("small", ""));
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
  const [tick, name, state, answered, time] = /** @type {any} */ (row.children);
  name.lastElementChild.textContent = [seat.username, seat.room, seat.seat].filter(Boolean).join(" · ");
  const box = tick.querySelector("input");
  box.checked = selected.has(seat.id);
  const word = seat.closed_at ? `closed_${seat.closed_by}` : seat.is_connected ? "connected" : isCut(seat) ? "cut" : "unseen";
  const chips = [cell("span", words[word], `chip ${{ connected: "live", cut: "bad", unseen: "" }[word] ?? "good"}`)];
  const since = seat.closed_at ?? seat.since;
  const when = seat.closed_at ? words.at : words.since;
  if (since) chips.push(cell("span", when.replace("{time}", timeOfDay.format(new Date(since))), "small soft"));
  if (seat.granted_s) chips.push(cell("span", words.given.replace("{n}", (Math.round(seat.granted_s / 6) / 10).toLocaleString(language)), "chip"));
  const text = chips.map((chip) => chip.textContent).join();
  if (state.dataset.text !== text) {
    state.dataset.text = text;
    state.replaceChildren(...chips.flatMap((chip, place) => (place ? [" ", chip] : [chip])));
  }
  answered.firstElementChild.textContent = words.answered.replace("{n}", seat.answered).replace("{total}", seat.items ?? items);
  answered.lastElementChild.max = (seat.items ?? items) || 1;
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
  const chosen = selected.size ? among(isOpen).length : open;
  const whom = selected.size ? "to_some" : room ? "to_room" : "to_all";
  const text = chosen ? several(whom, chosen).replace("{room}", room) : selected.size ? words.to_none_of_them : words.to_nobody;
  for (const box of [find("#whom"), ...all("[data-whom]")]) if (box.textContent !== text) box.textContent = text;
  const again = among((seat) => !isOpen(seat)).length;
  find("[data-whom-again]").textContent = again ? several("again_some", again) : words.again_none;
  const boxes = all("#rows input");
  find("#select-all").checked = boxes.length > 0 && boxes.every((box) => box.checked);
}

/** @param {(seat: Seat) => boolean} passes @returns {number[]} those selected, in order */
function among(passes) {
  return [...selected].filter((id) => passes(/** @type {Seat} */ (seats.get(id)))).sort((a, b) => a - b);
}

/** Whom a deed is for; undefined: everybody who sits it. @param {string} what @returns {number[] | undefined} */
function sessionsFor(what) {
  if (what === "readmissions") return among((seat) => !isOpen(seat));
  if (selected.size) return among(isOpen);
  if (room) return [...seats.values()].filter((seat) => isHere(seat) && isOpen(seat)).map(({ id }) => id).sort((a, b) => a - b);
  return undefined;
}

find("#select-all").onchange = (/** @type {any} */ { target }) => {
  for (const seat of shown) {
    if (target.checked) selected.add(seat.id);
    else selected.delete(seat.id);
  }
  draw();
};
find("#search").oninput = () => (dirty = true);
find("#filter").onchange = () => (dirty = true);
find("#room").onchange = (/** @type {any} */ { target }) => {
  room = target.value;
  selected.clear();
  dirty = true;
  // Kept in the address: an invigilator's bookmark is their room.
  history.replaceState(null, "", room ? `?room=${encodeURIComponent(room)}` : location.pathname);
};

/** What a dialog begins with. @type {Record<string, () => unknown>} */
const PREPARED = {
  readmissions() {
    const left = among((seat) => !isOpen(seat)).map((id) => seats.get(id)).map((seat) => seat && Date.parse(seat.deadline_at) - Date.parse(seat.closed_at ?? ""));
    find("#again-minutes").value = Math.max(5, Math.ceil(Math.max(0, ...left.map((ms) => ms ?? 0)) / 60_000));
  },
  async seating() {
    const reply = await fetch(`${address}/seating`, { cache: "no-store" });
    if (reply.ok) find("#seating-list").value = await reply.text();
  },
};
for (const button of all("[data-open]")) {
  button.onclick = () => {
    PREPARED[button.dataset.open]?.();
    find(`[data-dialog=${button.dataset.open}]`).showModal();
  };
}
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
    if (given.has("minutes")) body.seconds = Number(given.get("minutes")) * 60;
    delete body.minutes;
    if (!["pause", "seating"].includes(what)) body.sessions = sessionsFor(what);
    if (body.sessions?.length === 0) {
      failed.textContent = what === "readmissions" ? words.again_none : words.to_none_of_them;
      return;
    }
    key ||= crypto.randomUUID?.() ?? String(Math.random()).slice(2) + Date.now();
    const send = find("[type=submit]", form);
    send.disabled = true;
    // After a failure it stays open, so that another try is the same deed.
    failed.textContent = "";
    if (await act(what, what === "seating" ? body.list.trim() : body, key)) {
      dialog.close();
      form.reset();
      if (what !== "seating") selected.clear();
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
    await ask(what === "seating" ? "PUT" : "POST", `/${what}`, body, key);
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
      const timed = ["time", "readmit"].includes(deed.kind);
      const said = timed ? several(`log_${deed.kind}`, (deed.seconds ?? 0) / 60) : words[`log_${deed.kind}`];
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
