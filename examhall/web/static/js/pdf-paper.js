/** An exam's PDF paper beside the answers: fetched through a bad network, drawn page by page as it is looked at. */
import { all, find } from "./fields.js";
import { setFormulas } from "./math.js";

const LIBRARY = "../vendor/pdfjs/";
const PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** Nothing came for so long: the connection is dead, whatever the browser thinks. */
const PATIENCE_MS = 20_000;
const ZOOMS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4];
/** Phones draw no larger canvas. */
const MOST_PIXELS = 12_000_000;
/** Drawn pages that are kept: three screens of a phone. */
const KEPT = 6;

/** What the lobby had before the start. @type {Uint8Array | null} */
let given = null;

/** The paper of the room that opens next, already here. @param {Uint8Array} bytes */
export function give(bytes) {
  given = bytes;
}

/** The server will not give it. */
class Refused extends Error {}

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Of this device alone; some browsers forbid their own memory. @param {() => any} risky */
function attempt(risky) {
  try {
    return risky();
  } catch {
    return null;
  }
}

export class PdfPaper {
  /** @param {{ words: Record<string, string>, key: string }} options `key` names what is remembered of this sitting */
  constructor({ words, key }) {
    this.words = words;
    this.key = key;
    this.box = find("#pdf");
    this.pages = find(".pdf-pages", this.box);
    /** @type {any[]} */
    this.sheets = [];
    this.current = 1;
    // Gliding to a page, what is passed on the way is not where one is. 0: not gliding.
    this.goal = 0;
    this.zoom = 1;
    Object.assign(this, attempt(() => JSON.parse(sessionStorage[key])));
    this.drawn = /** @type {any[]} */ ([]);
    this.drawing = false;
    this.room = 0;
    /** @type {number | null} */
    this.at = null;
    /** @type {string | Uint8Array} */
    this.source = "";
    this.sized = new ResizeObserver(() => this.resize());
    this.listen();
  }

  /** Show it, from an address or as bytes that are here. Never gives up on a bad network. @param {string | Uint8Array} source */
  async show(source) {
    this.source = source;
    this.state("loading");
    try {
      const library = this.library();
      // Handed on to the worker and gone from here: the next try needs its own.
      const data = typeof source === "string" ? given ?? (await this.fetch(source)) : source.slice();
      given = null;
      await this.open(await library, data);
    } catch (problem) {
      console.warn("paper", problem);
      this.state("failed");
      const why = problem instanceof Refused ? problem.message : this.words.unreadable;
      find("[data-failed] [data-text]", this.box).textContent = why;
    }
  }

  async library() {
    for (let round = 0; ; round++) {
      try {
        const address = new URL(`${LIBRARY}legacy/build/pdf.min.mjs${round ? `?again=${round}` : ""}`, import.meta.url);
        return await import(address.href);
      } catch {
        await this.later(round);
      }
    }
  }

  /** Every byte of it, going on where the network broke off. @param {string} url @returns {Promise<Uint8Array>} */
  async fetch(url) {
    /** @type {Uint8Array[]} */
    let parts = [];
    let [got, size, etag] = [0, 0, ""];
    for (let round = 0; ; round++) {
      const stop = new AbortController();
      let alarm = setTimeout(() => stop.abort(), PATIENCE_MS);
      try {
        const headers = got && etag ? { Range: `bytes=${got}-`, "If-Range": etag } : /** @type {any} */ ({});
        const reply = await fetch(url, { headers, signal: stop.signal, credentials: "same-origin" });
        if ([401, 403, 404].includes(reply.status)) throw new Refused((await reply.json().catch(() => ({}))).detail ?? this.words.unreadable);
        if (!reply.ok || !reply.body) throw new Error(String(reply.status));
        if (reply.status === 200) [parts, got] = [[], 0];
        etag = reply.headers.get("etag") ?? "";
        size = got + Number(reply.headers.get("content-length"));
        const reader = reply.body.getReader();
        for (let step = await reader.read(); !step.done; step = await reader.read()) {
          clearTimeout(alarm);
          alarm = setTimeout(() => stop.abort(), PATIENCE_MS);
          parts.push(step.value);
          got += step.value.length;
          this.progress(got, size);
        }
        if (got < size) throw new Error("cut off");
        return joined(parts, got);
      } catch (problem) {
        if (problem instanceof Refused) throw problem;
        await this.later(round);
      } finally {
        clearTimeout(alarm);
      }
    }
  }

  /** Say that the network is bad, and wait: a while, or until it is back. @param {number} round */
  async later(round) {
    find("[data-wait] [data-text]", this.box).textContent = this.words.retrying;
    const back = new Promise((resolve) => addEventListener("online", resolve, { once: true }));
    await Promise.race([back, pause(Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** round) * (1 + Math.random() / 4))]);
  }

  /** @param {number} got @param {number} size */
  progress(got, size) {
    find("[data-wait] [data-text]", this.box).textContent = this.words.loading;
    find("progress", this.box).value = size ? got / size : 0;
  }

  /** @param {any} library @param {Uint8Array} data */
  async open(library, data) {
    const beside = (/** @type {string} */ path) => new URL(LIBRARY + path, import.meta.url).href;
    library.GlobalWorkerOptions.workerSrc = beside("legacy/build/pdf.worker.min.mjs");
    this.file?.destroy();
    // What a PDF can do beyond lying on paper stays off: forms of XFA, scripts, code made of text.
    this.file = library.getDocument({
      data,
      enableXfa: false,
      isEvalSupported: false,
      useWasm: false,
      wasmUrl: beside("wasm/"),
      cMapUrl: beside("cmaps/"),
      standardFontDataUrl: beside("standard_fonts/"),
      verbosity: 0,
    });
    const file = await this.file.promise;
    this.annotations = library.AnnotationMode.DISABLE;
    const first = await file.getPage(1);
    const { width, height } = first.getViewport({ scale: 1 });
    this.sheets = Array.from({ length: file.numPages }, (_, index) => this.sheet(file, index + 1, width, height));
    this.pages.replaceChildren(...this.sheets.map(({ box }) => box));
    find("[data-pages]", this.box).textContent = this.words.of.replace("{n}", file.numPages);
    for (const control of all("[data-page], [data-zoom], input", this.box)) control.disabled = false;
    this.state("ready");
    this.watch();
    this.resize();
    await this.draw();
  }

  /** A place for a page, with the size of the first until it is known. @param {any} file @param {number} number @param {number} width @param {number} height */
  sheet(file, number, width, height) {
    const box = document.createElement("section");
    box.className = "pdf-page";
    box.setAttribute("aria-label", this.words.page.replace("{n}", String(number)).replace("{total}", file.numPages));
    return { box, file, number, width, height, near: false, canvas: null, scale: 0 };
  }

  watch() {
    this.seen?.disconnect();
    this.seen = new IntersectionObserver(
      (entries) => {
        for (const entry of entries) this.sheets[this.sheets.findIndex(({ box }) => box === entry.target)].near = entry.isIntersecting;
        this.draw();
      },
      { root: this.pages, rootMargin: "60% 0px" },
    );
    for (const { box } of this.sheets) this.seen.observe(box);
    this.sized.observe(this.pages);
  }

  /** Every page as wide as the pane, times the zoom; what is drawn stretches until it is drawn anew. */
  resize() {
    const room = this.pages.clientWidth - parseFloat(getComputedStyle(this.pages).paddingInlineStart) * 2;
    // Not seen at all on a phone that shows the answers.
    if (!this.sheets.length || room <= 0) return;
    const at = this.pages.scrollTop / this.pages.scrollHeight;
    for (const sheet of this.sheets) this.fit(sheet, room);
    const percent = find("[data-percent]", this.box);
    // The page has the sign as its language writes it.
    percent.textContent = percent.textContent.replace(/\d+/, String(Math.round(this.zoom * 100)));
    // Seen for the first time, it opens where it was left.
    if (this.room) this.pages.scrollTop = at * this.pages.scrollHeight;
    else this.go(this.current, "auto");
    this.room = room;
    this.draw();
  }

  /** @param {any} sheet @param {number} room */
  fit(sheet, room) {
    const width = Math.floor(room * this.zoom);
    sheet.box.style.width = `${width}px`;
    sheet.box.style.height = `${Math.floor((width * sheet.height) / sheet.width)}px`;
    sheet.scale = width / sheet.width;
  }

  /** Draw what is near and not yet drawn in this size, one after the other, the page that is read first. */
  async draw() {
    if (this.drawing) return;
    this.drawing = true;
    for (let sheet = this.next(); sheet; sheet = this.next()) await this.paint(sheet).catch((problem) => this.spoil(sheet, problem));
    this.drawing = false;
    const rest = this.drawn.filter(({ near }) => !near);
    for (const sheet of rest.slice(0, Math.max(0, this.drawn.length - KEPT))) this.forget(sheet);
  }

  next() {
    const wanted = this.sheets.filter((sheet) => sheet.near && sheet.scale && sheet.painted !== sheet.scale);
    return wanted.sort((a, b) => Math.abs(a.number - this.current) - Math.abs(b.number - this.current))[0];
  }

  /** @param {any} sheet */
  async paint(sheet) {
    const page = await sheet.file.getPage(sheet.number);
    const own = page.getViewport({ scale: 1 });
    if (own.width !== sheet.width || own.height !== sheet.height) {
      Object.assign(sheet, { width: own.width, height: own.height });
      this.fit(sheet, this.room);
    }
    const scale = sheet.scale;
    const sharp = Math.min(devicePixelRatio || 1, 3, Math.sqrt(MOST_PIXELS / (own.width * own.height * scale * scale)));
    const viewport = page.getViewport({ scale: scale * sharp });
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: Math.floor(viewport.width), height: Math.floor(viewport.height) });
    canvas.setAttribute("aria-hidden", "true");
    await page.render({ canvas, viewport, annotationMode: this.annotations }).promise;
    sheet.painted = scale;
    sheet.canvas?.remove();
    sheet.canvas = canvas;
    sheet.box.prepend(canvas);
    sheet.box.dataset.drawn = "";
    this.drawn = [...this.drawn.filter((one) => one !== sheet), sheet];
    if (!sheet.text) {
      sheet.text = document.createElement("p");
      sheet.text.className = "sr";
      const { items } = await page.getTextContent();
      sheet.text.textContent = items.map((/** @type {any} */ { str, hasEOL }) => str + (hasEOL ? "\n" : "")).join("");
      sheet.box.append(sheet.text);
    }
  }

  /** A page that cannot be drawn is no reason to see none. @param {any} sheet @param {unknown} problem */
  spoil(sheet, problem) {
    console.warn("page", sheet.number, problem);
    sheet.painted = sheet.scale;
    sheet.box.dataset.spoilt = this.words.spoilt;
  }

  /** @param {any} sheet */
  forget(sheet) {
    this.drawn = this.drawn.filter((one) => one !== sheet);
    // Some browsers keep the pixels of a canvas that is gone.
    Object.assign(sheet.canvas, { width: 0, height: 0 }).remove();
    Object.assign(sheet, { canvas: null, painted: 0 });
    delete sheet.box.dataset.drawn;
  }

  /** @param {number} page @param {ScrollBehavior} behavior */
  go(page, behavior = "smooth") {
    const sheet = this.sheets[Math.min(Math.max(page, 1), this.sheets.length) - 1];
    if (!sheet) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.pages.scrollTo({ top: sheet.box.offsetTop - this.pages.offsetTop - 8, behavior: calm ? "auto" : behavior });
    this.goal = sheet.number;
    this.arrive(sheet.number);
  }

  /** @param {number} page */
  arrive(page) {
    this.current = page;
    if (document.activeElement !== find("input", this.box)) find("input", this.box).value = String(page);
    find("[data-page='-1']", this.box).disabled = page === 1;
    find("[data-page='1']", this.box).disabled = page === this.sheets.length;
    attempt(() => (sessionStorage[this.key] = JSON.stringify({ current: page, zoom: this.zoom })));
  }

  /** @param {number} direction 0 is the width of the pane */
  magnify(direction) {
    const at = ZOOMS.indexOf(this.zoom);
    this.zoom = direction ? ZOOMS[Math.min(Math.max(at + direction, 0), ZOOMS.length - 1)] : 1;
    this.resize();
    this.arrive(this.current);
  }

  /** @param {string} state */
  state(state) {
    this.box.dataset.state = state;
    find("[data-wait]", this.box).hidden = state !== "loading";
    find("[data-failed]", this.box).hidden = state !== "failed";
    this.pages.setAttribute("aria-busy", String(state === "loading"));
  }

  listen() {
    for (const button of all("[data-page]", this.box)) button.onclick = () => this.go(this.current + Number(button.dataset.page));
    for (const button of all("[data-zoom]", this.box)) button.onclick = () => this.magnify(Number(button.dataset.zoom));
    find("[data-again]", this.box).onclick = () => this.show(this.source);
    const place = find("input", this.box);
    place.onchange = () => {
      this.go(Number.parseInt(place.value, 10) || this.current);
      place.value = String(this.current);
    };
    place.onfocus = () => place.select();
    find("form", this.box).onsubmit = () => (place.blur(), false);
    this.pages.addEventListener("scroll", () => this.look(), { passive: true });
    for (const end of ["scrollend", "wheel", "touchmove", "pointerdown", "keydown"])
      this.pages.addEventListener(end, () => (this.goal = 0), { passive: true });
    this.box.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.press(event));
    for (const tab of all(".pdf-tabs button")) tab.onclick = () => this.turn(tab.dataset.side);
    addEventListener("resize", () => this.resize());
  }

  /** Which page is in the middle. */
  look() {
    if (!this.pages.clientHeight || this.goal) return;
    const middle = this.pages.scrollTop + this.pages.clientHeight / 2 + this.pages.offsetTop;
    const found = this.sheets.findLast(({ box }) => box.offsetTop <= middle);
    if (found && found.number !== this.current) this.arrive(found.number);
  }

  /** The room's own keys move between questions; here they move between pages. @param {KeyboardEvent} event */
  press(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const typing = /** @type {Element} */ (event.target).matches("input");
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      event.stopPropagation();
      if (typing || this.zoom > 1) return;
      event.preventDefault();
      this.go(this.current + (event.key === "ArrowLeft" ? -1 : 1));
    } else if (!typing && ["+", "-", "="].includes(event.key)) {
      event.preventDefault();
      this.magnify(event.key === "-" ? -1 : 1);
    }
  }

  /** On a phone: to the paper, or to the answers. @param {string} side */
  turn(side) {
    if ((document.body.dataset.side ?? "paper") === side) return;
    // What is not seen forgets how far it was scrolled.
    const at = this.pages.scrollTop;
    document.body.dataset.side = side;
    this.pages.scrollTop = this.at ?? at;
    this.at = side === "paper" ? null : at;
    for (const tab of all(".pdf-tabs button")) tab.setAttribute("aria-pressed", String(tab.dataset.side === side));
    this.resize();
  }
}

/** @param {Uint8Array[]} parts @param {number} size */
function joined(parts, size) {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * The room of an exam with a paper: the paper, and all questions below each other as an answer sheet.
 * @param {any} boot of the room's page @param {(index: number, focus?: boolean) => void} go to a question
 */
export async function open({ paper, sitting }, go) {
  const viewer = new PdfPaper({ words: paper.words, key: `examhall-page-${sitting}` });
  viewer.show(paper.url);
  const questions = all(".question");
  find("#paper").addEventListener("focusin", (/** @type {any} */ { target }) => {
    const index = questions.indexOf(target.closest(".question"));
    if (!questions[index]?.classList.contains("current")) go(index, false);
  });
  const toAnswers = ".skip, #sheet .grid button, #hand-in .grid button, #finish";
  document.addEventListener("click", ({ target }) => /** @type {Element} */ (target).closest(toAnswers) && viewer.turn("answers"), true);
  for (const question of questions) await setFormulas(question);
}
