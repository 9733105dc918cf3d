/** Writing a question: saved without a new page, shown as candidates see it, pictures by drop and paste. */
import { all, find } from "./fields.js";

const PAUSE_MS = 400;
/** @type {HTMLFormElement | null} */
const form = find("#editor");
const words = JSON.parse(find("#words").textContent);
/** @type {HTMLIFrameElement} */
const frame = find("#look");
const time = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "short" });
const token = find("meta[name=csrf-token]").content;

/** Counts changes: what was changed while a save was under way is not saved. */
let changes = 0;
let savedChanges = 0;
let asked = 0;
let looks = 0;
let saving = false;

/** @param {string} state @param {string} text */
function tell(state, text) {
  const line = find("#save-state");
  if (line.dataset.state === state && find("span", line).textContent === text) return;
  line.dataset.state = state;
  find("span", line).textContent = text;
}

/** @param {HTMLFormElement} form @param {string} what */
function fieldsOf(form, what) {
  const sent = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") sent.append(name, value);
  sent.set("do", what);
  return sent;
}

/** @param {Document} page @param {string} id */
function take(page, id) {
  const fresh = page.getElementById(id);
  if (fresh) document.getElementById(id)?.replaceWith(document.adoptNode(fresh));
}

/** What the page says of the question's version and where it is saved. @param {HTMLFormElement} form @param {Document} page */
function takeVersion(form, page) {
  /** @type {HTMLFormElement | null} */
  const fresh = find("#editor", page);
  if (!fresh) return false;
  form.setAttribute("action", fresh.getAttribute("action") ?? "");
  Object.assign(form.dataset, { look: fresh.dataset.look, pictures: fresh.dataset.pictures });
  for (const name of ["version", "shown-place", "shown-total"]) {
    find(`[name=${name}]`, form).value = find(`[name=${name}]`, fresh).value;
  }
  return true;
}

function changed() {
  changes += 1;
  if (!saving) tell("unsaved", words.unsaved);
}

/* How candidates see it ------------------------------------------------------------------------------ */

/** @param {HTMLFormElement} form */
async function look(form) {
  const mine = ++looks;
  const reply = await fetch(form.dataset.look ?? "", { method: "POST", body: fieldsOf(form, "look") }).catch(() => null);
  if (!reply?.ok || mine !== looks) return;
  const { html, problems } = await reply.json();
  if (mine !== looks) return;
  frame.contentWindow?.postMessage({ html }, location.origin);
  const list = find("#not-ready ul");
  list.replaceChildren(...problems.map((/** @type {string} */ text) => {
    const line = document.createElement("li");
    line.textContent = text;
    return line;
  }));
  find("#not-ready").hidden = problems.length === 0;
}

window.addEventListener("message", (event) => {
  if (event.origin !== location.origin || event.source !== frame.contentWindow) return;
  if (event.data?.look === "ready" && form) void look(form);
  if (event.data?.look === "height") frame.style.setProperty("height", `${Math.min(Math.max(event.data.height + 16, 240), innerHeight * 0.75)}px`);
});
find(".devices").hidden = false;
find(".devices").addEventListener("click", (/** @type {any} */ event) => {
  const button = event.target.closest("button");
  if (!button) return;
  for (const each of all(".devices button")) each.setAttribute("aria-pressed", String(each === button));
  frame.classList.toggle("phone", button.dataset.device === "phone");
});

/* Saving --------------------------------------------------------------------------------------------- */

/** @param {HTMLFormElement} form @param {string} what */
async function save(form, what) {
  if (saving) return;
  saving = true;
  const upTo = changes;
  tell("saving", words.saving);
  const reply = await fetch(form.action, { method: "POST", body: fieldsOf(form, what) }).catch(() => null);
  saving = false;
  if (!reply || reply.status >= 500) return tell("refused", words.lost);
  if (reply.redirected && new URL(reply.url).pathname.startsWith("/sign-in")) return tell("refused", words.sign_in);
  if (reply.status === 401 || reply.status === 403) return tell("refused", words.sign_in);
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  if (!reply.ok) {
    if (find("#editor", page)) take(page, "notices");
    // With the version come the others' changes; what was typed meanwhile stays, and they are told of again.
    if (changes === upTo && takeVersion(form, page)) {
      take(page, "fields");
      dress(form);
      void look(form);
    }
    tell("refused", words.refused);
    find("#notices").focus();
    find("#notices").scrollIntoView({ block: "nearest" });
    return;
  }
  savedChanges = upTo;
  if (what === "save-new") return void location.assign(reply.url);
  takeVersion(form, page);
  dress(form);
  take(page, "crumbs");
  take(page, "notices");
  for (const each of all("#fields .wrong")) each.remove();
  for (const each of all("#fields [aria-invalid]")) each.removeAttribute("aria-invalid");
  const address = new URL(reply.url);
  address.search = "";
  history.replaceState(null, "", address);
  document.title = page.title;
  find("#editor-title").textContent = find("#editor-title", page)?.textContent;
  if (changes === savedChanges) tell("saved", words.saved.replace("{time}", time.format(new Date())));
  else tell("unsaved", words.unsaved);
}

/** A button that changes the form: the server says how it looks then. @param {HTMLFormElement} form @param {HTMLButtonElement} button */
async function press(form, button) {
  const mine = ++asked;
  const upTo = changes;
  const [verb, name, side, place] = button.value.split(":");
  const reply = await fetch(form.action, { method: "POST", body: fieldsOf(form, button.value) }).catch(() => null);
  // Without the network nothing is lost: the form stays as it is.
  if (!reply?.ok) return tell("refused", words.lost);
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  if (mine !== asked) return;
  // What was typed while this was on its way is not in the reply: once more, with it.
  if (changes !== upTo) return void press(form, button);
  take(page, "fields");
  dress(form);
  changed();
  void look(form);
  const rows = all(`#${name}-${side} > .row`);
  const at = Number(place) + (verb === "down" ? 1 : verb === "up" ? -1 : 0);
  const row = verb === "add" ? rows.at(-1) : rows[Math.min(Math.max(at, 0), rows.length - 1)];
  const again = verb === "up" || verb === "down" ? `button[value^="${verb}:"]:not(:disabled)` : "textarea";
  (row?.querySelector(again) ?? row?.querySelector("textarea") ?? find(verb === "look" ? `#${name}` : "#fields select"))?.focus();
}

/* Pictures ------------------------------------------------------------------------------------------- */

/** @param {HTMLFormElement} form @param {HTMLTextAreaElement} box @param {File} file */
async function bring(form, box, file) {
  if (!form.dataset.pictures) return tell("refused", words.first_save);
  tell("saving", words.bringing);
  const reply = await fetch(`${form.dataset.pictures}?file_name=${encodeURIComponent(file.name)}`, {
    method: "POST",
    body: file,
    headers: { "X-CSRF-Token": token, "Content-Type": file.type || "application/octet-stream" },
  }).catch(() => null);
  if (!reply?.ok) {
    const problem = await reply?.json().catch(() => null);
    return tell("refused", problem?.detail ?? words.not_brought);
  }
  const { name } = await reply.json();
  const at = box.selectionEnd;
  const text = `![${words.describe}](${name})`;
  box.setRangeText(text, box.selectionStart, at, "end");
  // What it shows is said next: the words for it are selected.
  box.focus();
  const start = box.selectionEnd - text.length + 2;
  box.setSelectionRange(start, start + words.describe.length);
  changed();
  tell("unsaved", words.brought);
  void look(form);
}

/** @param {DataTransfer | null} given @returns {File | undefined} */
const pictureIn = (given) => [...(given?.files ?? [])].find((file) => file.type.startsWith("image/"));

/** Pictures can be brought once there is something that keeps them. @param {HTMLFormElement} form */
function dress(form) {
  const picker = find("[data-picker]", form);
  if (picker) picker.hidden = !form.dataset.pictures;
  const why = find("[data-no-picker]", form);
  if (why) why.hidden = Boolean(form.dataset.pictures);
}

if (form) {
  let pause = 0;
  /** @type {HTMLTextAreaElement} */
  let lastBox = find("#prompt");
  dress(form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
    const what = button?.value ?? "save";
    if (button && what !== "save" && what !== "save-new") void press(form, button);
    else void save(form, what);
  });
  form.addEventListener("input", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.type === "file") return;
    changed();
    clearTimeout(pause);
    pause = window.setTimeout(() => void look(form), PAUSE_MS);
  });
  form.addEventListener("change", (event) => {
    const target = event.target;
    if (target instanceof HTMLSelectElement && "kind" in target.dataset) {
      const button = document.createElement("button");
      button.value = `look:${target.id}`;
      void press(form, button);
    } else if (target instanceof HTMLInputElement && target.type === "file") {
      if (target.files?.[0]) void bring(form, lastBox.isConnected ? lastBox : find("#prompt"), target.files[0]);
      target.value = "";
    } else if (target instanceof HTMLInputElement && /-(best|worst)$/.test(target.name)) {
      // Best and worst cannot be the same.
      const other = target.name.replace(/(best|worst)$/, (end) => (end === "best" ? "worst" : "best"));
      for (const each of all(`[name="${other}"][value="${target.value}"]`)) each.checked = false;
    }
  });
  form.addEventListener("focusin", (event) => {
    if (event.target instanceof HTMLTextAreaElement && "pictures" in event.target.dataset) lastBox = event.target;
  });
  form.addEventListener("paste", (event) => {
    const file = pictureIn(event.clipboardData);
    const box = event.target;
    if (!file || !(box instanceof HTMLTextAreaElement) || !("pictures" in box.dataset)) return;
    event.preventDefault();
    void bring(form, box, file);
  });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    form.addEventListener(kind, (/** @type {any} */ event) => {
      const box = event.target.closest("textarea[data-pictures]");
      if (!event.dataTransfer?.types.includes("Files")) return;
      // A file that misses its field must not take the page away with it.
      event.preventDefault();
      box?.classList.toggle("over", kind === "dragover");
      const file = kind === "drop" ? pictureIn(event.dataTransfer) : undefined;
      if (box && file) void bring(form, box, file);
    });
  }
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "s") return;
    event.preventDefault();
    void save(form, "save");
  });
  window.addEventListener("beforeunload", (event) => {
    if (changes !== savedChanges) event.preventDefault();
  });
  // The page came back with what could not be saved: it is still unsaved.
  if (all("#notices .bad").length) changed();
}
