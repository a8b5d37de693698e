/**
 * What a `TracerDatadog` takes: checks, and what stands for what is not given.
 *
 * @see https://docs.datadoghq.com/getting_started/tagging/unified_service_tagging/
 * @see https://docs.datadoghq.com/opentelemetry/mapping/semantic_mapping/
 * @module
 */

import { toTimeout } from "../../src/duration.ts";
import { InvalidOptionError } from "../../src/errors.ts";
import {
  HOST,
  hostInUrl,
  isHost,
  toHost,
  toPort,
} from "../../src/http/address.ts";
import type { Fetch } from "../../src/http/retry.ts";
import {
  type Check,
  type Checked,
  optional,
  toFunction,
  toName,
} from "../../src/options.ts";
import { environment } from "../../src/runtime.ts";
import type { Attributes } from "../opentelemetry/attributes.ts";
import type { Agent } from "./agent.ts";

/** The port on which the agent takes OTLP over HTTP. */
const PORT = 4_318;
/** Where OTLP over HTTP takes traces. */
const PATH = "/v1/traces";

/** The check of each option. */
export const CHECKS = {
  service: optional(toName),
  env: optional(toName),
  version: optional(toName),
  url: optional(toAddress),
  host: optional(toHost),
  port: optional(toPort),
  fetch: optional(toFunction as Check<Fetch>),
  timeout: optional(toTimeout, 3_000),
};

/**
 * Refuses an agent that is named twice.
 *
 * @param given The options, checked one by one.
 * @throws {InvalidOptionError} If it is.
 */
export function refuseTwoAgents(
  { url, host, port }: Checked<typeof CHECKS>,
): void {
  if (url === undefined) return;
  for (const [option, value] of Object.entries({ host, port })) {
    if (value === undefined) continue;
    throw new InvalidOptionError(
      `Cannot use what was given as ${option}: give it only without url`,
    );
  }
}

/**
 * Finds the agent, with the help of the environment.
 *
 * @param given The options.
 * @returns The agent.
 * @throws {InvalidOptionError} If the environment names no host.
 */
export function agentOf(given: Checked<typeof CHECKS>): Agent {
  const host = given.host ?? environment("DD_AGENT_HOST") ?? "127.0.0.1";
  if (!isHost(host)) {
    throw new InvalidOptionError(
      `Cannot use what DD_AGENT_HOST says as host: give ${HOST}`,
    );
  }
  const base = given.url ?? `http://${hostInUrl(host)}:${given.port ?? PORT}`;
  return {
    url: base.endsWith(PATH) ? base : base + PATH,
    resource: resourceOf(given),
    fetch: given.fetch,
    timeoutMs: given.timeout,
  };
}

/** The three tags of Datadog, in the words of OpenTelemetry, new and old. */
function resourceOf(
  { service, env, version }: Checked<typeof CHECKS>,
): Attributes {
  const named = {
    "service.name": service ?? environment("DD_SERVICE") ?? "dotflow",
    "service.version": version ?? environment("DD_VERSION"),
    "deployment.environment.name": env ?? environment("DD_ENV"),
    "deployment.environment": env ?? environment("DD_ENV"),
  };
  const known = Object.entries(named).filter(([, value]) =>
    value !== undefined
  );
  return Object.fromEntries(known) as Attributes;
}

/** What was given is not shown: there may be a password in it. */
function toAddress(value: unknown, option: string): string {
  if (typeof value === "string" && URL.canParse(value)) {
    const { protocol, username, password, search, hash, origin, pathname } =
      new URL(value);
    const isPlain = [username, password, search, hash].every((part) => !part);
    if (/^https?:$/.test(protocol) && isPlain) {
      return origin + pathname.replace(/\/+$/, "");
    }
  }
  throw new InvalidOptionError(
    `Cannot use what was given as ${option}: give the http or https address ` +
      'of the agent, such as "http://127.0.0.1:4318", without credentials or ' +
      "query",
  );
}
