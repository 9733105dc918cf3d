/** The item analysis: a link to an item opens it, and formulas are set where they are seen. */
import { all } from "./fields.js";
import { setFormulas } from "./math.js";

function openNamed() {
  const item = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!(item instanceof HTMLDetailsElement)) return;
  item.open = true;
  item.scrollIntoView();
}

addEventListener("hashchange", openNamed);
for (const item of all("details.item")) item.addEventListener("toggle", () => item.open && setFormulas(item));
for (const gist of all(".gist")) setFormulas(gist);
openNamed();
