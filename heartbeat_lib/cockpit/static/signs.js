// @ts-check
// The four states as shapes, drawn rather than typed: not every font has all four signs at one size.

import { s } from "./dom.js";

/** @typedef {import("./shapes").Status} Status */

/** In the order in which they need somebody. */
export const STATUSES = /** @type {const} */ (["red", "amber", "grey", "green"]);
export const STATUS_WORDS = { red: "Red", amber: "Amber", grey: "Grey", green: "Green" };

const SIGN_PATHS = {
  red: "M5 0.4 9.6 5 5 9.6 0.4 5z",
  amber: "M5 0.8 9.8 9.2H0.2z",
  grey: "M5 0a5 5 0 1 1 0 10A5 5 0 1 1 5 0M5 1.3a3.7 3.7 0 1 0 0 7.4A3.7 3.7 0 1 0 5 1.3M2.4 4.3h5.2v1.4H2.4z",
  green: "M5 0.8a4.2 4.2 0 1 1 0 8.4 4.2 4.2 0 1 1 0-8.4z",
};

/** ◆ red, ▲ amber, ⊖ grey, ● green, as high as the text's own small letters and in its colour. @param {Status} status */
export function statusSign(status) {
  const path = s("path", { d: SIGN_PATHS[status], "fill-rule": "evenodd", fill: "currentColor" });
  return s("svg", { class: "sign", viewBox: "0 0 10 10", "aria-hidden": "true" }, path);
}
