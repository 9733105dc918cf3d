/** Formulas: readable as TeX from the first moment, set by KaTeX once it has come. */
import { all } from "./fields.js";

/** @type {any} */
let loading = null;

/** @param {ParentNode} root */
export async function setFormulas(root) {
  const formulas = all(".math:not(.done)", root);
  if (!formulas.length) return;
  try {
    // An older kind of script: imported, it leaves its name on the window.
    await (loading ??= import(new URL("../vendor/katex/katex.min.js", import.meta.url).href));
  } catch {
    loading = null; // The TeX stays readable, the next question tries again.
    return;
  }
  for (const formula of formulas) {
    if (formula.matches(".done")) continue;
    formula.classList.add("done");
    /** @type {any} */ (window).katex.render(formula.textContent, formula, {
      displayMode: formula.dataset.display === "true",
      throwOnError: false,
      trust: false,
      strict: "ignore",
      maxExpand: 200,
      maxSize: 20,
    });
    // Its stop begins no line.
    if (formula.closest(".ending")) all(".katex-html > .katex-base", formula).pop()?.append(formula.nextSibling);
  }
}
