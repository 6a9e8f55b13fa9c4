// @ts-check
// What of a wall fits on one screen: pure sums, in units of the screen's own font size. A landscape screen is at least 120 wide
// and 67.5 high, a portrait one the other way round. Order of giving way: green loses values, green becomes a count, grey
// becomes codes, amber pages, red pages.

/** @typedef {import("./shapes").Status} Status */
/** @typedef {Record<Status, number>} Counts */
/** @typedef {{columns: number, cell: number}} Field equal cells, `cell` high */
/**
 * @typedef {object} Lines amber and grey
 * @property {number} columns
 * @property {number} pitch height of a line with its gap
 * @property {Field | null} greyField grey as codes, or null: as lines
 * @property {number} amberPage how many amber lines fit
 */
/**
 * @typedef {object} WallPlan
 * @property {boolean} portrait
 * @property {"values" | "codes" | "count" | "none"} green
 * @property {Field} greenField
 * @property {Lines} lines
 * @property {number} redHeight of the red part in portrait
 */

export const RED_PAGE = 9;
const GREEN_VALUES = 40,
  GREEN_CODES = 420,
  WALL_HEADING = 1.8,
  LOWEST_PITCH = 2.2,
  CLEARLY_HIGHER = 1.15;
/** A line as high as this part of its width still has room for its name. */
const LINE_SHAPE = 1 / 9;
const WALL_MARGINS = 9.6,
  PORTRAIT_CLOCK = 2.6,
  WALL_GAP = 0.7,
  CODE_WIDE = 3.3,
  CODE_HIGH = 1.42,
  VALUE_WIDE = 13.5,
  LINE_WIDE = 20;

/**
 * The largest cells that keep the field within the room, never smaller than once.
 * @param {number} count @param {number} width @param {number} room @param {number} wide a cell at its smallest
 * @param {number} high @param {number} largest
 * @returns {Field & {height: number}}
 */
function wallFieldOf(count, width, room, wide, high, largest) {
  for (let scale = largest; ; scale -= 0.1) {
    const columns = Math.max(1, Math.floor(width / (wide * scale))),
      height = Math.ceil(count / columns) * high * scale;
    if (height <= room || scale <= 1) return { columns, cell: high * scale, height };
  }
}

/** Rows of red tiles; the tiles are shared out evenly among them. @param {number} count */
export const redRows = (count) => (count <= 2 ? Math.max(1, count) : count <= 6 ? 2 : 3);

/**
 * As many columns as let the lines be highest; one more only where that makes them clearly higher.
 * @param {Counts} counts @param {number} width @param {number} room height for both sections @param {number} tallest line
 * @returns {Lines}
 */
function wallLinesOf(counts, width, room, tallest) {
  const most = Math.max(1, Math.floor(width / LINE_WIDE)),
    headings = (counts.amber ? WALL_HEADING : 0) + (counts.grey ? WALL_HEADING + WALL_GAP : 0);
  const highest = (/** @type {number} */ columns) => Math.min(tallest, (width / columns) * LINE_SHAPE);
  let columns = 1,
    pitch = 0;
  for (let tried = 1; tried <= most; tried += 1) {
    const rows = Math.ceil(counts.amber / tried) + Math.ceil(counts.grey / tried);
    const reached = Math.min(highest(tried), (room - headings) / Math.max(1, rows));
    if (reached > pitch * CLEARLY_HIGHER) [columns, pitch] = [tried, reached];
  }
  if (pitch >= LOWEST_PITCH) return { columns, pitch, greyField: null, amberPage: counts.amber };
  const greyField = counts.grey ? wallFieldOf(counts.grey, width, room * 0.4, CODE_WIDE * 1.2, CODE_HIGH * 1.2, 1.3) : null;
  const left = room - headings - (greyField?.height ?? 0),
    fitting = Math.max(1, Math.floor(left / LOWEST_PITCH));
  const rows = Math.max(1, Math.min(fitting, Math.ceil(counts.amber / most)));
  return {
    columns: most,
    pitch: Math.min(highest(most), left / rows),
    greyField,
    amberPage: Math.min(counts.amber, fitting * most),
  };
}

/**
 * @param {number} width @param {number} height @param {Counts} counts @returns {WallPlan}
 */
export function wallPlan(width, height, counts) {
  const portrait = width < height,
    inner = width - 2.6,
    listed = counts.amber + counts.grey,
    calm = !counts.red && !listed;
  const green = !counts.green
    ? "none"
    : counts.green <= GREEN_VALUES
      ? "values"
      : counts.green <= GREEN_CODES
        ? "codes"
        : "count";
  const room = height - WALL_MARGINS - (portrait ? PORTRAIT_CLOCK : 0),
    greenRoom = calm ? room - 22 : 12.5;
  const field =
    green === "values"
      ? wallFieldOf(counts.green, inner, greenRoom, VALUE_WIDE, 2.4, calm ? 2.2 : 1)
      : green === "codes"
        ? wallFieldOf(counts.green, inner, greenRoom, CODE_WIDE, CODE_HIGH, calm ? 3 : 2)
        : { columns: 1, cell: 2, height: green === "count" ? 2 : 0 };
  const middle = room - (green === "none" ? 0 : field.height + WALL_HEADING + WALL_GAP);
  const shownRed = Math.min(RED_PAGE, counts.red);
  const redHeight = !portrait || !listed ? middle : !counts.red ? 14 : Math.min(middle * 0.55, redRows(shownRed) * 18);
  const linesWidth = portrait ? inner : inner * (counts.red ? 0.4 : 0.66);
  const linesRoom = portrait ? middle - redHeight - WALL_GAP : middle;
  return {
    portrait,
    green,
    greenField: field,
    lines: wallLinesOf(counts, linesWidth, linesRoom, portrait ? 6.8 : 4.9),
    redHeight,
  };
}
