// What an author asks of those who read: the one place where statements and words for people meet.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed } from "../core/say.js";
import { t } from "../core/words.js";

/** @typedef {import("../core/types.js").Usage} Usage */
/** @typedef {"training" | "ai" | "silent" | "open"} Stance */

/** What one can choose, as the node reads it. @type {Record<Stance, string>} */
const STATEMENTS = {
  training: "train-ai=n",
  ai: "train-ai=n, synthetic-content-generation=n, bulk-dataset=n",
  silent: "",
  open: "train-ai=y",
};

/** Of two, the later one allows less. @type {Stance[]} */
const STRICTER = ["open", "silent", "training", "ai"];

/** @type {[keyof Usage, string][]} */
const INTENTS = [
  ["syntheticContentGeneration", "synthetic-content-generation"],
  ["publicAccessArchive", "public-access-archive"],
  ["bulkDataset", "bulk-dataset"],
  ["protocolBridging", "protocol-bridging"],
];

/**
 * All that was said, label by label.
 * @param {Usage} usage
 * @returns {Map<string, boolean>}
 */
function labels(usage) {
  /** @type {Map<string, boolean>} */
  const said = new Map();
  for (const member of usage.aipref?.split(",") ?? []) {
    const [label, value] = member.split(";")[0].split("=").map((piece) => piece.trim());
    if (value === "y" || value === "n") said.set(label, value === "y");
  }
  for (const [field, label] of INTENTS) {
    const allowed = usage[field];
    if (typeof allowed === "boolean") said.set(label, allowed);
  }
  return said;
}

/**
 * As the node reads it.
 * @param {Usage} usage
 */
export function statementOf(usage) {
  return [...labels(usage)].map(([label, allowed]) => `${label}=${allowed ? "y" : "n"}`).join(", ");
}

/**
 * Which of the choices it is; null where it is another, such as one that was made on the command line.
 * @param {Usage} usage
 * @returns {Stance | null}
 */
function stanceOf(usage) {
  const said = statementOf(usage).split(", ").sort().join();
  const stances = /** @type {Stance[]} */ (Object.keys(STATEMENTS));
  return stances.find((stance) => STATEMENTS[stance].split(", ").sort().join() === said) ?? null;
}

/**
 * What is asked, in short and plain sentences; null where nothing is.
 * @param {Usage | null | undefined} usage
 * @returns {string | null}
 */
export function usageWords(usage) {
  if (!usage) return null;
  const said = labels(usage);
  const [training, made] = [said.get("train-ai"), said.get("synthetic-content-generation")];
  const words = [];
  if (training === false && made === false) words.push(t("usage.said.ai"));
  else if (training === false) words.push(t("usage.said.training"));
  else if (made === false) words.push(t("usage.said.making"));
  else if (training === true) words.push(t("usage.said.open"));
  const isCovered = training === false && made === false;
  if (said.get("bulk-dataset") === false && !isCovered) words.push(t("usage.said.datasets"));
  if (said.get("search") === false) words.push(t("usage.said.search"));
  if (said.get("public-access-archive") === false) words.push(t("usage.said.archives"));
  if (said.get("protocol-bridging") === false) words.push(t("usage.said.bridges"));
  return words.length ? words.join(" ") : null;
}

/**
 * A small control for one post. It can only ask for more than the profile does: of both, the stricter counts.
 * @param {object} options
 * @param {string | null} options.value The post's own statement; null: as the profile says.
 * @param {(statement: string | null) => void} options.onchange
 * @param {Usage | null} [options.inherits] What the profile says.
 * @returns {HTMLElement}
 */
export function usageChoice({ value, onchange, inherits = null }) {
  const own = (inherits && usageWords(inherits)) ?? t("usage.said.silent");
  const base = inherits ? stanceOf(inherits) : "silent";
  const stricter = base ? STRICTER.slice(STRICTER.indexOf(base) + 1).filter((stance) => stance !== "silent") : [];
  if (stricter.length === 0) return el("span", { class: "usage-choice chip" }, icon("shield"), el("span", null, own));
  return el(
    "label",
    { class: "usage-choice chip" },
    icon("shield"),
    el("span", { class: "unseen" }, t("usage.post")),
    el(
      "select",
      { onchange: (/** @type {Event} */ event) => onchange(/** @type {HTMLSelectElement} */ (event.target).value || null) },
      el("option", { value: "" }, own),
      stricter.map((stance) => el("option", { value: STATEMENTS[stance], selected: value === STATEMENTS[stance] }, t(`usage.said.${stance}`))),
    ),
  );
}

/**
 * The choice for everything that the owner posts, as cards.
 * @param {object} options
 * @param {Usage | null} options.value What was chosen; null: nothing yet, and no training is proposed.
 * @param {(statement: string) => void} [options.onchange]
 * @returns {HTMLElement & {statement: string}}
 */
export function usageCards({ value, onchange }) {
  const chosen = value ? stanceOf(value) : "training";
  const other = value && chosen === null ? statementOf(value) : null;
  const card = (/** @type {string} */ statement, /** @type {boolean} */ isChosen, /** @type {import("../core/dom.js").Child[]} */ ...words) =>
    el("label", { class: "choice" }, el("input", { type: "radio", name: "usage", value: statement, checked: isChosen }), el("span", null, words));
  const cards = /** @type {HTMLFieldSetElement & {statement: string}} */ (
    el(
      "fieldset",
      {
        class: "choices",
        onchange: (/** @type {Event} */ event) => {
          cards.statement = /** @type {HTMLInputElement} */ (event.target).value;
          onchange?.(cards.statement);
        },
      },
      el("legend", { class: "unseen" }, t("usage.title")),
      (/** @type {Stance[]} */ (["training", "ai", "silent", "open"])).map((stance) =>
        card(STATEMENTS[stance], stance === chosen, el("strong", null, t(`usage.${stance}`)), el("span", { class: "soft small" }, t(`usage.${stance}.words`))),
      ),
      other !== null && card(other, true, el("strong", null, t("usage.other")), el("code", { class: "key" }, other)),
    )
  );
  cards.statement = other ?? STATEMENTS[chosen ?? "training"];
  return cards;
}

/**
 * What the owner asks for now, to be changed in its place.
 * @param {Usage} usage
 * @param {(statement: string) => Promise<Usage>} onchange
 */
export function usagePanel(usage, onchange) {
  const panel = el("div", { class: "stack" });
  const show = (/** @type {Usage} */ said) => {
    const change = el("button", { class: "button", onclick: () => open(said) }, t("usage.change"));
    const words = usageWords(said);
    put(panel, el("p", { class: "usage-now" }, icon("shield"), el("span", null, words ?? t("usage.said.silent"))), words ? honest() : el("p", { class: "soft small" }, t("usage.silent.words")), change);
    return change;
  };
  const open = (/** @type {Usage} */ said) => {
    const cards = usageCards({ value: said });
    const save = el("button", { class: "button main", onclick: () => void store() }, t("action.save"));
    const store = async () => {
      save.disabled = true;
      try {
        show(await onchange(cards.statement)).focus();
      } catch (error) {
        failed(error);
      } finally {
        save.disabled = false;
      }
    };
    put(panel, cards, honest(), el("div", { class: "row" }, save, el("button", { class: "button", onclick: () => show(said).focus() }, t("action.cancel"))));
    panel.querySelector("input")?.focus();
  };
  show(usage);
  return panel;
}

/** What such a statement is, and what it is not. */
export function honest() {
  return el("p", { class: "soft small" }, t("usage.honest"));
}
