/** Sorts tables by their columns: th[data-sort] becomes a button; cells may carry data-value to sort by. */
import { all } from "./fields.js";

/** @param {HTMLTableCellElement | undefined} cell */
function valueOf(cell) {
  const text = cell?.dataset.value ?? cell?.textContent?.trim() ?? "";
  const number = Number(text);
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
