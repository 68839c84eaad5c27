// What both pages share: the address of the WebSocket, and the state in words.

// The page's own address serves the WebSocket too: the token never goes anywhere else.
export function socketAddress() {
  const address = new URL(location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  address.hash = "";
  return address.href;
}

export const isUsable = document.body.dataset.usable === "yes";

export function tell(is, words) {
  const state = document.getElementById("state");
  state.dataset.is = is;
  state.textContent = words;
}

export function tellClosed(reason, wasOpen) {
  const why = reason || (wasOpen ? "the connection was lost" : "the connection was refused");
  tell("closed", `closed: ${why}. Ask for a new link to open it again.`);
}

if (!isUsable) {
  tell("closed", document.getElementById("state").textContent);
}
