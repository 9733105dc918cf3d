// @ts-check
/** One way to talk to the server: never throws, always says how long the round trip took. */

/**
 * @typedef {object} Reply
 * @property {number} status 0 when no answer came
 * @property {any} body
 * @property {number} retryAfterMs 0 unless the server asked for a pause
 * @property {number} sentAt @property {number} receivedAt by performance.now()
 */

const TIMEOUT_MS = 10_000;
const meta = () => /** @type {HTMLMetaElement | null} */ (document.querySelector('meta[name="csrf-token"]'));

/**
 * @param {string} method @param {string} url @param {unknown} [body]
 * @param {{keepalive?: boolean}} [options]
 * @returns {Promise<Reply>}
 */
export async function call(method, url, body, options = {}) {
  const sentAt = performance.now();
  /** @type {Record<string, string>} */
  const headers = { accept: "application/json" };
  if (method !== "GET") headers["x-csrf-token"] = meta()?.content ?? "";
  if (body !== undefined) headers["content-type"] = "application/json";
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      keepalive: options.keepalive,
      signal: stop.signal,
      cache: "no-store",
      credentials: "same-origin",
    });
    const text = await response.text();
    const receivedAt = performance.now();
    let parsed = null;
    try {
      parsed = JSON.parse(text);
    } catch {
      // A proxy's page instead of a reply; the status alone tells enough.
    }
    return {
      status: response.status,
      body: parsed,
      retryAfterMs: (Number(response.headers.get("retry-after")) || 0) * 1000,
      sentAt,
      receivedAt,
    };
  } catch {
    return { status: 0, body: null, retryAfterMs: 0, sentAt, receivedAt: performance.now() };
  } finally {
    clearTimeout(timer);
  }
}

/** After a new sign-in in another tab this page's token is old: take the one a fresh page carries. */
export async function renewToken() {
  try {
    const page = await fetch(location.href, { cache: "no-store", credentials: "same-origin" });
    const fresh = new DOMParser().parseFromString(await page.text(), "text/html");
    const token = fresh.querySelector('meta[name="csrf-token"]')?.getAttribute("content");
    const mine = meta();
    if (token && mine) mine.content = token;
  } catch {
    // No network: the next attempt renews it.
  }
}
