/** The editor of certificate templates: lines are numbered, and the sheet is set anew when typing pauses. */
import { all, find } from "./fields.js";

// Long enough that half a word is not set, short enough to be felt as at once.
const PAUSE_MS = 450;

const form = /** @type {HTMLFormElement} */ (find("#editor"));
const source = /** @type {HTMLTextAreaElement} */ (find("#source"));
const lines = find("#lines");
const sheet = find("#sheet");
const errors = find("#errors");
const state = find("#state");
const token = find('meta[name="csrf-token"]').content;

/** @type {number | undefined} */
let timer;
/** @type {AbortController | undefined} */
let asking;
/** @type {Set<number>} */
let wrong = new Set();

function numberLines() {
  const count = source.value.split("\n").length;
  lines.replaceChildren(
    ...Array.from({ length: count }, (_, at) => {
      const line = document.createElement(wrong.has(at + 1) ? "b" : "span");
      line.textContent = wrong.has(at + 1) ? `${at + 1}` : `${at + 1}\n`;
      return line;
    }),
  );
  lines.scrollTop = source.scrollTop;
}

/** Put the caret where something is wrong. @param {number} line @param {number} column */
function goTo(line, column) {
  const before = source.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  source.focus();
  source.setSelectionRange(before + column, before + column);
  source.scrollTop = (line - 4) * Number.parseFloat(getComputedStyle(source).lineHeight);
}

/** @param {{ line: number | null, column: number | null, message: string, hint: string }[]} problems */
function showProblems(problems) {
  wrong = new Set(problems.flatMap(({ line }) => (line ? [line] : [])));
  errors.replaceChildren(
    ...problems.map(({ line, column, message, hint }) => {
      const item = document.createElement("li");
      if (line) {
        const where = document.createElement("a");
        where.href = "#source";
        where.textContent = `${state.dataset.line} ${line}`;
        where.addEventListener("click", (event) => {
          event.preventDefault();
          goTo(line, column ?? 0);
        });
        item.append(where, ": ");
      }
      item.append(message);
      if (hint) {
        const small = document.createElement("small");
        small.textContent = hint;
        item.append(small);
      }
      return item;
    }),
  );
  numberLines();
}

async function preview() {
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  state.textContent = state.dataset.busy;
  sheet.classList.add("old");
  try {
    const reply = await fetch("/staff/certificates/preview", {
      method: "POST",
      headers: { "X-CSRF-Token": token },
      body: new FormData(form),
      signal: mine.signal,
    });
    const { problems, picture } = await reply.json();
    showProblems(problems);
    if (picture) {
      const image = find("img", sheet) ?? document.createElement("img");
      image.alt = image.alt || find("h2", sheet.closest(".panel")).textContent;
      image.src = `data:image/png;base64,${picture}`;
      sheet.replaceChildren(image);
      sheet.classList.remove("old");
    }
    state.textContent = problems.length ? state.dataset.wrong : state.dataset.fresh;
  } catch {
    // Another one is on its way, or nobody answers.
    if (!mine.signal.aborted) state.textContent = state.dataset.lost;
  }
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(preview, PAUSE_MS);
}

/** There is always an empty row at the end. */
function growFields() {
  const rows = all("#fields tbody tr");
  const last = rows.at(-1);
  if (!last || !find("input", last).value) return;
  const fresh = last.cloneNode(true);
  for (const input of all("input", fresh)) {
    input.name = input.name.replace(/\d+$/, `${rows.length}`);
    input.setAttribute("aria-label", input.getAttribute("aria-label").replace(/\d+/, `${rows.length + 1}`));
    input.value = input.type === "checkbox" ? "yes" : "";
    input.checked = false;
  }
  last.after(fresh);
}

source.addEventListener("input", numberLines);
source.addEventListener("scroll", () => (lines.scrollTop = source.scrollTop));
form.addEventListener("input", () => {
  growFields();
  soon();
});
showProblems([]);
preview();
