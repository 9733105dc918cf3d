/** The key's pages: formulas, and how far marking everybody again is. */
import { setFormulas } from "./math.js";
import { language } from "./writing.js";

// Often enough to be seen moving, seldom enough to cost nothing.
const EVERY_MS = 1_000;

setFormulas(document);

const marking = document.getElementById("marking");
if (marking) {
  const bar = marking.querySelector("progress");
  const said = document.getElementById("marked");
  const numbers = new Intl.NumberFormat(language);
  const words = said?.textContent ?? "";
  const look = setInterval(async () => {
    const reply = await fetch(`/api/v1/exams/${marking.dataset.exam}/corrections`).catch(() => null);
    if (!reply?.ok) return;
    const { progress } = await reply.json();
    if (progress.marked >= progress.sittings) {
      clearInterval(look);
      location.reload();
      return;
    }
    if (bar) [bar.max, bar.value] = [progress.sittings, progress.marked];
    // The sentence stays the page's; only its first number moves.
    if (said) said.textContent = words.replace(/[\d.,\u00a0\u202f\u2009 ]*\d/, numbers.format(progress.marked));
  }, EVERY_MS);
}
