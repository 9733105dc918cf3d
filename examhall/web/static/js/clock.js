// @ts-check
/**
 * The server's time. The device's own clock is never believed: it may be wrong, or set wrong on purpose.
 * Elapsed time comes from performance.now(), which nobody can set; because it can stand still while a
 * laptop sleeps, whoever notices a gap asks the server again.
 */

// A sample this old is replaced by any newer one: oscillators drift.
const STALE_MS = 120_000;
// Beyond the error that both round trips allow, so much difference means that the device slept.
const JUMP_MS = 250;

export class Clock {
  /** @type {{offset: number, error: number, at: number} | null} */
  #best = null;

  /**
   * Learn from a reply: the server wrote *serverTime* somewhere between sending and receiving.
   * @param {string} serverTime @param {number} sentAt @param {number} receivedAt both by performance.now()
   */
  sample(serverTime, sentAt, receivedAt) {
    const error = (receivedAt - sentAt) / 2;
    const offset = Date.parse(serverTime) - (sentAt + receivedAt) / 2;
    if (Number.isNaN(offset)) return;
    const best = this.#best;
    const jumped = best && Math.abs(offset - best.offset) > error + best.error + JUMP_MS;
    if (!best || jumped || error <= best.error || receivedAt - best.at > STALE_MS) {
      this.#best = { offset, error, at: receivedAt };
    }
  }

  /** Milliseconds since 1970 by the server's clock. */
  now() {
    return performance.now() + (this.#best ? this.#best.offset : performance.timeOrigin);
  }

  /** How far the device's own clock is off, in milliseconds; positive when it is ahead. */
  deviceIsAheadBy() {
    return Date.now() - this.now();
  }
}

/** Calls back when the device seems to have slept, or its clock was changed: ask the server then. */
export class SleepWatch {
  #wall = Date.now();
  #steady = performance.now();

  /** @param {() => void} awake */
  constructor(awake) {
    this.awake = awake;
  }

  tick() {
    const wall = Date.now();
    const steady = performance.now();
    const apart = wall - this.#wall - (steady - this.#steady);
    const late = steady - this.#steady > 5_000;
    this.#wall = wall;
    this.#steady = steady;
    if (late || Math.abs(apart) > 1_500) this.awake();
  }
}

/**
 * 1:02:03 or 2:03, never below zero; a started second counts as a whole one.
 * @param {number} ms
 */
export function countdown(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
