/** What the ways to look at a page ask of the browser; see looking.py. */
(() => {
  const shown = (one) => one.checkVisibility({ visibilityProperty: true });
  const short = (one) => one.outerHTML.replace(/\s+/g, " ").slice(0, 160);
  const TRANSLATED = ["aria-label", "title", "placeholder", "alt", "data-label"];
  const NO_WORDS = [
    "script, style, template, time, kbd, code, pre, textarea, .katex, .math, .chart-area",
    "svg.sr, noscript, .pdf-page, .method, [translate=no], [lang]:not(html)",
  ].join();

  return {
    sideways() {
      if (document.documentElement.scrollWidth <= innerWidth) return "";
      // Where it says so itself, a part scrolls alone.
      const scrolls = (one) => one && (getComputedStyle(one).overflowX !== "visible" || scrolls(one.parentElement));
      const out = (box) => box.width && (box.right > innerWidth + 1 || box.left < -1);
      const culprits = [...document.body.querySelectorAll("*")]
        .filter((one) => out(one.getBoundingClientRect()) && !scrolls(one.parentElement) && !one.closest(".sr"));
      return culprits.map(short).at(-1) ?? "(nothing to be seen)";
    },

    smallTargets() {
      const selector = "button, a[href], select, input:not([type=hidden]), summary, [role=tab]";
      const inSentence = (one) => one.matches("a") && getComputedStyle(one).display === "inline";
      const targets = [...document.querySelectorAll(selector)]
        .filter((one) => shown(one) && !one.closest(".skip, .sr") && !inSentence(one))
        .map((one) => {
          const ticked = one.matches("[type=checkbox], [type=radio]") ? one.labels?.[0] : null;
          const target = one.closest("label") ?? ticked ?? one;
          const box = target.getBoundingClientRect();
          return { one, target, box, x: box.left + box.width / 2, y: box.top + box.height / 2 };
        });
      const near = (a, b) => a.target !== b.target && b.box.width && Math.hypot(a.x - b.x, a.y - b.y) < 24;
      return targets
        .filter(({ box }) => box.width && (box.width < 23.9 || box.height < 23.9))
        .filter((small) => targets.some((other) => near(small, other)))
        .map(({ box, one }) => `${Math.round(box.width)} x ${Math.round(box.height)}: ${short(one)}`);
    },

    cutOff() {
      const parts = ["button", "a", "p", "h1", "h2", "h3", "label", "td", "th", "dd", "dt", "li"];
      return [...document.querySelectorAll(parts.map((part) => `main ${part}`).join())]
        .filter((one) => shown(one) && one.clientHeight && !one.closest(".sr"))
        .filter((one) => {
          const style = getComputedStyle(one);
          const clamped = /\d/.test(style.webkitLineClamp);
          return style.overflowY === "hidden" && !clamped && one.scrollHeight > one.clientHeight + 2;
        })
        .map(short);
    },

    texts() {
      const found = [];
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (!node.parentElement.closest(NO_WORDS)) found.push([node.textContent, "text"]);
      }
      for (const one of document.querySelectorAll(TRANSLATED.map((name) => `[${name}]`).join())) {
        if (one.closest(NO_WORDS)) continue;
        for (const name of TRANSLATED) if (one.hasAttribute(name)) found.push([one.getAttribute(name), short(one)]);
      }
      return [...found, [document.title, "<title>"]];
    },

    /** What has the focus, and whether it can be seen: in the window, drawn, under nothing else (WCAG 2.4.11). */
    focus() {
      const one = document.activeElement;
      if (!one || one === document.body) return null;
      const box = one.getBoundingClientRect();
      const style = getComputedStyle(one);
      const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
      const within = (value, most) => Math.min(Math.max(value, 1), most - 2);
      const [x, y] = [within(box.left + box.width / 2, innerWidth), within(box.top + box.height / 2, innerHeight)];
      const top = document.elementFromPoint(x, y);
      const label = one.closest("label") ?? one.labels?.[0];
      const uncovered = one.contains(top) || top?.contains(one) || label?.contains(top);
      return {
        html: short(one),
        drawn: ring || one.matches(":has(+ span)") || style.boxShadow !== "none" || one.tabIndex < 0,
        seen: box.bottom > 0 && box.top < innerHeight && !!uncovered,
      };
    },

    moving() {
      const lasts = (times) => times.split(",").some((time) => parseFloat(time) > 0.001);
      return [...document.querySelectorAll("*")]
        .filter((one) => {
          const style = getComputedStyle(one);
          const animated = style.animationName !== "none" && lasts(style.animationDuration);
          return animated || lasts(style.transitionDuration);
        })
        .map(short);
    },

    /** Parts that only their ground tells from what is around them, which forced colours take away. */
    flat() {
      const parts = ".button, .chip, .notice, .card, .input, .choice, .badge";
      return [...document.querySelectorAll(parts)]
        .filter((one) => shown(one) && !one.matches(".quiet"))
        .filter((one) => {
          const style = getComputedStyle(one);
          return style.borderTopStyle === "none" || parseFloat(style.borderTopWidth) === 0;
        })
        .map(short);
    },

    unmirrored() {
      const wrong = [];
      if (getComputedStyle(document.body).direction !== "rtl") wrong.push("is not from right to left");
      const box = document.querySelector(".wordmark, .room-title")?.getBoundingClientRect();
      if (box?.width && box.left + box.width / 2 < innerWidth / 2) wrong.push("begins on the left");
      return wrong;
    },
  };
})()
