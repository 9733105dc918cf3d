/** Instants come in UTC; each reader sees them in their own time zone. */

import { language, momentsAs } from "./writing.js";

// 12 or 24 hours as the device has it, where it speaks the page's language; else as the language has it.
const device = new Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions();
const hourCycle = device.locale.split("-")[0] === document.documentElement.lang ? device.hourCycle : undefined;
const twelve = new Intl.DateTimeFormat(language, { hour: "numeric", hourCycle }).resolvedOptions().hour12;
/** @type {Intl.DateTimeFormatOptions} */
const hours = { hour: twelve ? "numeric" : "2-digit", minute: "2-digit", hourCycle };
const clockTime = momentsAs(hours);
/** @type {Intl.DateTimeFormatOptions} */
const day = { weekday: "short", day: "numeric", month: "long", ...hours };
const thisYear = momentsAs(day);
const anotherYear = momentsAs({ ...day, year: "numeric" });

const dateAlone = momentsAs({ day: "numeric", month: "long", year: "numeric" });
const inFull = momentsAs({ ...day, weekday: "long", year: "numeric", second: "2-digit", timeZoneName: "short" });

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
    time.textContent = form(moment);
    time.setAttribute("title", inFull(moment));
  }
}

showLocally(document);
