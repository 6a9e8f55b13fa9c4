// @ts-check
// The history of an opened metric: the chart with its readout and legend, the same as a table, and the ribbon of states.
// Sizes are in units of a twelfth of the chart's own font size, so a larger root enlarges everything.

import { h, s } from "./dom.js";
import { statusSign } from "./signs.js";
import { figure, spaced } from "./words.js";

/** @typedef {import("./shapes").History} History */
/** @typedef {import("./shapes").Scale} Scale */
/** @typedef {import("./shapes").Mark} Mark */
/** @typedef {import("./shapes").Status} Status */
/** @typedef {{left: number, right: number, step: number, x: (index: number) => number, y: (value: number) => number, foot: number}} Plane */
/** @typedef {(words: string, bold?: boolean) => number} Measure */

/** @type {Record<string, {status: Status, word: string, bar: number}>} bar: height out of 14 */
const LETTERS = {
  g: { status: "green", word: "Green", bar: 5 },
  x: { status: "grey", word: "Grey", bar: 5 },
  a: { status: "amber", word: "Amber", bar: 9 },
  r: { status: "red", word: "Red", bar: 14 },
};
const DOTS_UP_TO = 200, TABLE_ROWS = 400, NARROW = 480, LABEL_GAP = 14, SIGN_ROOM = 10;

/** @param {number} number */
const tenth = (number) => Math.round(number * 10) / 10;

/** @param {string} className @param {string} d */
const chartPath = (className, d) => (d ? s("path", { class: className, d }) : null);

/**
 * One path per state, equal neighbours as one bar where there are too many to stand apart.
 * @param {string} status @param {number} left @param {number} step @param {number} base the y of the foot
 */
function statusBars(status, left, step, base) {
  /** @type {Record<string, string>} */
  const paths = { g: "", x: "", a: "", r: "" };
  const apart = status.length <= DOTS_UP_TO;
  for (let from = 0, to; from < status.length; from = to) {
    const letter = status[from];
    for (to = from + 1; !apart && status[to] === letter; ) to += 1;
    const { bar } = LETTERS[letter];
    const inset = apart ? step * 0.1 : 0, width = Math.max(1, (to - from) * step - 2 * inset);
    const edge = letter === "x" ? 0.5 : 0;
    const x = tenth(left + from * step + inset + edge), wide = tenth(Math.max(0.5, width - 2 * edge)), tall = bar - 2 * edge;
    paths[letter] += `M${x} ${base - edge}v${-tall}h${wide}v${tall}z`;
  }
  return Object.entries(paths).map(([letter, d]) => chartPath(`bar bar-${LETTERS[letter].status}`, d));
}

/**
 * A bar per period by height and colour, as under thresholds and rehearsals. Its sentence stands beside it, so it is decoration.
 * @param {string} status a letter per period, as in `History.status`
 */
export function ribbon(status) {
  const box = { class: "ribbon", viewBox: "0 0 1000 14", preserveAspectRatio: "none", "aria-hidden": "true" };
  return s("svg", box, ...statusBars(status, 0, 1000 / Math.max(1, status.length), 14));
}

/** The words cut to the room, "" where not even a few letters have any. @param {string} words @param {number} room @param {Measure} measure */
function cutWords(words, room, measure) {
  if (measure(words) <= room) return words;
  let length = words.length - 1;
  while (length > 3 && measure(`${words.slice(0, length)}…`) > room) length -= 1;
  return length > 3 ? `${words.slice(0, length).trimEnd()}…` : "";
}

/**
 * Moves labels apart, each as little as needed, within top and foot.
 * @template {{at: number}} T
 * @param {T[]} labels @param {number} top @param {number} foot @returns {T[]} by height
 */
function spreadLabels(labels, top, foot) {
  const sorted = [...labels].sort((a, b) => a.at - b.at);
  sorted.forEach((label, i) => (label.at = Math.max(label.at, i ? sorted[i - 1].at + LABEL_GAP : top)));
  for (let i = sorted.length - 1, limit = foot; i >= 0; limit = sorted[i].at - LABEL_GAP, i -= 1) {
    sorted[i].at = Math.min(sorted[i].at, limit);
  }
  return sorted;
}

/**
 * The periods that a line needs: all, or where many share a pixel its first, lowest, highest and last, and one that has no value.
 * @param {(number | null)[]} values @param {number} step @param {Set<number>} breaks kept in any case
 */
function drawnPeriods(values, step, breaks) {
  const all = values.map((_, index) => index);
  if (step >= 0.25) return all;
  const many = Math.ceil(1 / step);
  /** @type {Set<number>} */
  const kept = new Set();
  for (let from = 0; from < all.length; from += many) {
    const inside = all.slice(from, from + many), known = inside.filter((index) => values[index] !== null);
    const gap = inside.find((index) => values[index] === null);
    const byValue = known.toSorted((a, b) => Number(values[a]) - Number(values[b]));
    const chosen = [known[0], byValue[0], byValue[byValue.length - 1], known[known.length - 1], gap, ...inside.filter((index) => breaks.has(index))];
    for (const index of chosen.filter((index) => index !== undefined).sort((a, b) => a - b)) kept.add(index);
  }
  return [...kept];
}

/**
 * Value lines and dots. A gap and a new meaning break the line; a stretch is as dark as the period that it leads to.
 * @param {History} history @param {Plane} plane
 */
function valueLines(history, plane) {
  const { values, origin, status } = history;
  const breaks = new Set(history.marks.filter((mark) => mark.kind === "meaning").map((mark) => mark.index));
  const dotted = values.length <= DOTS_UP_TO;
  const lines = { t: "", b: "" };
  /** @type {Record<string, string>} */
  const dots = { b: "", tg: "", ta: "", tr: "" };
  let before = "", pen = "", last = -1;
  for (const index of drawnPeriods(values, plane.step, breaks)) {
    const value = values[index];
    if (value === null) {
      before = "";
      continue;
    }
    const kind = origin[index] === "t" ? "t" : "b";
    const point = `${tenth(plane.x(index))} ${tenth(plane.y(value))}`;
    if (!before || breaks.has(index)) lines[kind] += `M${point}h0`;
    else lines[kind] += pen === kind ? `L${point}` : `M${before}L${point}`;
    if (dotted) dots[kind === "b" ? "b" : `t${status[index] === "x" ? "g" : status[index]}`] += `M${point}h0`;
    before = point;
    pen = kind;
    last = index;
  }
  const size = Math.min(3.6, Math.max(2.4, plane.step * 0.62));
  const ends = last < 0 ? "" : `M${tenth(plane.x(last))} ${tenth(plane.y(values[last] ?? 0))}h0`;
  return s(
    "g",
    { class: "lines", style: `--dot: ${size}` },
    chartPath("line line-backfilled", lines.b),
    chartPath("line line-ticked", lines.t),
    chartPath("dots dots-rim", dots.b),
    chartPath("dots dots-hollow", dots.b),
    chartPath("dots dots-ticked", dots.tg),
    chartPath("dots dots-amber", dots.ta),
    chartPath("dots dots-red", dots.tr),
    chartPath(`dots dots-last last-${LETTERS[status[last] ?? "x"].status}`, ends),
  );
}

/**
 * ◇ and ○ with their words, a row for each kind; a mark near the edge writes to its left.
 * @param {History} history @param {Plane} plane @param {number} width @param {Measure} measure
 */
function markRows(history, plane, width, measure) {
  const rows = /** @type {const} */ (["meaning", "owner"]).map((kind, row) => {
    const marks = history.marks.filter((mark) => mark.kind === kind).sort((a, b) => a.index - b.index);
    const places = marks.map((mark) => Math.max(plane.left, plane.x(mark.index) - plane.step / 2));
    const y = 9 + 16 * row;
    let taken = 0;
    return marks.map((mark, i) => {
      const x = places[i], after = (places[i + 1] ?? width + SIGN_ROOM) - SIGN_ROOM;
      const right = after - x - SIGN_ROOM, left = x - taken - SIGN_ROOM - 4, wanted = measure(mark.words);
      const flip = right < wanted && left > right;
      const words = cutWords(mark.words, flip ? left : right, measure);
      taken = flip || !words ? x + SIGN_ROOM : x + SIGN_ROOM + measure(words);
      const shape = kind === "meaning" ? "M0-4.6 4.6 0 0 4.6-4.6 0z" : "M0-4a4 4 0 1 1 0 8 4 4 0 1 1 0-8z";
      return s(
        "g",
        { transform: `translate(${tenth(x)} ${y})` },
        s("title", {}, mark.words),
        s("path", { class: "mark-line", d: `M0 5V${tenth(plane.foot - y)}` }),
        s("path", { class: "mark-sign", d: shape }),
        words && s("text", { class: "mark-words", x: flip ? -SIGN_ROOM : SIGN_ROOM, y: 4, "text-anchor": flip ? "end" : "start" }, words),
      );
    });
  });
  return s("g", { class: "marks" }, ...rows.flat());
}

/**
 * Alert, norm and target with their names: beside their right ends, or on the lines where the chart is narrow.
 * @param {History} history @param {Plane} plane @param {number} top @param {boolean} narrow
 */
function levelLines(history, plane, top, narrow) {
  const levels = /** @type {const} */ (["target", "norm", "alert"]).flatMap((kind) => {
    const level = history[kind];
    if (!level) return [];
    const outside = level.at > history.high ? " ↑" : level.at < history.low ? " ↓" : "";
    const y = Math.min(plane.foot, Math.max(top, plane.y(level.at)));
    return [{ kind, words: level.words + outside, outside, y, at: narrow ? y - 5 : y }];
  });
  const names = spreadLabels(levels, top, plane.foot).map((level) => {
    const x = narrow ? plane.left + 4 : plane.right + 9;
    return [
      !narrow && Math.abs(level.at - level.y) > 2 && chartPath(`leader level-${level.kind}`, `M${plane.right} ${tenth(level.y)}L${x - 2} ${tenth(level.at)}`),
      s("text", { class: `level-name name-${level.kind}`, x, y: tenth(level.at + (narrow ? 0 : 4)) }, level.words),
    ];
  });
  const lines = levels.map((level) => (level.outside ? null : chartPath(`level level-${level.kind}`, `M${plane.left} ${tenth(level.y)}H${plane.right}`)));
  return { lines: s("g", {}, ...lines), names: s("g", {}, ...names.flat()) };
}

/**
 * Words under the time axis; the last one always stands, others where they have room.
 * @param {History} history @param {Plane} plane @param {number} y @param {Measure} measure
 */
function dayWords(history, plane, y, measure) {
  const placed = history.days.map(([index, words], i) => {
    const wide = measure(words), end = i === history.days.length - 1 && i > 0;
    const from = end ? Math.min(plane.x(index) - wide / 2, plane.right - wide) : Math.max(plane.left, plane.x(index) - wide / 2);
    return { from, to: from + wide, words };
  });
  const last = placed.pop();
  let taken = -1;
  const kept = placed.filter((day) => {
    const fits = day.from > taken && (!last || day.to + 12 <= last.from);
    if (fits) taken = day.to + 12;
    return fits;
  });
  return [...kept, ...(last ? [last] : [])].map((day) => s("text", { class: "axis", x: tenth(day.from), y }, day.words));
}

/**
 * The whole drawing for a width.
 * @param {History} history @param {number} width @param {Measure} measure
 */
function drawing(history, width, measure) {
  const narrow = width < NARROW;
  const levelWords = [history.alert, history.norm, history.target].map((level) => (level ? measure(`${level.words} ↑`, true) : 0));
  const left = tenth(Math.max(8, ...history.steps.map((step) => measure(step.words))) + 9);
  const right = tenth(width - (narrow ? 6 : Math.max(6, ...levelWords) + (Math.max(...levelWords) ? 10 : 0)));
  const top = history.marks.length ? 48 : 14, tall = Math.round(Math.min(260, Math.max(170, width * 0.3)));
  const foot = top + tall, crosses = foot + 10, base = foot + 34, height = base + 18;
  const step = (right - left) / Math.max(1, history.values.length), range = history.high - history.low || 1;
  const y = (/** @type {number} */ value) => foot - ((value - history.low) / range) * tall;
  /** @type {Plane} */
  const plane = { left, right, step, foot, x: (index) => left + (index + 0.5) * step, y };
  const edge = (/** @type {number} */ value) => tenth(Math.min(foot, Math.max(top, y(value))));
  const band = history.band && { from: edge(Math.max(...history.band)), to: edge(Math.min(...history.band)) };
  const failed = Object.keys(history.errors).map((index) => `M${tenth(plane.x(Number(index)) - 3)} ${crosses - 3}l6 6m-6 0l6-6`).join("");
  const levels = levelLines(history, plane, top, narrow);
  const cursor = s("g", { class: "cursor", visibility: "hidden" });
  const svg = s(
    "svg",
    { viewBox: `0 0 ${tenth(width)} ${height}`, "aria-hidden": "true" },
    band && s("rect", { class: "band", x: left, y: band.from, width: tenth(right - left), height: tenth(band.to - band.from) }),
    chartPath("grid", history.steps.map((level) => `M${left} ${tenth(y(level.at))}H${right}`).join("")),
    ...history.steps.map((level) => s("text", { class: "axis", x: left - 8, y: tenth(y(level.at) + 4), "text-anchor": "end" }, level.words)),
    levels.lines,
    markRows(history, { ...plane, foot: crosses + 8 }, width, measure),
    valueLines(history, plane),
    levels.names,
    chartPath("failed", failed),
    s("g", { class: "bars" }, ...statusBars(history.status, left, step, base)),
    ...dayWords(history, plane, base + 14, measure),
    cursor,
  );
  return { svg, plane, cursor, top, base };
}

/** What a period says of itself. @param {History} history @param {Scale} scale @param {number} index */
function periodWords(history, scale, index) {
  const value = history.values[index], error = history.errors[index];
  return {
    value: value === null ? "no value" : figure(value, scale) + spaced(scale.unit),
    ...LETTERS[history.status[index]],
    origin: history.origin[index] === "t" ? "ticked" : "backfilled",
    error: error === undefined ? "" : `failed: ${error}`,
  };
}

/** The chart in a sentence. @param {History} history @param {Scale} scale */
function chartSentence(history, scale) {
  const count = history.values.length, last = periodWords(history, scale, count - 1);
  const counts = ["r", "a", "x", "g"].flatMap((letter) => {
    const many = history.status.split(letter).length - 1;
    return many ? [`${LETTERS[letter].status} in ${many.toLocaleString("en")}`] : [];
  });
  const failed = Object.keys(history.errors).length;
  const levels = [history.alert, history.norm, history.target].flatMap((level) => (level ? [level.words] : []));
  return [
    `History of ${count.toLocaleString("en")} periods, ${history.starts[0]} to ${history.starts[count - 1]}: ${counts.join(", ")}`,
    failed ? `, ${failed.toLocaleString("en")} failed` : "",
    `. Last: ${last.value}, ${last.status}.`,
    levels.length ? ` Lines: ${levels.join(", ")}.` : "",
  ].join("");
}

/** @param {History} history */
function chartLegend(history) {
  const key = (/** @type {string} */ d, /** @type {string} */ className, width = 26) =>
    s("svg", { class: `key ${className}`, viewBox: `0 0 ${width} 10`, style: `--wide: ${width}`, "aria-hidden": "true" }, s("path", { d }));
  const dots = history.values.length <= DOTS_UP_TO;
  const item = (/** @type {Element[]} */ keys, /** @type {string} */ words) => h("li", {}, ...keys, words);
  return h(
    "ul",
    { class: "chart-legend" },
    history.origin.includes("t") && item([key(`M0 5H26${dots ? "M11 5a2 2 0 1 0 4 0 2 2 0 1 0-4 0" : ""}`, "key-ticked")], "ticked"),
    history.origin.includes("b") && item([key(dots ? "M0 5H10.5M15.5 5H26M10.5 5a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0" : "M0 5H26", "key-backfilled")], "backfilled"),
    history.band_words && item(history.band ? [key("M0 0H24V10H0z", "key-band", 24)] : [], history.band_words),
    Object.keys(history.errors).length > 0 && item([key("M2 2l6 6m-6 0l6-6", "key-failed", 10)], "failed: no value"),
    history.marks.some((mark) => mark.kind === "meaning") && item([key("M5 0.6 9.4 5 5 9.4 0.6 5z", "key-mark", 10)], "new meaning"),
    history.marks.some((mark) => mark.kind === "owner") && item([key("M5 1a4 4 0 1 1 0 8 4 4 0 1 1 0-8z", "key-mark", 10)], "new owner"),
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
  let at = count - 1, pointed = false, unit = 1, drawn = 0;
  /** @type {ReturnType<typeof drawing> | undefined} */
  let picture;

  /** @type {Measure} */
  const measure = (words, bold = false) => {
    if (!pen) return words.length * 6.5;
    pen.font = `${bold ? 650 : 450} 12px ${getComputedStyle(root).fontFamily || "sans-serif"}`;
    return pen.measureText(words).width;
  };

  const say = () => {
    const words = periodWords(history, scale, at), marks = history.marks.filter((mark) => mark.index === at);
    const error = words.error || marks.map((mark) => mark.words).join("; ");
    readout.replaceChildren(
      h("b", {}, history.starts[at]),
      h("span", { class: "read-value" }, words.value),
      h("span", { class: `read-status read-${words.status}` }, statusSign(words.status), words.word),
      h("span", {}, words.origin),
      error && h("span", { class: "read-why", title: error }, error),
    );
    if (!picture) return;
    const { plane, cursor, top, base } = picture, x = tenth(plane.x(at)), value = history.values[at];
    cursor.setAttribute("visibility", pointed ? "visible" : "hidden");
    cursor.replaceChildren(s("path", { class: "cursor-line", d: `M${x} ${top}V${base}` }));
    if (value !== null) cursor.append(s("circle", { class: `cursor-dot last-${words.status}`, cx: x, cy: tenth(plane.y(value)), r: 4.5 }));
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
    picture = drawing(history, drawn, measure);
    plot.replaceChildren(picture.svg);
    say();
  };

  plot.addEventListener("pointermove", (event) => {
    if (!picture) return;
    const { plane } = picture, x = (event.clientX - plot.getBoundingClientRect().left) / unit;
    point(Math.floor((x - plane.left) / plane.step));
  });
  plot.addEventListener("pointerleave", leave);
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
  const shown = Math.min(TABLE_ROWS, history.values.length), older = history.total - shown;
  const rows = Array.from({ length: shown }, (_, i) => {
    const index = history.values.length - 1 - i, words = periodWords(history, scale, index);
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
