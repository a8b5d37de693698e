/**
 * The GCS server of the fault lab, and where its tokens come from. The
 * assertions are signed with Web Crypto and verified by `jose`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { test } from "./harness.ts";
import { type FaultKind, type LabGcs, openGcs } from "./lab.ts";

const SCOPE = "https://www.googleapis.com/auth/devstorage.";
const ALGORITHM = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // deno-lint-ignore no-explicit-any
  json: any;
}

async function send(url: string, init?: RequestInit): Promise<Answer> {
  const { status, headers, ...response } = await fetch(url, init).then(
    async (response) => ({
      status: response.status,
      headers: response.headers,
      text: await response.text(),
    }),
  );
  const isJson = headers.get("content-type")?.includes("json");
  const json = isJson ? JSON.parse(response.text) : undefined;
  return { status, headers, text: response.text, json };
}

/** Calls the JSON API with a token. */
function call(
  gcs: LabGcs,
  method: string,
  path: string,
  { token = gcs.info.token, body, type = "text/plain" }: {
    token?: string;
    body?: string;
    type?: string;
  } = {},
): Promise<Answer> {
  const headers = { authorization: `Bearer ${token}`, "content-type": type };
  const [before, after] = path.startsWith("/upload")
    ? ["/upload", path.slice(7)]
    : ["", path];
  const bucket = `${before}/storage/v1/b/${gcs.bucket}`;
  return send(`${gcs.endpoint}${bucket}${after}`, { method, headers, body });
}

function insert(gcs: LabGcs, key: string, body: string, match?: string) {
  const query = new URLSearchParams({ uploadType: "media", name: key });
  if (match !== undefined) query.set("ifGenerationMatch", match);
  return call(gcs, "POST", `/upload/o?${query}`, { body });
}

const inPath = (key: string) => `/o/${encodeURIComponent(key)}`;

test("lab: GCS: what is written is read, with its metadata", async () => {
  const gcs = await openGcs();
  const key = "a/b c+🦕%2F";
  const body = [
    "--edge\r\ncontent-type: application/json\r\n\r\n",
    JSON.stringify({ name: key, metadata: { nonce: "n1" } }),
    "\r\n--edge\r\ncontent-type: text/plain\r\n\r\n",
    "text\r\n--\r\nü",
    "\r\n--edge--\r\n",
  ].join("");
  const type = "multipart/related; boundary=edge";
  const path = "/upload/o?uploadType=multipart&ifGenerationMatch=0";
  const inserted = await call(gcs, "POST", path, { body, type });
  assert.equal(inserted.status, 200, inserted.text);
  const media = await call(gcs, "GET", `${inPath(key)}?alt=media`);
  assert.equal(media.text, "text\r\n--\r\nü");
  const generation = media.headers.get("x-goog-generation");
  assert.equal(generation, inserted.json.generation);
  assert.equal(media.headers.get("x-goog-meta-nonce"), null);
  const known = await call(gcs, "GET", `${inPath(key)}?fields=metadata/nonce`);
  assert.deepEqual(known.json, { metadata: { nonce: "n1" } });
});

test("lab: GCS: generations decide", async () => {
  const gcs = await openGcs();
  const reason = ({ status, json }: Answer) =>
    `${status} ${json?.error?.errors[0].reason ?? ""}`;
  assert.equal(
    reason(await insert(gcs, "key", "x", "1")),
    "412 conditionNotMet",
  );
  const created = await insert(gcs, "key", "x", "0");
  assert.equal(
    reason(await insert(gcs, "key", "y", "0")),
    "412 conditionNotMet",
  );
  const { generation } = created.json;
  const swapped = await insert(gcs, "key", "y", generation);
  assert(BigInt(swapped.json.generation) > BigInt(generation));
  const remove = (match: string) =>
    call(gcs, "DELETE", `${inPath("key")}?ifGenerationMatch=${match}`);
  assert.equal(reason(await remove(generation)), "412 conditionNotMet");
  assert.equal(reason(await remove(swapped.json.generation)), "204 ");
  assert.equal(reason(await remove(generation)), "404 notFound");
  const missing = await call(gcs, "GET", `${inPath("key")}?alt=media`);
  assert.equal(missing.text, `No such object: ${gcs.bucket}/key`);
  const texts = (await gcs.versions()).map(({ text }) => text);
  assert.deepEqual(texts, ["x", "y", null]);
});

test("lab: GCS: one of 64 racers creates", async () => {
  const gcs = await openGcs();
  const answers = await Promise.all(
    Array.from(
      { length: 64 },
      (_, racer) => insert(gcs, "key", `${racer}`, "0"),
    ),
  );
  const winners = answers.flatMap(({ status }, racer) =>
    status === 200 ? [`${racer}`] : []
  );
  const stored = (await gcs.objects()).map(({ text }) => text);
  assert.deepEqual(stored, winners);
});

test("lab: GCS: a list comes in pages", async () => {
  const gcs = await openGcs({ pageSize: 2 });
  for (const key of ["p/c", "p/a", "q", "p/b"]) await gcs.put(key, "x");
  const list = (query: string) =>
    call(gcs, "GET", `/o?prefix=p%2F&fields=items(name),nextPageToken${query}`);
  const first = (await list("")).json;
  assert.deepEqual(first.items, [{ name: "p/a" }, { name: "p/b" }]);
  const rest = await list(`&pageToken=${first.nextPageToken}`);
  assert.deepEqual(rest.json, { items: [{ name: "p/c" }] });
});

test("lab: GCS: a name takes only so many writes, where asked for", async () => {
  const gcs = await openGcs({ writeIntervalMs: 60_000 });
  assert.equal((await insert(gcs, "key", "x")).status, 200);
  const limited = await insert(gcs, "key", "y");
  assert.equal(limited.json.error.errors[0].reason, "rateLimitExceeded");
  assert.equal((await insert(gcs, "other", "y")).status, 200);
});

test("lab: GCS: tokens are verified, and expire", async () => {
  const gcs = await openGcs();
  await gcs.put("key", "text");
  const get = async (token?: string) =>
    (await call(gcs, "GET", `${inPath("key")}?alt=media`, { token })).status;
  const other = await openGcs();
  assert.equal(await get(), 200);
  assert.equal(await get("wrong"), 401);
  assert.equal(await get(other.info.token), 403);
  await gcs.expireCredentials();
  assert.equal(await get(), 401);
  assert.equal(await get(await gcs.issueToken()), 200);
  const url = `${gcs.endpoint}/storage/v1/b/${gcs.bucket}/o`;
  assert.equal((await send(url)).status, 401);
  await gcs.setOptions({ anonymous: true });
  assert.equal((await send(url)).status, 200);
});

test("lab: GCS: an assertion becomes a token of its scope", async () => {
  const gcs = await openGcs();
  await gcs.put("key", "text");
  const { credentials } = gcs.storage;
  const now = Math.floor(Date.now() / 1000);
  const claim = {
    iss: credentials.client_email,
    scope: `${SCOPE}read_only`,
    aud: credentials.token_uri,
    iat: now,
    exp: now + 3600,
  };
  const exchange = async (change: object) => {
    const assertion = await sign({ ...claim, ...change });
    const grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    const body = new URLSearchParams({ grant_type, assertion });
    return await send(credentials.token_uri, { method: "POST", body });
  };
  const sign = async (claim: object) => {
    const pem = credentials.private_key.replace(/-.*-|\s/g, "");
    const bytes = Uint8Array.from(atob(pem), (char) => char.charCodeAt(0));
    const key = await crypto.subtle.importKey(
      "pkcs8",
      bytes,
      ALGORITHM,
      false,
      ["sign"],
    );
    const text = [{ alg: "RS256", typ: "JWT" }, claim]
      .map((part) => base64url(JSON.stringify(part))).join(".");
    const signed = await crypto.subtle.sign(
      ALGORITHM,
      key,
      new TextEncoder().encode(text),
    );
    return `${text}.${
      base64url(String.fromCharCode(...new Uint8Array(signed)))
    }`;
  };
  const given = await exchange({});
  assert.equal(given.json.expires_in, 3600, given.text);
  const token = given.json.access_token;
  const path = inPath("key");
  assert.equal((await call(gcs, "GET", path, { token })).status, 200);
  assert.equal((await call(gcs, "DELETE", path, { token })).status, 403);
  for (
    const change of [
      { aud: "https://oauth2.googleapis.com/token" },
      { iss: "somebody@else" },
      { exp: now + 3700 },
      { iat: now - 7300, exp: now - 3700 },
    ]
  ) {
    const refused = await exchange(change);
    assert.equal(refused.json.error, "invalid_grant", JSON.stringify(change));
  }
  assert.equal((await gcs.figures()).ops.token, 5);
});

test("lab: GCS: the metadata server gives tokens to who asks rightly", async () => {
  const gcs = await openGcs({ expiresInMs: 90_000 });
  const url = `http://${gcs.info.metadataHost}` +
    "/computeMetadata/v1/instance/service-accounts/default/token";
  assert.equal((await send(url)).status, 403);
  const headers = { "metadata-flavor": "Google" };
  const { json } = await send(url, { headers });
  assert.equal(json.expires_in, 90);
  const token = json.access_token;
  assert.equal((await call(gcs, "GET", "/o", { token })).status, 200);
  assert.equal((await gcs.figures()).ops.metadataToken, 2);
});

test("lab: GCS: faults speak the language of the JSON API", async () => {
  const gcs = await openGcs({ keepAlive: false });
  const attempt = async (fault: FaultKind) => {
    await gcs.faults({ rules: [{ match: { op: "insert", nth: 1 }, fault }] });
    const { status, json } = await insert(gcs, fault, "x", "0");
    return `${status} ${json?.error?.errors[0].reason}`;
  };
  assert.equal(await attempt("500"), "500 internalError");
  assert.equal(await attempt("503"), "503 backendError");
  assert.equal(await attempt("commit-500"), "500 internalError");
  await assert.rejects(attempt("commit-reset"));
  const stored = (await gcs.objects()).map(({ key }) => key);
  assert.deepEqual(stored, ["commit-500", "commit-reset"]);
});

function base64url(binary: string): string {
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_")
    .replaceAll("=", "");
}
