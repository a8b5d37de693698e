/**
 * What tests ask the lab itself, under `/_lab/buckets`.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { S3Bucket } from "./access.ts";
import type { Bucket } from "./bucket.ts";
import type { Exchange, Reply } from "./exchange.ts";
import { nextGeneration } from "./gcs_operations.ts";
import { describeGcs, issue } from "./gcs_tokens.ts";
import type { Registry } from "./registry.ts";
import { describeSts } from "./sts.ts";

/** The path of all of it. */
export const CONTROL_PATH = "/_lab/buckets";

/** The lab, as its control sees it. */
export interface Lab {
  /** The buckets. */
  registry: Registry;
  /** Where the lab is. */
  address: string;
  /** Where it is too, and closes each connection after one request. */
  closingAddress: string;
}

/**
 * Answers a test.
 *
 * @param exchange The question.
 * @param lab The lab.
 */
export async function control(exchange: Exchange, lab: Lab): Promise<void> {
  const [name, what = ""] = exchange.path.slice(CONTROL_PATH.length + 1)
    .split("/");
  const sent = exchange.body.length > 0 ? JSON.parse(exchange.text) : undefined;
  if (name === "") {
    const { kind, options } = sent;
    const bucket = lab.registry.open(kind, options);
    return exchange.send(json(await describe(bucket, lab)));
  }
  const bucket = lab.registry.buckets.get(name);
  if (bucket === undefined) {
    return exchange.send(json({ error: `No bucket ${name}` }, 404));
  }
  const value = await act(exchange.method, what, sent, bucket, lab);
  exchange.send(json(value ?? null));
}

async function describe(bucket: Bucket, lab: Lab) {
  const { registry } = lab;
  const { name, options } = bucket;
  const address = options.keepAlive === false
    ? lab.closingAddress
    : lab.address;
  if (bucket.kind === "gcs") {
    return await describeGcs(bucket, registry, address);
  }
  const described: S3Bucket = {
    endpoint: address,
    bucket: name,
    region: options.region ?? "us-east-1",
    credentials: registry.issueKey(name, options.expiresInMs),
    ...describeSts(bucket, address),
  };
  return described;
}

function act(
  method: string,
  what: string,
  // deno-lint-ignore no-explicit-any
  sent: any,
  bucket: Bucket,
  lab: Lab,
) {
  const { registry } = lab;
  switch (`${method} ${what}`) {
    case "DELETE ":
      return registry.drop(bucket.name);
    case "PATCH ":
      return void Object.assign(bucket.options, sent);
    case "PUT faults":
      return bucket.plan(sent);
    case "GET history":
      return bucket.history;
    case "DELETE history":
      return bucket.forget();
    case "GET versions":
      return bucket.versions;
    case "GET objects":
      return bucket.stored();
    case "GET figures":
      return bucket.figures();
    case "POST expire":
      return registry.expire(bucket.name);
    case "POST credentials":
      return bucket.kind === "s3"
        ? registry.issueKey(bucket.name, sent.lifetimeMs)
        : issue(bucket, registry);
    case "PUT object": {
      const body = Buffer.from(sent.text);
      const tag = bucket.kind === "s3"
        ? createHash("md5").update(body).digest("hex")
        : nextGeneration();
      const { key, metadata = {} } = sent;
      return bucket.write({ key, body, tag, metadata }, 0);
    }
    case "DELETE object":
      return bucket.remove(sent.key, 0);
    default:
      throw new Error(`The lab does not know ${method} ${what}`);
  }
}

function json(value: unknown, status = 200): Reply {
  const headers = { "content-type": "application/json" };
  return { status, headers, body: JSON.stringify(value) };
}
