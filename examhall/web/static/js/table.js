/** Sorts tables by their columns: th[data-sort] becomes a button; cells may carry data-value to sort by. */
import { all } from "./fields.js";
import { language } from "./writing.js";

const marks = new Intl.NumberFormat(language).formatToParts(1234567.5);
const decimal = marks.find((part) => part.type === "decimal")?.value ?? ".";
const group = marks.find((part) => part.type === "group")?.value ?? ",";

/** As programs write it: 1234.5 for 1,234.5 or 1 234,5. @param {string} text */
const bare = (text) => text.replaceAll(group, "").replace(/\s/g, "").replace(decimal, ".").replace("\u2212", "-").replace(/%$/, "");

/** @param {HTMLTableCellElement | undefined} cell */
function valueOf(cell) {
  const given = cell?.dataset.value;
  const text = given ?? cell?.textContent?.trim() ?? "";
  const number = Number(given ?? bare(text));
  return text === "" ? null : Number.isNaN(number) ? text : number;
}

/** Nothing comes last, whichever way it goes. @param {string | number | null} a @param {string | number | null} b @param {number} way */
function order(a, b, way) {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a === "number" && typeof b === "number") return way * (a - b);
  return way * String(a).localeCompare(String(b), document.documentElement.lang, { numeric: true });
}

/** @param {HTMLTableElement} table @param {HTMLTableCellElement} head */
function sortBy(table, head) {
  const way = head.ariaSort === "ascending" || (!head.ariaSort && head.dataset.sort === "down") ? -1 : 1;
  for (const other of all("th[aria-sort]", table)) other.removeAttribute("aria-sort");
  head.ariaSort = way > 0 ? "ascending" : "descending";
  for (const body of table.tBodies) {
    const rows = [...body.rows].map((row) => /** @type {const} */ ([valueOf(row.cells[head.cellIndex]), row]));
    rows.sort(([a], [b]) => order(a, b, way));
    body.append(...rows.map(([, row]) => row));
  }
}

for (const head of /** @type {HTMLTableCellElement[]} */ (all("table th[data-sort]"))) {
  const table = /** @type {HTMLTableElement} */ (head.closest("table"));
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  button.addEventListener("click", () => sortBy(table, head));
  head.append(button);
}
