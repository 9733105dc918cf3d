/** Instants come in UTC; each reader sees them in their own time zone. */

const language = document.documentElement.lang;
// Words in the page's language, 12 or 24 hours as the reader is used to.
const { hourCycle } = new Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions();
/** @type {Intl.DateTimeFormatOptions} */
const hours = { hour: "2-digit", minute: "2-digit", hourCycle };
const clockTime = new Intl.DateTimeFormat(language, hours);
const full = new Intl.DateTimeFormat(language, { weekday: "short", day: "numeric", month: "long", ...hours });

for (const time of document.querySelectorAll("time[data-local]")) {
  const moment = new Date(time.getAttribute("datetime") ?? "");
  const today = moment.toDateString() === new Date().toDateString();
  const short = time.getAttribute("data-local") === "short" && today;
  time.textContent = (short ? clockTime : full).format(moment);
  time.setAttribute("title", moment.toLocaleString(language, { dateStyle: "full", timeStyle: "long" }));
}
