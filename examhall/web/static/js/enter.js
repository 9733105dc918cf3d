/** From the lobby into the exam room without asking for a page: the room came with the sealed paper. */
import { all, find } from "./fields.js";

/**
 * Throws while nothing has changed yet; afterwards the room is there, or is fetched from the server.
 * @param {any} paper @param {Uint8Array | undefined} pdf @param {Order | null} order @param {Reply} reply of the start
 */
export async function enter(paper, pdf, order, reply) {
  const page = new DOMParser().parseFromString(paper.pages[document.documentElement.lang], "text/html");
  const script = find("script[type=module]", page).getAttribute("src");
  const address = `/sittings/${reply.body.session_id}`;
  find("#boot", page).textContent = JSON.stringify({
    ...JSON.parse(find("#boot", page).textContent),
    ...bootOf(reply),
  });
  for (const link of all('a[href^="/sittings/0"]', page)) link.href = link.getAttribute("href").replace("/sittings/0", address);
  for (const back of all('[name=next][value="/sittings/0"]', page)) back.setAttribute("value", address);
  showPictures(page, paper.pictures);
  if (order) arrange(page, order);
  if (pdf) (await import("./pdf-paper.js")).give(pdf);
  await Promise.all(all("link[rel=stylesheet]", page.head).map(loaded));

  document.title = page.title;
  history.replaceState(null, "", address);
  document.body.replaceWith(document.adoptNode(page.body));
  try {
    await import(script);
    find(".question.current h2").focus({ preventScroll: true });
  } catch {
    location.reload();
  }
}

/** What the room's page has of its own when the server renders it. @param {Reply} reply */
function bootOf({ body, sentAt, receivedAt }) {
  const [page] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  // The room believes that its time was written when this page was: the lobby, some time ago.
  const sinceMs = (sentAt + receivedAt - page.requestStart - page.responseStart) / 2;
  return {
    sitting: body.session_id,
    deadline_at: body.deadline_at,
    server_time: new Date(Date.parse(body.server_time) - sinceMs).toISOString(),
    answers: body.answers,
  };
}

/** Those of the paper itself, not of the server. @param {Document} page @param {Record<string, {type: string, data: string}>} pictures */
function showPictures(page, pictures) {
  for (const picture of all('img[src^="/exams/"]', page)) {
    const { type, data } = pictures[decodeURIComponent(picture.getAttribute("src").split("/").pop())];
    picture.src = `data:${type};base64,${data}`;
  }
}

/** @param {HTMLLinkElement} link */
function loaded(link) {
  const href = link.getAttribute("href");
  if (find(`link[rel=stylesheet][href="${href}"]`, document.head)) return null;
  return new Promise((resolve) => {
    const mine = document.createElement("link");
    Object.assign(mine, { rel: "stylesheet", href, onload: resolve, onerror: resolve });
    document.head.append(mine);
  });
}

/**
 * From the author's order into this candidate's. What shows a place (numbers, letters) stays at its place.
 * @param {Document} page @param {Order} order
 */
export function arrange(page, order) {
  const written = all(".question", page);
  const byNumber = new Map(written.map((question) => [Number(question.dataset.number), question]));
  const arranged = order.map(([number]) => byNumber.get(number));
  const titles = written.map((question) => find("h2", question).firstChild.data);
  written[0].classList.remove("current");
  arranged[0].classList.add("current");
  // Where the last one stood, all are set down anew.
  written[written.length - 1].after(...arranged);
  // What was not drawn for this candidate is no part of the exam.
  for (const question of written) if (!arranged.includes(question)) question.remove();
  order.forEach(([, lists], place) => {
    find("h2", arranged[place]).firstChild.data = titles[place];
    all("[data-options]", arranged[place]).forEach((box, at) => shuffle(box, lists[at]));
  });
}

/** @param {HTMLElement} box @param {number[] | undefined} places */
function shuffle(box, places) {
  if (!places) return;
  reorder([...box.children], places);
  // A matching's letters are chosen in selects, after "Choose…".
  for (const select of all("select", /** @type {Element} */ (box.parentElement))) reorder([...select.options].slice(1), places);
}

/** @param {any[]} entries @param {number[]} places */
function reorder(entries, places) {
  const marks = entries.map(marksOf);
  const arranged = places.map((place) => entries[place]);
  entries[entries.length - 1].after(...arranged);
  arranged.forEach((entry, place) => marksOf(entry).forEach(([, set], which) => set(marks[place][which][0])));
}

/** What an entry shows of its place, and how to show another. @param {any} entry @returns {[string, (mark: string) => void][]} */
function marksOf(entry) {
  if (entry.localName === "option") {
    // "B: the text"
    const [letter] = entry.text.split(":", 1);
    return [[letter, (mark) => (entry.text = mark + entry.text.slice(letter.length))]];
  }
  /** @type {[string, (mark: string) => void][]} */
  const marks = all(":scope > b", entry).map((letter) => [letter.textContent, (mark) => (letter.textContent = mark)]);
  for (const [selector, name] of [["[data-letter]", "data-letter"], ["[data-move]", "aria-label"]]) {
    for (const part of all(selector, entry)) marks.push([part.getAttribute(name), (mark) => part.setAttribute(name, mark)]);
  }
  return marks;
}
