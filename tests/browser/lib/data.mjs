// What people write and attach: in two languages, and also what they would not if they meant well.

import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { HERE } from "./tools.mjs";

export const ENGLISH = "The kettle is on; who is coming over?";
export const ARABIC = "السلام عليكم، وأهلا بكم في المجلس";
export const MIXED = "قرأت اليوم about peer-to-peer networks في المقهى 😀";

/** Texts by turns in both languages, each of them another. */
export function posts(count, about = "post") {
  return Array.from({ length: count }, (_, index) =>
    index % 2 ? { text: `${ARABIC} (${about} ${index})`, lang: "ar" } : { text: `${ENGLISH} (${about} ${index})`, lang: "en" },
  );
}

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit += 1) byte = byte & 1 ? 0xedb88320 ^ (byte >>> 1) : byte >>> 1;
  return byte;
});
const crc = (bytes) => ~bytes.reduce((sum, byte) => TABLE[(sum ^ byte) & 255] ^ (sum >>> 8), ~0);

function chunk(kind, data) {
  const named = Buffer.concat([Buffer.from(kind), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc(named) >>> 0);
  return Buffer.concat([length, named, sum]);
}

function png(width, height, bits, kind, rows) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([bits, kind, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

/** A picture with something to see: a slope of colours. */
export function picture(width = 640, height = 480, blue = 128) {
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0, at = 0; y < height; y += 1) {
    at += 1;
    for (let x = 0; x < width; x += 1) {
      rows[at++] = (x / width) * 255;
      rows[at++] = (y / height) * 255;
      rows[at++] = blue;
    }
  }
  return png(width, height, 8, 2, rows);
}

/** A picture of very many dots that takes little room. */
export function hugePicture(side) {
  const row = Buffer.alloc(1 + Math.ceil(side / 8), 0x55);
  row[0] = 0;
  return png(side, side, 1, 0, Buffer.concat(Array(side).fill(row)));
}

/** A tone of some seconds. */
export function sound(seconds = 12, rate = 8_000) {
  const [head, body] = [Buffer.alloc(44), Buffer.alloc(seconds * rate)];
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + body.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write("data", 36);
  head.writeUInt32LE(body.length, 40);
  for (let at = 0; at < body.length; at += 1) body[at] = 128 + 60 * Math.sin((at / rate) * 330 * 2 * Math.PI);
  return Buffer.concat([head, body]);
}

/** Files in a folder, by what they are. The film is twenty seconds of bars and a tone, made with ffmpeg. */
export function files(folder) {
  const kept = (name, bytes) => (writeFileSync(join(folder, name), bytes), join(folder, name));
  const film = join(folder, "film.webm");
  copyFileSync(join(HERE, "data/film.webm"), film);
  return {
    picture: kept("picture.png", picture()),
    tall: kept("tall.png", picture(200, 1600, 60)),
    wide: kept("wide.png", picture(1600, 200, 220)),
    face: kept("face.png", picture(256, 256, 40)),
    sound: kept("sound.wav", sound()),
    film,
  };
}

const OVERRIDE = "\u202e";

/** What must stay what it is: text, and within its own place. */
export const HOSTILE = {
  script: `<script>window.harmed = 1</script><img src=x onerror="window.harmed = 1">`,
  link: "javascript:window.harmed=1 data:text/html,<script>window.harmed=1</script>",
  override: `${OVERRIDE}desrever si siht\u2066\u2067\u202d`,
  zalgo: [..."Behold"].map((letter) => letter + "\u0310\u0352\u0311\u034a\u0301\u0300\u0306\u030f\u0363\u036b\u0315\u0316\u0317\u0318\u0319\u031c\u031d\u031e\u031f\u0320".repeat(12)).join(""),
  word: "w".repeat(48_000),
  /** As many as a post can have. */
  tags: Array.from({ length: 64 }, (_, index) => `#tag${index}`).join(" "),
};
