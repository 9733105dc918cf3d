/**
 * Carries answers to the server. An answer is written to this device first, then sent until the server
 * says that it is stored. The newest revision of an answer wins everywhere, so sending twice, late or
 * from two tabs does no harm; that is what lets every rule below be simple.
 */
import { call, renewToken } from "./net.js";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;
const LONGEST_ASKED_PAUSE_MS = 60_000;
const MOST_AT_ONCE = 100;
// A request that outlives its page may carry 64 KB; an ordinary one is kept as small.
const MOST_BYTES = 48_000;
// A tab that leaves the sending to another one does not wait longer than this for it: it may be frozen.
const PATIENCE_MS = 2_500;

/** @param {string | number} question @param {string} part @returns {Slot} */
export const slotOf = (question, part) => question + part;
/** @param {Entry} entry */
const wire = (entry) => ({
  question_number: entry.question,
  sub_part: entry.part,
  answer: entry.answer,
  revision: entry.revision,
});

export class Outbox {
  /** Not stored by the server yet. @type {Map<Slot, Entry>} */
  pending = new Map();
  /** Not accepted by the server. @type {Map<Slot, Entry>} */
  refused = new Map();
  /** When the newest stored one was stored. @type {Map<Slot, string>} */
  savedAt = new Map();
  /** @type {Trouble | null} */
  trouble = null;
  /** The server's word for why nothing more is taken. */
  closed = "";

  /** The newest revision known of each answer. @type {Map<Slot, number>} */
  #known = new Map();
  /** Written to this device, so may be sent. @type {WeakSet<Entry>} */
  #kept = new WeakSet();
  #sender = false;
  #running = false;
  #failures = 0;
  /** Ends the pause between two attempts. @type {((value?: unknown) => void) | null} */
  #wake = null;

  /** @param {OutboxOptions} options */
  constructor(options) {
    this.options = options;
    this.url = `/api/v1/sessions/${options.sitting}`;
    /** False when this browser keeps nothing: then answers live in this page only. */
    this.durable = options.store !== null;
    this.channel = new BroadcastChannel(`examhall-${options.sitting}`);
    this.channel.onmessage = (event) => this.#heard(event.data);
    addEventListener("online", () => this.hurry());
  }

  /** Take up what an earlier page left behind, and begin to send. */
  async open() {
    await this.#takeUp();
    // One tab sends for all; the lock falls to the next one when that is closed.
    const lead = async () => {
      this.#sender = true;
      await this.#takeUp();
      this.hurry();
      await new Promise(() => {});
    };
    if (navigator.locks) navigator.locks.request(this.channel.name, lead);
    else lead();
    this.hurry();
  }

  async #takeUp() {
    for (const entry of (await this.options.store?.list().catch(() => null)) ?? []) {
      const { slot, revision } = entry;
      if (revision > (this.#known.get(slot) ?? 0)) {
        this.#learn(entry, entry.refused ? this.refused : this.pending);
        this.options.arrived(slot, entry.answer);
      } else if (!this.pending.has(slot) && !entry.refused) {
        // The server has this one, or a newer one.
        this.options.store?.forget(slot, revision);
      }
    }
  }

  /** @param {Entry} entry @param {Map<Slot, Entry>} into */
  #learn(entry, into) {
    this.#known.set(entry.slot, entry.revision);
    this.#kept.add(entry);
    this.pending.delete(entry.slot);
    this.refused.delete(entry.slot);
    into.set(entry.slot, entry);
    this.options.changed(entry.slot);
  }

  /** Keep and send this answer. @param {string} question @param {string} part @param {any} answer @param {string} shown */
  async put(question, part, answer, shown) {
    const { sitting, clock, store } = this.options;
    const slot = slotOf(question, part);
    // Time in it makes the newest change win between devices that do not know of each other.
    const revision = Math.max((this.#known.get(slot) ?? 0) + 1, Math.floor(clock.now()));
    const entry = { sitting, slot, question: Number(question), part, answer, revision, shown };
    this.#learn(entry, this.pending);
    this.#kept.delete(entry);
    try {
      await store?.keep(entry);
    } catch {
      this.durable = false;
      this.options.changed();
    }
    this.#kept.add(entry);
    this.channel.postMessage({ put: entry });
    if (this.#sender) this.#run();
    else setTimeout(() => this.pending.get(slot) === entry && this.#run(), PATIENCE_MS);
  }

  /** Learn what the server has: answers given on another device are shown here. @param {Stored[]} answers */
  merge(answers) {
    for (const { question_number, sub_part, answer, revision, saved_at } of answers) {
      const slot = slotOf(question_number, sub_part);
      const mine = this.pending.get(slot);
      if (mine && mine.revision <= revision) this.#settle(mine, saved_at);
      if (this.pending.has(slot) || this.options.dirty(slot)) continue;
      this.savedAt.set(slot, saved_at);
      // A client that counts none leaves a 0.
      if (revision > (this.#known.get(slot) ?? -1)) {
        this.#known.set(slot, revision);
        this.options.arrived(slot, answer);
      }
      this.options.changed(slot);
    }
  }

  /** Ask the server for its answers and its clock. */
  async refresh() {
    const reply = await call("GET", `${this.url}?questions=none`);
    if (!reply.body?.answers) return;
    this.options.replied(reply);
    this.merge(reply.body.answers);
    if (reply.body.status === "submitted") this.#close("submitted");
  }

  /** Send now what waits for a better moment. */
  hurry() {
    this.#failures = 0;
    this.#wake?.();
    this.#run();
  }

  /** The page is going away: hand over what fits to a request that outlives it. The rest is on the device. */
  flush() {
    const batch = this.#batch([...this.pending.values()]);
    if (batch.length && !this.closed) this.#post(batch, true);
  }

  /** @param {Entry[]} batch */
  #post(batch, keepalive = false) {
    return call("POST", `${this.url}/answers/`, { answers: batch.map(wire) }, keepalive);
  }

  /** The oldest changes first, as many as fit. @param {Entry[]} waiting @returns {Entry[]} */
  #batch(waiting) {
    let bytes = 0;
    return waiting
      .sort((a, b) => a.revision - b.revision)
      .slice(0, MOST_AT_ONCE)
      .filter((entry, place) => (bytes += new Blob([JSON.stringify(wire(entry))]).size) < MOST_BYTES || !place);
  }

  async #run() {
    if (this.#running) return;
    this.#running = true;
    while (!this.closed) {
      const batch = this.#batch([...this.pending.values()].filter((entry) => this.#kept.has(entry)));
      if (!batch.length) break;
      const reply = await this.#send(batch);
      if (this.trouble) await this.#pause(reply.retryAfterMs);
    }
    this.#running = false;
  }

  /** Exponential with jitter, so that a thousand pages do not come back in the same instant. @param {number} askedMs */
  async #pause(askedMs) {
    const backoff = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures++);
    const pause = Math.max(backoff, Math.min(askedMs, LONGEST_ASKED_PAUSE_MS)) * (1 + Math.random() / 4);
    await new Promise((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, pause);
    });
    this.#wake = null;
  }

  /** @param {Entry[]} batch @returns {Promise<Reply>} */
  async #send(batch) {
    const reply = await this.#post(batch);
    const { status, body } = reply;
    if (status === 200 && body?.saved) {
      this.#failures = 0;
      this.#inTrouble(null);
      this.options.replied(reply);
      const saved = new Map(body.saved.map((/** @type {Stored} */ one) => [slotOf(one.question_number, one.sub_part), one]));
      for (const entry of batch) this.#settle(entry, saved.get(entry.slot)?.saved_at ?? body.server_time);
      // Somewhere else a newer answer was given: fetch it.
      if (batch.some((entry) => saved.get(entry.slot)?.revision > entry.revision)) this.refresh();
    } else if (!body?.code || status === 429 || status >= 500) {
      // No word from Examhall itself (a dead network, a proxy, a café's sign-in page), or not now.
      this.#inTrouble(status ? "busy" : "network");
    } else if (status === 401 || status === 403) {
      this.#inTrouble("sign_in");
      await renewToken();
    } else if (status === 404) {
      this.#inTrouble("stranger");
    } else if (body.code === "already_submitted" || body.code === "time_expired") {
      await this.#close(body.code);
    } else if (batch.length > 1) {
      // Something in it is unacceptable: one by one, so that it does not hold up the others.
      for (const entry of batch) {
        if (!this.closed && this.pending.get(entry.slot) === entry) await this.#send([entry]);
        if (this.trouble) break;
      }
    } else {
      const refused = { ...batch[0], refused: body.detail ?? body.code };
      this.#inTrouble(null);
      this.options.store?.keep(refused).catch(() => {});
      this.channel.postMessage({ refused });
      this.#heard({ refused });
    }
    return reply;
  }

  /** @param {Entry} entry @param {string} savedAt */
  #settle({ slot, revision }, savedAt) {
    this.options.store?.forget(slot, revision).catch(() => {});
    this.channel.postMessage({ saved: { slot, revision, savedAt } });
    this.#heard({ saved: { slot, revision, savedAt } });
  }

  /** @param {Trouble | null} trouble */
  #inTrouble(trouble) {
    if (trouble === this.trouble) return;
    this.trouble = trouble;
    this.options.changed();
  }

  /** Nothing more is taken. What was sent but not answered may have arrived: the server knows. @param {string} code */
  async #close(code) {
    if (this.closed) return;
    this.closed = code;
    this.trouble = null;
    this.channel.postMessage({ closed: code });
    if (this.pending.size) await this.refresh();
    this.options.over();
  }

  /** Hand the sitting in; false if that could not be done now. */
  async submit() {
    const { status, body } = await call("POST", `${this.url}/submit`, {});
    if (body?.status === "submitted" || body?.code === "already_submitted") await this.#close("submitted");
    else if (body?.code && (status === 401 || status === 403)) {
      this.#inTrouble("sign_in");
      await renewToken();
    }
    return this.closed !== "";
  }

  /** What this tab or another one of the same sitting has to say. @param {any} message */
  #heard({ put, refused, saved, closed }) {
    const entry = put ?? refused;
    if (entry && entry.revision >= (this.#known.get(entry.slot) ?? 0)) {
      this.#learn(entry, put ? this.pending : this.refused);
      if (put && !this.options.dirty(entry.slot)) this.options.arrived(entry.slot, entry.answer);
      if (put && this.#sender) this.#run();
    }
    if (saved) {
      if ((this.pending.get(saved.slot)?.revision ?? Infinity) <= saved.revision) this.pending.delete(saved.slot);
      this.savedAt.set(saved.slot, saved.savedAt);
      this.options.changed(saved.slot);
    }
    if (closed) this.#close(closed);
  }
}
