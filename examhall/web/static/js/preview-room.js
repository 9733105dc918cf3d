/** The exam room to try out, for its author: one walks through it, and nothing is sent. */
import { countdown } from "./clock.js";
import { act, all, dress, exclude, find, fullness } from "./fields.js";
import { QuestionMap } from "./map.js";
import { setFormulas } from "./math.js";

const { words, duration_s } = JSON.parse(find("#boot").textContent);
const questions = all(".question");
const sheet = find("#sheet");
let current = 0;

/** @param {number} index */
function mark(index) {
  const items = all(".item", questions[index]).map(fullness);
  const answered = items.every((each) => each === "all") ? "all" : items.every((each) => each === "none") ? "none" : "some";
  const flagged = find(".flag", questions[index]).getAttribute("aria-pressed") === "true";
  map.mark(index, answered, flagged, "");
}

/** @param {number} index */
function go(index, focus = true) {
  if (!questions[index]) return;
  questions[current].classList.remove("current");
  current = index;
  questions[index].classList.add("current");
  find("[data-place]").textContent = words.place.replace("{n}", index + 1).replace("{total}", questions.length);
  find("[data-go='-1']").disabled = index === 0;
  find("[data-go='1']").disabled = index === questions.length - 1;
  sheet.close();
  map.show(index);
  void setFormulas(questions[index]);
  if (!focus) return;
  find("#paper").scrollIntoView();
  find("h2", questions[index]).focus({ preventScroll: true });
}

const map = new QuestionMap(find("#grid"), words, go);
const paper = find("#paper");
for (const kind of ["input", "change"]) {
  paper.addEventListener(kind, (/** @type {any} */ event) => {
    const item = event.target.closest(".item");
    if (!item) return;
    exclude(item, event.target);
    dress(item);
    mark(current);
  });
}
paper.addEventListener("click", (/** @type {any} */ event) => {
  const flag = event.target.closest(".flag");
  const item = event.target.closest(".item");
  if (flag) flag.setAttribute("aria-pressed", String(flag.getAttribute("aria-pressed") !== "true"));
  else if (item && event.target.closest("button")) act(item, event.target);
  else return;
  mark(current);
});
paper.addEventListener("submit", (/** @type {Event} */ event) => event.preventDefault());
for (const button of all("[data-go]")) button.onclick = () => go(current + Number(button.dataset.go));
find("#open-sheet").onclick = () => {
  sheet.append(find("#map"));
  sheet.showModal();
  map.show(current);
};
sheet.onclose = () => find("#rail").append(find("#map"));
sheet.onclick = (/** @type {any} */ event) => (event.target === sheet || event.target.closest("[data-close]")) && sheet.close();
find("#finish").onclick = () => (find("#say").textContent = find("#overall span").textContent = words.no_hand_in);

find("#clock .clock").textContent = countdown(duration_s * 1000);
find("#overall span").textContent = words.preview;
for (const item of all(".item")) dress(item);
questions.forEach((_, index) => mark(index));
go(0, false);
