/**
 * Characters that are not seen, but do something.
 *
 * @module
 */

// deno-lint-ignore no-control-regex
const CONTROLS = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

const NAMED: Record<string, string> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/**
 * Writes control characters, line separators and direction marks as escapes.
 *
 * @param text Any text.
 * @param kept Those that stay, such as a line end.
 * @returns The text, which cannot forge a line, move a cursor, or turn around
 * what stands behind it.
 */
export function escapeControls(text: string, kept = ""): string {
  return text.replace(
    CONTROLS,
    (char) =>
      kept.includes(char) ? char : NAMED[char] ??
        `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Makes one line of a text, for a message.
 *
 * @param text Any text.
 * @returns The text, with a space in place of such characters.
 */
export function toLine(text: string): string {
  return text.replace(CONTROLS, " ").replace(/ {2,}/g, " ").trim();
}
