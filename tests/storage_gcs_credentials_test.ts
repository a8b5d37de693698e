import { StorageGCS } from "@dotflow/dotflow/providers/storage-gcs";
import assert from "node:assert/strict";
import { moment, rejectsWith, throwsWith } from "./flow.ts";
import {
  contextOf,
  counts,
  openStorage,
  setEnvironment,
  storageOn,
  valueAt,
} from "./gcs.ts";
import { cleanup, tempDir, test } from "./harness.ts";
import { openGcs, unreachable } from "./lab.ts";

/** No credentials anywhere. */
const BARE = {
  GOOGLE_APPLICATION_CREDENTIALS: undefined,
  CLOUDSDK_CONFIG: "/nowhere",
  GCE_METADATA_HOST: "127.0.0.1:1",
  STORAGE_EMULATOR_HOST: undefined,
};

/** Lets the clock of this process be ahead until the end of the present test. */
function moveClock(): (ms: number) => void {
  const now = Date.now;
  let ahead = 0;
  Date.now = () => now() + ahead;
  cleanup(() => Date.now = now);
  return (ms) => ahead += ms;
}

/** Writes a file of credentials. */
async function writeKey(content: unknown): Promise<string> {
  const { writeFile } = await import("node:fs/promises");
  const path = `${await tempDir()}/key.json`;
  await writeFile(path, JSON.stringify(content));
  return path;
}

/** A key that nobody knows. */
async function makeKey(): Promise<string> {
  const { privateKey } = await crypto.subtle.generateKey(
    {
      name: "RSASSA-PKCS1-v1_5",
      hash: "SHA-256",
      modulusLength: 2_048,
      publicExponent: new Uint8Array([1, 0, 1]),
    },
    true,
    ["sign", "verify"],
  );
  const der = await crypto.subtle.exportKey("pkcs8", privateKey);
  return toPem(String.fromCharCode(...new Uint8Array(der)));
}

function toPem(der: string): string {
  const begin = "-----BEGIN PRIVATE KEY-----";
  return `${begin}\n${btoa(der)}\n${begin.replace("BEGIN", "END")}\n`;
}

/** All that an error shows, however one looks at it. */
function shown(error: unknown, depth = 0): string {
  if (typeof error !== "object" || error === null || depth > 5) {
    return String(error);
  }
  const values = Object.getOwnPropertyNames(error).map((name) =>
    shown((error as Record<string, unknown>)[name], depth + 1)
  );
  return [String(error), ...values].join("\n");
}

/** What `gcloud auth application-default login` writes. */
const USER = {
  type: "authorized_user",
  client_id: "client.apps.example.com",
  client_secret: "client-secret",
  refresh_token: "1//refresh-token",
};

/** Google's token endpoint for that user; everything else goes on. */
function userFetch(token: string): (
  url: string,
  init: RequestInit,
) => Promise<Response> {
  return (url, init) => {
    if (url !== "https://oauth2.googleapis.com/token") return fetch(url, init);
    const form = Object.fromEntries(new URLSearchParams(String(init.body)));
    const { type: _, ...user } = USER;
    assert.equal(init.method, "POST");
    assert.deepEqual(form, { ...user, grant_type: "refresh_token" });
    const answer = { access_token: token, expires_in: 3_599 };
    return Promise.resolve(Response.json(answer));
  };
}

// Tokens

test("StorageGCS: one token serves any number of operations", async () => {
  const { storage, lab } = await openStorage();
  await Promise.all(
    Array.from({ length: 50 }, (_, n) => storage.post(`a/${n}`, contextOf(n))),
  );
  for (let n = 0; n < 50; n++) {
    assert.equal(await valueAt(storage, `a/${n}`), n);
  }
  assert.deepEqual(await counts(lab), { token: 1, insert: 50, media: 50 });
});

test("StorageGCS: a refused token is replaced once, for all who wait", async () => {
  const { storage, lab } = await openStorage();
  await storage.post("a", contextOf(1));
  await lab.expireCredentials();
  const values = await Promise.all(
    Array.from({ length: 50 }, () => valueAt(storage, "a")),
  );
  assert.deepEqual(new Set(values), new Set([1]));
  assert.equal((await counts(lab)).token, 2);
  await lab.expireCredentials();
  const next = contextOf(2);
  const swapped = await storage.atomicSwap("a", await storage.get("a"), next);
  assert.equal(swapped, true);
  assert.equal((await counts(lab)).token, 3);
});

test("StorageGCS: who learns late of a refused token takes the new one", async () => {
  const { storage: other, lab } = await openStorage();
  await other.post("a", contextOf(1));
  const [refused, gate] = [moment(), moment()];
  const storage = storageOn(lab, {
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      if (response.status === 401 && url.includes("slow")) {
        refused.resolve();
        await gate.promise;
      }
      return response;
    },
  });
  await storage.get("a");
  await lab.expireCredentials();
  await lab.forget();
  const slow = storage.get("slow");
  await refused.promise;
  assert.equal(await valueAt(storage, "a"), 1);
  gate.resolve();
  await slow;
  assert.equal((await counts(lab)).token, 1);
});

test("StorageGCS: a token that is refused again is an error", async () => {
  const { lab } = await openStorage();
  let calls = 0;
  const credentials = () => `not-a-token-${calls++}`;
  const storage = storageOn(lab, { credentials });
  const error = await rejectsWith(
    storage.get("a"),
    "STORAGE",
    /^Cannot read "dotflow\/a" in bucket "[^"]+": the access token is not accepted; check the credentials \(status 401/,
  );
  assert.equal(calls, 2);
  assert.doesNotMatch(shown(error), /not-a-token/);
});

test("StorageGCS: a token is renewed before it ends", async () => {
  const { lab } = await openStorage();
  const move = moveClock();
  let calls = 0;
  const credentials = () => {
    calls++;
    return { token: lab.info.token, expires: Date.now() + 3_600_000 };
  };
  const storage = storageOn(lab, { credentials });
  await storage.get("a");
  move(3_600_000 - 300_000);
  await storage.get("a");
  assert.equal(calls, 1);
  move(100_000);
  await Promise.all([storage.get("a"), storage.get("b")]);
  await storage.get("a");
  assert.equal(calls, 2);
});

test("StorageGCS: a short token is kept for half of its time", async () => {
  const { lab } = await openStorage();
  const move = moveClock();
  let calls = 0;
  const credentials = () => {
    calls++;
    return { token: lab.info.token, expires: new Date(Date.now() + 60_000) };
  };
  const storage = storageOn(lab, { credentials });
  for (const ms of [0, 29_000]) {
    move(ms);
    await storage.get("a");
  }
  assert.equal(calls, 1);
  move(2_000);
  await storage.get("a");
  assert.equal(calls, 2);
});

test("StorageGCS: a failed renewal waits until the old token ends", async () => {
  const { lab } = await openStorage();
  const move = moveClock();
  let calls = 0;
  const credentials = () => {
    if (calls++ > 0) throw new Error("out of order");
    return { token: lab.info.token, expires: Date.now() + 3_600_000 };
  };
  const storage = storageOn(lab, { credentials });
  await storage.get("a");
  move(3_600_000 - 100_000);
  await storage.get("a");
  await storage.get("a");
  assert.equal(calls, 2);
  move(50_000);
  await storage.get("a");
  assert.equal(calls, 3);
  move(60_000);
  await rejectsWith(
    storage.get("a"),
    "STORAGE",
    /no access token: the credentials function failed: out of order$/,
  );
});

test("StorageGCS: a token function is asked once by many at once", async () => {
  const { lab } = await openStorage();
  const gate = moment();
  let calls = 0;
  const credentials = async () => {
    calls++;
    await gate.promise;
    return lab.info.token;
  };
  const storage = storageOn(lab, { credentials });
  const reads = Array.from({ length: 50 }, (_, n) => storage.get(`a/${n}`));
  gate.resolve();
  await Promise.all(reads);
  assert.equal(calls, 1);
});

test("StorageGCS: after a failed renewal the next call asks anew", async () => {
  const { lab } = await openStorage();
  let calls = 0;
  const credentials = () => {
    if (calls++ === 0) throw new Error("not yet");
    return lab.info.token;
  };
  const storage = storageOn(lab, { credentials });
  const both = [storage.get("a"), storage.get("b")];
  for (const end of await Promise.allSettled(both)) {
    assert.equal(end.status, "rejected");
  }
  await storage.get("a");
  assert.equal(calls, 2);
});

test("StorageGCS: a token that died with a request is asked for anew", async () => {
  const { lab } = await openStorage();
  const { setTimeout } = globalThis;
  const asked = moment();
  let calls = 0;
  const credentials = () => {
    if (calls++ > 0) return lab.info.token;
    asked.resolve();
    return new Promise<string>(() => {});
  };
  const storage = storageOn(lab, { credentials, timeout: 101 });
  cleanup(() => Object.assign(globalThis, { setTimeout }));
  // As in a Worker whose request is over: no promise, no timer goes on.
  globalThis.setTimeout =
    ((callback: () => void, ms: number) =>
      ms === 303 ? 0 : setTimeout(callback, ms)) as never;
  storage.get("a");
  await asked.promise;
  globalThis.setTimeout = setTimeout;
  await Promise.all([storage.get("a"), storage.get("b")]);
  assert.equal(calls, 2);
});

test("StorageGCS: a token function that gives none is an error", async () => {
  const { lab } = await openStorage();
  const answers: [unknown, RegExp][] = [
    ["", /gave no token/],
    ["sec ret", /gave no token/],
    ["secret\nsecret", /gave no token/],
    [undefined, /gave no token/],
    [null, /gave no token/],
    [{ token: 42 }, /gave no token/],
    [{ token: "secret", expires: 1 }, /gave a token that has expired/],
    [{ token: "secret", expires: NaN }, /gave a token that has expired/],
    [new Promise(() => {}), /no access token: .* no answer within 150 ms$/],
  ];
  for (const [answer, message] of answers) {
    const credentials = () => answer as string;
    const storage = storageOn(lab, { credentials, timeout: 50 });
    const error = await rejectsWith(storage.get("a"), "STORAGE", message);
    assert.doesNotMatch(shown(error), /secret|sec ret/);
  }
  assert.equal((await lab.history()).length, 0);
});

// Where credentials come from

test("StorageGCS: a key may be text, with line ends written as \\n", async () => {
  const { lab } = await openStorage();
  const key = lab.storage.credentials;
  const escaped = {
    ...key,
    private_key: key.private_key.replaceAll("\n", "\\n"),
  };
  for (const credentials of [JSON.stringify(key), escaped]) {
    const storage = storageOn(lab, { credentials });
    await storage.post("a", contextOf(1));
  }
});

test("StorageGCS: GOOGLE_APPLICATION_CREDENTIALS names a key", {
  needs: ["files"],
}, async () => {
  const { lab } = await openStorage();
  const path = await writeKey(lab.storage.credentials);
  setEnvironment({ ...BARE, GOOGLE_APPLICATION_CREDENTIALS: path });
  const storage = storageOn(lab, { credentials: undefined });
  await storage.post("a", contextOf(1));
  assert.deepEqual(await counts(lab), { token: 1, insert: 1 });
});

test("StorageGCS: the file of gcloud gives a user's tokens", {
  needs: ["files"],
}, async () => {
  const { lab } = await openStorage();
  const { writeFile } = await import("node:fs/promises");
  const folder = await tempDir();
  const path = `${folder}/application_default_credentials.json`;
  await writeFile(path, JSON.stringify(lab.info.userCredentials));
  setEnvironment({ ...BARE, CLOUDSDK_CONFIG: folder });
  const storage = storageOn(lab, { credentials: undefined });
  await storage.post("a", contextOf(1));
  assert.deepEqual(await counts(lab), { token: 1, insert: 1 });
});

test("StorageGCS: a user's tokens come from a refresh token", async () => {
  const { lab } = await openStorage();
  const options = { credentials: USER, fetch: userFetch(lab.info.token) };
  await storageOn(lab, options).post("a", contextOf(1));
  assert.deepEqual(await counts(lab), { insert: 1 });
});

test("StorageGCS: the metadata server gives tokens of the machine", async () => {
  const { lab } = await openStorage();
  const host = lab.info.metadataHost;
  setEnvironment({ ...BARE, GCE_METADATA_HOST: host });
  const storage = storageOn(lab, { credentials: undefined });
  await storage.post("a", contextOf(1));
  assert.equal(await valueAt(storage, "a"), 1);
  assert.deepEqual(await counts(lab), {
    metadataToken: 1,
    insert: 1,
    media: 1,
  });
});

test("StorageGCS: an emulator is not shown a token", async () => {
  const lab = await openGcs({ anonymous: true });
  const { bucket, credentials } = lab.storage;
  for (const host of [lab.endpoint, lab.endpoint.replace("http://", "")]) {
    setEnvironment({ ...BARE, STORAGE_EMULATOR_HOST: host });
    const sent: Headers[] = [];
    const storage = new StorageGCS({
      bucket,
      credentials,
      fetch: (url, init) => {
        sent.push(new Headers(init.headers));
        return fetch(url, init);
      },
    });
    assert.equal(storage.swapsAtomically, false);
    await storage.post("a", contextOf(1));
    assert.equal(await valueAt(storage, "a"), 1);
    assert.equal(sent.length, 2);
    assert.ok(sent.every((headers) => !headers.has("authorization")));
  }
  assert.equal((await counts(lab)).token, undefined);
});

test("StorageGCS: only Google's own service is known to swap", () => {
  setEnvironment(BARE);
  const swaps = (endpoint?: string) =>
    new StorageGCS({ bucket: "abc", endpoint }).swapsAtomically;
  assert.equal(swaps(), true);
  assert.equal(swaps("https://storage.googleapis.com/"), true);
  assert.equal(swaps("https://storage.me-central2.rep.googleapis.com"), true);
  assert.equal(swaps("https://googleapis.com.example.org"), false);
  assert.equal(swaps("https://notgoogleapis.com"), false);
  assert.equal(swaps("http://127.0.0.1:9023"), false);
});

// Errors

test("StorageGCS: without credentials it says where it has looked", async () => {
  setEnvironment(BARE);
  const lab = await openGcs();
  const storage = storageOn(lab, { credentials: undefined, maxAttempts: 2 });
  await rejectsWith(
    storage.get("a"),
    "STORAGE",
    /^Cannot read "dotflow\/a" in bucket "[^"]+": no access token: no credentials found; looked at .*GOOGLE_APPLICATION_CREDENTIALS.*gcloud.*metadata server at 127\.0\.0\.1:1 \(/,
  );
});

test("StorageGCS: a machine without a service account is told so", async () => {
  const lab = await openGcs();
  const host = `${lab.info.metadataHost}-of-nobody`;
  setEnvironment({ ...BARE, GCE_METADATA_HOST: host });
  await rejectsWith(
    storageOn(lab, { credentials: undefined }).get("a"),
    "STORAGE",
    /no access token: the metadata server gave no token: status 404; check that this machine/,
  );
});

test("StorageGCS: a credentials file that cannot be used is named", {
  needs: ["files"],
}, async () => {
  const lab = await openGcs();
  const external = await writeKey({ type: "external_account" });
  const cut = await writeKey({ ...lab.storage.credentials, private_key: "x" });
  const cases: [path: string, message: RegExp][] = [
    ["/nowhere/key.json", /"\/nowhere\/key.json" .*cannot be read \(ENOENT\)/],
    [external, /key\.json" .*\(external_account\) is not supported/],
    [cut, /key\.json" .*its private_key is no PKCS#8 PEM/],
  ];
  for (const [path, message] of cases) {
    setEnvironment({ ...BARE, GOOGLE_APPLICATION_CREDENTIALS: path });
    const storage = storageOn(lab, { credentials: undefined });
    await rejectsWith(storage.get("a"), "STORAGE", message);
  }
});

test("StorageGCS: bad options are refused at once, and not shown", async () => {
  const lab = await openGcs();
  const key = lab.storage.credentials;
  const cases: [options: object, message: RegExp][] = [
    [{}, /Cannot use undefined as bucket: give the name of a bucket/],
    [{ bucket: "a/b" }, /as bucket/],
    [{ bucket: ".." }, /as bucket/],
    [{ bucket: "Bucket" }, /as bucket/],
    [{ prefix: 1 }, /as prefix/],
    [{ prefix: "a\nb" }, /as prefix/],
    [{ prefix: ".well-known/acme-challenge/" }, /as prefix/],
    [{ project: "" }, /as project/],
    [{ fetch: 1 }, /as fetch/],
    [{ timeout: 0 }, /as timeout/],
    [{ maxAttempts: 0 }, /as maxAttempts/],
    [{ region: "eu" }, /option "region"/],
    [{ endpoint: "secret" }, /Cannot use the given endpoint: give an https/],
    [{ endpoint: "https://u:secret@host" }, /Cannot use the given endpoint/],
    [{ endpoint: "https://host?key=secret" }, /Cannot use the given endpoint/],
    [{ endpoint: "http://example.org" }, /Cannot use the given endpoint/],
    [
      { credentials: "secret" },
      /Cannot use the option credentials: it is no JSON/,
    ],
    [{ credentials: 42 }, /the option credentials: it is no JSON object/],
    [{ credentials: null }, /the option credentials: it is no JSON object/],
    [{ credentials: {} }, /the option credentials: its type is neither/],
    [{ credentials: { type: "external_account" } }, /\(external_account\)/],
    [{ credentials: { ...key, client_email: "" } }, /its client_email/],
    [{ credentials: { ...key, private_key: undefined } }, /its private_key is/],
    [{ credentials: { ...key, private_key: "secret" } }, /no PKCS#8 PEM/],
    [{
      credentials: {
        ...key,
        private_key: key.private_key.replaceAll("PRIVATE", "RSA PRIVATE"),
      },
    }, /no PKCS#8 PEM/],
    [{
      credentials: {
        ...key,
        private_key: key.private_key.replace("MII", "M=II"),
      },
    }, /its private_key is cut off or damaged/],
    [{
      credentials: {
        ...key,
        private_key: key.private_key.replace(/\n.{64}/, ""),
      },
    }, /its private_key is cut off or damaged/],
    [{ credentials: { ...key, token_uri: "http://example.org" } }, /token_uri/],
    [{ credentials: { type: "authorized_user" } }, /its client_id is missing/],
  ];
  const middle = key.private_key.slice(200, 240);
  for (const [options, message] of cases) {
    const bucket = "bucket" in options || message.source.includes("undefined")
      ? {}
      : { bucket: "abc" };
    const error = await throwsWith(
      () => new StorageGCS({ ...bucket, ...options } as never),
      "INVALID_OPTION",
      message,
    );
    assert.ok(!shown(error).includes("secret"), error.message);
    assert.ok(!shown(error).includes(middle), error.message);
  }
  assert.deepEqual(await lab.history(), []);
});

test("StorageGCS: what the service refuses is said, with what to do", async () => {
  const { lab } = await openStorage({}, { deny: ["list", "insert"] });
  const other = await openGcs();
  const denied = storageOn(lab);
  const gone = storageOn(lab, { bucket: "no-such-bucket" });
  const away = storageOn(lab, { endpoint: unreachable, maxAttempts: 2 });
  const wrongKey = storageOn(lab, {
    credentials: {
      ...lab.storage.credentials,
      private_key: await makeKey(),
    },
  });
  const foreign = storageOn(lab, { credentials: other.storage.credentials });
  const noTokens = storageOn(lab, {
    maxAttempts: 2,
    credentials: {
      ...lab.storage.credentials,
      token_uri: `${unreachable}/token`,
    },
  });
  const noKey = storageOn(lab, {
    credentials: {
      ...lab.storage.credentials,
      private_key: toPem(`\x30\x82\x01\x00${"\0".repeat(256)}`),
    },
  });
  const next = contextOf(1);
  const cases: [call: () => Promise<unknown>, message: RegExp][] = [
    [
      () => denied.listKeys("a/"),
      /^Cannot list "dotflow\/a\/" in bucket "[^"]+": permission is missing; .* \(status 403, /,
    ],
    [() => denied.deletePrefix("a/"), /^Cannot list .* \(status 403, /],
    [
      () => denied.post("a", next),
      /^Cannot store "dotflow\/a" in bucket .* \(status 403, /,
    ],
    [
      () => gone.get("a"),
      /^Cannot read "dotflow\/a" in bucket "no-such-bucket": there is no such bucket; .* \(status 404/,
    ],
    [
      () => gone.post("a", next),
      /^Cannot store .* "no-such-bucket": there is no such bucket/,
    ],
    [
      () => gone.listKeys(""),
      /^Cannot list .* "no-such-bucket": there is no such bucket/,
    ],
    [
      () => gone.delete("a"),
      /^Cannot delete .* "no-such-bucket": there is no such bucket/,
    ],
    [
      () => away.get("a"),
      /^Cannot read "dotflow\/a" in bucket "[^"]+": no good answer from 127\.0\.0\.1:1: .*\(2 attempts\)$/,
    ],
    [
      () => wrongKey.get("a"),
      /no access token: the token endpoint 127[^ ]+ gave no token: status 400 \(invalid_grant.*\); check the credentials/,
    ],
    [() => foreign.get("a"), /in bucket "[^"]+": .*\(status 40[13]/],
    [
      () => noTokens.get("a"),
      /no access token: the token endpoint 127\.0\.0\.1:1 gave no token: .*\(2 attempts\)$/,
    ],
    [() => noKey.get("a"), /no access token: its private_key is no RSA key/],
  ];
  for (const [call, message] of cases) {
    await throwsWith(call, "STORAGE", message);
  }
});

test("StorageGCS: a service that never answers is given up in time", async () => {
  const { storage, lab } = await openStorage({ timeout: 200 });
  await storage.get("a");
  await lab.faults({ rate: 1, kinds: ["hang"], match: { op: "media" } });
  const begin = performance.now();
  await rejectsWith(storage.get("a"), "STORAGE", /timeout after \d+ ms/);
  assert.ok(performance.now() - begin < 5_000);
});

test("StorageGCS: no error shows a secret, whatever is echoed", async () => {
  const { lab } = await openStorage();
  const key = lab.storage.credentials;
  const user = lab.info.userCredentials;
  const sent: string[] = [];
  const note = (init: RequestInit) => {
    const headers = new Headers(init.headers);
    const body = typeof init.body === "string" ? init.body : "";
    const assertion = new URLSearchParams(body).get("assertion");
    if (assertion !== null) sent.push(assertion, assertion.split(".")[2]);
    const token = headers.get("authorization")?.slice("Bearer ".length);
    if (token !== undefined) sent.push(token);
    return `${headers.get("authorization")} ${token} ${body} ` +
      decodeURIComponent(body);
  };
  const isToken = (url: string) => url.includes("token");
  const ways: ((url: string, init: RequestInit) => Promise<Response>)[] = [
    (_, init) => {
      const message = note(init);
      const body = { error: message, error_description: message };
      return Promise.resolve(Response.json(body, { status: 400 }));
    },
    (url, init) => {
      if (isToken(url)) return fetch(url, init);
      const message = note(init);
      const error = { message, errors: [{ reason: message }] };
      return Promise.resolve(Response.json({ error }, { status: 403 }));
    },
    (url, init) => {
      if (isToken(url)) return fetch(url, init);
      return Promise.resolve(new Response(note(init), { status: 418 }));
    },
    (url, init) => {
      const cause = { url, init, text: note(init) };
      return Promise.reject(new TypeError(`failed: ${note(init)}`, { cause }));
    },
  ];
  for (const way of ways) {
    for (const credentials of [key, user, () => lab.info.token]) {
      const storage = storageOn(lab, {
        credentials,
        maxAttempts: 1,
        fetch: way,
      });
      for (
        const call of [
          () => storage.get("a"),
          () => storage.post("a", contextOf(1)),
          () => storage.listKeys(""),
        ]
      ) {
        const text = shown(await throwsWith(call, "STORAGE"));
        const secrets = [
          ...sent,
          key.private_key.slice(100, 140),
          user.refresh_token,
          user.client_secret,
          lab.info.token,
        ];
        for (const secret of secrets) {
          assert.ok(!text.includes(secret), `${secret} in ${text}`);
        }
      }
    }
  }
  assert.ok(sent.length > 10);
});
