// @ts-check
/** What has not arrived yet, in IndexedDB: it outlives a reload, a crash and an empty battery. */

/**
 * @typedef {object} Entry
 * @property {number | string} sitting
 * @property {string} slot question and part: "36a"
 * @property {number} question @property {string} part
 * @property {any} answer
 * @property {number} revision
 * @property {string} [refused] why the server will not take it
 * @property {string} [shown] the answer in words, for when it never arrived
 */

const NAME = "examhall";
const OPEN_LIMIT_MS = 3_000;

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** @param {IDBTransaction} transaction @returns {Promise<void>} */
const committed = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });

export class Store {
  /** @param {IDBDatabase} db @param {number | string} sitting */
  constructor(db, sitting) {
    this.db = db;
    this.sitting = sitting;
  }

  /** Rejects where the browser keeps nothing (some private windows), and never hangs. */
  /** @param {number | string} sitting @returns {Promise<Store>} */
  static async open(sitting) {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("outbox", { keyPath: ["sitting", "slot"] });
    };
    const late = new Promise((_, reject) => setTimeout(() => reject(new Error("IndexedDB hangs")), OPEN_LIMIT_MS));
    const db = /** @type {IDBDatabase} */ (await Promise.race([done(request), late]));
    db.onversionchange = () => db.close();
    return new Store(db, sitting);
  }

  #range() {
    return IDBKeyRange.bound([this.sitting, ""], [this.sitting, "\uffff"]);
  }

  /** Keep the entry unless a newer revision is there already: another tab may have been faster. */
  /** @param {Entry} entry */
  async keep(entry) {
    const transaction = this.db.transaction("outbox", "readwrite", { durability: "strict" });
    const finished = committed(transaction);
    const outbox = transaction.objectStore("outbox");
    const present = outbox.get([this.sitting, entry.slot]);
    present.onsuccess = () => {
      if (!present.result || present.result.revision <= entry.revision) outbox.put(entry);
    };
    await finished;
  }

  /** Forget what has arrived, unless something newer has been written meanwhile. */
  /** @param {string} slot @param {number} revision */
  async forget(slot, revision) {
    const transaction = this.db.transaction("outbox", "readwrite");
    const finished = committed(transaction);
    const outbox = transaction.objectStore("outbox");
    const present = outbox.get([this.sitting, slot]);
    present.onsuccess = () => {
      if (present.result && present.result.revision <= revision) outbox.delete([this.sitting, slot]);
    };
    await finished;
  }

  /** @returns {Promise<Entry[]>} */
  async all() {
    return done(this.db.transaction("outbox").objectStore("outbox").getAll(this.#range()));
  }

  async clear() {
    const transaction = this.db.transaction("outbox", "readwrite");
    transaction.objectStore("outbox").delete(this.#range());
    await committed(transaction);
  }
}
