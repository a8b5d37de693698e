/**
 * Many objects at once.
 *
 * @module
 */

import { toKey, wholeOf } from "../../src/object_name.ts";
import { readPages } from "../../src/pages.ts";
import { type S3Client, textOf } from "./client.ts";
import { md5 } from "./md5.ts";
import { escapeXml, isWhole, textsOf } from "./xml.ts";

/** The most objects that S3 removes at once. */
const BATCH = 1_000;

/**
 * Lists the keys that begin with a prefix, page by page.
 *
 * @param client What sends the requests.
 * @param prefix The beginning.
 * @param verb What they are listed for, for errors.
 * @returns The keys, in the order of their code units.
 * @throws {StorageError} If they cannot be listed.
 */
export async function listKeys(
  client: S3Client,
  prefix: string,
  verb: string,
): Promise<string[]> {
  const keys: string[] = [];
  const home = client.nameOf("");
  const where = client.describe(prefix, { query: {} });
  await readPages(`${verb} ${where}`, async (token) => {
    const answer = await client.send({
      verb,
      key: prefix,
      method: "GET",
      action: "s3:ListBucket",
      query: {
        "list-type": "2",
        "encoding-type": "url",
        prefix: client.nameOf(wholeOf(prefix)),
        ...token !== undefined && { "continuation-token": token },
      },
      flaw: (text) => flawOf(text()),
    });
    const xml = textOf(answer);
    const encoded = textsOf(xml, "EncodingType")[0] === "url";
    for (const text of textsOf(xml, "Key")) {
      const name = encoded ? decode(text) : text;
      // What else lies there is not ours.
      const key = name.startsWith(home)
        ? toKey(name.slice(home.length))
        : undefined;
      if (key?.startsWith(prefix)) keys.push(key);
    }
    return nextOf(xml);
  });
  return keys.sort();
}

/**
 * Removes the objects of keys.
 *
 * @param client What sends the requests.
 * @param keys The keys.
 * @param prefix What they begin with, for errors.
 * @throws {StorageError} If one of them could not be removed.
 */
export async function deleteKeys(
  client: S3Client,
  keys: readonly string[],
  prefix: string,
): Promise<void> {
  for (let at = 0; at < keys.length; at += BATCH) {
    const objects = keys.slice(at, at + BATCH).map((key) =>
      `<Object><Key>${escapeXml(client.nameOf(key))}</Key></Object>`
    );
    const body = new TextEncoder().encode(
      '<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
        `<Quiet>true</Quiet>${objects.join("")}</Delete>`,
    );
    await client.send({
      verb: "delete",
      key: prefix,
      method: "POST",
      action: "s3:DeleteObject",
      query: { delete: "" },
      // Servers differ in the newer checksums; this one they all know.
      headers: {
        "content-md5": btoa(String.fromCharCode(...md5(body))),
        "content-type": "application/xml",
      },
      body,
      flaw: (text) => {
        if (!isWhole(text(), "DeleteResult")) return "the answer was cut off";
        const code = textsOf(text(), "Code").find((code) => PASSING.test(code));
        return code && `some objects were not removed (${code})`;
      },
      refusal: (text) => {
        const codes = textsOf(text, "Code");
        return codes.length === 0
          ? undefined
          : `${codes.length} of ${objects.length} objects were refused ` +
            `(${codes[0].replace(/\W/g, "")}); allow s3:DeleteObject`;
      },
    });
  }
}

/** What may go well the next time. */
const PASSING =
  /^(InternalError|SlowDown|ServiceUnavailable|OperationAborted)$/;

/** A list that is not whole must not be taken for a short one. */
function flawOf(xml: string): string | undefined {
  if (!isWhole(xml, "ListBucketResult")) return "a list that was cut off";
  return nextOf(xml) === ""
    ? "a list that does not say how it goes on"
    : undefined;
}

/** The token of the next page; an empty one where it is missing. */
function nextOf(xml: string): string | undefined {
  if (textsOf(xml, "IsTruncated")[0] !== "true") return undefined;
  return textsOf(xml, "NextContinuationToken")[0] ?? "";
}

/** In lists, S3 writes a space as a plus sign. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
