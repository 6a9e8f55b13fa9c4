// @ts-check
// The history of an opened metric: the chart with its readout and legend, the same as a table, and the ribbon of states.

import { DOTS_UP_TO, STATUS_LETTERS, chartDrawing, statusBars, tenthOf } from "./chartdrawing.js";
import { h, s } from "./dom.js";
import { statusSign } from "./signs.js";
import { figure, spaced } from "./words.js";

/** @typedef {import("./shapes").History} History */
/** @typedef {import("./shapes").Scale} Scale */
/** @typedef {import("./chartdrawing.js").Measure} Measure */

const TABLE_ROWS = 400;

/**
 * A bar per period by height and colour, as under thresholds and rehearsals. Its sentence stands beside it, so it is decoration.
 * @param {string} status a letter per period, as in `History.status`
 */
export function ribbon(status) {
  const box = { class: "ribbon", viewBox: "0 0 1000 14", preserveAspectRatio: "none", "aria-hidden": "true" };
  return s("svg", box, ...statusBars(status, 0, 1000 / Math.max(1, status.length), 14));
}

/** What a period says of itself. @param {History} history @param {Scale} scale @param {number} index */
function periodWords(history, scale, index) {
  const value = history.values[index],
    error = history.errors[index];
  return {
    value: value === null ? "no value" : figure(value, scale) + spaced(scale.unit),
    ...STATUS_LETTERS[history.status[index]],
    origin: history.origin[index] === "t" ? "ticked" : "backfilled",
    error: error === undefined ? "" : `failed: ${error}`,
  };
}

/** The chart in a sentence. @param {History} history @param {Scale} scale */
function chartSentence(history, scale) {
  const count = history.values.length,
    last = periodWords(history, scale, count - 1);
  const counts = ["r", "a", "x", "g"].flatMap((letter) => {
    const many = history.status.split(letter).length - 1;
    return many ? [`${STATUS_LETTERS[letter].status} in ${many.toLocaleString("en")}`] : [];
  });
  const failed = Object.keys(history.errors).length;
  const span = `${history.starts[0]} to ${history.starts[count - 1]}`;
  return [
    `History of ${count.toLocaleString("en")} periods, ${span}: ${counts.join(", ")}`,
    failed ? `, ${failed.toLocaleString("en")} failed` : "",
    `. Last: ${last.value}, ${last.status}.`,
  ].join("");
}

/** @param {History} history */
function chartLegend(history) {
  const key = (/** @type {string} */ d, /** @type {string} */ className, width = 26) =>
    s(
      "svg",
      { class: `key ${className}`, viewBox: `0 0 ${width} 10`, style: `--wide: ${width}`, "aria-hidden": "true" },
      s("path", { d }),
    );
  const dots = history.values.length <= DOTS_UP_TO;
  const item = (/** @type {Element[]} */ keys, /** @type {string} */ words) => h("li", {}, ...keys, words);
  return h(
    "ul",
    { class: "chart-legend" },
    history.origin.includes("t") &&
      item([key(`M0 5H26${dots ? "M11 5a2 2 0 1 0 4 0 2 2 0 1 0-4 0" : ""}`, "key-ticked")], "ticked"),
    history.origin.includes("b") &&
      item(
        [key(dots ? "M0 5H10.5M15.5 5H26M10.5 5a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0" : "M0 5H26", "key-backfilled")],
        "backfilled",
      ),
    history.band_words && item(history.band ? [key("M0 0H24V10H0z", "key-band", 24)] : [], history.band_words),
    Object.keys(history.errors).length > 0 && item([key("M2 2l6 6m-6 0l6-6", "key-failed", 10)], "failed: no value"),
    history.marks.some((mark) => mark.kind === "meaning") &&
      item([key("M5 0.6 9.4 5 5 9.4 0.6 5z", "key-mark", 10)], "new meaning"),
    history.marks.some((mark) => mark.kind === "owner") &&
      item([key("M5 1a4 4 0 1 1 0 8 4 4 0 1 1 0-8z", "key-mark", 10)], "new owner"),
  );
}

/**
 * The chart with readout and legend. It draws itself for the width it finds, again whenever that changes.
 * @param {History} history @param {Scale} scale
 * @param {{width?: number}} [options] width in pixels to draw for before the page has laid it out
 * @returns {HTMLElement}
 */
export function chart(history, scale, options = {}) {
  const count = history.values.length;
  if (!count) return h("p", { class: "chart chart-none" }, "No period has been computed yet.");
  const plot = h("div", { class: "chart-plot", role: "img", tabindex: 0, "aria-label": chartSentence(history, scale) });
  const readout = h("p", { class: "chart-read", "aria-live": "polite" });
  const root = h("figure", { class: "chart" }, plot, readout, chartLegend(history));
  const pen = document.createElement("canvas").getContext("2d");
  let at = count - 1,
    pointed = false,
    unit = 1,
    drawn = 0;
  /** @type {ReturnType<typeof chartDrawing> | undefined} */
  let picture;

  /** @type {Measure} */
  const measure = (words, bold = false) => {
    if (!pen) return words.length * 6.5;
    pen.font = `${bold ? 650 : 450} 12px ${getComputedStyle(root).fontFamily || "sans-serif"}`;
    return pen.measureText(words).width;
  };

  const say = () => {
    const words = periodWords(history, scale, at),
      marks = history.marks.filter((mark) => mark.index === at);
    const error = words.error || marks.map((mark) => mark.words).join("; ");
    readout.replaceChildren(
      h("b", {}, history.starts[at]),
      h("span", { class: "read-value" }, words.value),
      h("span", { class: `read-status read-${words.status}` }, statusSign(words.status), words.word),
      h("span", {}, words.origin),
      error && h("span", { class: "read-why", title: error }, error),
    );
    if (!picture) return;
    const { plane, cursor, top, base } = picture,
      x = tenthOf(plane.x(at)),
      value = history.values[at];
    cursor.setAttribute("visibility", pointed ? "visible" : "hidden");
    cursor.replaceChildren(s("path", { class: "cursor-line", d: `M${x} ${top}V${base}` }));
    if (value !== null)
      cursor.append(s("circle", { class: `cursor-dot last-${words.status}`, cx: x, cy: tenthOf(plane.y(value)), r: 4.5 }));
  };
  const point = (/** @type {number} */ index) => {
    at = Math.min(count - 1, Math.max(0, index));
    pointed = true;
    say();
  };
  const leave = () => {
    at = count - 1;
    pointed = false;
    say();
  };
  const draw = (/** @type {number} */ pixels) => {
    unit = (parseFloat(getComputedStyle(root).fontSize) || 12) / 12;
    if (pixels <= 0 || drawn === pixels / unit) return;
    drawn = pixels / unit;
    picture = chartDrawing(history, drawn, measure);
    plot.replaceChildren(picture.svg);
    say();
  };

  plot.addEventListener("pointermove", (event) => {
    if (!picture) return;
    const { plane } = picture,
      x = (event.clientX - plot.getBoundingClientRect().left) / unit;
    point(Math.floor((x - plane.left) / plane.step));
  });
  plot.addEventListener("pointerleave", () => plot.matches(":focus") || leave());
  plot.addEventListener("blur", leave);
  plot.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: count - 1 };
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in steps)) return;
    event.preventDefault();
    point(steps[/** @type {keyof typeof steps} */ (event.key)]);
  });
  new ResizeObserver((entries) => draw(entries[0].contentRect.width)).observe(plot);
  if (options.width) draw(options.width);
  else say();
  return root;
}

/**
 * The same periods as a table, newest first; what is too long for a page is the command line's.
 * @param {History} history @param {Scale} scale @param {string} [id] the metric's, for the command
 * @returns {HTMLElement}
 */
export function historyTable(history, scale, id = "ID") {
  const shown = Math.min(TABLE_ROWS, history.values.length),
    older = history.total - shown;
  const rows = Array.from({ length: shown }, (_, i) => {
    const index = history.values.length - 1 - i,
      words = periodWords(history, scale, index);
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, history.starts[index]),
      h("td", { class: "table-value" }, words.value),
      h("td", {}, h("span", { class: `read-status read-${words.status}` }, statusSign(words.status), words.word)),
      h("td", {}, words.origin),
      h("td", { class: "table-error" }, words.error),
    );
  });
  const heads = ["Period", "Value", "Status", "Origin", "Error"].map((name) => h("th", { scope: "col" }, name));
  const more = `${older.toLocaleString("en")} older ${older === 1 ? "period" : "periods"}: `;
  return h(
    "div",
    { class: "history-table", tabindex: 0, role: "region", "aria-label": "History as a table" },
    h("table", {}, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...rows)),
    older > 0 && h("p", { class: "table-older" }, more, h("code", {}, `heartbeat history ${id}`)),
  );
}
