/**
 * The signed claim by which a service account asks for an access token.
 *
 * @see {@link https://developers.google.com/identity/protocols/oauth2/service-account}
 *
 * @module
 */

import type { ServiceAccount } from "./key.ts";

const ALGORITHM = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

/** How long a claim may be used, in seconds: the most that Google allows. */
const LIFETIME_S = 3_600;

/**
 * Loads a private key into Web Crypto.
 *
 * @param account The account.
 * @returns The key, which only signs.
 * @throws {Error} If the bytes are no RSA key; says nothing about them.
 */
export async function importKey(account: ServiceAccount): Promise<CryptoKey> {
  try {
    return await crypto.subtle.importKey(
      "pkcs8",
      account.pkcs8,
      ALGORITHM,
      false,
      ["sign"],
    );
  } catch {
    throw new Error("its private_key is no RSA key; download it again");
  }
}

/**
 * Makes a claim.
 *
 * @param account The account.
 * @param key Its key.
 * @param scope What the token is to be good for.
 * @returns The JSON Web Token, signed by RS256.
 */
export async function signClaim(
  account: ServiceAccount,
  key: CryptoKey,
  scope: string,
): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  const header = { alg: "RS256", typ: "JWT", kid: account.keyId };
  const claim = {
    iss: account.email,
    scope,
    aud: account.tokenUri,
    iat: now,
    exp: now + LIFETIME_S,
  };
  const content = [header, claim].map((part) =>
    toBase64Url(new TextEncoder().encode(JSON.stringify(part)))
  ).join(".");
  const signature = await crypto.subtle.sign(
    ALGORITHM.name,
    key,
    new TextEncoder().encode(content),
  );
  return `${content}.${toBase64Url(new Uint8Array(signature))}`;
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
