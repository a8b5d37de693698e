/**
 * How `StorageS3` comes to its credentials, and what it says where it cannot.
 *
 * @module
 */

import { Context } from "@dotflow/dotflow";
import {
  StorageS3,
  type StorageS3Options,
} from "@dotflow/dotflow/providers/storage-s3";
import assert from "node:assert/strict";
import process from "node:process";
import { inspect } from "node:util";
import { cleanup, tempDir, test } from "./harness.ts";
import { type LabS3, openS3, type S3Options, unreachable } from "./lab.ts";

const CANARY = "CANARY-9f3a/never+to=be-seen";

/** Sets variables of the environment for one test; all others of AWS go. */
function setEnvironment(variables: Record<string, string>): void {
  const before = Object.entries(process.env).filter(([name]) =>
    name.startsWith("AWS_")
  );
  for (const [name] of before) delete process.env[name];
  Object.assign(process.env, variables);
  cleanup(() => {
    for (const name of Object.keys(variables)) delete process.env[name];
    for (const [name, value] of before) process.env[name] = value;
  });
}

async function opsOf(s3: LabS3): Promise<string[]> {
  return (await s3.history()).map(({ op }) => op);
}

/** Without credentials, so that they are looked for. */
function withoutCredentials(s3: LabS3): StorageS3 {
  const { credentials: _, ...rest } = s3.storage;
  return new StorageS3(rest);
}

async function checkWorks(storage: StorageS3): Promise<void> {
  const context = new Context({ storage: [1], taskId: "task" });
  await storage.post("wf/run/task", context);
  assert.deepEqual((await storage.get("wf/run/task")).storage, [1]);
}

/** All that can be seen of an error, or of anything else. */
function showAll(value: unknown): string {
  const { stack, message } = value as Error;
  const all = inspect(value, { depth: null, showHidden: true });
  return [stack, message, String(value), all, JSON.stringify(value)].join();
}

/** What a call is refused with; nothing secret may be seen of it. */
async function refusal(
  call: () => unknown,
  secrets: readonly string[] = [],
): Promise<string> {
  try {
    await call();
  } catch (error) {
    const { name, code, message } = error as Error & { code: string };
    const seen = showAll(error);
    for (const secret of [CANARY, ...secrets]) {
      assert.ok(!seen.includes(secret), `a secret is in ${message}`);
    }
    assert.ok(!/x-amz-|Signature=|Credential=/i.test(seen), message);
    return `${name} ${code}: ${message}`;
  }
  assert.fail("it was not refused");
}

test("StorageS3: everything may come from the environment", async () => {
  const s3 = await openS3();
  const { accessKeyId, secretAccessKey } = s3.info.credentials;
  setEnvironment({
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_DEFAULT_REGION: "elsewhere-1",
    AWS_REGION: s3.info.region,
    AWS_ENDPOINT_URL: unreachable,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
  });
  await checkWorks(new StorageS3({ bucket: s3.bucket }));
});

test("StorageS3: a session token goes with its credentials", async () => {
  const s3 = await openS3();
  const { accessKeyId, secretAccessKey, sessionToken } = await s3
    .issueCredentials(60_000);
  setEnvironment({
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken!,
  });
  await checkWorks(withoutCredentials(s3));
});

test(
  "StorageS3: a web identity becomes credentials, and again when they expire",
  { needs: ["files"] },
  async () => {
    const { writeFile } = await import("node:fs/promises");
    const s3 = await openS3();
    const file = `${await tempDir()}/token`;
    await writeFile(file, `${s3.info.webIdentityToken}\n`);
    setEnvironment({
      AWS_WEB_IDENTITY_TOKEN_FILE: file,
      AWS_ROLE_ARN: s3.info.roleArn,
      AWS_ENDPOINT_URL_STS: s3.info.stsEndpoint,
    });
    const storage = withoutCredentials(s3);
    await s3.faults({
      rules: [{
        match: { op: "AssumeRoleWithWebIdentity", nth: 1 },
        fault: "500",
      }],
    });
    await Promise.all([checkWorks(storage), checkWorks(storage)]);
    await s3.expireCredentials();
    await checkWorks(storage);
    const asked = (await opsOf(s3)).filter((op) => op.startsWith("Assume"));
    assert.equal(asked.length, 3);
    await s3.expireCredentials();
    await writeFile(file, CANARY);
    const reason = await refusal(() => storage.get("wf"));
    assert.match(reason, /STS refused the web identity \(400 InvalidIdentity/);
    await writeFile(file, "");
    assert.match(await refusal(() => storage.get("wf")), /has no token/);
    setEnvironment({
      AWS_WEB_IDENTITY_TOKEN_FILE: `${file}-none`,
      AWS_ROLE_ARN: s3.info.roleArn,
    });
    const missing = withoutCredentials(s3);
    const why = await refusal(() => missing.get("wf"));
    assert.match(why, /AWS_WEB_IDENTITY_TOKEN_FILE cannot be read \(ENOENT\)/);
  },
);

test("StorageS3: a container gives credentials", async () => {
  const s3 = await openS3();
  const { containerCredentialsUri, containerToken } = s3.info;
  setEnvironment({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: containerCredentialsUri,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: containerToken,
  });
  const storage = withoutCredentials(s3);
  await checkWorks(storage);
  await s3.expireCredentials();
  await checkWorks(storage);
  const ops = (await opsOf(s3)).filter((op) => op === "ContainerCredentials");
  assert.equal(ops.length, 2);
  process.env.AWS_CONTAINER_AUTHORIZATION_TOKEN = CANARY;
  const reason = await refusal(() => withoutCredentials(s3).get("wf"));
  assert.match(reason, /credentials address answered with status 401/);
});

test(
  "StorageS3: a container's token may be in a file",
  { needs: ["files"] },
  async () => {
    const { writeFile } = await import("node:fs/promises");
    const s3 = await openS3();
    const file = `${await tempDir()}/token`;
    await writeFile(file, s3.info.containerToken);
    setEnvironment({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: s3.info.containerCredentialsUri,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file,
    });
    await checkWorks(withoutCredentials(s3));
  },
);

test("StorageS3: a container's token goes nowhere else in the open", async () => {
  const s3 = await openS3();
  let sent = 0;
  const { credentials: _, ...rest } = s3.storage;
  const fetch = () => {
    sent++;
    return Promise.reject(new Error("not reached"));
  };
  for (
    const uri of [
      "http://example.com/credentials",
      "http://127.0.0.1.example.com/",
      "http://169.254.169.254/",
      "ftp://127.0.0.1/",
      "nonsense",
    ]
  ) {
    setEnvironment({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: uri,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: CANARY,
    });
    const storage = new StorageS3({ ...rest, fetch });
    const reason = await refusal(() => storage.get("wf"));
    assert.match(reason, /is neither https nor on this machine/, uri);
  }
  assert.equal(sent, 0);
});

test("StorageS3: a function is called again before its credentials expire", async () => {
  const s3 = await openS3();
  let calls = 0;
  let atOnce = 0;
  const storage = new StorageS3({
    ...s3.storage,
    credentials: async () => {
      assert.equal(++atOnce, 1);
      calls++;
      const issued = await s3.issueCredentials(60_000);
      atOnce--;
      return issued;
    },
  });
  await Promise.all(Array.from({ length: 8 }, () => checkWorks(storage)));
  assert.equal(calls, 1);
  const now = Date.now;
  try {
    // Half of their time is over.
    Date.now = () => now() + 31_000;
    await Promise.all(Array.from({ length: 8 }, () => checkWorks(storage)));
  } finally {
    Date.now = now;
  }
  assert.equal(calls, 2);
  await s3.expireCredentials();
  await checkWorks(storage);
  assert.equal(calls, 3);
});

test("StorageS3: while new credentials cannot be had, good ones are used", async () => {
  const s3 = await openS3();
  let calls = 0;
  const storage = new StorageS3({
    ...s3.storage,
    credentials: () => {
      if (calls++ > 0) throw new Error(CANARY);
      return s3.issueCredentials(60_000);
    },
  });
  await checkWorks(storage);
  const now = Date.now;
  try {
    Date.now = () => now() + 31_000;
    await checkWorks(storage);
    assert.equal(calls, 2);
    Date.now = () => now() + 61_000;
    const reason = await refusal(() => storage.get("wf"));
    assert.match(reason, /"credentials" threw an error \("Error"\)/);
  } finally {
    Date.now = now;
  }
});

test("StorageS3: credentials that died with a request are asked for anew", async () => {
  const s3 = await openS3();
  const { setTimeout } = globalThis;
  let calls = 0;
  let asked: () => void;
  const first = new Promise<void>((resolve) => asked = resolve);
  const storage = new StorageS3({
    ...s3.storage,
    timeout: 101,
    credentials: () => {
      if (calls++ > 0) return s3.issueCredentials(60_000);
      asked();
      return new Promise(() => {});
    },
  });
  cleanup(() => Object.assign(globalThis, { setTimeout }));
  // As in a Worker whose request is over: no promise, no timer goes on.
  globalThis.setTimeout =
    ((callback: () => void, ms: number) =>
      ms === 101 ? 0 : setTimeout(callback, ms)) as never;
  storage.get("wf/a");
  await first;
  await Promise.resolve();
  globalThis.setTimeout = setTimeout;
  const generous = new Promise((_, reject) => {
    const timer = setTimeout(() => reject(new Error("it hangs")), 3_000);
    cleanup(() => clearTimeout(timer));
  });
  await Promise.race([
    Promise.all([storage.get("wf/a"), storage.get("wf/b")]),
    generous,
  ]);
  assert.equal(calls, 2);
});

/** Options that are refused at once. */
const BAD_OPTIONS: readonly [name: string, options: unknown, RegExp][] = [
  ["no options", undefined, /as options of StorageS3/],
  ["an unknown option", { bucket: "b-1", secret: 1 }, /option "secret"/],
  ["no bucket", {}, /undefined as bucket/],
  ["a bucket with a slash", { bucket: "a/b" }, /"a\/b" as bucket/],
  ["a bucket of dots", { bucket: "a..b" }, /as bucket/],
  ["a prefix with ..", { bucket: "b-1", prefix: "a/../b/" }, /as prefix/],
  ["a prefix with //", { bucket: "b-1", prefix: "a//b/" }, /as prefix/],
  ["a prefix with /", { bucket: "b-1", prefix: "/a/" }, /as prefix/],
  ["a prefix with \\n", { bucket: "b-1", prefix: "a\n/" }, /as prefix/],
  ["a region that is none", { bucket: "b-1", region: "a.b/c" }, /as region/],
  [
    "an endpoint that is none",
    { bucket: "b-1", endpoint: `${CANARY}` },
    /what was given as endpoint/,
  ],
  [
    "an endpoint with a password",
    { bucket: "b-1", endpoint: `https://me:${CANARY}@example.com` },
    /what was given as endpoint/,
  ],
  [
    "an endpoint with a query",
    { bucket: "b-1", endpoint: `https://example.com?key=${CANARY}` },
    /what was given as endpoint/,
  ],
  [
    "an endpoint with the bucket",
    { bucket: "b-1", endpoint: "https://example.com/b-1/" },
    /as endpoint: leave "\/b-1" out of the address; it is added$/,
  ],
  [
    "an endpoint with the bucket in its midst",
    { bucket: "b-1", endpoint: "https://example.com/b-1/flows" },
    /leave "\/b-1" out of the address; it is added$/,
  ],
  [
    "a prefix without end",
    { bucket: "b-1", prefix: "x".repeat(1_024) },
    /prefix/,
  ],
  ["credentials as text", { bucket: "b-1", credentials: CANARY }, /no object/],
  [
    "half of the credentials",
    { bucket: "b-1", credentials: { secretAccessKey: CANARY } },
    /the accessKeyId of the credentials is no text/,
  ],
  [
    "a secret with a line break",
    {
      bucket: "b-1",
      credentials: { accessKeyId: "a", secretAccessKey: `${CANARY}\n` },
    },
    /the secretAccessKey of the credentials is no text, or is empty, or has/,
  ],
  [
    "an expiration that is none",
    {
      bucket: "b-1",
      credentials: {
        accessKeyId: "a",
        secretAccessKey: CANARY,
        expiration: "soon",
      },
    },
    /the expiration of the credentials is no date/,
  ],
  ["a timeout of nothing", { bucket: "b-1", timeout: 0 }, /0 as timeout/],
  ["no attempts", { bucket: "b-1", maxAttempts: 0 }, /0 as maxAttempts/],
  ["a fetch that is none", { bucket: "b-1", fetch: "x" }, /"x" as fetch/],
];

for (const [name, options, pattern] of BAD_OPTIONS) {
  test(`StorageS3 refuses ${name}`, async () => {
    const make = () => new StorageS3(options as StorageS3Options);
    const reason = await refusal(make);
    assert.match(reason, /^InvalidOptionError INVALID_OPTION: Cannot use /);
    assert.match(reason, pattern);
  });
}

interface BadAccess {
  /** How the bucket behaves. */
  bucket?: S3Options;
  /** What is given, beside what is right. */
  options?: (s3: LabS3) => Partial<StorageS3Options>;
  /** What is done to the bucket before. */
  before?: (s3: LabS3) => Promise<unknown>;
  /** What is said, by `get` at least. */
  reason: RegExp;
  /** Operations that work all the same. */
  works?: readonly string[];
}

const BAD_ACCESS: Record<string, BadAccess> = {
  "a wrong secret": {
    options: ({ storage }) => ({
      credentials: { ...storage.credentials, secretAccessKey: CANARY },
    }),
    reason: /not accepted; check the secret access key \(403 SignatureDoesNot/,
  },
  "an unknown key": {
    options: () => ({
      credentials: { accessKeyId: "nobody", secretAccessKey: CANARY },
    }),
    reason: /does not know the access key id; .*\(403 InvalidAccessKeyId\)/,
  },
  "a missing bucket": {
    options: () => ({ bucket: "no-such-bucket" }),
    reason: /the bucket does not exist; create it.*\(404 NoSuchBucket\)/,
  },
  "a missing region": {
    options: () => ({ region: undefined }),
    reason: /no region is set: give "region", or set AWS_REGION/,
  },
  "a wrong region": {
    options: () => ({ region: "eu-west-1" }),
    reason: /another region; set region to "us-east-1" \(400 Authorization/,
  },
  "expired credentials": {
    before: (s3) => s3.expireCredentials(),
    reason: /the credentials have expired; give new ones \(400 ExpiredToken\)/,
  },
  "a wrong session token": {
    options: ({ storage }) => ({
      credentials: { ...storage.credentials, sessionToken: CANARY },
    }),
    reason: /the session token is not valid; .* \(400 InvalidToken\)/,
  },
  "an endpoint that refuses": {
    options: () => ({ endpoint: unreachable }),
    reason: /no good answer from 127\.0\.0\.1:1: .* \(3 attempts\)/,
  },
  "a server that is silent": {
    options: () => ({ timeout: 50, maxAttempts: 2 }),
    before: (s3) => s3.faults({ rules: [{ match: {}, fault: "hang" }] }),
    reason: /timeout after 50 ms \(2 attempts\)/,
  },
  "a server that fails": {
    before: (s3) => s3.faults({ rules: [{ match: {}, fault: "500" }] }),
    reason: /: 500 InternalError \(3 attempts\)/,
  },
  "a server that talks rubbish": {
    before: (s3) => s3.faults({ rules: [{ match: {}, fault: "garbage" }] }),
    options: () => ({ maxAttempts: 2 }),
    reason:
      /: (status 404|.* not of S3|a list that was cut off) \(2 attempts\)/,
    works: ["delete"],
  },
  "no permission to list": {
    bucket: { deny: ["ListObjectsV2"] },
    reason:
      /access is denied; allow (s3:GetObject and )?s3:ListBucket \(403 AccessDenied\)/,
    works: ["post", "atomicSwap"],
  },
  "no credentials": {
    options: () => ({ credentials: undefined }),
    reason:
      /no credentials were found: give "credentials", or set AWS_ACCESS.*\(profiles.* AWS_PROFILE .* EC2 are not read\)$/,
  },
  "a function that throws": {
    options: () => ({
      credentials: () => {
        throw new TypeError(CANARY);
      },
    }),
    reason: /"credentials" threw an error \("TypeError"\)/,
  },
  "a function that never answers": {
    options: () => ({ credentials: () => new Promise(() => {}), timeout: 50 }),
    reason: /"credentials" gave none in time \(TimeoutError\)/,
  },
  "a function that gives nonsense": {
    options: () => ({ credentials: () => CANARY as never }),
    reason: /the credentials are no object/,
  },
};

for (const [name, bad] of Object.entries(BAD_ACCESS)) {
  test(`StorageS3 says what is wrong with ${name}`, async () => {
    setEnvironment({});
    const s3 = await openS3(bad.bucket);
    const options = { ...s3.storage, ...bad.options?.(s3) };
    await bad.before?.(s3);
    const storage = new StorageS3(options);
    const { secretAccessKey } = s3.info.credentials;
    assert.ok(!showAll(storage).includes(secretAccessKey));
    const context = new Context({ storage: 1, taskId: "task" });
    const where = `"wf/a" in bucket "${options.bucket}": `;
    const many = `"wf/"… in bucket "${options.bucket}": `;
    const calls: Record<string, [words: string, () => unknown]> = {
      get: [`read ${where}`, () => storage.get("wf/a")],
      post: [`write ${where}`, () => storage.post("wf/a", context)],
      atomicSwap: [
        `swap ${where}`,
        () => storage.atomicSwap("wf/a", null, context),
      ],
      delete: [`delete ${where}`, () => storage.delete("wf/a")],
      listKeys: [`list ${many}`, () => storage.listKeys("wf/")],
      deletePrefix: [`delete ${many}`, () => storage.deletePrefix("wf/")],
    };
    for (const [method, [words, call]] of Object.entries(calls)) {
      if (bad.works?.includes(method)) continue;
      const reason = await refusal(call, [secretAccessKey]);
      const start = `StorageError STORAGE: Cannot ${words}`;
      assert.equal(reason.slice(0, start.length), start);
      assert.match(reason, bad.reason, method);
    }
  });
}

test("StorageS3 says what is wrong with the environment", async () => {
  const s3 = await openS3();
  const { bucket, endpoint, region } = s3.storage;
  const cases: [Record<string, string>, RegExp][] = [
    [{ AWS_ACCESS_KEY_ID: "a" }, /only one is set/],
    [{ AWS_SECRET_ACCESS_KEY: CANARY }, /only one is set/],
    [
      { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: `${CANARY} b` },
      /the secretAccessKey of the credentials/,
    ],
  ];
  for (const [variables, pattern] of cases) {
    setEnvironment(variables);
    const storage = new StorageS3({ bucket, endpoint, region });
    assert.match(await refusal(() => storage.get("wf")), pattern);
  }
  setEnvironment({
    AWS_ENDPOINT_URL: `http://127.0.0.1:1/${bucket}`,
    AWS_REGION: "a",
  });
  assert.match(
    await refusal(() => new StorageS3({ bucket }).get("wf")),
    /AWS_ENDPOINT_URL: leave ".*" out of the address; it is added$/,
  );
  setEnvironment({
    AWS_ENDPOINT_URL: `https://a:${CANARY}@b`,
    AWS_REGION: "a",
  });
  assert.match(
    await refusal(() => new StorageS3({ bucket }).get("wf")),
    /AWS_ENDPOINT_URL is no http or https address/,
  );
});
