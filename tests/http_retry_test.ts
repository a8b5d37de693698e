import { AwsV4Signer } from "aws4fetch";
import assert from "node:assert/strict";
import {
  type HttpAnswer,
  HttpError,
  type RetryPolicy,
  sendWithRetries,
} from "../src/http/retry.ts";
import { sleep } from "./flow.ts";
import { cleanup, runtime, test } from "./harness.ts";
import { type FaultKind, type LabS3, openS3, unreachable } from "./lab.ts";

/** Writes an object to a bucket of the lab, signed anew for each attempt. */
function write(s3: LabS3, policy: RetryPolicy = {}): Promise<HttpAnswer> {
  const { endpoint, bucket, region, credentials } = s3.storage;
  return sendWithRetries(async () => {
    const { url, method, headers, body } = await new AwsV4Signer({
      method: "PUT",
      url: `${endpoint}/${bucket}/key`,
      body: "text",
      service: "s3",
      region,
      ...credentials,
    }).sign();
    return { url: url.href, init: { method, headers, body } };
  }, policy);
}

async function openFaulty(
  fault: FaultKind,
  more: { nth?: number; retryAfter?: number } = {},
): Promise<LabS3> {
  const { nth, retryAfter } = more;
  const s3 = await openS3();
  await s3.faults({
    rules: [{ match: { nth }, fault: { kind: fault, retryAfter } }],
  });
  return s3;
}

/** Gives answers one after the other, the last one again and again. */
function scripted(...answers: (() => Response | Promise<Response>)[]) {
  let calls = 0;
  return {
    fetch: async () => await answers[Math.min(calls++, answers.length - 1)](),
    calls: () => calls,
  };
}

/** No wait is as long as this limit of an attempt. */
const LIMIT_MS = 9_999;

const prepare = () => ({ url: "http://127.0.0.1/?key=CANARY", init: {} });

for (
  const [fault, unclear] of [
    ["500", true],
    ["503", true],
    ["429", false],
    ["reset", undefined],
    ["commit-500", true],
    ["commit-reset", undefined],
    ["truncated", true],
  ] as const
) {
  test(`http: after ${fault}, a request is sent again`, async () => {
    const s3 = await openFaulty(fault, { nth: 1 });
    const answer = await write(s3);
    assert.equal(answer.status, 200);
    assert.equal((await s3.history()).length, 2);
    // A runtime may have sent it again by itself after a reset.
    if (unclear !== undefined) assert.equal(answer.unclear, unclear);
  });
}

test("http: an attempt that takes too long is given up and closed", async () => {
  const s3 = await openFaulty("hang", { nth: 1 });
  const answer = await write(s3, { timeoutMs: 500 });
  assert.deepEqual([answer.status, answer.unclear], [200, true]);
  const [hung] = await s3.history();
  assert.notEqual(hung.endMs, undefined);
});

test("http: other answers are handed on with their body", async () => {
  const s3 = await openS3();
  const wrong = await sendWithRetries(() => ({
    url: `${s3.endpoint}/${s3.bucket}/key`,
    init: {},
  }));
  assert.deepEqual([wrong.status, wrong.unclear], [403, false]);
  assert.match(new TextDecoder().decode(wrong.body), /<Code>AccessDenied</);
  assert.match(wrong.headers.get("content-type")!, /xml/);
  const conflict = await openFaulty("409", { nth: 1 });
  assert.equal((await write(conflict)).status, 409);
});

test("http: the caller may have more answers asked for again", async () => {
  const s3 = await openFaulty("409", { nth: 1 });
  const retryIf = ({ status }: HttpAnswer) =>
    status === 409 ? "a conflict" : undefined;
  const answer = await write(s3, { retryIf });
  assert.deepEqual([answer.status, answer.unclear], [200, false]);
});

for (
  const [fault, reason, status] of [
    ["500", "status 500", 500],
    ["reset", "ECONNRESET", undefined],
    ["hang", "timeout after 100 ms", undefined],
    ["truncated", /^(the answer was cut off|ECONNRESET|network error)$/],
  ] as const
) {
  test(`http: ${fault} for ever is an error that says so`, async () => {
    const s3 = await openFaulty(fault);
    const policy = {
      maxAttempts: 2,
      timeoutMs: fault === "hang" ? 100 : 5_000,
    };
    await assert.rejects(() => write(s3, policy), (error: HttpError) => {
      assert.ok(error instanceof HttpError);
      if (typeof reason === "string") assert.equal(error.reason, reason);
      else assert.match(error.reason, reason);
      assert.equal(error.message, `${error.reason} (2 attempts)`);
      assert.deepEqual([error.status, error.attempts], [status, 2]);
      assert.equal(error.cause, undefined);
      return true;
    });
  });
}

/** What the runtimes throw, without the addresses that they name. */
const THROWN: readonly [words: string, more: object, reason: string][] = [
  ["tcp connect error: Connection refused (os error 111)", {}, "ECONNREFUSED"],
  ["fetch failed", { cause: { code: "ECONNREFUSED" } }, "ECONNREFUSED"],
  ["Unable to connect", { code: "ConnectionRefused" }, "ECONNREFUSED"],
  ["fetch failed", { cause: { code: "ENOTFOUND" } }, "ENOTFOUND"],
  ["dns error: failed to lookup address information", {}, "ENOTFOUND"],
  ["connection closed before message completed", {}, "ECONNRESET"],
  [
    "error sending request for url (http://dns/ECONNREFUSED): reset",
    {},
    "ECONNRESET",
  ],
  ["something", {}, "network error"],
];

test("http: where no connection came about, nothing was done", async () => {
  for (const [words, more, reason] of THROWN) {
    const unclear = !["ECONNREFUSED", "ENOTFOUND"].includes(reason);
    const error = Object.assign(new TypeError(words), more);
    const never = scripted(() => Promise.reject(error));
    await assert.rejects(
      () => sendWithRetries(prepare, { ...never, maxAttempts: 2 }),
      (thrown: HttpError) => {
        assert.deepEqual([thrown.reason, thrown.unclear], [reason, unclear]);
        return true;
      },
    );
    const once = scripted(
      () => Promise.reject(error),
      () => new Response("fine"),
    );
    const answer = await sendWithRetries(prepare, once);
    assert.equal(answer.unclear, unclear);
    // What was unclear stays so.
    const both = scripted(
      () => new Response("", { status: 500 }),
      () => Promise.reject(error),
      () => new Response("fine"),
    );
    assert.equal((await sendWithRetries(prepare, both)).unclear, true);
  }
});

test(
  "http: a connection that is refused is known for that",
  { needs: ["files"] },
  async () => {
    const { createServer } = (await import("node:net")).default;
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as { port: number };
    await new Promise((done) => server.close(done));
    const url = `http://127.0.0.1:${port}/`;
    await assert.rejects(
      () =>
        sendWithRetries(() => ({ url, init: { method: "PUT", body: "x" } }), {
          maxAttempts: 2,
        }),
      (error: HttpError) => {
        assert.deepEqual([error.reason, error.unclear], [
          "ECONNREFUSED",
          false,
        ]);
        return true;
      },
    );
  },
);

test("http: nothing is said of the address, the query or the answer", async () => {
  const url = `${unreachable}/path-CANARY?key=CANARY`;
  const init = { headers: { authorization: "Bearer CANARY" } };
  await assert.rejects(
    () => sendWithRetries(() => ({ url, init }), { maxAttempts: 2 }),
    (error: HttpError) => {
      assert.match(error.reason, /^(ECONNREFUSED|ECONNRESET|network error)$/);
      const names = Object.getOwnPropertyNames(error);
      const seen = names.map((name) => `${Reflect.get(error, name)}`).join();
      assert.ok(!seen.includes("CANARY"), seen);
      return true;
    },
  );
});

test("http: Retry-After is waited for, in seconds", async () => {
  const s3 = await openFaulty("503", { nth: 1, retryAfter: 1 });
  const start = performance.now();
  assert.equal((await write(s3)).status, 200);
  assert.ok(performance.now() - start >= 990);
});

for (
  const [name, value] of [
    ["seconds", () => "3600"],
    ["a date", () => new Date(Date.now() + 3_600_000).toUTCString()],
  ] as const
) {
  test(`http: a long Retry-After (${name}) is bounded`, async () => {
    const headers = () => ({ "retry-after": value() });
    const busy = scripted(() =>
      new Response("", { status: 503, headers: headers() })
    );
    const waits = recordWaits();
    const sent = sendWithRetries(prepare, { ...busy, timeoutMs: LIMIT_MS });
    await assert.rejects(() => sent, { message: "status 503 (3 attempts)" });
    assert.deepEqual(waits, [20_000, 20_000]);
  });
}

test("http: waits grow, at random, and more where the server is busy", async () => {
  const most = async (status: number) => {
    const waits = recordWaits();
    const busy = scripted(() => new Response("", { status }));
    const policy = { ...busy, timeoutMs: LIMIT_MS, maxAttempts: 12 };
    const random = Math.random;
    Math.random = () => 0.5;
    try {
      await assert.rejects(() => sendWithRetries(prepare, policy));
    } finally {
      Math.random = random;
    }
    return waits;
  };
  const expected = (base: number) =>
    Array.from({ length: 11 }, (_, n) => Math.min(base * 2 ** n, 20_000) / 2);
  assert.deepEqual(await most(500), expected(100));
  assert.deepEqual(await most(503), expected(500));
  assert.deepEqual(await most(429), expected(500));
});

test("http: a body that is shorter than it said is no answer", async () => {
  const headers = { "content-length": "8" };
  const steps = scripted(
    () => new Response("half", { headers }),
    () => new Response("complete", { headers }),
  );
  const { body, unclear } = await sendWithRetries(prepare, steps);
  assert.equal(new TextDecoder().decode(body), "complete");
  assert.equal(unclear, true);
});

test("http: 501 is an answer, not a failure to try again", async () => {
  const one = scripted(() => new Response("", { status: 501 }));
  assert.equal((await sendWithRetries(prepare, one)).status, 501);
  assert.equal(one.calls(), 1);
});

test("http: no attempt begins that would be over the whole time", async () => {
  const headers = { "retry-after": "5" };
  const busy = scripted(() => new Response("", { status: 503, headers }));
  const start = performance.now();
  await assert.rejects(
    () => sendWithRetries(prepare, { ...busy, totalMs: 1_000 }),
    { message: "status 503 (1 attempt)" },
  );
  assert.ok(performance.now() - start < 1_000);
  const silent = scripted(() => new Promise(() => {}));
  await assert.rejects(
    () => sendWithRetries(prepare, { ...silent, totalMs: 50 }),
    { message: /^timeout after \d+ ms \(1 attempt\)$/ },
  );
});

test("http: a fetch that heeds no signal is left behind, its body cancelled", async () => {
  let cancelled: () => void;
  const cancel = new Promise<void>((resolve) => cancelled = resolve);
  let answer: (response: Response) => void = () => {};
  const silent = scripted(() => new Promise((resolve) => answer = resolve));
  await assert.rejects(
    () =>
      sendWithRetries(prepare, { ...silent, timeoutMs: 20, maxAttempts: 1 }),
    { message: "timeout after 20 ms (1 attempt)" },
  );
  answer(new Response(new ReadableStream({ cancel: () => cancelled() })));
  await cancel;
});

test("http: a program that is always busy waits for no answer for ever", {
  skip: runtime === "workerd" && "its clock stands still meanwhile",
}, async () => {
  let busy = true;
  const spin = () => {
    const untilMs = performance.now() + 240;
    while (performance.now() < untilMs);
    if (busy) setTimeout(spin);
  };
  setTimeout(spin);
  const startMs = performance.now();
  const fetch = () => new Promise<Response>(() => {});
  const policy = { fetch, timeoutMs: 800, maxAttempts: 1 };
  const sent = sendWithRetries(prepare, policy).catch(() => {});
  await Promise.race([sent, sleep(5_000)]);
  busy = false;
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs < 4_000, `${tookMs} ms`);
});

test("http: no timer outlives a request", async () => {
  const { setTimeout, clearTimeout } = globalThis;
  const running = new Set<unknown>();
  globalThis.setTimeout = ((fn: () => void, ms: number) => {
    const timer = setTimeout(() => {
      running.delete(timer);
      fn();
    }, ms);
    running.add(timer);
    return timer;
  }) as typeof setTimeout;
  globalThis.clearTimeout = ((timer: never) => {
    running.delete(timer);
    clearTimeout(timer);
  }) as typeof clearTimeout;
  cleanup(() => Object.assign(globalThis, { setTimeout, clearTimeout }));
  const steps = scripted(
    () => new Response("", { status: 500 }),
    () => Promise.reject(new TypeError("fetch failed")),
    () => new Response("fine"),
  );
  const answer = await sendWithRetries(prepare, steps);
  assert.deepEqual([answer.status, answer.unclear], [200, true]);
  assert.equal(running.size, 0);
});

test("http: what is thrown while a request is made is thrown on", async () => {
  const error = new Error("no key");
  const sent = sendWithRetries(() => {
    throw error;
  });
  await assert.rejects(() => sent, (thrown) => thrown === error);
});

test("http: without permission for the network nothing is tried again", async () => {
  const denied = new Error("Requires net access to CANARY");
  denied.name = "NotCapable";
  const one = scripted(() => Promise.reject(denied));
  await assert.rejects(() => sendWithRetries(prepare, one), {
    message: "no permission to use the network (1 attempt)",
  });
});

/** Has the timers of waits end at once, and takes note of them. */
function recordWaits(): number[] {
  const { setTimeout } = globalThis;
  const waits: number[] = [];
  globalThis.setTimeout = ((fn: () => void, ms: number) => {
    // Runtimes have timers of their own, too.
    if (ms === LIMIT_MS || ms > 20_000) return setTimeout(fn, ms);
    waits.push(ms);
    return setTimeout(fn, 0);
  }) as typeof setTimeout;
  cleanup(() => Object.assign(globalThis, { setTimeout }));
  return waits;
}
