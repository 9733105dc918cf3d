/**
 * What the room need not begin with: the keyboard, a word on what is no number, and the stream by which it hears at once of given time,
 * pauses and announcements. Without the stream it learns of them when it next asks the server.
 */
import { find } from "./fields.js";

const SPREAD_MS = 3_000;
const READ_MS = 1_000;
const timeOfDay = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "short" });

/** @param {RoomOptions} room */
export function open(room) {
  addEventListener("focus", () => room.outbox.trouble && room.outbox.hurry());
  listenToKeys(room);
  find("#paper").addEventListener("change", (/** @type {any} */ { target }) => {
    if (target.matches(":invalid")) room.say(find(".not-a-number", target.closest(".item")).textContent);
  });
  // A thousand rooms open in the same second.
  setTimeout(listenToServer, Math.random() * SPREAD_MS, room);
}

/** @param {RoomOptions} room */
function listenToKeys({ go, at }) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || find("dialog[open]")) return;
    const arrows = document.dir === "rtl" ? ["ArrowRight", "ArrowLeft"] : ["ArrowLeft", "ArrowRight"];
    const keys = event.altKey ? ["PageUp", "PageDown"] : arrows;
    // In a field the arrows are the field's.
    const taken = !event.altKey && /** @type {Element} */ (event.target).matches("input, textarea, select, summary");
    if (taken || !keys.includes(event.key)) return;
    event.preventDefault();
    go(at() + keys.indexOf(event.key) * 2 - 1);
  });
}

/** @param {RoomOptions} room */
function listenToServer({ boot, clock, outbox, say, several, setTime }) {
  const { words, sitting } = boot;
  const heard = new Set();
  /** As the last event said; null before the first. @type {boolean | null} */
  let paused = null;

  /** @param {string} text @param {string} [at] RFC 3339 */
  function post(text, at) {
    const note = document.createElement("li");
    const said = document.createElement("p");
    said.textContent = text;
    const when = document.createElement("span");
    when.className = "small soft num";
    when.textContent = timeOfDay.format(at ? new Date(at) : new Date(clock.now()));
    const away = document.createElement("button");
    away.type = "button";
    away.className = "icon-button";
    away.setAttribute("aria-label", words.dismiss);
    away.append(find("#close-icon").content.cloneNode(true));
    // It may come under a finger that was on its way to an answer: nothing is put away unread.
    away.disabled = true;
    setTimeout(() => (away.disabled = false), READ_MS);
    away.onclick = () => {
      note.remove();
      board.hidden = !list.children.length;
      find("#main").focus({ preventScroll: true });
    };
    note.append(when, said, away);
    list.prepend(note);
    board.hidden = false;
    say(text, "#shout");
  }
  const board = find("#news");
  const list = find("ul", board);

  /** @param {any} time @param {string} reason */
  function showPause(time, reason) {
    const now = Boolean(time.paused_at);
    find("#paused-why").textContent = reason;
    if (now && !paused) say(words.paused, "#shout");
    if (!now && paused) post(words.resumed);
    paused = now;
  }

  const stream = new EventSource(`/api/v1/sessions/${sitting}/events`);
  /** @param {string} name @param {(data: any) => void} act */
  const on = (name, act) =>
    stream.addEventListener(name, (event) => act(event.data && JSON.parse(event.data)));
  /** How it stood then may come after how it stands now. */
  let newest = "";
  /** @param {any} time */
  const isOld = ({ server_time }) => server_time < newest || ((newest = server_time), false);
  on("time", (time) => {
    if (isOld(time)) return;
    setTime(time);
    showPause(time, time.reason ?? "");
    if (time.submitted_at) outbox.refresh();
  });
  on("extended", (time) => {
    if (!isOld(time)) setTime(time);
    const minutes = time.seconds / 60;
    const given = Number.isInteger(minutes) ? several("given_minutes", minutes) : several("given_seconds", time.seconds);
    post(time.reason ? `${given} ${time.reason}` : given);
  });
  on("announcement", ({ id, text, at }) => {
    if (!heard.has(id)) post(text, at);
    heard.add(id);
  });
  on("submitted", () => outbox.refresh());
  on("missed", () => outbox.refresh());
  // The server may have been away: what waits can go now.
  stream.onopen = () => {
    document.body.dataset.live = "open";
    if (outbox.trouble) outbox.hurry();
  };
}
