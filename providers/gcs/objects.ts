/**
 * The objects of a bucket, over the JSON API.
 *
 * @see {@link https://cloud.google.com/storage/docs/json_api/v1/objects}
 *
 * @module
 */

import type { HttpAnswer } from "../../src/http/retry.ts";
import { parseObject, textOf } from "../../src/http/said.ts";
import { type Nonces, type Numbered, pack, unpack } from "../../src/nonces.ts";
import { readPages } from "../../src/pages.ts";
import type { Client } from "./client.ts";

/** A state of an object. */
export interface State {
  /** Its generation. */
  readonly generation: string;
  /** The numbers of the writes that led to it. */
  readonly nonces: Nonces;
}

/** An object: its text, and its state. */
export type Stored = State & Numbered;

/** The objects of a bucket. */
export class Objects {
  readonly #client: Client;
  readonly #path: string;

  /**
   * @param client Sends the requests.
   * @param bucket The bucket.
   */
  constructor(client: Client, bucket: string) {
    this.#client = client;
    this.#path = `/storage/v1/b/${bucket}/o`;
  }

  /**
   * Reads an object in one request.
   *
   * @see {@link https://cloud.google.com/storage/docs/json_api/v1/objects/get}
   *
   * @param name The object.
   * @returns What it is now; undefined where there is none.
   * @throws {StorageError} If it cannot be read.
   */
  async read(name: string): Promise<Stored | undefined> {
    const answer = await this.#client.call({
      doing: `read ${JSON.stringify(name)}`,
      path: this.#pathOf(name),
      query: { alt: "media" },
      expected: [200, 404],
      doubt: doubtContent,
    });
    if (answer.status === 404) return undefined;
    const generation = generationOf(answer)!;
    return { ...unpack(textOf(answer)), generation };
  }

  /**
   * Writes an object in one request. The numbers of the writes are a line before
   * its text: what is downloaded comes without metadata. Where the condition is
   * false, they tell one's own write, whose answer got lost, from another's, for
   * one more request. It is always looked for: runtimes such as Deno send a
   * request again by themselves when a connection is reset, so that even the
   * first answer may be one to a repetition.
   *
   * @see {@link https://cloud.google.com/storage/docs/uploading-objects#uploading-an-object}
   * @see {@link https://cloud.google.com/storage/docs/request-preconditions}
   *
   * @param name The object.
   * @param next Its text, and the numbers of the writes that lead to it; none
   * where there is no condition.
   * @param expected The generation that it must have; "0": that there is none.
   * @returns The object as it is after the write, and perhaps after further ones;
   * undefined where the condition was false.
   * @throws {StorageError} If it is not known to have been written.
   */
  async write(
    name: string,
    next: Numbered,
    expected?: string,
  ): Promise<Stored | undefined> {
    const boundary = crypto.randomUUID();
    const answer = await this.#client.call({
      doing: `store ${JSON.stringify(name)}`,
      method: "POST",
      path: `/upload${this.#path}`,
      query: {
        uploadType: "multipart",
        fields: "generation",
        ifGenerationMatch: expected,
      },
      type: `multipart/related; boundary=${boundary}`,
      body: multipart(boundary, {
        name,
        contentType: "text/plain; charset=utf-8",
        // A public object would be cached otherwise, for an hour.
        cacheControl: "no-store, no-transform",
      }, pack(next)),
      expected: expected === undefined ? [200] : [200, 412],
      doubt: (answer) =>
        isGeneration(parseObject(textOf(answer))?.generation)
          ? undefined
          : "an answer without a generation",
    });
    if (answer.status === 200) {
      const { generation } = parseObject(textOf(answer))!;
      return { ...next, generation: generation as string };
    }
    const found = await this.read(name);
    return found?.nonces.includes(next.nonces[0]) ? found : undefined;
  }

  /**
   * Removes an object.
   *
   * @see {@link https://cloud.google.com/storage/docs/json_api/v1/objects/delete}
   *
   * @param name The object.
   * @returns Whether there was one; where an answer got lost, that is a guess.
   * @throws {StorageError} If it is not known to be gone.
   */
  async remove(name: string): Promise<boolean> {
    const { status, unclear } = await this.#client.call({
      doing: `delete ${JSON.stringify(name)}`,
      method: "DELETE",
      path: this.#pathOf(name),
      expected: [200, 204, 404],
    });
    return status !== 404 || unclear;
  }

  /**
   * Lists the names that begin with a prefix.
   *
   * @see {@link https://cloud.google.com/storage/docs/json_api/v1/objects/list}
   *
   * @param prefix The beginning.
   * @returns The names, in the order of their bytes in UTF-8.
   * @throws {StorageError} If they cannot be listed.
   */
  async list(prefix: string): Promise<string[]> {
    const names: string[] = [];
    const doing = `list ${JSON.stringify(prefix)}`;
    await readPages(doing, async (pageToken) => {
      const answer = await this.#client.call({
        doing,
        path: this.#path,
        query: { prefix, pageToken, fields: "items(name),nextPageToken" },
        expected: [200],
        doubt: (answer) =>
          readPage(answer) === undefined
            ? "an answer without a list"
            : undefined,
      });
      const page = readPage(answer)!;
      names.push(...page.names);
      return page.next;
    });
    // Half a surrogate pair in the prefix would reach the server as U+FFFD.
    return names.filter((name) => name.startsWith(prefix));
  }

  /** A slash is encoded too, so that no name is taken for a way up. */
  #pathOf(name: string): string {
    return `${this.#path}/${encodeURIComponent(name)}`;
  }
}

/** Two parts: what the object is, and its content. */
function multipart(
  boundary: string,
  resource: object,
  content: string,
): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(
    `--${boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n` +
      `${JSON.stringify(resource)}\r\n` +
      `--${boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n` +
      `${content}\r\n--${boundary}--\r\n`,
  );
}

function doubtContent(answer: HttpAnswer): string | undefined {
  const { headers, body } = answer;
  if (generationOf(answer) === undefined) {
    return "an answer without a generation";
  }
  const length = headers.get("x-goog-stored-content-length");
  // What was stored compressed, by hand, comes in another length.
  const plain = headers.get("x-goog-stored-content-encoding") === "identity";
  return plain && length !== null && Number(length) !== body.length
    ? "the answer was cut off"
    : undefined;
}

function generationOf({ headers }: HttpAnswer): string | undefined {
  const generation = headers.get("x-goog-generation");
  return isGeneration(generation) ? generation : undefined;
}

function isGeneration(value: unknown): value is string {
  return typeof value === "string" && /^[1-9]\d*$/.test(value);
}

function readPage(
  answer: HttpAnswer,
): { names: string[]; next: string | undefined } | undefined {
  const page = parseObject(textOf(answer));
  if (page === undefined) return undefined;
  const { items = [], nextPageToken: next = "" } = page;
  if (!Array.isArray(items) || typeof next !== "string") return undefined;
  const names = items.map((item) => item?.name);
  return names.every((name) => typeof name === "string")
    ? { names, next: next === "" ? undefined : next }
    : undefined;
}
