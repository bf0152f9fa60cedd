// BlurHash: a picture's colours in some thirty letters, which stand where the picture will be. As blurha.sh describes it.

import { el } from "../core/dom.js";

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";
/** The longer side of what is drawn; the browser makes it larger, and softer with that. */
const SIDE = 32;

/** @typedef {[number, number, number]} Colour Linear light. */

/**
 * A canvas with the colours, or nothing where the hash is none.
 * @param {string} hash
 * @param {number} aspect
 */
export function blur(hash, aspect) {
  const [width, height] = aspect > 1 ? [SIDE, Math.max(1, Math.round(SIDE / aspect))] : [Math.max(1, Math.round(SIDE * aspect)), SIDE];
  const pixels = decode(hash, width, height);
  if (!pixels) return null;
  const canvas = el("canvas", { class: "blur", width, height, "aria-hidden": true });
  canvas.getContext("2d")?.putImageData(new ImageData(pixels, width, height), 0, 0);
  return canvas;
}

/**
 * @param {string} hash
 * @param {number} width
 * @param {number} height
 * @returns {Uint8ClampedArray<ArrayBuffer> | null} Four bytes a pixel.
 */
export function decode(hash, width, height) {
  const size = number(hash.slice(0, 1));
  const [across, down] = [(size % 9) + 1, Math.floor(size / 9) + 1];
  if (![...hash].every((digit) => DIGITS.includes(digit)) || hash.length !== 4 + 2 * across * down) return null;
  const most = (number(hash.slice(1, 2)) + 1) / 166;
  const colours = Array.from({ length: across * down }, (_, at) =>
    at === 0 ? average(number(hash.slice(2, 6))) : wave(number(hash.slice(4 + at * 2, 6 + at * 2)), most),
  );
  const columns = waves(width, across);
  const rows = waves(height, down);
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let [red, green, blue] = [0, 0, 0];
      for (let j = 0; j < down; j += 1) {
        for (let i = 0; i < across; i += 1) {
          const weight = columns[x][i] * rows[y][j];
          const colour = colours[i + j * across];
          red += colour[0] * weight;
          green += colour[1] * weight;
          blue += colour[2] * weight;
        }
      }
      pixels.set([toByte(red), toByte(green), toByte(blue), 255], 4 * (x + y * width));
    }
  }
  return pixels;
}

/** @param {string} digits */
function number(digits) {
  let value = 0;
  for (const digit of digits) value = value * 83 + DIGITS.indexOf(digit);
  return value;
}

/**
 * For each place along a side, how much each wave counts there.
 * @param {number} length
 * @param {number} count
 */
function waves(length, count) {
  return Array.from({ length }, (_, at) => Array.from({ length: count }, (_, wave) => Math.cos((Math.PI * at * wave) / length)));
}

/**
 * @param {number} value
 * @returns {Colour}
 */
function average(value) {
  return [toLight(value >> 16), toLight((value >> 8) & 255), toLight(value & 255)];
}

/**
 * @param {number} value
 * @param {number} most
 * @returns {Colour}
 */
function wave(value, most) {
  const part = (/** @type {number} */ digit) => Math.sign(digit - 9) * ((digit - 9) / 9) ** 2 * most;
  return [part(Math.floor(value / 361)), part(Math.floor(value / 19) % 19), part(value % 19)];
}

/** @param {number} byte */
function toLight(byte) {
  const part = byte / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}

/** @param {number} light */
function toByte(light) {
  const part = Math.min(1, Math.max(0, light));
  return Math.round(255 * (part <= 0.0031308 ? part * 12.92 : 1.055 * part ** (1 / 2.4) - 0.055));
}
