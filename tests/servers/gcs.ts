/**
 * The GCS server: the JSON API, with tokens and permissions.
 * {@link https://cloud.google.com/storage/docs/json_api/v1}
 *
 * @module
 */

import type { Bucket } from "./bucket.ts";
import type { Exchange, Reply } from "./exchange.ts";
import { gcsError, gcsFault } from "./gcs_errors.ts";
import {
  deleteObject,
  getMedia,
  getMetadata,
  insertObject,
  listObjects,
} from "./gcs_operations.ts";
import { admit, answer, type Operation, perform } from "./perform.ts";
import type { Registry } from "./registry.ts";

const PATH = /^\/(upload\/|download\/)?storage\/v1\/b\/([^/]+)\/o(?:\/(.*))?$/;
const SCOPE = "https://www.googleapis.com/auth/";
const WRITE_SCOPES = [
  "cloud-platform",
  "devstorage.full_control",
  "devstorage.read_write",
];
const READ_SCOPES = [
  ...WRITE_SCOPES,
  "cloud-platform.read-only",
  "devstorage.read_only",
];
const PARAMETERS = [
  "alt",
  "fields",
  "ifGenerationMatch",
  "maxResults",
  "name",
  "pageToken",
  "prefix",
  "prettyPrint",
  "uploadType",
  "userProject",
];

/** Tells whether a path is one of the JSON API's. */
export function isGcsPath(path: string): boolean {
  return PATH.test(path);
}

/**
 * Serves a request to the JSON API.
 *
 * @param exchange The request.
 * @param registry The buckets.
 */
export async function serveGcs(
  exchange: Exchange,
  registry: Registry,
): Promise<void> {
  const [, kind, name, key] = PATH.exec(exchange.path)!;
  const bucket = registry.buckets.get(decodeURIComponent(name));
  if (bucket?.kind !== "gcs") {
    const who = authorize(exchange, registry);
    const missing = gcsError(
      404,
      "notFound",
      "The specified bucket does not exist.",
    );
    return exchange.send(who ?? missing);
  }
  const request = admit(exchange, bucket, gcsFault);
  const { record } = request;
  const operation = readOperation(exchange, bucket, kind, key);
  if ("act" in operation) {
    record.op = operation.op;
    if (operation.key !== undefined) record.key = operation.key;
  }
  const write = "act" in operation && operation.write;
  const refused = authorize(exchange, registry, bucket, write) ??
    ("status" in operation ? operation : undefined);
  if (refused !== undefined) return answer(request, refused);
  if (bucket.options.deny?.includes(record.op)) {
    return answer(request, gcsError(403, "forbidden"));
  }
  await perform(request, operation as Operation);
}

/** Checks the token; gives the answer where it does not do. */
function authorize(
  exchange: Exchange,
  registry: Registry,
  bucket?: Bucket,
  write = false,
): Reply | undefined {
  const header = exchange.header("authorization");
  if (header === undefined) {
    return bucket?.options.anonymous ? undefined : gcsError(401, "required");
  }
  const issued = registry.tokens.get(header.replace(/^Bearer +/i, ""));
  if (issued === undefined || issued.expiresMs <= Date.now()) {
    return gcsError(401, "authError");
  }
  const scopes = (write ? WRITE_SCOPES : READ_SCOPES).map((name) =>
    SCOPE + name
  );
  if (!issued.scope.split(" ").some((scope) => scopes.includes(scope))) {
    return gcsError(403, "insufficientPermissions");
  }
  if (bucket !== undefined && issued.bucket !== bucket.name) {
    return gcsError(403, "forbidden");
  }
}

function readOperation(
  exchange: Exchange,
  bucket: Bucket,
  kind: string | undefined,
  encoded: string | undefined,
): Operation | Reply {
  const { method, query } = exchange;
  const unknown = [...query.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined) {
    return gcsError(400, "invalid", `The lab does not know "${unknown}"`);
  }
  const match = query.get("ifGenerationMatch");
  if (match !== null && !/^\d+$/.test(match)) return gcsError(400, "invalid");
  if (encoded === undefined) {
    if (kind === "upload/" && method === "POST") {
      return insertObject(exchange, bucket);
    }
    if (kind === undefined && method === "GET") {
      return listObjects(exchange, bucket);
    }
    return gcsError(501, "notImplemented");
  }
  let key: string;
  try {
    key = decodeURIComponent(encoded);
  } catch {
    return gcsError(400, "invalid");
  }
  if (method === "DELETE") return deleteObject(exchange, bucket, key);
  if (method !== "GET") return gcsError(501, "notImplemented");
  return query.get("alt") === "media"
    ? getMedia(exchange, bucket, key)
    : getMetadata(exchange, bucket, key);
}
