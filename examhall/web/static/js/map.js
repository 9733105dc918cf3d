/** The list of questions: where one stands, what is answered, flagged or not saved yet. */
import { all } from "./fields.js";

export class QuestionMap {
  current = 0;

  /** @param {HTMLElement} grid @param {any} words @param {(index: number) => void} go */
  constructor(grid, words, go) {
    this.grid = grid;
    this.words = words;
    /** @type {HTMLButtonElement[]} */
    this.buttons = all("button", grid);
    grid.addEventListener("click", (event) => {
      const index = this.buttons.indexOf(/** @type {any} */ (event.target));
      if (index >= 0) go(index);
    });
    grid.addEventListener("keydown", (event) => this.#key(event));
  }

  /** One tab stop for the whole grid; arrows move in it. @param {KeyboardEvent} event */
  #key(event) {
    const at = this.buttons.indexOf(/** @type {any} */ (event.target));
    const columns = getComputedStyle(this.grid).gridTemplateColumns.split(" ").length;
    const last = this.buttons.length - 1;
    const on = document.dir === "rtl" ? -1 : 1;
    const to = { ArrowLeft: at - on, ArrowRight: at + on, ArrowUp: at - columns, ArrowDown: at + columns, Home: 0, End: last }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (to >= 0 && to <= last) {
      this.#tabStop(to);
      this.buttons[to].focus();
    }
  }

  /** @param {number} index */
  #tabStop(index) {
    this.buttons.forEach((button, place) => (button.tabIndex = place === index ? 0 : -1));
  }

  /** @param {number} index */
  show(index) {
    this.buttons[this.current].removeAttribute("aria-current");
    this.current = index;
    const button = this.buttons[index];
    button.setAttribute("aria-current", "true");
    this.#tabStop(index);
    // Only the grid scrolls, never the page.
    this.grid.scrollTop = button.offsetTop - this.grid.offsetTop - this.grid.clientHeight / 2;
  }

  /** @param {number} index @param {Fullness} answered @param {boolean} flagged @param {string} state */
  mark(index, answered, flagged, state) {
    const button = this.buttons[index];
    const { words } = this;
    Object.assign(button.dataset, { answered, flagged, state });
    const says = [
      words.question.replace("{n}", index + 1),
      words[`answered_${answered}`],
      flagged && words.flagged,
      state && words[state === "refused" ? "not_accepted" : "not_saved"],
    ];
    button.setAttribute("aria-label", says.filter(Boolean).join(", "));
  }
}
