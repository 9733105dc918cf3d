// @ts-check
/** The list of questions: where one stands, what is answered, flagged or not saved yet. */
import { all } from "./fields.js";

/** @typedef {{answered: "none" | "some" | "all", flagged: boolean, state: string}} Mark */

export class QuestionMap {
  /**
   * @param {HTMLElement} grid @param {Record<string, any>} words
   * @param {(index: number) => void} go
   */
  constructor(grid, words, go) {
    this.words = words;
    /** @type {HTMLButtonElement[]} */
    this.buttons = all(grid, "button");
    this.current = 0;
    grid.addEventListener("click", (event) => {
      const button = /** @type {Element} */ (event.target).closest("button");
      if (button) go(Number(button.dataset.index));
    });
    grid.addEventListener("keydown", (event) => this.#key(event, grid));
  }

  /** One tab stop for the whole grid; arrows move in it. @param {KeyboardEvent} event @param {HTMLElement} grid */
  #key(event, grid) {
    const at = this.buttons.indexOf(/** @type {HTMLButtonElement} */ (event.target));
    const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
    const steps = /** @type {Record<string, number>} */ ({
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -at, End: this.buttons.length - 1 - at,
    });
    const step = steps[event.key];
    if (at < 0 || step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const next = this.buttons[at + step];
    if (!next) return;
    this.#tabStop(at + step);
    next.focus();
  }

  /** @param {number} index */
  #tabStop(index) {
    this.buttons.forEach((button, place) => (button.tabIndex = place === index ? 0 : -1));
  }

  /** @param {number} index */
  show(index) {
    this.buttons[this.current].removeAttribute("aria-current");
    this.current = index;
    this.buttons[index].setAttribute("aria-current", "true");
    this.#tabStop(index);
    // Only the grid scrolls, never the page.
    const grid = this.buttons[index].closest(".grid");
    const button = this.buttons[index];
    if (grid instanceof HTMLElement && grid.scrollHeight > grid.clientHeight) {
      grid.scrollTop = button.offsetTop - grid.offsetTop - grid.clientHeight / 2;
    }
  }

  /** @param {number} index @param {Mark} mark */
  mark(index, { answered, flagged, state }) {
    const button = this.buttons[index];
    button.dataset.answered = answered;
    button.dataset.flagged = String(flagged);
    button.dataset.state = state;
    const { words } = this;
    const says = [
      words.question.replace("{n}", String(index + 1)),
      words[`answered_${answered}`],
      flagged ? words.flagged : "",
      state === "refused" ? words.refused : state === "saving" || state === "waiting" ? words.not_saved : "",
    ];
    button.setAttribute("aria-label", says.filter(Boolean).join(", "));
  }
}
