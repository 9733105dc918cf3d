/**
 * The menus of the masthead open and close by themselves; Escape and a press elsewhere close them too. Where a page's
 * tabs are wider than a phone, the one on view is in sight.
 */
import { all } from "./fields.js";

for (const menu of /** @type {HTMLDetailsElement[]} */ (all("details.menu"))) {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary")?.focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
  });
  // A sheet that stays open over what has the focus would hide it.
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget instanceof Node && !menu.contains(event.relatedTarget)) menu.open = false;
  });
}

for (const tab of document.querySelectorAll(".tabs [aria-current], .subtabs [aria-current]")) {
  // From right to left what is out of sight lies to the left: nearest works either way.
  tab.scrollIntoView({ block: "nearest", inline: "center" });
}
