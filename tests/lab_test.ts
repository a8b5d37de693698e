/**
 * The S3 server of the fault lab: it refuses what it must, its conditions are
 * atomic, and its history is what happened. The requests are signed by another
 * signer than the one that verifies them, so that each checks the other.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "./harness.ts";
import { openS3, radosgw, virtualHostFetch } from "./lab.ts";
import { send } from "./lab_client.ts";

const ODD_KEYS = ["a b", "a+b", "é/ü", "(x)*!'", "%2F", "🦕", "<&>\"'", "x\ty"];

const inPath = (key: string) => "/" + key.split("/").map(encode).join("/");
const encode = (text: string) =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
const md5 = (text: string) => createHash("md5").update(text).digest("base64");
const keysOf = (xml: string) =>
  [...xml.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) =>
    decodeURIComponent(key.replaceAll("+", " "))
      .replaceAll("&apos;", "'").replaceAll("&amp;", "&")
  );

test("lab: what is written is read, under every key", async () => {
  const s3 = await openS3();
  for (const key of ODD_KEYS) {
    const headers = { "x-amz-meta-nonce": "n1" };
    const options = { headers, body: `text of ${key}` };
    const put = await send(s3.storage, "PUT", inPath(key), options);
    assert.equal(put.status, 200, put.text);
    const got = await send(s3.storage, "GET", inPath(key));
    assert.equal(got.text, `text of ${key}`);
    assert.equal(got.etag, put.etag);
    assert.equal(got.headers.get("x-amz-meta-nonce"), "n1");
  }
  const list = "?list-type=2&encoding-type=url";
  const listed = await send(s3.storage, "GET", list);
  assert.deepEqual(keysOf(listed.text).sort(), [...ODD_KEYS].sort());
  const stored = (await s3.objects()).map(({ key }) => key);
  assert.deepEqual(stored, keysOf(listed.text));
});

test("lab: a bucket may be named in the path or in the host", async () => {
  const s3 = await openS3();
  await s3.put("key", "text");
  const { port } = new URL(s3.endpoint);
  const virtual = {
    ...s3.storage,
    endpoint: `http://${s3.bucket}.localhost:${port}`,
    bucket: "key",
  };
  const options = { fetch: virtualHostFetch };
  assert.equal((await send(virtual, "GET", "", options)).text, "text");
});

test("lab: what is not signed rightly is refused", async () => {
  const s3 = await openS3();
  await s3.put("key", "text");
  const { credentials } = s3.storage;
  const attempt = async (
    change: object,
    options: Parameters<typeof send>[3] = {},
  ) => {
    const target = { ...s3.storage, ...change };
    const { status, code } = await send(target, "GET", "/key", options);
    return `${status} ${code}`;
  };
  const wrongSecret = { ...credentials, secretAccessKey: "wrong" };
  const wrongId = { ...credentials, accessKeyId: "AKIAWRONG" };
  const other = (await openS3()).storage.credentials;
  assert.equal(await attempt({}), "200 ");
  assert.equal(
    await attempt({ credentials: wrongSecret }),
    "403 SignatureDoesNotMatch",
  );
  assert.equal(
    await attempt({ credentials: wrongId }),
    "403 InvalidAccessKeyId",
  );
  assert.equal(await attempt({ credentials: other }), "403 AccessDenied");
  assert.equal(
    await attempt({ region: "eu-west-1" }),
    "400 AuthorizationHeaderMalformed",
  );
  assert.equal(
    await attempt({ credentials: wrongSecret, bucket: "missing" }),
    "403 SignatureDoesNotMatch",
  );
  assert.equal(await attempt({ bucket: "missing" }), "404 NoSuchBucket");
  const spoiled = (name: string, value: string) =>
    attempt({}, { spoil: (headers) => headers.set(name, value) });
  assert.equal(
    await spoiled("x-amz-meta-later", "x"),
    "403 AccessDenied",
  );
  assert.equal(
    await spoiled("x-amz-content-sha256", "0".repeat(64)),
    "403 SignatureDoesNotMatch",
  );
  assert.equal(
    await attempt({}, { datetime: "20200101T000000Z" }),
    "403 RequestTimeTooSkewed",
  );
});

test("lab: a body that is not the signed one is refused", async () => {
  const s3 = await openS3();
  const options = {
    body: "signed",
    fetch: (url: string, init: RequestInit) =>
      fetch(url, { ...init, body: "other!" }),
  };
  const answer = await send(s3.storage, "PUT", "/key", options);
  assert.equal(answer.code, "XAmzContentSHA256Mismatch");
  assert.deepEqual(await s3.objects(), []);
});

test("lab: temporary credentials need their token, and expire", async () => {
  const s3 = await openS3({ expiresInMs: 3_600_000 });
  await s3.put("key", "text");
  const { credentials } = s3.storage;
  const get = async (changed: object) => {
    const target = {
      ...s3.storage,
      credentials: { ...credentials, ...changed },
    };
    return (await send(target, "GET", "/key")).code;
  };
  assert.equal(await get({}), "");
  assert.equal(await get({ sessionToken: undefined }), "InvalidToken");
  await s3.expireCredentials();
  assert.equal(await get({}), "ExpiredToken");
  assert.equal(await get(await s3.issueCredentials(60_000)), "");
});

test("lab: conditions decide, and answer as AWS does", async () => {
  const s3 = await openS3();
  const put = (name: string, value: string, body = "x") =>
    send(s3.storage, "PUT", "/key", { headers: { [name]: value }, body });
  assert.equal((await put("if-match", '"none"')).status, 404);
  const { etag } = await put("if-none-match", "*");
  assert.equal((await put("if-none-match", "*")).code, "PreconditionFailed");
  assert.equal((await put("if-match", '"other"')).status, 412);
  const swapped = await put("if-match", etag, "y");
  assert.equal(swapped.status, 200);
  assert.notEqual(swapped.etag, etag);
  const texts = (await s3.versions()).map(({ text }) => text);
  assert.deepEqual(texts, ["x", "y"]);
});

test("lab: options change how a bucket behaves", async () => {
  const s3 = await openS3({
    quotedEtags: false,
    etags: "opaque",
    missingIfMatch: 412,
    deny: ["ListObjectsV2"],
  });
  const headers = { "if-match": "none" };
  const options = { headers, body: "x" };
  const missing = await send(s3.storage, "PUT", "/key", options);
  assert.equal(missing.status, 412);
  const one = await send(s3.storage, "PUT", "/key", { body: "x" });
  const two = await send(s3.storage, "PUT", "/key", { body: "x" });
  assert.match(one.etag, /^[0-9a-f]{32}-1$/);
  assert.notEqual(one.etag, two.etag);
  const list = await send(s3.storage, "GET", "?list-type=2");
  assert.equal(list.code, "AccessDenied");
  // Who may not list is not told what is missing.
  assert.equal((await send(s3.storage, "GET", "/none")).status, 403);
  await s3.setOptions({ deny: [], conditions: "ignored" });
  assert.equal((await send(s3.storage, "GET", "/none")).status, 404);
  const create = { headers: { "if-none-match": "*" }, body: "y" };
  assert.equal((await send(s3.storage, "PUT", "/key", create)).status, 200);
});

for (const conditions of ["atomic", "racy"] as const) {
  test(`lab: of 64 racers, conditions that are ${conditions}`, async () => {
    const s3 = await openS3({ conditions, racyMs: 500 });
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, racer) =>
        send(s3.storage, "PUT", "/key", {
          headers: { "if-none-match": "*", "x-amz-meta-racer": `${racer}` },
          body: `${racer}`,
        })),
    );
    const winners = answers.flatMap(({ status }, racer) =>
      status === 200 ? [`${racer}`] : []
    );
    const versions = await s3.versions();
    const written = versions.map(({ text }) => text);
    assert.deepEqual(written.sort(), winners.sort());
    if (conditions === "atomic") assert.equal(winners.length, 1);
    else assert(winners.length > 1);
    const history = await s3.history();
    assert.equal(history.length, 64);
    const applied = history.filter((request) => request.applied);
    assert.deepEqual(
      applied.map(({ n }) => n).sort(),
      versions.map(({ request }) => request).sort(),
    );
  });
}

test("lab: a list comes in pages, in the order of UTF-8", async () => {
  const s3 = await openS3({ pageSize: 2 });
  const keys = ["p/a", "p/b", "p/c\uffff", "p/c😀", "p/d"];
  for (const key of [...keys].reverse()) await s3.put(key, "x");
  await s3.put("q", "x");
  const pages: string[][] = [];
  let token = "";
  do {
    const query = `?list-type=2&prefix=p%2F&encoding-type=url${token}`;
    const { text } = await send(s3.storage, "GET", query);
    pages.push(keysOf(text));
    const next = /<NextContinuationToken>(.*?)</.exec(text)?.[1];
    assert.equal(text.includes("<IsTruncated>true<"), next !== undefined);
    token = next ? `&continuation-token=${encode(next)}` : "";
  } while (token !== "");
  assert.deepEqual(pages, [keys.slice(0, 2), keys.slice(2, 4), keys.slice(4)]);
});

test("lab: objects are removed one by one or together", async () => {
  const s3 = await openS3();
  for (const key of ["a", "b&c", "d"]) await s3.put(key, "x");
  assert.equal((await send(s3.storage, "DELETE", "/a")).status, 204);
  assert.equal((await send(s3.storage, "DELETE", "/a")).status, 204);
  const body = "<Delete><Object><Key>b&amp;c</Key></Object>" +
    "<Object><Key>none</Key></Object></Delete>";
  const remove = (headers: Record<string, string>, text = body) =>
    send(s3.storage, "POST", "?delete", { headers, body: text });
  assert.equal((await remove({})).code, "InvalidRequest");
  assert.equal((await remove({ "content-md5": md5("x") })).code, "BadDigest");
  const bad = { "content-md5": md5("<Delete>") };
  assert.equal((await remove(bad, "<Delete>")).code, "MalformedXML");
  const removed = await remove({ "content-md5": md5(body) });
  assert(removed.text.includes("<Key>b&amp;c</Key>"));
  assert.deepEqual(keysOf(removed.text), ["b&c", "none"]);
  const left = (await s3.objects()).map(({ key }) => key);
  assert.deepEqual(left, ["d"]);
});

test("lab: the history tells what happened, and nothing else", async () => {
  const s3 = await openS3();
  await send(s3.storage, "PUT", "/key", {
    headers: { "if-none-match": "*", "x-amz-meta-nonce": "n1" },
    body: "text",
  });
  await send(s3.storage, "GET", "/none");
  const history = await s3.history();
  const told = history.map(({ timeMs, endMs, ...rest }) => {
    assert(endMs! >= timeMs);
    return rest;
  });
  const nothing = { conditions: {}, metadata: {}, applied: false, inFlight: 1 };
  assert.deepEqual(told, [{
    ...nothing,
    n: 1,
    method: "PUT",
    op: "PutObject",
    key: "key",
    conditions: { "if-none-match": "*" },
    metadata: { nonce: "n1" },
    size: 4,
    status: 200,
    applied: true,
  }, {
    ...nothing,
    n: 2,
    method: "GET",
    op: "GetObject",
    key: "none",
    size: 0,
    status: 404,
    error: "NoSuchKey",
  }]);
  assert.deepEqual(await s3.figures(), {
    requests: 2,
    ops: { PutObject: 1, GetObject: 1 },
    faults: {},
    maxInFlight: 1,
  });
  await s3.forget();
  assert.deepEqual(await s3.history(), []);
});

test("lab: Ceph answers the same", { skip: radosgw().skip }, async () => {
  const ceph = radosgw().server!;
  const folder = crypto.randomUUID();
  const replay = async (target: typeof ceph) => {
    const answers: string[] = [];
    const step = async (
      method: string,
      key: string,
      options?: Parameters<typeof send>[3],
    ) => {
      const path = `/${folder}${inPath(key)}`;
      const answer = await send(target, method, path, options);
      const meta = answer.headers.get("x-amz-meta-nonce");
      const text = answer.status < 300 ? answer.text : answer.code;
      answers.push(`${method} ${key}: ${answer.status} ${text} ${meta}`);
      return answer;
    };
    for (const key of ODD_KEYS) {
      const headers = { "if-none-match": "*", "x-amz-meta-nonce": key.length };
      const create = { headers: { ...headers } as never, body: `of ${key}` };
      const { etag } = await step("PUT", key, create);
      await step("PUT", key, create);
      for (const sent of [etag, etag.replaceAll('"', ""), etag]) {
        const headers = { "if-match": sent };
        await step("PUT", key, { headers, body: "swapped" });
      }
      await step("GET", key);
    }
    await step("GET", "none");
    await step("PUT", "empty", { body: "" });
    for (const key of ["empty", ODD_KEYS[0]]) {
      await step("GET", key, { headers: { range: "bytes=0-0" } });
    }
    await step("PUT", "none", { headers: { "if-match": "x" }, body: "x" });
    const list = `?list-type=2&encoding-type=url&prefix=${folder}%2F`;
    const { text } = await send(target, "GET", list);
    answers.push(...keysOf(text).map((key) => key.slice(folder.length)));
    await step("DELETE", ODD_KEYS[0]);
    await step("GET", ODD_KEYS[0]);
    const wrong = {
      ...target,
      credentials: { ...target.credentials, secretAccessKey: "wrong" },
    };
    const refused = await send(wrong, "GET", "/key");
    const missing = await send({ ...target, bucket: "missing" }, "GET", "/key");
    return [...answers, refused.code, missing.code];
  };
  const s3 = await openS3({ ifMatch: "unquoted", missingIfMatch: 412 });
  assert.deepEqual(await replay(s3.storage), await replay(ceph));
});

test("lab: a role or a container gets credentials that work", async () => {
  const s3 = await openS3({ expiresInMs: 60_000 });
  await s3.put("key", "text");
  const { info } = s3;
  const form = new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: info.roleArn,
    RoleSessionName: "test",
    WebIdentityToken: info.webIdentityToken,
  });
  const assumed = await fetch(info.stsEndpoint, { method: "POST", body: form });
  const xml = await assumed.text();
  const element = (name: string) =>
    new RegExp(`<${name}>(.*?)</${name}>`).exec(xml)?.[1] ?? "";
  const ofRole = {
    accessKeyId: element("AccessKeyId"),
    secretAccessKey: element("SecretAccessKey"),
    sessionToken: element("SessionToken"),
  };
  const asContainer = (authorization: string) =>
    fetch(info.containerCredentialsUri, { headers: { authorization } });
  const refused = await asContainer("wrong");
  assert.equal(refused.status, 401);
  await refused.body?.cancel();
  const given = await (await asContainer(info.containerToken)).json();
  const ofContainer = {
    accessKeyId: given.AccessKeyId,
    secretAccessKey: given.SecretAccessKey,
    sessionToken: given.Token,
  };
  for (const credentials of [ofRole, ofContainer]) {
    const target = { ...s3.storage, credentials };
    assert.equal((await send(target, "GET", "/key")).text, "text");
  }
  form.set("WebIdentityToken", "wrong");
  const bad = await fetch(info.stsEndpoint, { method: "POST", body: form });
  assert.match(await bad.text(), /InvalidIdentityToken/);
  await s3.expireCredentials();
  for (const credentials of [ofRole, ofContainer]) {
    const target = { ...s3.storage, credentials };
    assert.equal((await send(target, "GET", "/key")).code, "ExpiredToken");
  }
});
