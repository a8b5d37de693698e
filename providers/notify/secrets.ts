/**
 * Secrets of a notifier, in all forms in which somebody might repeat them.
 *
 * @module
 */

/** What is shorter stands in many a text, and is hardly a secret. */
const SHORTEST = 4;
/** What is shorter, or such a word, is no secret part, but one like `webhooks`. */
const SHORTEST_PART = 8;
const WORD = /^[a-z_-]{1,15}$/;

/**
 * Lists the forms of some secrets: as they are, encoded for a URL and decoded,
 * and inside of JSON.
 *
 * @param secrets The secrets.
 * @returns Their forms, the longest first, since one may be in another.
 */
export function formsOf(secrets: readonly string[]): readonly string[] {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < SHORTEST) continue;
    forms.add(secret);
    forms.add(decode(secret));
    forms.add(JSON.stringify(secret).slice(1, -1));
    const encoded = encodeURIComponent(secret.replace(/\p{Surrogate}/gu, ""));
    forms.add(encoded);
    forms.add(encoded.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()));
  }
  return [...forms].filter(({ length }) => length >= SHORTEST)
    .sort((one, other) => other.length - one.length);
}

/**
 * Tells whether a part of an address or of a header may be a secret.
 *
 * @param part The part.
 * @returns Whether it is neither short nor a word.
 */
export function isSecret(part: string): boolean {
  return part.length >= SHORTEST_PART && !WORD.test(part);
}

/**
 * Lists what may be secret of an address, also what looks like a word, for texts
 * that may lose one.
 *
 * @param address The address.
 * @returns What is secret, all values of its query, and the end of its path.
 */
export function suspectsOf(address: string): string[] {
  const { pathname, searchParams } = new URL(address);
  const end = pathname.split("/").findLast((part) => part !== "") ?? "";
  return [...secretsOf(address), ...searchParams.values(), end];
}

/**
 * Lists what is in a credential: all of it, what stands behind the name of a
 * scheme, such as `Bearer`, and behind names, as in a cookie.
 *
 * @param credential The value of a header.
 * @returns Its parts.
 */
export function partsOf(credential: string): string[] {
  const parts = credential.replace(/^[\w-]+\s+/, "").split(/[\s,;]+/)
    .map((part) => part.replace(/^[\w-]+=(?=[^=])/, "").replaceAll('"', ""));
  return [credential, ...parts];
}

/**
 * Lists what is secret of an address, such as a token in its path.
 *
 * @param address The address.
 * @returns The address itself and its parts.
 */
export function secretsOf(address: string): string[] {
  const { href, pathname, search, searchParams } = new URL(address);
  const parts = [...pathname.split("/"), ...searchParams.values()];
  return [
    address,
    href,
    ...[pathname, pathname + search, ...parts].filter(isSecret),
  ];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
