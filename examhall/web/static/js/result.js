/** The result: formulas, the page that waits for its marks, and what never left this device. */
import { Store } from "./store.js";
import { setFormulas } from "./math.js";

const boot = JSON.parse(document.getElementById("boot")?.textContent ?? "{}");

async function showWhatDidNotArrive() {
  const notice = document.getElementById("not-arrived");
  if (!notice) return;
  const store = await Store.open(boot.sitting);
  const stored = new Map(boot.revisions.map((/** @type {[string, number]} */ [slot, revision]) => [slot, revision]));
  const lost = (await store.list()).filter((entry) => (stored.get(entry.slot) ?? 0) < entry.revision);
  if (!lost.length) return store.clear();
  const form = new Intl.PluralRules(document.documentElement.lang).select(lost.length);
  const [sentence, list, button] = [notice.querySelector("p"), notice.querySelector("ul"), notice.querySelector("button")];
  if (sentence) sentence.textContent = boot.words.not_arrived[form].replace("{n}", String(lost.length));
  for (const entry of lost) {
    const line = document.createElement("li");
    line.textContent = `${boot.labels[entry.slot] ?? entry.slot}: ${entry.shown ?? ""}`;
    list?.append(line);
  }
  button?.addEventListener("click", async () => {
    await store.clear();
    notice.hidden = true;
  });
  notice.hidden = false;
}

showWhatDidNotArrive().catch(() => {});
setFormulas(document);
// Handed in before their time was up, they may be let in again.
if (boot.early) {
  const stream = new EventSource(`/api/v1/sessions/${boot.sitting}/events`);
  stream.addEventListener("time", (event) => {
    if (!JSON.parse(event.data).submitted_at) location.assign(`/sittings/${boot.sitting}`);
  });
}
// The marks are seconds away: look again, not all at once.
if (boot.waiting) setTimeout(() => location.reload(), 2_000 + Math.random() * 2_000);
