// A small board under a button, of which it is part; where the button is in an open sheet, so is the board, as nothing
// beside that can be reached.

const ROOM = 8;

/**
 * @param {HTMLElement} anchor
 * @param {HTMLElement} board One with the attribute `popover`.
 */
export function openBoard(anchor, board) {
  board.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== "closed") return;
    anchor.setAttribute("aria-expanded", "false");
    board.remove();
  });
  (anchor.closest("dialog") ?? document.body).append(board);
  board.showPopover();
  anchor.setAttribute("aria-expanded", "true");
  place(board, anchor);
}

/**
 * In line with the beginning of the button, below or above it, and in any case where it is seen whole.
 * @param {HTMLElement} board
 * @param {HTMLElement} anchor
 */
function place(board, anchor) {
  const [at, own] = [anchor.getBoundingClientRect(), board.getBoundingClientRect()];
  const isRightward = getComputedStyle(anchor).direction === "ltr";
  const left = isRightward ? at.left : at.right - own.width;
  const isBelow = at.bottom + own.height + ROOM <= innerHeight || at.top < own.height;
  const top = isBelow ? Math.min(at.bottom + 4, innerHeight - own.height - ROOM) : at.top - own.height - 4;
  board.style.left = `${Math.max(ROOM, Math.min(left, document.documentElement.clientWidth - own.width - ROOM))}px`;
  board.style.top = `${Math.max(ROOM, top)}px`;
}
