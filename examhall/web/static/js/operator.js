/** The operator's page: each second arrives as an event, and moves figures and charts. */
import { charts } from "./chart.js";
import { all, find } from "./fields.js";
import { language, percentsAs } from "./writing.js";

/** @typedef {{ at: number[], columns: Record<string, (number | null)[]> }} History */
/** @typedef {History & { routes: [string, string, ...number[]][], deadlines: number[], bottlenecks: string[] }} News */

const KEPT = 600;
const page = find(".operator");
/** @type {History} */
const kept = JSON.parse(find("#history").textContent);
/** Hits are shares; the chart shows them in a hundred. @type {Record<string, number>} */
const SCALES = { hits: 100 };

const labels = all("#routes thead th").slice(1).map((head) => head.textContent);

let span = 300;
let paused = false;

/** @param {News} news */
function arrived(news) {
  kept.at = [...kept.at, ...news.at].slice(-KEPT);
  for (const [name, values] of Object.entries(news.columns)) kept.columns[name] = [...(kept.columns[name] ?? []), ...values].slice(-KEPT);
  page.dataset.last = String(news.at.at(-1) ?? page.dataset.last);
  if (paused) return;
  draw();
  figures();
  routes(news.routes);
  deadlines(news.deadlines);
  bottlenecks(news.bottlenecks);
}

function draw() {
  const end = kept.at.at(-1) ?? Date.now() / 1000;
  const from = kept.at.findIndex((at) => at > end - span);
  const values = kept.at.slice(Math.max(0, from));
  for (const figure of all("figure[data-keys]")) {
    const chart = charts.get(figure.id);
    if (!chart) continue;
    const names = figure.dataset.keys.split(" ");
    const series = chart.spec.series.map((one, i) => {
      const name = names[i];
      const column = (kept.columns[name] ?? []).slice(Math.max(0, from));
      const scale = SCALES[name];
      return { ...one, values: scale ? column.map((value) => value === null ? null : value * scale) : column };
    });
    standing(chart.spec, series);
    chart.show({ ...chart.spec, x: { ...chart.spec.x, values }, series });
    // The whole span from the start on, so that a line grows from the right and nothing jumps.
    figure.dataset.newest = String(values.at(-1) ?? "");
    chart.drawn?.setScale("x", { min: end - span, max: end });
  }
}

/** A scale without anything on it goes to 1, not to a billionth. @param {ChartSpec} spec @param {ChartSeries[]} series */
function standing(spec, series) {
  const given = spec.y?.unit === "%";
  // In place: the drawing reads its scale from here.
  if (spec.y && !given) spec.y.max = series.some((one) => !one.right && one.values.some((value) => value)) ? undefined : 1;
}

const percents = percentsAs();

function figures() {
  for (const place of all("[data-figure]")) {
    const value = kept.columns[place.dataset.figure]?.at(-1);
    if (place.dataset.percent !== undefined) {
      place.textContent = value === null || value === undefined ? "–" : percents(value);
      continue;
    }
    const digits = Number(place.dataset.digits ?? 0);
    const scaled = value === null || value === undefined ? null : value * Number(place.dataset.scale ?? 1);
    const shown = scaled !== null && digits === 0 && scaled > 0 && scaled < 10 && !Number.isInteger(scaled) ? 1 : digits;
    place.textContent = scaled === null ? "–" : scaled.toLocaleString(language, { minimumFractionDigits: shown, maximumFractionDigits: shown });
  }
}

/** @param {News["routes"]} found */
function routes(found) {
  const rows = found.map(([method, route, perSecond, ...latencies]) => {
    const row = document.createElement("tr");
    const name = document.createElement("th");
    name.scope = "row";
    const verb = document.createElement("span");
    verb.className = "method";
    verb.textContent = method;
    const path = document.createElement("code");
    path.textContent = route;
    name.append(verb, " ", path);
    row.append(name);
    for (const [i, value] of [perSecond, ...latencies.slice(0, 3)].entries()) {
      const cell = document.createElement("td");
      cell.className = "end";
      cell.dataset.label = labels[i] ?? "";
      const unit = /** @type {const} */ ({ style: "unit", unit: "millisecond" });
      cell.textContent = (value ?? 0).toLocaleString(language, { maximumSignificantDigits: 3, ...(i && unit) });
      row.append(cell);
    }
    return row;
  });
  find("#routes tbody").replaceChildren(...rows);
  find("#no-routes").hidden = rows.length > 0;
}

/** @param {number[]} values */
function deadlines(values) {
  const chart = charts.get("c-deadlines");
  if (!chart) return;
  const [series] = chart.spec.series;
  // Drawn anew only when something changed.
  if (!series || JSON.stringify(series.values) === JSON.stringify(values)) return;
  standing(chart.spec, [{ ...series, values }]);
  chart.show({ ...chart.spec, x: { ...chart.spec.x, labels: values.map((_, i) => String(i + 1)) }, series: [{ ...series, values }] });
}

/** @param {string[]} sentences */
function bottlenecks(sentences) {
  const list = find("#bottlenecks");
  const before = all("li", list).map((item) => item.textContent);
  find("#fine").hidden = sentences.length > 0;
  list.hidden = sentences.length === 0;
  // Only what changed is said again by a screen reader.
  if (before.join("\n") === sentences.join("\n")) return;
  list.replaceChildren(...sentences.map((sentence) => Object.assign(document.createElement("li"), { textContent: sentence })));
}

for (const button of all("[data-span]")) {
  button.addEventListener("click", () => {
    span = Number(button.dataset.span);
    for (const other of all("[data-span]")) other.setAttribute("aria-pressed", String(other === button));
    draw();
  });
}

find("#pause").addEventListener("click", () => {
  paused = !paused;
  find("#pause").setAttribute("aria-pressed", String(paused));
  find("#live").hidden = paused;
  if (!paused) {
    draw();
    figures();
  }
});

const events = new EventSource(`${page.dataset.events}?after=${page.dataset.last}`);
events.addEventListener("open", () => {
  find("#live").hidden = paused;
  find("#away").hidden = true;
});
events.addEventListener("error", () => {
  find("#live").hidden = true;
  find("#away").hidden = false;
});
events.addEventListener("message", (event) => arrived(JSON.parse(event.data)));
draw();
