// @ts-check
// The drawing of a history for a width: pure geometry. Sizes are in units of a twelfth of the chart's font size, so a larger root
// enlarges everything. Over DOTS_UP_TO periods no dots are drawn and equal bars join.

import { s } from "./dom.js";

/** @typedef {import("./shapes").History} History */
/** @typedef {import("./shapes").Status} Status */
/**
 * @typedef {object} Plane where periods and values lie; `step`: the width of a period, `foot`: the y of the lowest value
 * @property {number} left
 * @property {number} right
 * @property {number} step
 * @property {number} foot
 * @property {(index: number) => number} x
 * @property {(value: number) => number} y
 */
/** @typedef {(words: string, bold?: boolean) => number} Measure */

/** @type {Record<string, {status: Status, word: string, bar: number}>} bar: height out of 14 */
export const STATUS_LETTERS = {
  g: { status: "green", word: "Green", bar: 5 },
  x: { status: "grey", word: "Grey", bar: 5 },
  a: { status: "amber", word: "Amber", bar: 9 },
  r: { status: "red", word: "Red", bar: 14 },
};
export const DOTS_UP_TO = 200;
const NARROW_CHART = 480,
  LABEL_GAP = 14,
  SIGN_ROOM = 10;

/** @param {number} number */
export const tenthOf = (number) => Math.round(number * 10) / 10;

/** @param {string} className @param {string} d */
const chartPath = (className, d) => (d ? s("path", { class: className, d }) : null);

/**
 * One path per state, equal neighbours as one bar where there are too many to stand apart.
 * @param {string} status @param {number} left @param {number} step @param {number} base the y of the foot
 */
export function statusBars(status, left, step, base) {
  /** @type {Record<string, string>} */
  const paths = { g: "", x: "", a: "", r: "" };
  const apart = status.length <= DOTS_UP_TO;
  for (let from = 0, to; from < status.length; from = to) {
    const letter = status[from];
    for (to = from + 1; !apart && status[to] === letter;) to += 1;
    const { bar } = STATUS_LETTERS[letter];
    const inset = apart ? step * 0.1 : 0,
      width = Math.max(1, (to - from) * step - 2 * inset);
    const edge = letter === "x" ? 0.5 : 0;
    const x = tenthOf(left + from * step + inset + edge),
      wide = tenthOf(Math.max(0.5, width - 2 * edge)),
      tall = bar - 2 * edge;
    paths[letter] += `M${x} ${base - edge}v${-tall}h${wide}v${tall}z`;
  }
  return Object.entries(paths).map(([letter, d]) => chartPath(`bar bar-${STATUS_LETTERS[letter].status}`, d));
}

/**
 * The words cut to the room, "" where not even a few letters have any.
 * @param {string} words @param {number} room @param {Measure} measure
 */
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
    const inside = all.slice(from, from + many),
      known = inside.filter((index) => values[index] !== null);
    const gap = inside.find((index) => values[index] === null);
    const byValue = known.toSorted((a, b) => Number(values[a]) - Number(values[b]));
    const chosen = [
      known[0],
      byValue[0],
      byValue[byValue.length - 1],
      known[known.length - 1],
      gap,
      ...inside.filter((index) => breaks.has(index)),
    ];
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
  let before = "",
    pen = "",
    last = -1;
  for (const index of drawnPeriods(values, plane.step, breaks)) {
    const value = values[index];
    if (value === null) {
      before = "";
      continue;
    }
    const kind = origin[index] === "t" ? "t" : "b";
    const point = `${tenthOf(plane.x(index))} ${tenthOf(plane.y(value))}`;
    if (!before || breaks.has(index)) lines[kind] += `M${point}h0`;
    else lines[kind] += pen === kind ? `L${point}` : `M${before}L${point}`;
    if (dotted) dots[kind === "b" ? "b" : `t${status[index] === "x" ? "g" : status[index]}`] += `M${point}h0`;
    before = point;
    pen = kind;
    last = index;
  }
  const size = Math.min(3.6, Math.max(2.4, plane.step * 0.62));
  const ends = last < 0 ? "" : `M${tenthOf(plane.x(last))} ${tenthOf(plane.y(values[last] ?? 0))}h0`;
  return s(
    "g",
    { class: plane.step < 2 ? "lines lines-dense" : "lines", style: `--dot: ${size}` },
    chartPath("line line-backfilled", lines.b),
    chartPath("line line-ticked", lines.t),
    chartPath("dots dots-rim", dots.b),
    chartPath("dots dots-hollow", dots.b),
    chartPath("dots dots-ticked", dots.tg),
    chartPath("dots dots-amber", dots.ta),
    chartPath("dots dots-red", dots.tr),
    chartPath(`dots dots-last last-${STATUS_LETTERS[status[last] ?? "x"].status}`, ends),
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
      const x = places[i],
        after = (places[i + 1] ?? width + SIGN_ROOM) - SIGN_ROOM;
      const right = after - x - SIGN_ROOM,
        left = x - taken - SIGN_ROOM - 4,
        wanted = measure(mark.words);
      const flip = right < wanted && left > right;
      const words = cutWords(mark.words, flip ? left : right, measure);
      taken = flip || !words ? x + SIGN_ROOM : x + SIGN_ROOM + measure(words);
      const shape = kind === "meaning" ? "M0-4.6 4.6 0 0 4.6-4.6 0z" : "M0-4a4 4 0 1 1 0 8 4 4 0 1 1 0-8z";
      return s(
        "g",
        { transform: `translate(${tenthOf(x)} ${y})` },
        s("title", {}, mark.words),
        s("path", { class: "mark-line", d: `M0 5V${tenthOf(plane.foot - y)}` }),
        s("path", { class: "mark-sign", d: shape }),
        words &&
          s(
            "text",
            { class: "mark-words", x: flip ? -SIGN_ROOM : SIGN_ROOM, y: 4, "text-anchor": flip ? "end" : "start" },
            words,
          ),
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
      !narrow &&
        Math.abs(level.at - level.y) > 2 &&
        chartPath(`leader level-${level.kind}`, `M${plane.right} ${tenthOf(level.y)}L${x - 2} ${tenthOf(level.at)}`),
      s("text", { class: `level-name name-${level.kind}`, x, y: tenthOf(level.at + (narrow ? 0 : 4)) }, level.words),
    ];
  });
  const lines = levels.map((level) =>
    level.outside ? null : chartPath(`level level-${level.kind}`, `M${plane.left} ${tenthOf(level.y)}H${plane.right}`),
  );
  return { lines: s("g", {}, ...lines), names: s("g", {}, ...names.flat()) };
}

/**
 * Words under the time axis; the last one always stands, others where they have room.
 * @param {History} history @param {Plane} plane @param {number} y @param {Measure} measure
 */
function dayWords(history, plane, y, measure) {
  const placed = history.days.map(([index, words], i) => {
    const wide = measure(words),
      end = i === history.days.length - 1 && i > 0;
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
  return [...kept, ...(last ? [last] : [])].map((day) => s("text", { class: "axis", x: tenthOf(day.from), y }, day.words));
}

/**
 * The whole chartDrawing for a width.
 * @param {History} history @param {number} width @param {Measure} measure
 */
export function chartDrawing(history, width, measure) {
  const narrow = width < NARROW_CHART;
  const levelWords = [history.alert, history.norm, history.target].map((level) =>
    level ? measure(`${level.words} ↑`, true) : 0,
  );
  const left = tenthOf(Math.max(8, ...history.steps.map((step) => measure(step.words))) + 9);
  const right = tenthOf(width - (narrow ? 6 : Math.max(6, ...levelWords) + (Math.max(...levelWords) ? 10 : 0)));
  const top = history.marks.length ? 48 : 14,
    tall = Math.round(Math.min(260, Math.max(170, width * 0.3)));
  const foot = top + tall,
    crosses = foot + 10,
    base = foot + 34,
    height = base + 18;
  const step = (right - left) / Math.max(1, history.values.length),
    range = history.high - history.low || 1;
  const y = (/** @type {number} */ value) => foot - ((value - history.low) / range) * tall;
  /** @type {Plane} */
  const plane = { left, right, step, foot, x: (index) => left + (index + 0.5) * step, y };
  const edge = (/** @type {number} */ value) => tenthOf(Math.min(foot, Math.max(top, y(value))));
  const band = history.band && { from: edge(Math.max(...history.band)), to: edge(Math.min(...history.band)) };
  const failed = Object.keys(history.errors)
    .map((index) => `M${tenthOf(plane.x(Number(index)) - 3)} ${crosses - 3}l6 6m-6 0l6-6`)
    .join("");
  const levels = levelLines(history, plane, top, narrow);
  const cursor = s("g", { class: "cursor", visibility: "hidden" });
  const svg = s(
    "svg",
    { viewBox: `0 0 ${tenthOf(width)} ${height}`, "aria-hidden": "true" },
    band &&
      s("rect", { class: "band", x: left, y: band.from, width: tenthOf(right - left), height: tenthOf(band.to - band.from) }),
    chartPath("grid", history.steps.map((level) => `M${left} ${tenthOf(y(level.at))}H${right}`).join("")),
    ...history.steps.map((level) =>
      s("text", { class: "axis", x: left - 8, y: tenthOf(y(level.at) + 4), "text-anchor": "end" }, level.words),
    ),
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
