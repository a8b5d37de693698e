/**
 * What the S3 server can do with objects.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import type { Bucket, Kept } from "./bucket.ts";
import type { Exchange, Reply } from "./exchange.ts";
import type { Operation } from "./perform.ts";
import { encodeStrictly } from "./s3_auth.ts";
import { s3Error } from "./s3_errors.ts";
import { textsOf, toXml } from "./xml.ts";

const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";
const META = "x-amz-meta-";
const MAX_KEYS = 1000;

/** Reads an object, or its head. */
export function getObject(
  exchange: Exchange,
  bucket: Bucket,
  key: string,
): Operation | Reply {
  const op = exchange.method === "HEAD" ? "HeadObject" : "GetObject";
  const range = exchange.header("range");
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
  const unknown = range !== undefined && first === undefined;
  if (unknown || Object.keys(readConditions(exchange)).length > 0) {
    return s3Error(501, "NotImplemented");
  }
  const act = () => {
    const kept = bucket.objects.get(key);
    if (kept === undefined) return missingKey(bucket, key);
    const headers = {
      etag: etagOf(bucket, kept),
      "last-modified": new Date(kept.writtenMs).toUTCString(),
      "content-type": "application/octet-stream",
      ...withPrefix(META, kept.metadata),
    };
    const { body } = kept;
    if (range === undefined) return { status: 200, headers, body };
    if (Number(first) >= body.length) return s3Error(416, "InvalidRange");
    const part = body.subarray(Number(first), Number(last) + 1);
    const end = Number(first) + part.length - 1;
    const sent = { "content-range": `bytes ${first}-${end}/${body.length}` };
    return { status: 206, headers: { ...headers, ...sent }, body: part };
  };
  return { op, key, write: false, act };
}

/** Writes an object. */
export function putObject(
  exchange: Exchange,
  bucket: Bucket,
  key: string,
): Operation | Reply {
  const conditions = readConditions(exchange);
  const ifNoneMatch = conditions["if-none-match"];
  const ifMatch = conditions["if-match"];
  const metadata = exchange.headersWith(META);
  const { body } = exchange;
  if (ifNoneMatch !== undefined && ifNoneMatch !== "*") {
    return s3Error(501, "NotImplemented", { Header: "If-None-Match" });
  }
  if (!checksumsFit(exchange)) return s3Error(400, "BadDigest");
  const check = () => {
    const kept = bucket.objects.get(key);
    if (ifMatch !== undefined && kept === undefined) {
      return bucket.options.missingIfMatch === 412
        ? s3Error(412, "PreconditionFailed", { Condition: "If-Match" })
        : s3Error(404, "NoSuchKey", { Key: key });
    }
    if (ifMatch !== undefined && !matches(bucket, kept!, ifMatch)) {
      return s3Error(412, "PreconditionFailed", { Condition: "If-Match" });
    }
    if (ifNoneMatch !== undefined && kept !== undefined) {
      return s3Error(412, "PreconditionFailed", { Condition: "If-None-Match" });
    }
  };
  const act: Operation["act"] = (record) => {
    const tag = bucket.options.etags === "opaque"
      ? `${randomBytes(16).toString("hex")}-1`
      : createHash("md5").update(body).digest("hex");
    bucket.write({ key, body, tag, metadata }, record.n);
    record.applied = true;
    const headers = { etag: etagOf(bucket, { tag }) };
    return { status: 200, headers };
  };
  const op = "PutObject";
  return { op, key, write: true, conditions, metadata, check, act };
}

/** Removes an object, whether it is there or not. */
export function deleteObject(
  exchange: Exchange,
  bucket: Bucket,
  key: string,
): Operation | Reply {
  if (Object.keys(readConditions(exchange)).length > 0) {
    return s3Error(501, "NotImplemented");
  }
  const act: Operation["act"] = (record) => {
    record.applied = bucket.remove(key, record.n);
    return { status: 204 };
  };
  return { op: "DeleteObject", key, write: true, act };
}

/** Removes up to a thousand objects. */
export function deleteObjects(
  exchange: Exchange,
  bucket: Bucket,
): Operation | Reply {
  const { text } = exchange;
  if (!hasChecksum(exchange)) return s3Error(400, "InvalidRequest");
  if (!checksumsFit(exchange)) return s3Error(400, "BadDigest");
  const keys = textsOf(text, "Key");
  const entries = text.match(/<Object>/g)?.length ?? 0;
  const readable = /^\s*(<\?xml[^>]*>)?\s*<Delete[\s>]/.test(text) &&
    text.trimEnd().endsWith("</Delete>") && entries === keys.length;
  if (!readable || keys.length === 0 || keys.length > MAX_KEYS) {
    return s3Error(400, "MalformedXML");
  }
  const quiet = textsOf(text, "Quiet")[0] === "true";
  const act: Operation["act"] = (record) => {
    const denied = bucket.options.deny?.includes("DeleteObject") === true;
    if (!denied) {
      for (const key of keys) {
        if (bucket.remove(key, record.n)) record.applied = true;
      }
    }
    const results = denied
      ? {
        Error: keys.map((Key) => ({
          Key,
          Code: "AccessDenied",
          Message: "Access Denied",
        })),
      }
      : { Deleted: quiet ? [] : keys.map((Key) => ({ Key })) };
    return xmlReply("DeleteResult", results);
  };
  return { op: "DeleteObjects", write: true, act };
}

/** Lists a page of keys. */
export function listObjects(
  { query }: Exchange,
  bucket: Bucket,
): Operation | Reply {
  const prefix = query.get("prefix") ?? "";
  const token = query.get("continuation-token");
  const encoding = query.get("encoding-type") ?? undefined;
  const maxKeys = Number(query.get("max-keys") ?? MAX_KEYS);
  const after = token === null
    ? query.get("start-after") ?? undefined
    : readToken(token);
  const valid = Number.isInteger(maxKeys) && maxKeys >= 0 &&
    (encoding === undefined || encoding === "url") &&
    (token === null || after !== undefined);
  if (!valid) return s3Error(400, "InvalidArgument");
  if (query.has("delimiter")) return s3Error(501, "NotImplemented");
  const encode = (text: string) =>
    encoding === "url" ? encodeInList(text) : text;
  const act = () => {
    const found = bucket.list(prefix, after);
    const size = Math.min(maxKeys, bucket.options.pageSize ?? MAX_KEYS);
    const page = found.slice(0, size);
    const truncated = page.length > 0 && found.length > page.length;
    return xmlReply("ListBucketResult", {
      Name: bucket.name,
      Prefix: encode(prefix),
      MaxKeys: maxKeys,
      EncodingType: encoding,
      KeyCount: page.length,
      IsTruncated: truncated,
      ContinuationToken: token ?? undefined,
      NextContinuationToken: truncated
        ? makeToken(page.at(-1)!.key)
        : undefined,
      Contents: page.map((kept) => ({
        Key: encode(kept.key),
        LastModified: new Date(kept.writtenMs).toISOString(),
        ETag: etagOf(bucket, kept),
        Size: kept.body.length,
        StorageClass: "STANDARD",
      })),
    });
  };
  return { op: "ListObjectsV2", key: prefix, write: false, act };
}

/** Who may not list is not told what is missing. */
function missingKey(bucket: Bucket, key: string): Reply {
  return bucket.options.deny?.includes("ListObjectsV2")
    ? s3Error(403, "AccessDenied")
    : s3Error(404, "NoSuchKey", { Key: key });
}

function etagOf({ options }: Bucket, { tag }: Pick<Kept, "tag">): string {
  return options.quotedEtags === false ? tag : `"${tag}"`;
}

function matches(
  { options }: Bucket,
  { tag }: Kept,
  ifMatch: string,
): boolean {
  const { ifMatch: form = "either" } = options;
  return (form !== "quoted" && ifMatch === tag) ||
    (form !== "unquoted" && ifMatch === `"${tag}"`);
}

function readConditions(exchange: Exchange): Record<string, string> {
  const names = ["if-match", "if-none-match"];
  return Object.fromEntries(names.flatMap((name) => {
    const value = exchange.header(name);
    return value === undefined ? [] : [[name, value]];
  }));
}

const CHECKSUMS = {
  "content-md5": "md5",
  "x-amz-checksum-sha1": "sha1",
  "x-amz-checksum-sha256": "sha256",
} as const;

function hasChecksum(exchange: Exchange): boolean {
  return Object.keys(CHECKSUMS).some((name) =>
    exchange.header(name) !== undefined
  );
}

function checksumsFit(exchange: Exchange): boolean {
  return Object.entries(CHECKSUMS).every(([name, algorithm]) => {
    const value = exchange.header(name);
    if (value === undefined) return true;
    return value ===
      createHash(algorithm).update(exchange.body).digest("base64");
  });
}

/** Encodes as S3 does in lists: a space is a plus sign there. */
function encodeInList(text: string): string {
  return encodeStrictly(text)
    .replaceAll("%20", "+")
    .replaceAll("%2F", "/")
    .replaceAll("%2A", "*");
}

const TOKEN = "after:";

function makeToken(key: string): string {
  return Buffer.from(TOKEN + key).toString("base64");
}

function readToken(token: string): string | undefined {
  const text = Buffer.from(token, "base64").toString();
  return text.startsWith(TOKEN) ? text.slice(TOKEN.length) : undefined;
}

function withPrefix(
  prefix: string,
  values: Record<string, string>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [prefix + name, value]),
  );
}

function xmlReply(name: string, content: Parameters<typeof toXml>[1]): Reply {
  const headers = { "content-type": "application/xml" };
  return { status: 200, headers, body: toXml(name, content, NAMESPACE) };
}
