/** Forms of accommodations: times in the reader's own zone, and of the two kinds of time the one that is meant. */

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** @param {Date} at */
function local(at) {
  const shifted = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

for (const input of document.querySelectorAll("input[data-instant]")) {
  if (!(input instanceof HTMLInputElement)) continue;
  const field = input.closest(".field");
  const label = field?.querySelector("[data-zone]");
  const utc = field?.querySelector("input[type=hidden]");
  if (label) label.textContent = `(${zone})`;
  if (!(utc instanceof HTMLInputElement)) continue;
  if (utc.value) input.value = local(new Date(utc.value));
  const keep = () => {
    const at = input.value ? new Date(input.value) : null;
    utc.value = at && !Number.isNaN(at.getTime()) ? at.toISOString() : "";
  };
  keep();
  input.addEventListener("input", keep);
}

for (const form of document.querySelectorAll("form")) {
  const show = () => {
    const kind = form.querySelector("input[name=kind]:checked");
    if (!(kind instanceof HTMLInputElement)) return;
    for (const field of form.querySelectorAll("[data-for]")) {
      if (field instanceof HTMLElement) field.hidden = field.dataset.for !== kind.value;
    }
  };
  form.addEventListener("change", show);
  show();
}
