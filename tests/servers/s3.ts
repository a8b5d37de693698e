/**
 * The S3 server: bucket addressing, permissions, and who does what.
 * {@link https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html}
 *
 * @module
 */

import type { Bucket } from "./bucket.ts";
import type { Exchange, Reply } from "./exchange.ts";
import { admit, answer, type Operation, perform } from "./perform.ts";
import type { Registry } from "./registry.ts";
import { decodePath, verify } from "./s3_auth.ts";
import { s3Error, s3Fault } from "./s3_errors.ts";
import {
  deleteObject,
  deleteObjects,
  getObject,
  listObjects,
  putObject,
} from "./s3_operations.ts";

const VIRTUAL_HOST = /^(.+)\.localhost(?::\d+)?$/;
const MAX_KEY_BYTES = 1024;

/**
 * Serves a request to S3.
 *
 * @param exchange The request.
 * @param registry The buckets.
 */
export async function serveS3(
  exchange: Exchange,
  registry: Registry,
): Promise<void> {
  const { name, path } = readTarget(exchange);
  const bucket = registry.buckets.get(name);
  if (bucket?.kind !== "s3") {
    const who = await verify(exchange, registry);
    const missing = s3Error(404, "NoSuchBucket", { BucketName: name });
    return exchange.send("status" in who ? who : missing);
  }
  const request = admit(exchange, bucket, s3Fault);
  const { record } = request;
  const key = decodePath(path);
  if (key !== undefined) record.key = key;
  const who = await verify(
    exchange,
    registry,
    bucket.options.region ?? "us-east-1",
  );
  if ("status" in who) return answer(request, who);
  if (who.bucket !== name) return answer(request, s3Error(403, "AccessDenied"));
  const operation = readOperation(exchange, bucket, key);
  if ("status" in operation) return answer(request, operation);
  record.op = operation.op;
  if (bucket.options.deny?.includes(operation.op)) {
    return answer(request, s3Error(403, "AccessDenied"));
  }
  await perform(request, operation);
}

function readTarget({ host, path }: Exchange): { name: string; path: string } {
  const virtual = VIRTUAL_HOST.exec(host);
  if (virtual !== null) return { name: virtual[1], path: path.slice(1) };
  const [, name, ...rest] = path.split("/");
  return { name, path: rest.join("/") };
}

function readOperation(
  exchange: Exchange,
  bucket: Bucket,
  key: string | undefined,
): Operation | Reply {
  const { method, query } = exchange;
  if (key === undefined) return s3Error(400, "InvalidURI");
  if (key === "") {
    if (method === "POST" && query.has("delete")) {
      return deleteObjects(exchange, bucket);
    }
    if (method === "GET" && query.get("list-type") === "2") {
      return listObjects(exchange, bucket);
    }
    return s3Error(501, "NotImplemented");
  }
  if (new TextEncoder().encode(key).length > MAX_KEY_BYTES) {
    return s3Error(400, "KeyTooLongError");
  }
  switch (method) {
    case "GET":
    case "HEAD":
      return getObject(exchange, bucket, key);
    case "PUT":
      return putObject(exchange, bucket, key);
    case "DELETE":
      return deleteObject(exchange, bucket, key);
    default:
      return s3Error(501, "NotImplemented");
  }
}
