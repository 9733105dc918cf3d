/** One way to talk to the server: never throws, always says how long the round trip took. */

const TIMEOUT_MS = 10_000;
/** @returns {HTMLMetaElement | null} */
const token = (page = document) => page.querySelector('meta[name="csrf-token"]');

/** @param {string} method @param {string} url @param {any} [body] @returns {Promise<Reply>} */
export async function call(method, url, body, keepalive = false) {
  /** @type {Reply} */
  const reply = { status: 0, body: null, retryAfterMs: 0, sentAt: performance.now(), receivedAt: 0 };
  try {
    const response = await fetch(url, {
      method,
      headers: {
        accept: "application/json",
        ...(method !== "GET" && { "x-csrf-token": token()?.content ?? "", "content-type": "application/json" }),
      },
      body: body && JSON.stringify(body),
      keepalive,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      cache: "no-store",
    });
    const text = await response.text();
    reply.status = response.status;
    reply.retryAfterMs = (Number(response.headers.get("retry-after")) || 0) * 1000;
    reply.body = JSON.parse(text);
  } catch {
    // No network; or a proxy's page instead of a reply, of which the status alone is kept.
  }
  reply.receivedAt = performance.now();
  return reply;
}

/** After a new sign-in in another tab this page's token is old: take the one a fresh page carries. */
export async function renewToken() {
  try {
    const page = await (await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) })).text();
    const fresh = token(new DOMParser().parseFromString(page, "text/html"));
    const mine = token();
    if (fresh && mine) mine.content = fresh.content;
  } catch {
    // No network: the next attempt renews it.
  }
}
