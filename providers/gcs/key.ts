/**
 * Credentials as Google writes them to a JSON file, and their checks.
 *
 * @module
 */

import { InvalidOptionError } from "../../src/errors.ts";
import { isSafe } from "../../src/http/address.ts";

/** Where Google gives out access tokens. */
const TOKEN_URI = "https://oauth2.googleapis.com/token";

/**
 * A JSON file of credentials: the key of a service account
 * (`type: "service_account"`), or what `gcloud auth application-default login`
 * writes (`type: "authorized_user"`).
 */
export interface GoogleKey {
  /** The kind: `service_account` or `authorized_user`. */
  readonly type?: string;
  /** The service account. */
  readonly client_email?: string;
  /** The private key of the service account: PKCS#8, as PEM. */
  readonly private_key?: string;
  /** Which of the account's keys it is. */
  readonly private_key_id?: string;
  /** Where tokens are given out. @default "https://oauth2.googleapis.com/token" */
  readonly token_uri?: string;
  /** The OAuth client of a user. */
  readonly client_id?: string;
  /** The secret of that client. */
  readonly client_secret?: string;
  /** What a user's tokens are made from. */
  readonly refresh_token?: string;
}

/** Checked credentials of a service account. */
export interface ServiceAccount {
  /** The kind. */
  readonly kind: "service_account";
  /** The account. */
  readonly email: string;
  /** The private key: PKCS#8, as DER. */
  readonly pkcs8: Uint8Array<ArrayBuffer>;
  /** Which of the account's keys it is. */
  readonly keyId: string | undefined;
  /** Where tokens are given out. */
  readonly tokenUri: string;
}

/** Checked credentials of a user. */
export interface AuthorizedUser {
  /** The kind. */
  readonly kind: "authorized_user";
  /** The OAuth client. */
  readonly clientId: string;
  /** The secret of the client. */
  readonly clientSecret: string;
  /** What tokens are made from. */
  readonly refreshToken: string;
  /** Where tokens are given out. */
  readonly tokenUri: string;
}

/** Checked credentials. */
export type Key = ServiceAccount | AuthorizedUser;

/**
 * Checks credentials. What is wrong is named, what was given is never shown.
 *
 * @param given The parsed file, or its text.
 * @param where What they were given as, for the error.
 * @returns The credentials.
 * @throws {InvalidOptionError} If they cannot be used.
 */
export function readKey(given: unknown, where: string): Key {
  const refuse = (problem: string): never => {
    throw new InvalidOptionError(`Cannot use ${where}: ${problem}`);
  };
  const file = typeof given === "string" ? parse(given, refuse) : given;
  if (typeof file !== "object" || file === null || Array.isArray(file)) {
    return refuse("it is no JSON object; give the file that Google made");
  }
  const fields = file as Record<string, unknown>;
  const text = (name: string): string => {
    const value = fields[name];
    return typeof value === "string" && value !== ""
      ? value
      : refuse(`its ${name} is missing or no text; download it again`);
  };
  const tokenUri = fields.token_uri === undefined
    ? TOKEN_URI
    : text("token_uri");
  if (!isSafe(tokenUri)) refuse("its token_uri is no https address");
  switch (fields.type) {
    case "service_account":
      return {
        kind: "service_account",
        email: text("client_email"),
        pkcs8: readPem(text("private_key"), refuse),
        keyId: fields.private_key_id === undefined
          ? undefined
          : text("private_key_id"),
        tokenUri,
      };
    case "authorized_user":
      return {
        kind: "authorized_user",
        clientId: text("client_id"),
        clientSecret: text("client_secret"),
        refreshToken: text("refresh_token"),
        tokenUri,
      };
    case "external_account":
      return refuse(
        "workload identity federation (external_account) is not supported; " +
          "give a function that returns an access token",
      );
    default:
      return refuse(
        "its type is neither service_account nor authorized_user; for other " +
          "kinds, give a function that returns an access token",
      );
  }
}

function parse(text: string, refuse: (problem: string) => never): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message would quote the text.
    return refuse("it is no JSON; give the whole text of the file");
  }
}

/** The bytes inside of a PEM; also where its line ends were written as `\n`. */
function readPem(
  pem: string,
  refuse: (problem: string) => never,
): Uint8Array<ArrayBuffer> {
  const lines = pem.replaceAll("\\n", "\n");
  const body =
    /-----BEGIN PRIVATE KEY-----([\sA-Za-z0-9+/=]+)-----END PRIVATE KEY-----/
      .exec(lines)?.[1];
  if (body === undefined) {
    return refuse(
      "its private_key is no PKCS#8 PEM (-----BEGIN PRIVATE KEY-----); " +
        "download it again",
    );
  }
  const damaged = "its private_key is cut off or damaged; download it again";
  try {
    const binary = atob(body.replace(/\s+/g, ""));
    const der = Uint8Array.from(binary, (byte) => byte.charCodeAt(0));
    return isWhole(der) ? der : refuse(damaged);
  } catch {
    return refuse(damaged);
  }
}

/** DER says how long it is: at this size, in the two bytes behind 30 82. */
function isWhole(der: Uint8Array): boolean {
  return der[0] === 0x30 && der[1] === 0x82 &&
    der[2] * 256 + der[3] + 4 === der.length;
}
