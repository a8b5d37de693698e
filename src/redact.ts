/**
 * Takes secrets out of text that comes from a failing provider, before it is
 * logged. The text may be long and made to hurt: each pattern reads it once.
 *
 * @module
 */

const SECRETS: readonly [pattern: RegExp, replacement: string][] = [
  // Everything in a URL behind its host: tokens sit in paths, queries, and
  // before the "@".
  [
    /([a-z][a-z0-9+.-]{0,30}:\/\/)(?:[^\s/?#"'<>]*@)?([^\s/?#"'<>]*)[^\s"'<>]*/gi,
    "$1$2/…",
  ],
  [/\b(bearer|basic|token|bot)([ :=]\s*)[\w.~+/:=-]{8,}/gi, "$1$2…"],
  // JSON Web Tokens, AWS access keys, Telegram bot tokens.
  [/\beyJ[\w.-]{8,}/g, "…"],
  [/\bA[KS]IA[A-Z0-9]{12,}/g, "…"],
  [/(?<!\d)\d{6,}:[\w-]{30,}/g, "…"],
  // The path of a webhook of Slack, where its host is cut off.
  [/(\/services\/)T\w+\/B\w+\/\w+/g, "$1…"],
];

/**
 * Takes out what looks like a secret.
 *
 * @param text Any text.
 * @returns The text, with "…" for each secret.
 */
export function redact(text: string): string {
  return SECRETS.reduce(
    (clean, [pattern, replacement]) => clean.replace(pattern, replacement),
    text,
  );
}
