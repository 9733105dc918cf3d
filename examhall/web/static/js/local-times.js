/** Instants come in UTC; each reader sees them in their own time zone. */

const page = document.documentElement.lang;
// British English for who asks for that, as long as it is the page's language.
const language = navigator.languages.find((one) => one.split("-")[0] === page) ?? page;
// Words in the page's language, 12 or 24 hours as the reader is used to.
const { hourCycle } = new Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions();
/** @type {Intl.DateTimeFormatOptions} */
const hours = { hour: "2-digit", minute: "2-digit", hourCycle };
const clockTime = new Intl.DateTimeFormat(language, hours);
/** @type {Intl.DateTimeFormatOptions} */
const day = { weekday: "short", day: "numeric", month: "long", ...hours };
const thisYear = new Intl.DateTimeFormat(language, day);
const anotherYear = new Intl.DateTimeFormat(language, { ...day, year: "numeric" });

const dateAlone = new Intl.DateTimeFormat(language, { day: "numeric", month: "long", year: "numeric" });

/** @param {Document | HTMLElement} root */
export function showLocally(root) {
  for (const time of root.querySelectorAll("time[data-local]")) {
    const moment = new Date(time.getAttribute("datetime") ?? "");
    const since = time.getAttribute("data-since");
    const known = time.getAttribute("data-local") === "short" ? [new Date()] : [];
    if (since) known.push(new Date(since));
    const short = known.some((day) => day.toDateString() === moment.toDateString());
    const full = moment.getFullYear() === new Date().getFullYear() ? thisYear : anotherYear;
    const form = time.getAttribute("data-local") === "date" ? dateAlone : short ? clockTime : full;
    time.textContent = form.format(moment);
    time.setAttribute("title", moment.toLocaleString(language, { dateStyle: "full", timeStyle: "long" }));
  }
}

showLocally(document);
