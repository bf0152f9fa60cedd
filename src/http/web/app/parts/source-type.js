// How something was made, in plain words: the digital source types of the IPTC.

import { el } from "../core/dom.js";
import { t } from "../core/words.js";

/** Those that can be chosen, what people choose most before the rest. */
const CHOICES = [
  ["digitalCapture", "computationalCapture", "screenCapture", "negativeFilm", "positiveFilm", "print", "virtualRecording"],
  ["digitalCreation", "humanEdits", "composite", "compositeCapture"],
  ["algorithmicallyEnhanced", "algorithmicMedia", "dataDrivenMedia"],
  ["trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "compositeSynthetic"],
];
const GROUPS = ["source.captured", "source.made", "source.computed", "source.ai"];

const KNOWN = new Set(CHOICES.flat());
const MADE_BY_AI = new Set(CHOICES[3]);

/** @param {string} type A name of the vocabulary, or its address. */
function bare(type) {
  return type.slice(type.lastIndexOf("/") + 1);
}

/**
 * @param {string} type
 * @returns {string} The type itself where it is none that is known.
 */
export function sourceTypeName(type) {
  return KNOWN.has(bare(type)) ? t(`source.${bare(type)}`) : bare(type);
}

/**
 * Whether a machine that was trained on others' works has made it, all or in part.
 * @param {string | null | undefined} type
 */
export function isAiMade(type) {
  return Boolean(type) && MADE_BY_AI.has(bare(/** @type {string} */ (type)));
}

/**
 * A choice of one.
 * @param {string | null} value
 * @param {(type: string | null) => void} onchange
 * @param {{id?: string, label?: string}} [options]
 */
export function sourceTypeChoice(value, onchange, { id, label } = {}) {
  const isOther = value !== null && !KNOWN.has(value);
  return el(
    "select",
    { class: "input", id, "aria-label": label, onchange: (/** @type {any} */ { target }) => onchange(target.value || null) },
    el("option", { value: "" }, t("source.unsaid")),
    isOther && el("option", { value, selected: true }, sourceTypeName(value)),
    CHOICES.map((types, at) =>
      el(
        "optgroup",
        { label: t(GROUPS[at]) },
        types.map((type) => el("option", { value: type, selected: type === value }, sourceTypeName(type))),
      ),
    ),
  );
}
