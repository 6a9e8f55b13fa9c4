// @ts-check
// Voila ends the page's kernel on "beforeunload", before the person has answered whether to leave. Here it ends when the page left.

const listen = window.addEventListener;

window.addEventListener = function (/** @type {string} */ type, /** @type {any} */ listener, /** @type {any} */ options) {
  const goodbye = type === "beforeunload" && String(listener).includes("sendBeacon");
  listen.call(window, goodbye ? "pagehide" : type, listener, options);
};
