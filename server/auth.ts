/**
 * Who may ask: those with a token of the options, and those whose login was
 * approved. Tokens are compared by their SHA-256, in a time that does not tell
 * how much of them is right.
 *
 * @module
 */

import { sha256Hex } from "../src/sha256.ts";
import type { Logins } from "./logins.ts";
import { Problem } from "./problem.ts";

/** The tokens that are good: texts, or what tells; null: none is needed. */
export type Tokens =
  | readonly string[]
  | ((token: string) => boolean | Promise<boolean>)
  | null;

/** Who no token keeps out, how it reaches this machine. */
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** No token is longer. */
const LONGEST = 4_096;

/** Lets those in who may ask. */
export class Guard {
  readonly #isGood: (token: string) => boolean | Promise<boolean>;
  readonly #hosts: ReadonlySet<string> | null | undefined;
  /** Whether everybody may ask. */
  readonly isOpen: boolean;
  readonly #logins: Logins;

  /**
   * @param tokens The tokens that are good.
   * @param logins Those that were given out.
   * @param hosts Whom the server may be spoken to as; null: any, undefined: this
   * machine where everybody may ask.
   */
  constructor(
    tokens: Tokens,
    logins: Logins,
    hosts: ReadonlySet<string> | null | undefined,
  ) {
    this.#hosts = hosts;
    this.#logins = logins;
    this.isOpen = tokens === null;
    if (typeof tokens === "function") {
      this.#isGood = tokens;
    } else {
      const hashes = (tokens ?? []).map(sha256Hex);
      this.#isGood = (token) => isOneOf(sha256Hex(token), hashes);
    }
  }

  /**
   * Checks by which name a request has come here.
   *
   * @param request The request.
   * @throws {Problem} 421 where the server is not spoken to by that name.
   */
  checkHost({ url, headers }: Request): void {
    const names = [new URL(url).hostname];
    const said = headers.get("host");
    if (said !== null) names.push(hostOf(said) ?? "");
    if (names.every((name) => this.#isOwn(name))) return;
    throw new Problem(
      421,
      "Cannot answer by that name of a host: name it in the option hosts",
    );
  }

  #isOwn(name: string): boolean {
    if (this.#hosts) return this.#hosts.has(name);
    return this.#hosts === null || !this.isOpen || LOOPBACK.test(name);
  }

  /**
   * Checks a request, without reading its body.
   *
   * @param headers Its headers.
   * @throws {Problem} 401 where it has no good token.
   */
  async check(headers: Headers): Promise<void> {
    if (this.isOpen) return;
    const given = headers.get("authorization") ?? "";
    const token = /^bearer +(\S+) *$/i.exec(given)?.[1];
    if (token !== undefined && token.length <= LONGEST) {
      if (await this.#isGood(token) === true) return;
      if (await this.#logins.isIssued(token)) return;
    }
    const why = given === "" ? "it has no token" : "its token is not good";
    const challenge = given === "" ? "Bearer" : 'Bearer error="invalid_token"';
    throw new Problem(
      401,
      `Cannot answer the request: ${why}; send "Authorization: Bearer …"`,
      { "www-authenticate": challenge },
    );
  }
}

/**
 * The name of a host, as it stands in URLs.
 *
 * @param text The name, with or without a port.
 * @returns The name without it; undefined where it is none.
 */
export function hostOf(text: string): string | undefined {
  return URL.canParse(`http://${text}`)
    ? new URL(`http://${text}`).hostname
    : undefined;
}

/** Looks at every digit of every hash, whichever is right. */
function isOneOf(hash: string, hashes: readonly string[]): boolean {
  let found = 0;
  for (const other of hashes) {
    let difference = 0;
    for (let at = 0; at < hash.length; at++) {
      difference |= hash.charCodeAt(at) ^ other.charCodeAt(at);
    }
    found |= Number(difference === 0);
  }
  return found !== 0;
}
