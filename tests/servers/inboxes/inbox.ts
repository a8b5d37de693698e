/**
 * An inbox: what it has received, and what goes wrong with it.
 *
 * @module
 */

import type { Exchange, Reply } from "../exchange.ts";
import type { InboxFault, Received } from "./api.ts";

/** What a service says to a request. */
export interface Verdict extends Reply {
  /** Why it was refused. */
  refusal?: string;
  /** What was made of its body. */
  value?: unknown;
}

/** A service: looks at a request, and answers. */
export type Service = (request: Received, exchange: Exchange) => Verdict;

/** Makes a service with a memory of its own, such as of its rate limit. */
// deno-lint-ignore no-explicit-any
export type MakeService = (options: any) => Service;

/** An inbox. */
export class Inbox {
  /** What it has received, in the order of arrival. */
  received: Received[] = [];
  #faults: InboxFault[] = [];
  #service: Service;
  #begin = performance.now();

  /**
   * Makes an empty inbox.
   *
   * @param service What answers.
   */
  constructor(service: Service) {
    this.#service = service;
  }

  /** Has the next requests fail; replaces what was planned before. */
  fail(faults: readonly InboxFault[]): void {
    this.#faults = faults.map((fault) => ({ ...fault }));
  }

  /**
   * Takes a request and answers it.
   *
   * @param exchange The request.
   * @param path Its path behind the address of the inbox.
   */
  async serve(exchange: Exchange, path: string): Promise<void> {
    const { method, text } = exchange;
    const query = exchange.query.toString();
    const request: Received = {
      n: this.received.length + 1,
      timeMs: performance.now() - this.#begin,
      method,
      path: query ? `${path}?${query}` : path,
      headers: exchange.headersWith(""),
      text,
      status: 0,
    };
    this.received.push(request);
    const fault = this.#nextFault();
    if (fault === undefined) {
      return exchange.send(this.#judge(request, exchange));
    }
    request.fault = fault.kind;
    await this.#failWith(fault, request, exchange);
  }

  #nextFault(): InboxFault | undefined {
    const [fault] = this.#faults;
    if (fault === undefined) return undefined;
    fault.times = (fault.times ?? 1) - 1;
    if (fault.times <= 0) this.#faults.shift();
    return fault;
  }

  #judge(request: Received, exchange: Exchange): Verdict {
    const verdict = this.#service(request, exchange);
    request.status = verdict.status;
    if (verdict.refusal !== undefined) request.refusal = verdict.refusal;
    if (verdict.value !== undefined) request.value = verdict.value;
    return verdict;
  }

  #failWith(
    fault: InboxFault,
    request: Received,
    exchange: Exchange,
  ): void | Promise<void> {
    const { status = 500, headers, body } = fault;
    const answer = (reply: Reply) => {
      request.status = reply.status;
      exchange.send(reply);
    };
    switch (fault.kind) {
      case "answer":
        return answer({ status, headers, body });
      case "redirect":
        return answer({
          status: fault.status ?? 307,
          headers: { location: fault.location ?? "" },
        });
      case "echo":
        return answer({
          status: fault.status ?? 400,
          headers: { "content-type": "application/json", ...headers },
          body: echo(request),
        });
      case "truncated":
        return exchange.truncate(this.#judge(request, exchange));
      case "slow":
        return exchange.drip(
          this.#judge(request, exchange),
          fault.slowMs ?? 100,
        );
      case "garbage":
        return exchange.garble(this.#judge(request, exchange));
      case "reset":
        return exchange.reset();
      case "hang":
        return;
    }
  }
}

/** All that a careless server could show of a request, wherever it is looked for. */
function echo({ method, path, headers, text }: Received): string {
  const all = `${method} ${path} ${JSON.stringify(headers)} ${text}`;
  return JSON.stringify({ ok: false, description: all, message: all });
}
