// @ts-check
/** Instants come in UTC; each reader sees them in their own time zone. */

const language = document.documentElement.lang;
const clockTime = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat(language, {
  weekday: "short", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit",
});

for (const time of document.querySelectorAll("time[data-local]")) {
  const moment = new Date(time.getAttribute("datetime") ?? "");
  const today = moment.toDateString() === new Date().toDateString();
  const short = time.getAttribute("data-local") === "short" && today;
  time.textContent = (short ? clockTime : full).format(moment);
  time.setAttribute("title", moment.toLocaleString(language, { dateStyle: "full", timeStyle: "long" }));
}
