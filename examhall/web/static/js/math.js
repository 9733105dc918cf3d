// @ts-check
/** Formulas: readable as TeX from the first moment, set by KaTeX once it has come. */
import { all } from "./fields.js";

/** @type {Promise<any> | null} */
let loading = null;
function katex() {
  // The library is an older kind of script: imported, it leaves its name on the window.
  loading ??= import(new URL("../vendor/katex/katex.min.js", import.meta.url).href).then(() => /** @type {any} */ (window).katex);
  return loading;
}

/** @param {ParentNode} root */
export async function setFormulas(root) {
  const formulas = all(root, ".math:not(.done)");
  if (!formulas.length) return;
  let library;
  try {
    library = await katex();
  } catch {
    loading = null; // No network just now: the TeX stays readable, the next question tries again.
    return;
  }
  for (const formula of formulas) {
    if (!(formula instanceof HTMLElement) || formula.classList.contains("done")) continue;
    formula.classList.add("done");
    library.render(formula.textContent, formula, {
      displayMode: formula.dataset.display === "true",
      throwOnError: false,
      trust: false,
      strict: "ignore",
      maxExpand: 200,
      maxSize: 20,
    });
  }
}
