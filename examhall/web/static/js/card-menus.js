/** Menus among cards, and of what can be added: they close by themselves, and Escape closes them. */
import { all, find } from "./fields.js";

// One menu at a time, and none once something else is clicked.
document.addEventListener("click", (event) => {
  for (const menu of all(".adder[open], .more[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of all(".adder[open], .more[open]")) {
    menu.open = false;
    find("summary", menu).focus();
  }
});
