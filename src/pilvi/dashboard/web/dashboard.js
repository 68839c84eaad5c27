// What the pages cannot do without a script: the menu of a narrow screen, closing open menus,
// showing states as they change, asking a long form step by step, and sending a file while showing
// how far it is.
"use strict";

document.documentElement.classList.add("scripted");

const menuButton = document.querySelector(".menu-button");
const side = document.getElementById("menu");
if (menuButton && side) {
  menuButton.hidden = !window.matchMedia("(max-width: 52rem)").matches;
  window.matchMedia("(max-width: 52rem)").addEventListener("change", (event) => {
    menuButton.hidden = !event.matches;
  });
  menuButton.addEventListener("click", () => {
    menuButton.setAttribute("aria-expanded", String(side.classList.toggle("open")));
  });
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
}
document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details.menu[open]");
  closeMenus(null);
  open?.querySelector("summary").focus();
});

// The part of a page that renews itself: the server sends it whenever it is another one. Nobody
// looks at a hidden window: its stream is closed until it is seen again.
const live = document.getElementById("live");
let stream = null;
let fresh = null;

// A menu that is open, or what has the keyboard's focus, is not taken away from under a hand. A
// button that a mouse has clicked keeps a focus that nobody sees: that one may go.
const IN_USE = "details[open], :is(a, button, summary, input):focus-visible";

function show() {
  if (fresh === null || live.querySelector(IN_USE)) return;
  live.innerHTML = fresh;
  fresh = null;
}

function watch() {
  if (document.hidden) {
    stream?.close();
    stream = null;
  } else if (stream === null) {
    stream = new EventSource(live.dataset.events);
    stream.addEventListener("part", (event) => {
      fresh = event.data;
      show();
    });
    // The session ended, or what is shown is gone: the page itself says so.
    stream.addEventListener("over", () => {
      stream.close();
      window.location.reload();
    });
  }
}

if (live?.dataset.events) {
  watch();
  document.addEventListener("visibilitychange", watch);
  window.addEventListener("pagehide", () => { stream?.close(); stream = null; });
  window.addEventListener("pageshow", watch);
  live.addEventListener("focusout", () => window.setTimeout(show));
  live.addEventListener("toggle", show, true);
}

// A long form is asked part by part. Each step tells what was chosen in it; whoever has chosen
// enough sends the form from wherever they are, and is led to what is missing.
for (const form of document.querySelectorAll("form[data-steps]")) {
  const parts = [...form.querySelectorAll(".group")];
  const [back, next] = ["Previous", "Next"].map((label) => button(label, "button"));
  const steps = parts.map((part) => button(part.querySelector("h2").textContent, "step"));
  const send = form.querySelector(".actions button");
  const list = document.createElement("ol");
  list.className = "steps";
  let at = 0;

  const go = (step, focused = true) => {
    at = Math.max(0, Math.min(step, parts.length - 1));
    parts.forEach((part, n) => { part.hidden = n !== at; });
    steps.forEach((one, n) => {
      if (n === at) one.setAttribute("aria-current", "step");
      else one.removeAttribute("aria-current");
    });
    back.hidden = at === 0;
    next.hidden = at === parts.length - 1;
    if (focused) parts[at].querySelector("input:checked, input, select, textarea")?.focus();
  };
  const tell = () => parts.forEach((part, n) => { steps[n].lastChild.textContent = chosen(part); });
  const missing = (part) => part.querySelector(":invalid");

  form.noValidate = true;
  steps.forEach((one, n) => {
    one.append(document.createElement("small"));
    one.addEventListener("click", () => go(n));
    list.append(document.createElement("li"));
    list.lastChild.append(one);
  });
  back.addEventListener("click", () => go(at - 1));
  next.addEventListener("click", () => {
    if (missing(parts[at])) missing(parts[at]).reportValidity();
    else go(at + 1);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || next.hidden || !event.target.matches("input")) return;
    event.preventDefault();
    next.click();
  });
  form.addEventListener("input", tell);
  form.addEventListener("submit", (event) => {
    const wanting = parts.findIndex(missing);
    if (wanting < 0) return;
    event.preventDefault();
    go(wanting);
    missing(parts[wanting]).reportValidity();
  });
  parts[0].before(list);
  send.before(back, " ", next, " ");
  tell();
  go(0, false);
}

function button(label, kind) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = kind;
  made.textContent = label;
  return made;
}

// What was chosen in a part of a form, in a few words.
function chosen(part) {
  const said = [...part.querySelectorAll("input, select, textarea")].map((one) => {
    if (one.matches("[type=radio], [type=checkbox]")) {
      return one.checked && one.value ? one.parentElement.querySelector("span").firstChild.textContent : "";
    }
    if (one.matches("textarea")) return one.value && "a document";
    // A number that was left as it came says nothing.
    return one.matches("[type=number]") && one.value === one.defaultValue ? "" : one.value;
  });
  return said.map((words) => words.trim()).filter(Boolean).join(", ");
}

for (const form of document.querySelectorAll("form[data-upload]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const file = form.querySelector("input[type=file]").files[0];
    const words = form.querySelector(".upload-words");
    if (!file) { words.textContent = "Choose a file first."; return; }
    send(form, file, words);
  });
}

function send(form, file, words) {
  const bar = form.querySelector("progress");
  const button = form.querySelector("button");
  const request = new XMLHttpRequest();
  const fail = (text) => {
    button.disabled = false;
    words.textContent = text;
  };
  request.upload.addEventListener("progress", (event) => {
    const part = event.total ? Math.floor((100 * event.loaded) / event.total) : 0;
    bar.value = part;
    words.textContent = part < 100 ? `${part} % sent` : "Sent; the image service checks it.";
  });
  request.addEventListener("load", () => {
    if (request.status < 300) { window.location.assign(form.dataset.done); return; }
    let message = "The upload was refused.";
    try { message = JSON.parse(request.responseText).message; } catch { /* the words above do */ }
    fail(message);
  });
  request.addEventListener("error", () => fail("The connection broke; send the file again."));
  request.open("PUT", form.dataset.upload);
  request.setRequestHeader("x-form-key", form.elements.form_key.value);
  request.setRequestHeader("content-type", "application/octet-stream");
  bar.hidden = false;
  button.disabled = true;
  request.send(file);
}
