"use strict";

// The plain start page: models of the workspace, opening by path, uploads. Talks to the same API as everything else.
const api = "/api/ttx/v1";
const byId = (id) => document.getElementById(id);

function say(text, isError) {
  byId("message").textContent = text;
  byId("message").classList.toggle("error", Boolean(isError));
}

function errorText(body, status) {
  const error = body && body.error;
  return (error && (error.message || error)) || `the server answered ${status}`;
}

async function ask(method, path, body) {
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const response = await fetch(api + path, options);
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new Error(errorText(answer, response.status));
  return answer;
}

function size(bytes) {
  for (const unit of ["B", "KB", "MB", "GB"]) {
    if (bytes < 1000 || unit === "GB") return `${unit === "B" ? bytes : bytes.toFixed(1)} ${unit}`;
    bytes /= 1000;
  }
}

function row(model) {
  const tr = document.createElement("tr");
  const cell = (text, name) => {
    const td = document.createElement("td");
    td.textContent = text;
    if (name) td.className = name;
    tr.append(td);
    return td;
  };
  cell(model.name).title = model.path || model.hash || "";
  cell(model.format || "");
  cell(size(model.size || 0), "number");
  cell(model.opened ? new Date(model.opened).toLocaleString() : "", "number");
  const button = document.createElement("button");
  button.textContent = "Delete";
  button.onclick = () => act(async () => {
    await ask("DELETE", `/models/${encodeURIComponent(model.id || model.hash)}`);
    await list();
  });
  cell("").append(button);
  return tr;
}

async function list() {
  const answer = await ask("GET", "/models");
  byId("models").replaceChildren(...(answer.models || answer).map(row));
}

async function act(work) {
  try {
    say("");
    await work();
  } catch (error) {
    say(error.message, true);
  }
}

function upload(files) {
  const bar = byId("progress");
  const form = new FormData();
  for (const file of files) form.append("file", file, file.name);
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest(); // fetch does not tell how much it has sent
    request.open("POST", `${api}/models/upload`);
    request.upload.onprogress = (event) => { bar.value = event.total ? event.loaded / event.total : 0; };
    request.onload = () => {
      let body = null;
      try { body = JSON.parse(request.responseText); } catch { /* the status says enough */ }
      if (request.status < 300) done(body); else failed(new Error(errorText(body, request.status)));
    };
    request.onerror = () => failed(new Error("the connection broke"));
    request.onloadend = () => { bar.hidden = true; };
    bar.value = 0;
    bar.hidden = false;
    request.send(form);
  });
}

byId("path-form").onsubmit = (event) => {
  event.preventDefault();
  act(async () => { await ask("POST", "/models", { path: byId("path").value }); await list(); });
};
byId("upload-form").onsubmit = (event) => {
  event.preventDefault();
  act(async () => { await upload(byId("file").files); await list(); });
};
addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("dropping"); });
addEventListener("dragleave", () => document.body.classList.remove("dropping"));
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  if (event.dataTransfer.files.length) act(async () => { await upload(event.dataTransfer.files); await list(); });
});

const events = new EventSource(`${api}/events`);
let timer = 0;
for (const name of ["job", "file", "lost"])
  events.addEventListener(name, () => { clearTimeout(timer); timer = setTimeout(() => act(list), 200); });
act(list);
