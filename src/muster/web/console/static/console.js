// Pages work without scripts; this one only spares reloads and clicks.

// A form that needs a confirmation has it in `data-confirm`; without scripts the page behind the form asks.
for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!window.confirm(form.dataset.confirm)) event.preventDefault();
  });
}

// A second click would send a form twice. One that changes nothing may be sent again, after a download or a step back.
for (const form of document.querySelectorAll("form[method=post]:not([data-repeatable])")) {
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "true";
  });
}

// A page that shows something unfinished says when to look again. Not while it is used, because a reload takes the focus
// away; and not for longer than 20 minutes after its last use, because a session ends when nobody uses it.
const refresh = document.querySelector("[data-refresh-seconds]");
if (refresh) {
  const key = "muster-last-use";
  const noteUse = () => sessionStorage.setItem(key, String(Date.now()));
  if (performance.getEntriesByType("navigation")[0]?.type !== "reload") noteUse();
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, noteUse);
  setInterval(() => {
    const hasFocus = !["BODY", "MAIN"].includes(document.activeElement?.tagName ?? "BODY");
    const isUsed = document.hidden || hasFocus || document.querySelector("details[open]") !== null;
    const idleMinutes = (Date.now() - Number(sessionStorage.getItem(key))) / 60000;
    if (!isUsed && idleMinutes < 20) window.location.reload();
  }, Number(refresh.dataset.refreshSeconds) * 1000);
}
