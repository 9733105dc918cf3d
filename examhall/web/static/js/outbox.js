// @ts-check
/**
 * Carries answers to the server. An answer is written to this device first, then sent until the server
 * says that it is stored. The newest revision of an answer wins everywhere, so sending twice, late or
 * from two tabs does no harm; that is what lets every rule below be simple.
 */
import { call, renewToken } from "./net.js";

/** @typedef {import("./store.js").Entry} Entry */
/** @typedef {import("./net.js").Reply} Reply */
/** @typedef {{question_number: number, sub_part: string, answer: any, revision: number, saved_at: string}} Stored */
/** @typedef {"network" | "busy" | "sign_in" | "stranger"} Trouble */

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;
const LONGEST_ASKED_PAUSE_MS = 60_000;
const MOST_AT_ONCE = 100;
// A request that outlives its page may carry 64 KB; an ordinary one is kept as small.
const MOST_BYTES = 48_000;
// A tab that leaves the sending to another one does not wait longer than this for it: it may be frozen.
const PATIENCE_MS = 2_500;

/** @param {number} question @param {string} part */
export const slotOf = (question, part) => `${question}${part}`;
/** @param {Entry} entry */
const wire = (entry) => ({
  question_number: entry.question,
  sub_part: entry.part,
  answer: entry.answer,
  revision: entry.revision,
});
const size = (/** @type {unknown} */ value) => new Blob([JSON.stringify(value)]).size;

export class Outbox {
  /** Not stored by the server yet. @type {Map<string, Entry>} */
  pending = new Map();
  /** Not accepted by the server. @type {Map<string, Entry>} */
  refused = new Map();
  /** When the newest stored one was stored. @type {Map<string, string>} */
  savedAt = new Map();
  /** @type {Trouble | null} */
  trouble = null;
  /** The server's code for why nothing more is taken. @type {string | null} */
  closed = null;
  /** False when this browser keeps nothing: then answers live in this page only. */
  durable = true;

  /** The newest revision known of each answer. @type {Map<string, number>} */
  #known = new Map();
  /** In the store, so may be sent. @type {WeakSet<Entry>} */
  #kept = new WeakSet();
  #sender = false;
  #running = false;
  #failures = 0;
  /** @type {(() => void) | null} */
  #wake = null;

  /**
   * @param {object} options
   * @param {number | string} options.sitting
   * @param {string} options.url of the session
   * @param {import("./clock.js").Clock} options.clock
   * @param {import("./store.js").Store | null} options.store
   * @param {(slot: string | null) => void} options.changed
   * @param {(slot: string, answer: any) => void} options.arrived an answer given elsewhere
   * @param {(body: any) => void} options.replied every good reply: deadline and server time are in it
   * @param {(code: string) => void} options.over
   * @param {(slot: string) => boolean} options.dirty is being typed right now
   */
  constructor(options) {
    this.options = options;
    this.durable = options.store !== null;
    this.channel = "BroadcastChannel" in window ? new BroadcastChannel(`examhall-${options.sitting}`) : null;
    if (this.channel) this.channel.onmessage = (event) => this.#heard(event.data);
    window.addEventListener("online", () => this.hurry());
  }

  /** Take up what an earlier page left behind, and begin to send. */
  async open() {
    await this.#takeUp();
    if (navigator.locks) {
      // One tab sends for all; the lock falls to the next one when it is closed.
      navigator.locks.request(`examhall-${this.options.sitting}`, async () => {
        this.#sender = true;
        await this.#takeUp();
        this.#run();
        await new Promise(() => {});
      });
    } else {
      this.#sender = true;
    }
    this.hurry();
  }

  async #takeUp() {
    for (const entry of this.options.store ? await this.options.store.all() : []) {
      if ((this.#known.get(entry.slot) ?? 0) >= entry.revision && !this.pending.has(entry.slot)) {
        // The server has this one or a newer one already.
        if (!entry.refused) this.options.store?.forget(entry.slot, entry.revision);
        continue;
      }
      if ((this.pending.get(entry.slot)?.revision ?? 0) > entry.revision) continue;
      this.#kept.add(entry);
      this.#known.set(entry.slot, entry.revision);
      (entry.refused ? this.refused : this.pending).set(entry.slot, entry);
      this.options.arrived(entry.slot, entry.answer);
      this.options.changed(entry.slot);
    }
  }

  /** Keep and send this answer. */
  /** @param {number} question @param {string} part @param {any} answer @param {string} shown */
  async put(question, part, answer, shown) {
    const slot = slotOf(question, part);
    const revision = Math.max((this.#known.get(slot) ?? 0) + 1, Math.floor(this.options.clock.now()));
    /** @type {Entry} */
    const entry = { sitting: this.options.sitting, slot, question, part, answer, revision, shown };
    this.#known.set(slot, revision);
    this.refused.delete(slot);
    this.pending.set(slot, entry);
    this.options.changed(slot);
    await this.#keep(entry);
    this.channel?.postMessage({ put: entry });
    if (this.#sender) this.#run();
    else setTimeout(() => this.pending.get(slot) === entry && this.#run(), PATIENCE_MS);
  }

  /** @param {Entry} entry */
  async #keep(entry) {
    try {
      await this.options.store?.keep(entry);
    } catch {
      this.durable = false;
      this.options.changed(null);
    }
    this.#kept.add(entry);
  }

  /** Learn what the server has: answers given on another device are shown here. @param {Stored[]} answers */
  merge(answers) {
    for (const { question_number, sub_part, answer, revision, saved_at } of answers) {
      const slot = slotOf(question_number, sub_part);
      const mine = this.pending.get(slot);
      if (mine && mine.revision <= revision) this.#settle(mine, revision, saved_at);
      const newer = revision > (this.#known.get(slot) ?? 0);
      if (this.pending.has(slot) || this.options.dirty(slot)) continue;
      this.savedAt.set(slot, saved_at);
      if (newer) {
        this.#known.set(slot, revision);
        this.options.arrived(slot, answer);
      }
      this.options.changed(slot);
    }
  }

  /** Ask the server for its answers and its clock. @returns {Promise<Reply>} */
  async refresh() {
    const reply = await call("GET", `${this.options.url}?questions=none`);
    if (reply.status === 200 && reply.body?.answers) {
      this.options.replied(reply);
      this.merge(reply.body.answers);
      if (reply.body.status === "submitted") this.#close("already_submitted");
    }
    return reply;
  }

  /** Send now what waits for a better moment. */
  hurry() {
    this.#failures = 0;
    if (this.#wake) this.#wake();
    else this.#run();
  }

  /** The page is going away: hand over what fits to a request that outlives it. The rest is in the store. */
  flush() {
    const batch = this.#batch(false);
    if (batch.length && !this.closed) {
      call("POST", `${this.options.url}/answers/`, { answers: batch.map(wire) }, { keepalive: true });
    }
  }

  /** Oldest change first. @returns {Entry[]} */
  #batch(keptOnly = true) {
    const waiting = [...this.pending.values()]
      .filter((entry) => !keptOnly || this.#kept.has(entry))
      .sort((a, b) => a.revision - b.revision);
    const batch = [];
    let bytes = 0;
    for (const entry of waiting.slice(0, MOST_AT_ONCE)) {
      bytes += size(wire(entry));
      if (batch.length && bytes > MOST_BYTES) break;
      batch.push(entry);
    }
    return batch;
  }

  async #run() {
    if (this.#running) return;
    this.#running = true;
    try {
      for (;;) {
        const batch = this.#batch();
        if (!batch.length || this.closed) break;
        const reply = await this.#send(batch);
        if (this.closed || !this.trouble) continue;
        await this.#pause(reply.retryAfterMs);
      }
    } finally {
      this.#running = false;
    }
  }

  /** Exponential with jitter, so that a thousand pages do not come back in the same instant. */
  /** @param {number} askedMs */
  async #pause(askedMs) {
    const backoff = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures++);
    const asked = Math.min(askedMs, LONGEST_ASKED_PAUSE_MS);
    const pause = Math.max(backoff * (0.5 + Math.random() / 2), asked + Math.random() * 250 * Math.sign(asked));
    await new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
      const timer = setTimeout(resolve, pause);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }

  /** @param {Entry[]} batch @returns {Promise<Reply>} */
  async #send(batch) {
    const reply = await call("POST", `${this.options.url}/answers/`, { answers: batch.map(wire) });
    const code = reply.body?.code;
    if (reply.status === 200 && reply.body?.saved) {
      this.#failures = 0;
      this.#inTrouble(null);
      this.options.replied(reply);
      /** @type {Map<string, {revision: number, saved_at: string}>} */
      const saved = new Map(reply.body.saved.map((/** @type {Stored} */ s) => [slotOf(s.question_number, s.sub_part), s]));
      let overtaken = false;
      for (const entry of batch) {
        const { revision, saved_at } = saved.get(entry.slot) ?? { revision: entry.revision, saved_at: reply.body.server_time };
        this.#settle(entry, entry.revision, saved_at);
        overtaken ||= revision > entry.revision;
      }
      if (overtaken) this.refresh();
    } else if (typeof code !== "string" || reply.status === 429 || reply.status >= 500) {
      // No word from Examhall itself (a dead network, a proxy, a café's sign-in page), or not now.
      this.#inTrouble(reply.status === 0 ? "network" : "busy");
    } else if (reply.status === 401 || reply.status === 403) {
      this.#inTrouble("sign_in");
      await renewToken();
    } else if (reply.status === 404) {
      this.#inTrouble("stranger");
    } else if (code === "already_submitted" || code === "time_expired") {
      await this.#close(code);
    } else if (batch.length > 1) {
      // Something in it is unacceptable: find out which one alone, so that it does not hold up the others.
      for (const entry of batch) {
        if (this.pending.get(entry.slot) === entry) await this.#send([entry]);
        if (this.trouble || this.closed) break;
      }
    } else {
      this.#inTrouble(null);
      this.#refuse(batch[0], reply.body.detail ?? code);
    }
    return reply;
  }

  /** @param {Entry} entry @param {number} revision @param {string} savedAt */
  #settle(entry, revision, savedAt) {
    if (this.pending.get(entry.slot) === entry) this.pending.delete(entry.slot);
    this.savedAt.set(entry.slot, savedAt);
    this.options.store?.forget(entry.slot, revision).catch(() => {});
    this.channel?.postMessage({ saved: { slot: entry.slot, revision, savedAt } });
    this.options.changed(entry.slot);
  }

  /** @param {Entry} entry @param {string} why */
  #refuse(entry, why) {
    entry.refused = why;
    if (this.pending.get(entry.slot) === entry) {
      this.pending.delete(entry.slot);
      this.refused.set(entry.slot, entry);
    }
    this.options.store?.keep(entry).catch(() => {});
    this.channel?.postMessage({ refused: entry });
    this.options.changed(entry.slot);
  }

  /** @param {Trouble | null} trouble */
  #inTrouble(trouble) {
    if (trouble === this.trouble) return;
    this.trouble = trouble;
    this.options.changed(null);
  }

  /** Nothing more is taken. What was sent without an answer may have arrived: the server knows. */
  /** @param {string} code */
  async #close(code) {
    if (this.closed) return;
    this.closed = code;
    this.trouble = null;
    if (this.pending.size) await this.refresh();
    this.channel?.postMessage({ closed: code });
    this.options.over(code);
  }

  /** Hand the sitting in. @returns {Promise<Reply>} */
  async submit() {
    const reply = await call("POST", `${this.options.url}/submit`, {});
    if (reply.body?.status === "submitted" || reply.body?.code === "already_submitted") await this.#close("submitted");
    else if (reply.status === 401 || reply.status === 403) {
      this.#inTrouble("sign_in");
      await renewToken();
    }
    return reply;
  }

  /** What another tab of the same sitting says. @param {any} message */
  #heard({ put, saved, refused, closed }) {
    const entry = put ?? refused;
    if (entry && entry.revision >= (this.#known.get(entry.slot) ?? 0)) {
      this.#known.set(entry.slot, entry.revision);
      this.#kept.add(entry);
      this.pending.delete(entry.slot);
      this.refused.delete(entry.slot);
      (put ? this.pending : this.refused).set(entry.slot, entry);
      if (put && !this.options.dirty(entry.slot)) this.options.arrived(entry.slot, entry.answer);
      this.options.changed(entry.slot);
      if (put && this.#sender) this.#run();
    }
    if (saved) {
      const mine = this.pending.get(saved.slot);
      if (mine && mine.revision <= saved.revision) this.pending.delete(saved.slot);
      this.savedAt.set(saved.slot, saved.savedAt);
      this.options.changed(saved.slot);
    }
    if (closed) this.#close(closed);
  }
}
