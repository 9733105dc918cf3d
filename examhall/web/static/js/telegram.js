// Telegram comes back with its fields behind a #, as base64 of JSON: on to the page that shows whom they name.

const given = /^#tgAuthResult=([A-Za-z0-9_-]+)=*$/.exec(location.hash);
if (given) {
  const waiting = document.getElementById("waiting");
  const again = document.getElementById("again");
  if (waiting) waiting.hidden = false;
  if (again) again.hidden = true;
  try {
    const bytes = Uint8Array.from(atob(given[1].replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
    const fields = JSON.parse(new TextDecoder().decode(bytes));
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(fields)) query.set(name, String(value));
    location.replace(`/sign-in/telegram?${query}`);
  } catch {
    // Not Telegram's: the button leads there.
    if (waiting) waiting.hidden = true;
    if (again) again.hidden = false;
  }
}
