/**
 * What the GCS server can do with objects.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Bucket, Kept } from "./bucket.ts";
import type { Exchange, Reply } from "./exchange.ts";
import { gcsError } from "./gcs_errors.ts";
import { readMultipart } from "./multipart.ts";
import type { Operation } from "./perform.ts";

const MAX_RESULTS = 1000;
const MAX_KEY_BYTES = 1024;

let latest = 0;

/** Makes a generation: microseconds, and never the same twice. */
export function nextGeneration(): string {
  latest = Math.max(latest + 1, Date.now() * 1000);
  return String(latest);
}

/** Reads the content of an object. */
export function getMedia(
  exchange: Exchange,
  bucket: Bucket,
  key: string,
): Operation {
  const act = () => {
    const kept = bucket.objects.get(key);
    if (kept === undefined) return missingMedia(bucket, key);
    // A client of the JSON API gets no custom metadata here: see
    // https://github.com/googleapis/google-cloud-go/issues/2740
    const headers = {
      "content-type": "application/octet-stream",
      "etag": etagOf(kept),
      "x-goog-generation": kept.tag,
      "x-goog-metageneration": "1",
      "x-goog-hash": `md5=${md5(kept)}`,
      "x-goog-stored-content-encoding": "identity",
      "x-goog-stored-content-length": String(kept.body.length),
      "x-goog-storage-class": "STANDARD",
    };
    return { status: 200, headers, body: kept.body };
  };
  const conditions = readConditions(exchange);
  const check = () => checkGeneration(exchange, bucket, key, true);
  return { op: "media", key, write: false, conditions, check, act };
}

/** Reads what is known of an object. */
export function getMetadata(
  exchange: Exchange,
  bucket: Bucket,
  key: string,
): Operation {
  const act = () => {
    const kept = bucket.objects.get(key);
    return kept === undefined
      ? missing(bucket, key)
      : json(resource(bucket, kept), exchange);
  };
  const conditions = readConditions(exchange);
  const check = () => checkGeneration(exchange, bucket, key, true);
  return { op: "get", key, write: false, conditions, check, act };
}

/** Writes an object: its content alone, or with metadata before it. */
export function insertObject(
  exchange: Exchange,
  bucket: Bucket,
): Operation | Reply {
  const upload = readUpload(exchange);
  if ("status" in upload) return upload;
  const { key, body, metadata } = upload;
  const bytes = Buffer.byteLength(key);
  if (bytes === 0 || bytes > MAX_KEY_BYTES || /[\r\n]|^\.\.?$/.test(key)) {
    return gcsError(400, "invalid");
  }
  const act: Operation["act"] = (record) => {
    const limited = limitRate(bucket, key);
    if (limited !== undefined) return limited;
    bucket.write({ key, body, metadata, tag: nextGeneration() }, record.n);
    record.applied = true;
    return json(resource(bucket, bucket.objects.get(key)!), exchange);
  };
  const conditions = readConditions(exchange);
  const check = () => checkGeneration(exchange, bucket, key, false);
  const op = "insert";
  return { op, key, write: true, conditions, metadata, check, act };
}

/** Removes an object. */
export function deleteObject(
  exchange: Exchange,
  bucket: Bucket,
  key: string,
): Operation {
  const act: Operation["act"] = (record) => {
    if (!bucket.objects.has(key)) return missing(bucket, key);
    const limited = limitRate(bucket, key);
    if (limited !== undefined) return limited;
    record.applied = bucket.remove(key, record.n);
    return { status: 204 };
  };
  const conditions = readConditions(exchange);
  const check = () => checkGeneration(exchange, bucket, key, true);
  return { op: "delete", key, write: true, conditions, check, act };
}

/** Lists a page of objects. */
export function listObjects(
  exchange: Exchange,
  bucket: Bucket,
): Operation | Reply {
  const { query } = exchange;
  const prefix = query.get("prefix") ?? "";
  const token = query.get("pageToken");
  const after = token === null ? undefined : readToken(token);
  const max = Number(query.get("maxResults") ?? MAX_RESULTS);
  if (!(max > 0) || (token !== null && after === undefined)) {
    return gcsError(400, "invalid");
  }
  const act = () => {
    const found = bucket.list(prefix, after);
    const size = Math.min(max, bucket.options.pageSize ?? MAX_RESULTS);
    const page = found.slice(0, size);
    return json({
      kind: "storage#objects",
      ...found.length > size && { nextPageToken: makeToken(page.at(-1)!.key) },
      ...page.length > 0 && {
        items: page.map((kept) => resource(bucket, kept)),
      },
    }, exchange);
  };
  return { op: "list", key: prefix, write: false, act };
}

function readUpload(
  exchange: Exchange,
): Reply | { key: string; body: Uint8Array; metadata: Record<string, string> } {
  const { query, body } = exchange;
  const name = query.get("name");
  switch (query.get("uploadType")) {
    case "media":
      return name === null
        ? gcsError(400, "required")
        : { key: name, body, metadata: {} };
    case "multipart": {
      const type = exchange.header("content-type") ?? "";
      const parts = readMultipart(type, body);
      if (parts?.length !== 2) return gcsError(400, "invalid");
      const described = JSON.parse(Buffer.from(parts[0]).toString());
      const { metadata = {} } = described;
      const key = described.name ?? name;
      if (key === null) return gcsError(400, "required");
      return { key, body: parts[1], metadata };
    }
    default:
      return gcsError(501, "notImplemented");
  }
}

/** Conditions are false for an object that is not there, but to create it. */
function checkGeneration(
  { query }: Exchange,
  bucket: Bucket,
  key: string,
  mustExist: boolean,
): Reply | undefined {
  const match = query.get("ifGenerationMatch");
  if (match === null) return undefined;
  const kept = bucket.objects.get(key);
  if (kept === undefined && mustExist) return undefined;
  return match === (kept?.tag ?? "0")
    ? undefined
    : gcsError(412, "conditionNotMet");
}

/** A limit that GCS has for each name. */
function limitRate(bucket: Bucket, key: string): Reply | undefined {
  const { writeIntervalMs = 0 } = bucket.options;
  if (writeIntervalMs === 0) return undefined;
  const last = bucket.versions.findLast((version) => version.key === key);
  return last !== undefined && bucket.now() - last.timeMs < writeIntervalMs
    ? gcsError(429, "rateLimitExceeded")
    : undefined;
}

/** Who may not list is not told what is missing. */
function missing(bucket: Bucket, key: string): Reply {
  return bucket.options.deny?.includes("list")
    ? gcsError(403, "forbidden")
    : gcsError(404, "notFound", `No such object: ${bucket.name}/${key}`);
}

/** Where content is asked for, an error is a text. */
function missingMedia(bucket: Bucket, key: string): Reply {
  const reply = missing(bucket, key);
  if (reply.status !== 404) return reply;
  const headers = { "content-type": "text/html; charset=UTF-8" };
  return { ...reply, headers, body: `No such object: ${bucket.name}/${key}` };
}

function readConditions({ query }: Exchange): Record<string, string> {
  const match = query.get("ifGenerationMatch");
  return match === null ? {} : { ifgenerationmatch: match };
}

function resource({ name }: Bucket, kept: Kept) {
  const { key, tag, metadata, body, writtenMs } = kept;
  const time = new Date(writtenMs).toISOString();
  return {
    kind: "storage#object",
    id: `${name}/${key}/${tag}`,
    name: key,
    bucket: name,
    generation: tag,
    metageneration: "1",
    contentType: "application/octet-stream",
    storageClass: "STANDARD",
    size: String(body.length),
    md5Hash: md5(kept),
    etag: etagOf(kept),
    timeCreated: time,
    updated: time,
    ...Object.keys(metadata).length > 0 && { metadata },
  };
}

function etagOf({ tag }: Kept): string {
  return Buffer.from(tag).toString("base64");
}

function md5({ body }: Kept): string {
  return createHash("md5").update(body).digest("base64");
}

const TOKEN = "after:";

function makeToken(key: string): string {
  return Buffer.from(TOKEN + key).toString("base64url");
}

function readToken(token: string): string | undefined {
  const text = Buffer.from(token, "base64url").toString();
  return text.startsWith(TOKEN) ? text.slice(TOKEN.length) : undefined;
}

/** Answers with as much of a value as `fields` asks for. */
function json(value: Record<string, unknown>, { query }: Exchange): Reply {
  const headers = { "content-type": "application/json; charset=UTF-8" };
  const fields = query.get("fields");
  const body = fields === null ? value : pickFields(value, fields);
  return { status: 200, headers, body: JSON.stringify(body) };
}

/** Understands `a`, `a/b` and `a(b,c)`, in a list. */
function pickFields(
  value: Record<string, unknown>,
  fields: string,
): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const field of fields.match(/[^,(]+(\([^)]*\))?/g) ?? []) {
    const [, name, inner] = /^([^/(]+)[/(]?(.*?)\)?$/.exec(field)!;
    const found = value[name];
    if (found === undefined) continue;
    const pick = (one: unknown) =>
      inner === "" ? one : pickFields(one as Record<string, unknown>, inner);
    picked[name] = Array.isArray(found) ? found.map(pick) : pick(found);
  }
  return picked;
}
