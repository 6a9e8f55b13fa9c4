// @ts-check
// Voila ends the page's kernel on "beforeunload", before the person has answered whether to leave. Here it ends when the page left.

const listen = window.addEventListener;

window.addEventListener = function (/** @type {string} */ type, /** @type {any} */ listener, /** @type {any} */ options) {
  const goodbye = type === "beforeunload" && String(listener).includes("sendBeacon");
  listen.call(window, goodbye ? "pagehide" : type, listener, options);
};

// A page may get a kernel that died while it waited for a visitor, or one whose database was away: the next visit gets another.
const PATIENCE_MS = 30e3;
const opened = Date.now();

const looking = setInterval(() => {
  if (document.querySelector(".heartbeat")) return clearInterval(looking);
  const dead = document.querySelector("#rendered_cells")?.textContent?.includes("Error displaying widget");
  if (dead || Date.now() - opened > PATIENCE_MS) location.reload();
}, 1000);
