// @ts-check
// The small picture of a metric's last periods: one path per kind of line, stretched over whatever box it is given.

import { s } from "./dom.js";

/** @typedef {import("./shapes").Spark} Spark */

/** @param {string} className @param {string} d */
const sparkLine = (className, d) => (d ? s("path", { class: className, d, "vector-effect": "non-scaling-stroke" }) : null);

/** @param {string} className @param {number | null} y */
const sparkLevel = (className, y) => sparkLine(className, y === null ? "" : `M0 ${y}H1000`);

/**
 * The picture, 1000 by 100 and stretched. It is decoration: the tile's words say the same. The last value's dot takes the svg's
 * `color`, so a tile says its status there.
 * @param {Spark} spark
 * @param {{className?: string}} [options] a further class of the svg
 */
export function sparkPicture(spark, options = {}) {
  const band = spark.band && { top: Math.min(...spark.band), height: Math.abs(spark.band[1] - spark.band[0]) };
  return s(
    "svg",
    {
      class: `spark ${options.className ?? ""}`.trim(),
      viewBox: "0 0 1000 100",
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    },
    band && s("rect", { class: "spark-band", x: 0, y: band.top, width: 1000, height: band.height }),
    sparkLevel("spark-norm", spark.norm),
    sparkLevel("spark-alert", spark.alert),
    sparkLine("spark-cut", spark.cut === null ? "" : `M${spark.cut} 0V100`),
    sparkLine("spark-failed", spark.failed.map((x) => `M${x} 88V100`).join("")),
    sparkLine("spark-older", spark.older),
    sparkLine("spark-line", spark.line),
    spark.last && sparkLine("spark-last", `M${spark.last[0]} ${spark.last[1]}h0`),
  );
}
