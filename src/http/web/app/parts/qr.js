// A picture that a camera reads. It is black on white also where the page is dark: many cameras read no other.

import { svg } from "../core/dom.js";

/** Modules of white around it, without which it is not found. */
const QUIET = 4;

/**
 * @param {import("../core/types.js").QrRows} code
 * @param {string} label What it is of, for those who do not see it.
 */
export function qr({ size, rows }, label) {
  const side = size + 2 * QUIET;
  return svg(
    "svg",
    { class: "qr", viewBox: `0 0 ${side} ${side}`, role: "img", "aria-label": label, "shape-rendering": "crispEdges" },
    svg("rect", { width: side, height: side, fill: "#fff" }),
    svg("path", { d: rows.map(dark).join(""), fill: "#000" }),
  );
}

/**
 * The dark runs of a row.
 * @param {string} row
 * @param {number} at
 */
function dark(row, at) {
  return [...row.matchAll(/1+/g)].map((run) => `M${run.index + QUIET} ${at + QUIET}h${run[0].length}v1h-${run[0].length}Z`).join("");
}
