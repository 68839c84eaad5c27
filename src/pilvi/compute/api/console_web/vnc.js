// The screen of a guest, by noVNC.

import RFB from "./novnc-1.7.0/core/rfb.js";
import { isUsable, socketAddress, tell, tellClosed } from "./session.js";

function open() {
  const socket = new WebSocket(socketAddress(), ["binary"]);
  let reason = "";
  let wasOpen = false;
  // noVNC keeps the reason of a close to itself.
  socket.addEventListener("close", (event) => {
    reason = event.reason;
    tellClosed(reason, wasOpen);
  });
  const screen = new RFB(document.getElementById("guest"), socket, { shared: true });
  screen.scaleViewport = true;
  screen.background = "#000";
  screen.addEventListener("connect", () => {
    wasOpen = true;
    tell("connected", "connected");
    screen.focus();
  });
  screen.addEventListener("disconnect", () => tellClosed(reason, wasOpen));
  const keys = document.getElementById("keys");
  keys.disabled = false;
  keys.addEventListener("click", () => {
    screen.sendCtrlAltDel();
    screen.focus();
  });
}

if (isUsable) {
  open();
}
