/**
 * The menu under the person's name opens and closes by itself; Escape and a press elsewhere close it too. Where a page's
 * tabs are wider than a phone, the one on view is in sight.
 */

const menu = document.querySelector("details.menu");

if (menu instanceof HTMLDetailsElement) {
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

for (const tab of document.querySelectorAll(".tabs [aria-current=page]")) {
  const tabs = tab.parentElement;
  if (!(tab instanceof HTMLElement) || !tabs) continue;
  const beyond = tab.getBoundingClientRect().right - tabs.getBoundingClientRect().right;
  if (beyond > 0) tabs.scrollLeft += beyond + tab.offsetWidth / 2;
}
