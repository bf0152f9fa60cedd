// The pattern of old tiles, as a faint ground for pages that stand alone.

import { svg } from "../core/dom.js";

const SIDE = 96;

export function tiles() {
  const square = "M-26 -26H26V26H-26Z";
  const at = `translate(${SIDE / 2} ${SIDE / 2})`;
  return svg(
    "svg",
    { class: "tiles", "aria-hidden": true },
    svg(
      "defs",
      null,
      svg(
        "pattern",
        { id: "tiles", width: SIDE, height: SIDE, patternUnits: "userSpaceOnUse" },
        svg("g", { transform: at, fill: "none", stroke: "currentColor", "stroke-width": 1.2 }, svg("path", { d: square }), svg("path", { d: square, transform: "rotate(45)" }), svg("path", { d: "M-48 0H-37M37 0H48M0 -48V-37M0 37V48" })),
      ),
    ),
    svg("rect", { width: "100%", height: "100%", fill: "url(#tiles)" }),
  );
}
