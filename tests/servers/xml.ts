/**
 * As much XML as S3 speaks.
 *
 * @module
 */

const ENTITIES: Record<string, string> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};

/** Content of an element: text, or elements by name; lists repeat theirs. */
export type Content =
  | string
  | number
  | boolean
  | undefined
  | { [name: string]: Content | readonly Content[] };

/**
 * Writes a document.
 *
 * @param name The name of its root.
 * @param content What is in it; what is undefined is left out.
 * @param namespace Its namespace, if it has one.
 * @returns The document.
 */
export function toXml(
  name: string,
  content: Content,
  namespace?: string,
): string {
  const xmlns = namespace === undefined ? "" : ` xmlns="${namespace}"`;
  const body = element(name, content).replace(name, name + xmlns);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${body}`;
}

function element(
  name: string,
  content: Content | readonly Content[],
): string {
  if (Array.isArray(content)) {
    return content.map((one) => element(name, one)).join("");
  }
  if (content === undefined) return "";
  const inner = typeof content === "object"
    ? Object.entries(content).map(([key, one]) => element(key, one)).join("")
    : escapeXml(String(content));
  return `<${name}>${inner}</${name}>`;
}

/** Escapes as S3 does: also what XML 1.0 has no place for, as a reference. */
function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replace(
      // deno-lint-ignore no-control-regex
      /[\u0000-\u001f\ufffe\uffff]/g,
      (char) => `&#x${char.charCodeAt(0).toString(16)};`,
    );
}

/**
 * Finds the texts of elements, as an XML parser would read them.
 *
 * @param xml The document.
 * @param name The name of elements that hold only text.
 * @returns The text of each.
 */
export function textsOf(xml: string, name: string): string[] {
  const pattern = new RegExp(`<${name}(?:\\s[^>]*)?>([^<]*)</${name}>`, "g");
  return [...xml.matchAll(pattern)].map(([, text]) =>
    // Line ends that are not references are read as one newline.
    text.replace(/\r\n?/g, "\n").replace(
      /&(?:#x([0-9a-f]+)|#([0-9]+)|([a-z]+));/gi,
      (entity, hex, decimal, named) => {
        if (hex) return String.fromCodePoint(parseInt(hex, 16));
        if (decimal) return String.fromCodePoint(Number(decimal));
        return ENTITIES[named] ?? entity;
      },
    )
  );
}
