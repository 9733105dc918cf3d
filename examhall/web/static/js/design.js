/** The design page's dialog opens as every other does. */
import { all, find } from "./fields.js";

for (const button of all("[data-open]")) {
  const dialog = find(`#${button.dataset.open}`);
  button.addEventListener("click", () => dialog.showModal());
  for (const close of all("[data-close]", dialog)) close.addEventListener("click", () => dialog.close());
}
