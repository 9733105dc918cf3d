/** Charts: each figure.chart carries its figures as JSON; uPlot draws them in the page's colours.

The same figures stand in a table beneath, for who cannot see a drawing or wants the numbers. */
import uPlot from "../vendor/uplot/uPlot.esm.js";

import { all, find } from "./fields.js";
import { language, momentsAs, percentsAs } from "./writing.js";

const HEIGHT = 260;
// As the stylesheet has it: paper is light, whatever the screen was.
const dark = matchMedia("screen and (prefers-color-scheme: dark)");
const numbers = new Intl.NumberFormat(language, { maximumSignificantDigits: 4 });
const percents = percentsAs({ maximumSignificantDigits: 4 });
const moments = momentsAs({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

const dayOf = momentsAs({ day: "numeric", month: "short" });
const minuteOf = momentsAs({ hour: "2-digit", minute: "2-digit" });
const secondOf = momentsAs({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
/** Between the marks of what comes in whole numbers. */
const WHOLE = Array.from({ length: 30 }, (_, i) => (/** @type {const} */ ([1, 2, 5])[i % 3] ?? 1) * 10 ** Math.floor(i / 3));

/** Marks of time, as exactly as they are apart. @param {number[]} at in seconds */
function times(at) {
  const step = at.length > 1 ? (at[1] ?? 0) - (at[0] ?? 0) : 60;
  const form = step >= 86_400 ? dayOf : step >= 60 ? minuteOf : secondOf;
  return at.map((second) => form(second * 1000));
}

/** @param {string} name */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** @param {number | null | undefined} value */
const written = (value) => (value === null || value === undefined ? "–" : numbers.format(value));
/** A value of the scale with its unit. @param {number | null | undefined} value @param {string} [unit] */
const measured = (value, unit = "") => (unit === "%" && typeof value === "number" ? percents(value / 100) : written(value) + unit);

/** What is under the pointer, as words. @param {ChartSpec} spec @param {number} i */
function where(spec, i) {
  if (spec.x.labels) return spec.x.labels[i] ?? "";
  const x = spec.x.values?.[i] ?? i;
  return spec.x.time ? moments(x * 1000) : written(x);
}

/** @param {ChartSeries} series @param {string} ink @returns {uPlot.Series} */
function styled(series, ink) {
  const style = series.style ?? "line";
  /** @type {uPlot.Series} */
  const drawn = { label: series.name, stroke: ink, width: 2, points: { show: false }, spanGaps: true };
  if (style === "bars") {
    drawn.paths = uPlot.paths.bars?.({ size: [series.full ? 1 : 0.82, 90], gap: series.full ? 1 : 0, radius: series.full ? 0 : 0.15 });
    drawn.fill = ink + (series.faint ? "55" : "cc");
    drawn.width = 0;
  } else if (style === "points") {
    drawn.paths = () => null;
    drawn.points = { show: true, size: 8, fill: ink, stroke: colour("--sheet"), width: 1.5 };
  } else {
    if (style === "steps") drawn.paths = uPlot.paths.stepped?.({ align: 1 });
    else if (style === "curve") drawn.paths = uPlot.paths.spline?.();
    if (style === "area") drawn.fill = ink + "26";
    if (series.dashed) drawn.dash = [6, 5];
  }
  if (series.right) drawn.scale = "right";
  return drawn;
}

/** Vertical lines with a word: a deadline, a mean. @param {ChartSpec} spec @returns {uPlot.Plugin} */
function marks(spec) {
  return {
    hooks: {
      draw: (u) => {
        const { ctx, bbox } = u;
        for (const mark of spec.marks ?? []) {
          const x = u.valToPos(mark.x, "x", true);
          if (x < bbox.left || x > bbox.left + bbox.width) continue;
          ctx.save();
          ctx.strokeStyle = ctx.fillStyle = colour("--soft");
          ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
          ctx.lineWidth = devicePixelRatio;
          ctx.beginPath();
          ctx.moveTo(x, bbox.top - 18 * devicePixelRatio);
          ctx.lineTo(x, bbox.top + bbox.height);
          ctx.stroke();
          ctx.font = `600 ${12 * devicePixelRatio}px ${getComputedStyle(document.body).fontFamily}`;
          const wide = ctx.measureText(mark.text).width;
          const left = x + wide + 12 * devicePixelRatio > bbox.left + bbox.width;
          ctx.textAlign = left ? "right" : "left";
          ctx.fillText(mark.text, x + (left ? -6 : 6) * devicePixelRatio, bbox.top - 7 * devicePixelRatio);
          ctx.restore();
        }
      },
    },
  };
}

/** @param {ChartSpec} spec @returns {uPlot.AlignedData} */
function aligned(spec) {
  const longest = Math.max(0, ...spec.series.map((series) => series.values.length));
  const x = spec.x.values ?? Array.from({ length: spec.x.labels?.length ?? longest }, (_, i) => i);
  return /** @type {uPlot.AlignedData} */ ([x, ...spec.series.map((series) => series.values)]);
}

/** @param {ChartSpec} spec @param {number} width @param {number} height @param {(i: number | null) => void} pointed @returns {uPlot.Options} */
function options(spec, width, height, pointed) {
  const soft = colour("--soft");
  const line = colour("--line");
  const font = `13px ${getComputedStyle(document.body).fontFamily}`;
  const { labels } = spec.x;
  /** @type {uPlot.Axis} */
  const axis = { stroke: soft, font, labelFont: font, labelGap: 2, grid: { stroke: line, width: 1 }, ticks: { show: false }, gap: 6 };
  const bars = spec.series.some((series) => series.style === "bars");
  // Bars stand on their value: without room at both ends the outermost would be cut in half.
  /** @type {uPlot.Range.Function} */
  const roomy = (u, min, max) => {
    const [xs] = u.data;
    const step = xs.length > 1 ? Math.abs((xs[1] ?? 1) - (xs[0] ?? 0)) : 1;
    return [(min ?? 0) - step * 0.6, (max ?? 1) + step * 0.6];
  };
  const right = spec.series.find((series) => series.right);
  const counts = spec.series.every((series) => series.right || series.values.every((value) => Number.isInteger(value ?? 0)));
  /** @type {uPlot.Axis[]} */
  const axes = [
    {
      ...axis,
      label: spec.x.label,
      labelSize: spec.x.label ? 22 : 0,
      size: 32,
      grid: { show: false },
      ...(labels && {
        splits: (/** @type {uPlot} */ u) => [...u.data[0]].filter((_, i) => i % Math.ceil(labels.length / Math.max(2, width / 56)) === 0),
        values: (/** @type {uPlot} */ _, /** @type {number[]} */ at) => at.map((i) => labels[i] ?? ""),
      }),
      ...(!labels && { values: (/** @type {uPlot} */ _, /** @type {number[]} */ at) => (spec.x.time ? times(at) : at.map(written)) }),
    },
    {
      ...axis,
      label: spec.y?.label ?? "",
      labelSize: spec.y?.label ? 24 : 0,
      size: (_, values) => 14 + 8 * Math.max(2, ...(values ?? []).map((text) => text.length)),
      values: (_, at) => at.map((value) => measured(value, spec.y?.unit)),
      ...(counts && { incrs: WHOLE }),
    },
  ];
  if (right) axes.push({ ...axis, scale: "right", side: 1, grid: { show: false }, label: right.name, labelSize: 24, size: 48, values: (_, at) => at.map(written) });
  return {
    width,
    height,
    // Marks have their words above the drawing; the last moment of an axis is not cut.
    padding: [spec.marks?.length ? 22 : 8, right ? 0 : spec.x.time ? 30 : 10, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: {
      x: { time: !!spec.x.time, ...(bars && { range: roomy }), ...(spec.x.range && { range: spec.x.range }) },
      y: { range: (_, min, max) => [spec.y?.min ?? Math.min(0, min ?? 0), spec.y?.max ?? Math.max((max ?? 1) * 1.08, spec.y?.min ?? 0, 1e-9)] },
    },
    axes,
    series: [{}, ...spec.series.map((series, i) => styled(series, colour(`--c${series.colour ?? (i % 6) + 1}`)))],
    hooks: { setCursor: [(u) => pointed(u.cursor.idx ?? null)] },
    plugins: [marks(spec)],
  };
}

/** One figure's drawing; `show` gives it new figures. */
export class Chart {
  /** @param {HTMLElement} figure */
  constructor(figure) {
    this.figure = figure;
    this.area = find(".chart-area", figure);
    const given = find("script[type='application/json']", figure).textContent ?? "{}";
    /** @type {ChartSpec} */
    this.spec = JSON.parse(given);
    /** @type {uPlot | null} */
    this.drawn = null;
    this.seen = 0;
    new ResizeObserver(() => {
      const wide = this.area.clientWidth;
      if (wide && wide !== this.seen) this.draw();
    }).observe(this.area);
    dark.addEventListener("change", () => this.draw());
  }

  draw() {
    this.drawn?.destroy();
    this.seen = this.area.clientWidth;
    const height = Number(this.figure.dataset.height ?? HEIGHT);
    this.drawn = new uPlot(options(this.spec, this.seen, height, (i) => this.point(i)), aligned(this.spec), this.area);
  }

  /** @param {ChartSpec} spec of the same series */
  show(spec) {
    this.spec = spec;
    if (this.drawn && !spec.x.labels) this.drawn.setData(aligned(spec));
    else if (this.seen) this.draw();
  }

  /** The values under the pointer stand in the keys. @param {number | null} i */
  point(i) {
    const outputs = all(".chart-keys output", this.figure);
    for (const [k, output] of outputs.entries()) {
      const series = this.spec.series[k];
      output.textContent = i === null || !series ? "" : measured(series.values[i], series.right ? "" : this.spec.y?.unit);
    }
    const at = this.figure.querySelector(".chart-at");
    if (at) at.textContent = i === null ? "" : where(this.spec, i);
  }
}

/** Every chart of the page by its id, drawn. */
export const charts = new Map(all("figure.chart").map((figure) => [figure.id, new Chart(figure)]));
