/** One question in the frame of its editor: shown anew with each change, and it can be tried out. */
import { act, all, dress, exclude, find } from "./fields.js";
import { setFormulas } from "./math.js";

const paper = find("#paper");

async function show() {
  for (const item of all(".item")) dress(item);
  await setFormulas(paper);
  tellHeight();
}

function tellHeight() {
  parent.postMessage({ look: "height", height: document.documentElement.scrollHeight }, location.origin);
}

window.addEventListener("message", (event) => {
  if (event.origin !== location.origin || event.source !== parent || typeof event.data?.html !== "string") return;
  // Made by the room's template on the server, which escapes what authors write.
  paper.innerHTML = event.data.html;
  void show();
});
paper.addEventListener("change", (/** @type {any} */ event) => {
  const item = event.target.closest(".item");
  if (!item) return;
  exclude(item, event.target);
  dress(item);
});
paper.addEventListener("input", (/** @type {any} */ event) => {
  const item = event.target.closest(".item");
  if (item) dress(item);
});
paper.addEventListener("click", (/** @type {any} */ event) => {
  const item = event.target.closest(".item");
  if (item && event.target.closest("button")) act(item, event.target);
});
paper.addEventListener("submit", (/** @type {Event} */ event) => event.preventDefault());
new ResizeObserver(tellHeight).observe(document.body);
await show();
parent.postMessage({ look: "ready" }, location.origin);
