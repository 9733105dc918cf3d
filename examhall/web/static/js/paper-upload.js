/** Uploading a paper: dropped or chosen, with progress; without this file the form sends itself. */
import { percentsAs } from "./writing.js";

const percents = percentsAs();
const form = /** @type {HTMLFormElement | null} */ (document.querySelector("#paper-upload"));

/** @param {string} selector @returns {any} */
const find = (selector) => form?.querySelector(selector);

/** @param {string} text */
function complain(text) {
  find(".wrong").textContent = text;
  find(".wrong").hidden = !text;
  find("button").disabled = false;
  find("[data-progress]").hidden = true;
}

/** @param {File} file */
function send(file) {
  if (!form) return;
  const { put, most, tooLarge, cut, checking } = /** @type {Record<string, string>} */ (form.dataset);
  if (file.size > Number(most)) return complain(tooLarge);
  complain("");
  find("button").disabled = true;
  find("[data-progress]").hidden = false;
  const query = new URLSearchParams({ version: find("[name=version]").value, file_name: file.name });
  // fetch does not tell how far an upload is.
  const request = new XMLHttpRequest();
  request.open("PUT", `${put}?${query}`);
  request.setRequestHeader("Content-Type", "application/pdf");
  request.setRequestHeader("X-CSRF-Token", find("[name=csrf_token]").value);
  request.upload.onprogress = ({ loaded, total }) => {
    find("progress").value = loaded / total;
    find("[role=status]").textContent = loaded < total ? percents(loaded / total) : checking;
  };
  request.onerror = () => complain(cut);
  request.onload = () => {
    if (request.status < 300) return location.reload();
    try {
      complain(JSON.parse(request.responseText).detail);
    } catch {
      complain(cut);
    }
  };
  request.send(file);
}

if (form) {
  const drop = find(".paper-drop");
  form.onsubmit = (event) => {
    const [file] = find("input[type=file]").files;
    if (!file) return;
    event.preventDefault();
    send(file);
  };
  drop.ondragover = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    drop.dataset.over = "";
  };
  drop.ondragleave = () => delete drop.dataset.over;
  drop.ondrop = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    delete drop.dataset.over;
    const file = event.dataTransfer?.files[0];
    if (file) send(file);
  };
}
