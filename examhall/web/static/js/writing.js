/**
 * Moments and numbers in the page's language, also where the browser knows the language only by name:
 * Chrome has no months in Uzbek and writes "M11". The page then brings the words, and names a language
 * whose figures look the same.
 */

const page = document.documentElement;
/** @type {{ figures_of: string, percent: string, months: string[], short: string[], days: string[] } | null} */
const words = JSON.parse(page.dataset.words ?? "null");
// British English for who asks for that, as long as it is the page's language.
export const language = words?.figures_of ?? navigator.languages.find((one) => one.split("-")[0] === page.lang) ?? page.lang;

/** Like Intl.DateTimeFormat. @param {Intl.DateTimeFormatOptions} form @returns {(at: Date | number) => string} */
export function momentsAs(form) {
  if (!words || !form.month) {
    const written = new Intl.DateTimeFormat(language, form);
    return (at) => written.format(at);
  }
  const { weekday, day, month, year, ...hours } = form;
  const clock = hours.hour ? new Intl.DateTimeFormat(language, hours) : null;
  const months = month === "short" ? words.short : words.months;
  return (at) => {
    const moment = new Date(at);
    const date = `${moment.getDate()}-${months[moment.getMonth()]}`;
    return [weekday && words.days[moment.getDay()], date, year && moment.getFullYear(), clock?.format(moment)]
      .filter(Boolean)
      .join(", ");
  };
}

/** Of one, with the sign where the language has it: 45%, 45 %. @param {Intl.NumberFormatOptions} [form] @returns {(part: number) => string} */
export function percentsAs(form = {}) {
  if (words) {
    const { percent } = words;
    const written = new Intl.NumberFormat(language, { maximumFractionDigits: 0, ...form });
    return (part) => percent.replace("{n}", written.format(100 * part));
  }
  const written = new Intl.NumberFormat(language, { style: "percent", ...form });
  return (part) => written.format(part);
}
