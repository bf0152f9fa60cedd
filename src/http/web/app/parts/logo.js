import { svg } from "../core/dom.js";

/** The door of the house, with light in it. */
export function logo() {
  return svg(
    "svg",
    { class: "logo", viewBox: "0 0 64 64", "aria-hidden": true },
    svg("rect", { width: 64, height: 64, rx: 15, fill: "#17603a" }),
    svg("path", { d: "M14 50V31C14 20 22 14 32 9c10 5 18 11 18 22v19", fill: "none", stroke: "#fbf6ea", "stroke-width": 4, "stroke-linecap": "round", "stroke-linejoin": "round" }),
    svg("path", { d: "M22.500 50V34.500c0-6 4-9.500 9.500-12.500 5.500 3 9.500 6.500 9.500 12.500V50", fill: "#e9b44c" }),
    svg("path", { d: "M9 52h46", stroke: "#fbf6ea", "stroke-width": 4, "stroke-linecap": "round" }),
  );
}
