/** A calculation under way: told how far it is, and the page comes anew when it is over. */
import { find } from "./fields.js";
import { call } from "./net.js";

const POLL_MS = 2_000;
const panel = find("#calculating");
const address = `/api/v1/calculations/${panel.dataset.calculation}`;
/** @type {Record<string, string>} */
const stages = JSON.parse(find("#stages").textContent);

/** @param {{ status: string, progress: number, stage: string }} now */
function show(now) {
  if (now.status !== "queued" && now.status !== "running") {
    location.reload();
    return true;
  }
  find("progress", panel).value = now.progress;
  const words = stages[now.stage];
  // Only when it is another: screen readers would say it again each time.
  if (words && find("#stage").textContent !== words) find("#stage").textContent = words;
  return false;
}

/** Where streams do not come through. */
async function poll() {
  const reply = await call("GET", address);
  if (reply.status === 200 && show(reply.body)) return;
  setTimeout(poll, Math.max(POLL_MS, reply.retryAfterMs));
}

const events = new EventSource(`${address}/events`);
let heard = false;
events.addEventListener("calculation", (event) => {
  heard = true;
  if (show(JSON.parse(event.data))) events.close();
});
events.addEventListener("missed", poll);
events.addEventListener("error", () => {
  if (heard && events.readyState === EventSource.CONNECTING) return;
  events.close();
  poll();
});
