// Moving the page: at once, where what is above has changed its height, or gliding to where one wants to be.

/** Where one is being brought, from the top of the page. @type {number | null} */
let goal = null;

/** @returns {ScrollBehavior} */
export function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
}

export function isGliding() {
  return goal !== null;
}

/** @param {number} top */
export function glideTo(top) {
  goal = top;
  scrollTo({ top, behavior: calm() });
  arrived();
}

/**
 * What glides goes on, though the browser ends it at any other move.
 * @param {number} far
 */
export function moveBy(far) {
  if (Math.abs(far) < 0.5) return;
  scrollBy({ top: far, behavior: "instant" });
  if (goal !== null) glideTo(goal);
}

function arrived() {
  if (goal !== null && Math.abs(scrollY - goal) < 2) goal = null;
}

// Another move, just before, has the browser give up on the way.
addEventListener("scrollend", () => goal !== null && glideTo(goal));
// Who scrolls goes where they want.
for (const type of ["wheel", "pointerdown", "touchstart", "keydown", "popstate"])
  addEventListener(type, () => (goal = null), { passive: true, capture: true });
