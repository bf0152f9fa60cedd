// What the node holds, as the plan of a house: a room for each account, as large as what is held of theirs. Areas are
// laid out so that rooms come near to squares (Bruls, Huizing, van Wijk: Squarified Treemaps).

/** @typedef {{x: number, y: number, width: number, height: number}} Room */

/**
 * @param {number[]} sizes Above 0, the largest first.
 * @param {number} width
 * @param {number} height
 * @returns {Room[]}
 */
export function plan(sizes, width, height) {
  const sum = sizes.reduce((all, size) => all + size, 0);
  const areas = sizes.map((size) => (size / sum) * width * height);
  /** @type {Room[]} */
  const rooms = [];
  let free = { x: 0, y: 0, width, height };
  for (let at = 0; at < areas.length; ) {
    const side = Math.min(free.width, free.height);
    let count = 1;
    while (at + count < areas.length && worst(areas.slice(at, at + count + 1), side) <= worst(areas.slice(at, at + count), side)) count += 1;
    free = lay(areas.slice(at, at + count), free, rooms);
    at += count;
  }
  return rooms;
}

/**
 * How far the longest of these rooms is from a square, along a wall.
 * @param {number[]} areas
 * @param {number} side
 */
function worst(areas, side) {
  const sum = areas.reduce((all, area) => all + area, 0);
  const [least, most] = [Math.min(...areas), Math.max(...areas)];
  return Math.max((side * side * most) / (sum * sum), (sum * sum) / (side * side * least));
}

/**
 * Lays rooms along the shorter wall of what is free.
 * @param {number[]} areas
 * @param {Room} free
 * @param {Room[]} rooms
 * @returns {Room} What is left.
 */
function lay(areas, { x, y, width, height }, rooms) {
  const sum = areas.reduce((all, area) => all + area, 0);
  const isWide = width >= height;
  const depth = sum / (isWide ? height : width);
  let from = isWide ? y : x;
  for (const area of areas) {
    const length = area / depth;
    rooms.push(isWide ? { x, y: from, width: depth, height: length } : { x: from, y, width: length, height: depth });
    from += length;
  }
  return isWide ? { x: x + depth, y, width: width - depth, height } : { x, y: y + depth, width, height: height - depth };
}
