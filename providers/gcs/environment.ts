/**
 * Credentials that the environment has, in the order in which all of Google's
 * libraries look for them.
 *
 * @see {@link https://cloud.google.com/docs/authentication/application-default-credentials}
 *
 * @module
 */

import { InvalidOptionError } from "../../src/errors.ts";
import type { RetryPolicy } from "../../src/http/retry.ts";
import { environment } from "../../src/runtime.ts";
import { keySource, metadataSource, type TokenSource } from "./credentials.ts";
import { readKey } from "./key.ts";

/** The metadata server is on the same machine, or not there at all. */
const METADATA_TIMEOUT_MS = 3_000;

/**
 * Makes tokens by what the environment has: the file that
 * `GOOGLE_APPLICATION_CREDENTIALS` names, the one that `gcloud auth
 * application-default login` writes, or the metadata server.
 *
 * @param policy How requests are sent.
 * @returns The source; it looks when it is first asked.
 */
export function environmentSource(policy: RetryPolicy): TokenSource {
  let found: TokenSource | undefined;
  return async () => {
    found ??= await namedFile(policy) ?? await gcloudFile(policy) ??
      metadataSource({
        ...policy,
        timeoutMs: Math.min(policy.timeoutMs!, METADATA_TIMEOUT_MS),
      });
    return await found();
  };
}

async function namedFile(
  policy: RetryPolicy,
): Promise<TokenSource | undefined> {
  const path = environment("GOOGLE_APPLICATION_CREDENTIALS");
  if (path === undefined) return undefined;
  const where = `the file ${
    JSON.stringify(path)
  } of GOOGLE_APPLICATION_CREDENTIALS`;
  const text = await read(path).catch(({ code, name }) => {
    throw new Error(
      `${where} cannot be read (${code ?? name}); correct the path, or let ` +
        "this process read it",
    );
  });
  return fileSource(text, where, policy);
}

/** Where gcloud keeps what it has made for programs. */
async function gcloudFile(
  policy: RetryPolicy,
): Promise<TokenSource | undefined> {
  const [home, appData] = [environment("HOME"), environment("APPDATA")];
  const folder = environment("CLOUDSDK_CONFIG") ??
    (appData ? `${appData}/gcloud` : home && `${home}/.config/gcloud`);
  if (folder === undefined) return undefined;
  const path = `${folder}/application_default_credentials.json`;
  const text = await read(path).catch(() => undefined);
  const where = `the file ${JSON.stringify(path)}`;
  return text === undefined ? undefined : fileSource(text, where, policy);
}

async function read(path: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  return await readFile(path, "utf8");
}

function fileSource(
  text: string,
  where: string,
  policy: RetryPolicy,
): TokenSource {
  try {
    return keySource(readKey(text, where), policy);
  } catch (error) {
    // It is no option, but a file that is read when the storage is used.
    if (!(error instanceof InvalidOptionError)) throw error;
    throw new Error(error.message);
  }
}
