/** What has not arrived yet, in IndexedDB: it outlives a reload, a crash and an empty battery. */

// A frozen tab can keep us waiting for ever: answers must not wait for it.
const LIMIT_MS = 3_000;

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    setTimeout(reject, LIMIT_MS);
  });

export class Store {
  /** @param {IDBDatabase} db @param {number} sitting */
  constructor(db, sitting) {
    this.db = db;
    this.all = () => IDBKeyRange.bound([sitting, ""], [sitting, "\uffff"]);
    this.key = (/** @type {Slot} */ slot) => [sitting, slot];
  }

  /**
   * Rejects where the browser keeps nothing (some private windows), and never hangs.
   * @param {number} sitting @returns {Promise<Store>}
   */
  static async open(sitting) {
    const request = indexedDB.open("examhall", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("outbox", { keyPath: ["sitting", "slot"] });
    return new Store(await done(request), sitting);
  }

  /**
   * Resolves once the change is on disk, rejects when that takes too long: it may still come.
   * @param {(outbox: IDBObjectStore) => void} change @returns {Promise<void>}
   */
  #write(change) {
    return new Promise((resolve, reject) => {
      const transaction = this.db.transaction("outbox", "readwrite", { durability: "strict" });
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
      setTimeout(reject, LIMIT_MS);
      change(transaction.objectStore("outbox"));
    });
  }

  /** Keep the entry unless a newer revision is there: another tab may have been faster. @param {Entry} entry */
  keep(entry) {
    return this.#write((outbox) => {
      const there = outbox.get(this.key(entry.slot));
      there.onsuccess = () => (there.result?.revision ?? 0) <= entry.revision && outbox.put(entry);
    });
  }

  /** Forget what has arrived, not what has been written since. @param {Slot} slot @param {number} revision */
  forget(slot, revision) {
    return this.#write((outbox) => {
      const there = outbox.get(this.key(slot));
      there.onsuccess = () => there.result?.revision <= revision && outbox.delete(this.key(slot));
    });
  }

  /** @returns {Promise<Entry[]>} */
  list() {
    return done(this.db.transaction("outbox").objectStore("outbox").getAll(this.all()));
  }

  clear() {
    return this.#write((outbox) => outbox.delete(this.all()));
  }
}
