// The serial line of a guest, by xterm.js.

import { Terminal } from "./xterm-6.0.0/xterm.mjs";
import { FitAddon } from "./xterm-6.0.0/addon-fit.mjs";
import { isUsable, socketAddress, tell, tellClosed } from "./session.js";

// Bytes that xterm.js has not drawn yet. Lower: it stutters; higher: more memory, late Ctrl+C.
const UNDRAWN_MAX = 4 << 20;

function open() {
  const terminal = new Terminal({
    cursorBlink: true,
    scrollback: 5000,
    fontFamily: "ui-monospace, monospace",
    fontSize: 14,
    screenReaderMode: true,
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(document.getElementById("guest"));
  fit.fit();
  new ResizeObserver(() => fit.fit()).observe(document.getElementById("guest"));

  const socket = new WebSocket(socketAddress(), ["binary"]);
  socket.binaryType = "arraybuffer";
  const encoder = new TextEncoder();
  let wasOpen = false;
  let undrawn = 0;
  socket.addEventListener("open", () => {
    wasOpen = true;
    tell("connected", "connected, nothing said yet: it may still boot; then Enter brings a prompt");
    terminal.focus();
  });
  socket.addEventListener("message", () => tell("connected", "connected"), { once: true });
  socket.addEventListener("message", (event) => {
    const bytes = new Uint8Array(event.data);
    if (undrawn + bytes.length > UNDRAWN_MAX) {
      return;
    }
    undrawn += bytes.length;
    terminal.write(bytes, () => {
      undrawn -= bytes.length;
    });
  });
  socket.addEventListener("close", (event) => tellClosed(event.reason, wasOpen));
  const send = (bytes) => {
    if (socket.readyState === WebSocket.OPEN) {
      socket.send(bytes);
    }
  };
  terminal.onData((text) => send(encoder.encode(text)));
  terminal.onBinary((text) => send(Uint8Array.from(text, (one) => one.charCodeAt(0))));
}

if (isUsable) {
  open();
}
