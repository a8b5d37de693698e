/**
 * A text that may be large: shown when it is opened, cut at first, and put on
 * the page in slices.
 *
 * @module
 */

import { el, setText } from "./dom.ts";
import { nextFrame } from "./frame.ts";

/** Letters that are shown at once. */
const CUT = 20_000;
/** Letters that are put on the page in one go. */
const SLICE = 50_000;
/** Text of more letters is not laid out as JSON. */
const PRETTY = 500_000;

/**
 * Makes a text that opens.
 *
 * @param summary What is seen of it when it is closed.
 * @param text The text, or what gives it when it is opened.
 * @param open Whether it is open at first.
 * @returns What is shown.
 */
export function foldedText(
  summary: readonly (string | Node)[],
  text: () => string,
  open: boolean,
): HTMLDetailsElement {
  const details = el("details", { open }, el("summary", {}, ...summary));
  let filled = false;
  const fill = () => {
    if (!details.open || filled) return;
    filled = true;
    details.append(...body(text()));
  };
  details.addEventListener("toggle", fill);
  fill();
  return details;
}

function body(text: string): Node[] {
  const holder = el(
    "div",
    { class: "text" },
    el("pre", {}, text.slice(0, CUT)),
  );
  if (text.length <= CUT) return [holder];
  const rest = `Show all (${formatSize(text.length)})`;
  const button = el("button", { type: "button", class: "more" }, rest);
  button.addEventListener("click", async () => {
    button.setAttribute("aria-disabled", "true");
    for (let at = CUT; at < text.length; at += SLICE) {
      setText(button, `${Math.round(100 * at / text.length)} %`);
      holder.append(el("pre", {}, text.slice(at, at + SLICE)));
      await nextFrame();
      if (!holder.isConnected) return;
    }
    button.remove();
  }, { once: true });
  return [holder, button];
}

/**
 * Lays JSON out in lines, as far as it is not too large.
 *
 * @param text The text.
 * @returns The same value, for people.
 */
export function toPretty(text: string): string {
  if (text.length > PRETTY) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/**
 * Says how long a text is.
 *
 * @param length Its letters.
 * @returns Such as `"420 B"` or `"4.8 MB"`.
 */
export function formatSize(length: number): string {
  if (length < 1_000) return `${length} B`;
  if (length < 1_000_000) return `${(length / 1_000).toFixed(1)} kB`;
  return `${(length / 1_000_000).toFixed(1)} MB`;
}
