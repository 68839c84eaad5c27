// What the pages cannot do without a script: the menu of a narrow screen, closing open menus,
// showing states as they change, and sending a file while showing how far it is.
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
