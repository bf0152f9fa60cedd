// Reads an invite with the camera, where the browser can read such pictures by itself.

import { el, put } from "../core/dom.js";
import { t } from "../core/words.js";
import { sheet } from "./sheet.js";

/** Milliseconds between two looks. */
const PAUSE = 150;

/** Whether this browser can. */
export async function canScan() {
  const { BarcodeDetector } = /** @type {any} */ (globalThis);
  if (!BarcodeDetector || !navigator.mediaDevices?.getUserMedia) return false;
  try {
    return (await BarcodeDetector.getSupportedFormats()).includes("qr_code");
  } catch {
    return false;
  }
}

/**
 * Shows what the camera sees until there is a code in it.
 * @returns {Promise<string | null>} What it says; null where it was closed before.
 */
export function scan() {
  return new Promise((resolve) => {
    /** @type {string | null} */
    let found = null;
    /** @type {MediaStream | undefined} */
    let stream;
    let isClosed = false;
    const video = el("video", { class: "scan-view", ".muted": true, playsinline: true, "aria-label": t("scan.view") });
    const words = el("p", { class: "soft", role: "status" }, t("scan.words"));
    const opened = sheet(t("scan.title"), [el("div", { class: "scan-frame" }, video), words], {
      onclose: () => {
        isClosed = true;
        stream?.getTracks().forEach((track) => track.stop());
        resolve(found);
      },
    });
    const look = async () => {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      if (isClosed) return stream.getTracks().forEach((track) => track.stop());
      video.srcObject = stream;
      await video.play();
      const detector = new /** @type {any} */ (globalThis).BarcodeDetector({ formats: ["qr_code"] });
      while (!isClosed) {
        const [code] = await detector.detect(video);
        if (code?.rawValue) {
          found = code.rawValue;
          return opened.close();
        }
        await new Promise((next) => setTimeout(next, PAUSE));
      }
    };
    look().catch((error) => {
      if (!isClosed) put(words, error?.name === "NotAllowedError" ? t("scan.refused") : t("scan.failed"));
    });
  });
}
