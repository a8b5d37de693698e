/**
 * The little XML that S3 and STS speak. Nothing that is read here nests in
 * itself, so that patterns do.
 *
 * @module
 */

const ENTITIES: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

/**
 * Reads the elements of one name.
 *
 * @param xml The document.
 * @param name The name.
 * @returns The text of each, in their order.
 */
export function textsOf(xml: string, name: string): string[] {
  const element = new RegExp(
    `<${name}(?:\\s[^>]*)?>([^<]*)</${name}\\s*>`,
    "g",
  );
  return Array.from(xml.matchAll(element), ([, text]) => unescape(text));
}

/** What stands for a character, by its number or its name. */
const REFERENCE = /&(?:#(\d+)|#x([0-9a-f]+)|(amp|lt|gt|quot|apos));/gi;

const LAST_CHARACTER = 0x10ffff;

/**
 * Tells whether a document is there to its end, and can be read.
 *
 * @param xml The document.
 * @param root The name of its outermost element.
 * @returns Whether it is.
 */
export function isWhole(xml: string, root: string): boolean {
  return new RegExp(`<${root}[\\s>/]`).test(xml) &&
    new RegExp(`(?:</${root}\\s*|<${root}[^>]*/)>\\s*$`).test(xml) &&
    isReadable(xml);
}

/**
 * Reads the code of an error.
 *
 * @param xml The body of an answer.
 * @returns The code, such as `NoSuchKey`; undefined where the body has none.
 */
export function errorCodeOf(xml: string): string | undefined {
  if (!/<Error[\s>]/.test(xml)) return undefined;
  const [code] = textsOf(xml, "Code");
  return /^[A-Za-z][\w.]{0,63}$/.test(code ?? "") ? code : undefined;
}

/**
 * Escapes a text for the inside of an element.
 *
 * @param text The text.
 * @returns XML.
 */
export function escapeXml(text: string): string {
  return text.replace(
    /[&<>]/g,
    (sign) => sign === "&" ? "&amp;" : sign === "<" ? "&lt;" : "&gt;",
  );
}

function unescape(text: string): string {
  return text.replace(REFERENCE, (found, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name.toLowerCase()];
    const code = codeOf(decimal, hex);
    return code > LAST_CHARACTER ? found : String.fromCodePoint(code);
  });
}

function isReadable(xml: string): boolean {
  return Array.from(xml.matchAll(REFERENCE)).every(([, decimal, hex, name]) =>
    name !== undefined || codeOf(decimal, hex) <= LAST_CHARACTER
  );
}

function codeOf(decimal: string | undefined, hex: string): number {
  return decimal === undefined ? parseInt(hex, 16) : parseInt(decimal, 10);
}
