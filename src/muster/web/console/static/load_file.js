// Drag and drop, and the progress of an upload. Without this script the form sends the file all the same.

const form = document.querySelector("form[data-upload]");
const input = form.querySelector("input[type=file]");
const failure = form.querySelector("[data-failure]");

form.querySelector(".hint-drop").hidden = false;

for (const type of ["dragenter", "dragover"]) {
  form.addEventListener(type, (event) => {
    event.preventDefault();
    form.classList.add("over");
  });
}

for (const type of ["dragleave", "drop"]) {
  form.addEventListener(type, () => form.classList.remove("over"));
}

form.addEventListener("drop", (event) => {
  event.preventDefault();
  if (!event.dataTransfer.files.length) return;
  input.files = event.dataTransfer.files;
  form.requestSubmit();
});

form.addEventListener("submit", (event) => {
  if (event.defaultPrevented || !input.files.length) return;
  event.preventDefault();
  send(input.files[0]);
});

function send(file) {
  const request = new XMLHttpRequest();
  const data = new FormData();
  data.append(input.name, file);
  failure.hidden = true;
  form.querySelector("button").disabled = true;
  form.querySelector(".upload-progress").hidden = false;
  request.upload.addEventListener("progress", (event) => showProgress(event.loaded, event.total));
  request.addEventListener("load", () => finish(request));
  request.addEventListener("error", () => fail(failure.dataset.broken));
  request.responseType = "document";
  request.open("POST", form.action);
  request.send(data);
}

function showProgress(loaded, total) {
  const percent = total ? Math.floor((loaded * 100) / total) : 0;
  form.querySelector("progress").value = percent;
  form.querySelector("[data-percent]").textContent = `${percent} %`;
  form.querySelector("[data-reading]").hidden = loaded < total;
}

// The service answers with the page of the upload, or with one that says what is wrong.
function finish(request) {
  if (request.status === 200 && request.responseURL !== form.action) {
    window.location.assign(request.responseURL);
    return;
  }
  const page = request.response;
  const message = page?.querySelector(".errors li") ?? (request.status >= 400 && page?.querySelector("main p:not(.brand)"));
  fail(message ? message.textContent : failure.dataset.broken);
}

function fail(message) {
  failure.textContent = message;
  failure.hidden = false;
  form.querySelector("button").disabled = false;
  form.querySelector(".upload-progress").hidden = true;
  delete form.dataset.sent;
}
