// @ts-check
// The least page that shows the same wall: what it is sent becomes one plain item for each metric.

/** @typedef {import("../../heartbeat_lib/cockpit/static/shapes").Tile} Tile */

/** @param {Tile} tile */
function item(tile) {
  const li = document.createElement("li");
  li.dataset.metricId = tile.id;
  const words = [tile.code, tile.name, tile.status, tile.state, tile.value, tile.unit, tile.against, tile.why, tile.kept, tile.band, tile.target,
    tile.meaning, tile.owner, tile.source.schema, tile.source.at, tile.since];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 1000 100");
  path.setAttribute("d", tile.spark.line);
  path.setAttribute("fill", "none");
  path.setAttribute("stroke", "currentColor");
  svg.append(path);
  li.append(words.filter(Boolean).join(", "), svg);
  return li;
}

/** @param {{ model: import("../../heartbeat_lib/cockpit/static/link").Model, el: HTMLElement }} widget */
function render({ model, el }) {
  const list = document.createElement("ul");
  list.className = "heartbeat"; // what the template waits for
  el.append(list);
  model.on("msg:custom", ({ tiles }) => list.replaceChildren(...tiles.map(item)));
  model.send({ kind: "hello" });
  Object.assign(window, { bareItem: item });
}

export default { render };
