/**
 * The sealed paper: downloaded while people wait, opened by the key that comes with the start. Whatever goes
 * wrong on the way, the ordinary start is there, and is taken at once.
 */
import { enter } from "./enter.js";
import { call } from "./net.js";

// An exam that changes while people wait for it has another paper.
const LOOK_AGAIN_MS = 300_000;
// All who wait for the hour from which it may be had do not come in the same second.
const SPREAD_MS = 60_000;
const DOWNLOAD_LIMIT_MS = 300_000;
// So often a server that does not answer is asked by us; then the browser asks, and waits for longer.
const TRIES = 4;

const utf8 = new TextEncoder();
const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Browsers let only pages from a secure address decrypt; old ones cannot decompress. */
export const canOpen = () => Boolean(globalThis.crypto?.subtle && globalThis.DecompressionStream);

export class SealedPaper {
  /** What was downloaded. @type {{version: string, parts: number[], bytes: ArrayBuffer} | null} */
  paper = null;
  /** Why it could not be used, as the server counts it. */
  failure = "";

  /** @param {SealedOptions} options */
  constructor(options) {
    this.options = options;
    this.exam = `/api/v1/exams/${options.exam}`;
    const wait = Date.parse(options.from) - options.clock.now();
    if (wait > 0) setTimeout(() => this.#look(), wait + Math.random() * SPREAD_MS);
    else this.#look();
  }

  async #look() {
    const { body } = await call("GET", `${this.exam}/sealed`);
    if (body?.code) this.paper = null;
    if (body?.url && body.version !== this.paper?.version) {
      const bytes = await this.#download(body);
      this.paper = bytes && { version: body.version, parts: body.parts, bytes };
    }
    this.options.changed(this.paper !== null);
    setTimeout(() => this.#look(), LOOK_AGAIN_MS * (1 + Math.random()));
  }

  /** From whatever cache holds it, if it is what the server says; a second time from where it was made. @param {any} found */
  async #download({ url, sha256 }) {
    for (const cache of /** @type {RequestCache[]} */ (["default", "reload"])) {
      try {
        const response = await fetch(url, { cache, signal: AbortSignal.timeout(DOWNLOAD_LIMIT_MS) });
        const bytes = await response.arrayBuffer();
        const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
        if ([...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("") === sha256) return bytes;
        if (response.ok) this.failure = "hash";
      } catch {
        // No network: the ordinary start has time until then.
      }
    }
    return null;
  }

  /** Start with the paper that is here; false if that could not be done, and the ordinary way is to be gone. */
  async start() {
    const { paper } = this;
    const reply = paper && (await this.#ask(paper.version));
    if (!paper || reply?.body?.sealed?.version !== paper.version) return false;
    const { key, order } = reply.body.sealed;
    let document, pdf;
    try {
      document = await readDocument(await open(paper, 0, key, this.options.exam));
      if (paper.parts[1]) pdf = await open(paper, 1, key, this.options.exam);
    } catch {
      this.failure = "tag";
      return false;
    }
    try {
      await enter(document, pdf, order, reply);
    } catch {
      this.failure = "page";
      return false;
    }
    return true;
  }

  /** Starting twice gives the same sitting, so a start of unknown outcome is tried again. @param {string} version */
  async #ask(version) {
    for (let tries = 0; ; tries += navigator.onLine ? 1 : 0) {
      const reply = await call("POST", `${this.exam}/sessions?sealed=${version}`);
      const isBusy = !reply.status || reply.status === 429 || reply.status === 503;
      if (!isBusy || tries >= TRIES) return reply;
      this.options.waiting();
      await pause(Math.max(reply.retryAfterMs, 500) * (1 + Math.random()));
    }
  }
}

/**
 * What is in a part. Throws for anything but this very part of this version of this exam's paper.
 * @param {{version: string, parts: number[], bytes: ArrayBuffer}} paper @param {number} part @param {string} k
 * @param {number} exam @returns {Promise<Uint8Array>}
 */
async function open({ version, parts, bytes }, part, k, exam) {
  const key = await crypto.subtle.importKey("jwk", { kty: "oct", k, alg: "A256GCM" }, "AES-GCM", false, ["decrypt"]);
  // Its number is the nonce: the key seals these parts and nothing else.
  const iv = new Uint8Array(12).fill(part, 11);
  const how = { name: "AES-GCM", iv, additionalData: utf8.encode(`examhall-sealed/1:${exam}:${version}:${part}`) };
  const start = part ? parts[0] : 0;
  const plain = await crypto.subtle.decrypt(how, key, bytes.slice(start, start + parts[part]));
  // After what is in it there are zeros, to hide its length.
  return new Uint8Array(plain, 4, new DataView(plain).getUint32(0));
}

/** @param {Uint8Array} squeezed */
function readDocument(squeezed) {
  const stream = new Blob([/** @type {any} */ (squeezed)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}
