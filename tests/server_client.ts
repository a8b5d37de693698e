/**
 * Speaks to a server in tests: in this process, or over HTTP.
 *
 * @module
 */

import assert from "node:assert/strict";
import { toPathPart, type WireTask } from "../src/wire.ts";

/** The token of the tests. */
export const TOKEN = "a-token-of-the-tests";

/** What answers requests. */
export type Answers = (request: Request) => Response | Promise<Response>;

/** An answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // deno-lint-ignore no-explicit-any
  readonly body: any;
}

/** Asks a server. */
export class Client {
  readonly #answers: Answers;
  readonly #base: string;
  readonly #token: string;

  constructor(
    answers: Answers = (request) => fetch(request),
    base = "http://localhost",
    token = TOKEN,
  ) {
    this.#answers = answers;
    this.#base = base;
    this.#token = token;
  }

  /** Sends a request as it is. */
  async raw(
    method: string,
    path: string,
    init: RequestInit = {},
  ): Promise<Response> {
    const headers = new Headers({
      authorization: `Bearer ${this.#token}`,
      "content-type": "application/json",
    });
    new Headers(init.headers).forEach((value, name) => {
      headers.set(name, value);
    });
    const request = new Request(this.#base + path, {
      ...init,
      method,
      headers,
    });
    return await this.#answers(request);
  }

  /** Sends JSON, and reads JSON. */
  async ask(method: string, path: string, value?: unknown): Promise<Answer> {
    const body = value === undefined ? undefined : JSON.stringify(value);
    const { status, headers, text } = await read(
      await this.raw(method, path, { body }),
    );
    return { status, headers, body: text === "" ? null : JSON.parse(text) };
  }

  /** Asks what must be there. */
  // deno-lint-ignore no-explicit-any
  async get(path: string): Promise<any> {
    const { status, body } = await this.ask("GET", path);
    assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`);
    return body;
  }

  /** Tells of a run. */
  async tellRun(workflow: string, value: Record<string, unknown>) {
    const path = `/cli/workflows/${toPathPart(workflow)}`;
    const { status, body } = await this.ask("PATCH", path, value);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  }

  /** Tells of a task. */
  async tellTask(workflow: string, value: Partial<WireTask>) {
    const path = `/cli/workflows/${toPathPart(workflow)}/tasks/` +
      toPathPart(value.task_id!);
    const { status, body } = await this.ask("PATCH", path, value);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  }

  /** All items of a list, page by page. */
  // deno-lint-ignore no-explicit-any
  async all(path: string): Promise<any[]> {
    const items = [];
    for (let cursor: string | null = "";;) {
      const query = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
      const page = await this.get(path + query);
      items.push(...page.items);
      cursor = page.next_cursor;
      if (cursor === null) return items;
    }
  }
}

async function read(response: Response) {
  const text = await response.text();
  return { status: response.status, headers: response.headers, text };
}

/** The events of a stream. */
export async function* eventsOf(
  response: Response,
): AsyncGenerator<{ event: string; id: string; data: string }> {
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    while (true) {
      for (let end; (end = text.indexOf("\n\n")) >= 0;) {
        const fields = Object.fromEntries(
          text.slice(0, end).split("\n").map((line) => {
            const colon = line.indexOf(":");
            return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
          }),
        );
        text = text.slice(end + 2);
        if (fields.event !== undefined) yield fields as never;
      }
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
