// The eight-pointed star of old tiles, where there is nothing else to see yet.

import { svg } from "../core/dom.js";

export function star() {
  const square = "M-26 -26H26V26H-26Z";
  return svg(
    "svg",
    { class: "star", viewBox: "-50 -50 100 100", "aria-hidden": true, fill: "none", stroke: "currentColor", "stroke-width": 2.5, "stroke-linejoin": "round" },
    svg("path", { d: square }),
    svg("path", { d: square, transform: "rotate(45)" }),
    svg("circle", { r: 13, opacity: 0.55 }),
    svg("path", { d: "M-46 0H-37M37 0H46M0 -46V-37M0 37V46", opacity: 0.55 }),
  );
}
