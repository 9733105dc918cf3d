/**
 * The server's time. The device's own clock is never believed: it may be wrong, or set wrong on purpose.
 * Time passes by performance.now(), which nobody can set; it can stand still while a laptop sleeps, so
 * whoever notices a gap asks again.
 */

// Then any newer sample replaces it: oscillators drift.
const STALE_MS = 120_000;
// Beyond the error of both round trips, so much difference means that the device slept.
const JUMP_MS = 250;

export class Clock {
  /** @type {{offset: number, error: number, at: number} | null} */
  #best = null;

  /**
   * Learn from a reply: the server wrote *serverTime* somewhere between sending and receiving.
   * @param {string} serverTime @param {number} sentAt @param {number} receivedAt by performance.now()
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

  /** A page carries the time at which the server wrote it. @param {string} serverTime */
  samplePage(serverTime) {
    const [page] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
    if (page) this.sample(serverTime, page.requestStart, page.responseStart);
  }

  /** Milliseconds since 1970 by the server's clock. */
  now() {
    return performance.now() + (this.#best ? this.#best.offset : performance.timeOrigin);
  }
}

/**
 * A function to call often; it calls back when the device seems to have slept, or its clock was changed.
 * @param {() => void} awake
 */
export function sleepWatch(awake) {
  let wall = Date.now();
  let steady = performance.now();
  return () => {
    const byWall = Date.now() - wall;
    const bySteady = performance.now() - steady;
    wall += byWall;
    steady += bySteady;
    if (bySteady > 5_000 || Math.abs(byWall - bySteady) > 1_500) awake();
  };
}

/** 1:02:03 or 2:03, never below zero; a started second counts as a whole one. @param {number} ms */
export function countdown(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (!parts[0]) parts.shift();
  return parts.map((part, place) => String(part).padStart(place ? 2 : 1, "0")).join(":");
}
