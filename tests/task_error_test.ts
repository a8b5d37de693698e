import { action, DotFlow, type TaskError } from "@dotflow/dotflow";
import fc from "fast-check";
import assert from "node:assert/strict";
import { flowOn } from "./flow.ts";
import { effort } from "./effort.ts";
import { test } from "./harness.ts";
import { StorageText } from "./storages.ts";

/** Has a step throw, and gives the task's error. */
async function thrown(value: unknown): Promise<TaskError> {
  const workflow = new DotFlow();
  workflow.task.add(action("a", () => {
    throw value;
  }));
  const run = await workflow.start();
  const [task] = run.tasks;
  assert.equal(run.status, "Failed");
  assert.equal(task.status, "Failed");
  assert.equal(task.errors.length, 1);
  assert.equal(task.errors[0].thrown, value);
  return task.errors[0];
}

/** An object that can be touched nowhere. */
function untouchable(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

class HttpError extends Error {
  override name = "HttpError";
}

test("task error: whatever is thrown is recorded", async () => {
  const cases: [unknown, string, string][] = [
    [new TypeError("bad"), "TypeError", "bad"],
    [new HttpError("500"), "HttpError", "500"],
    [new Error(""), "Error", ""],
    ["text", "string", "text"],
    ["", "string", ""],
    [5, "number", "5"],
    [-0, "number", "0"],
    [2n, "bigint", "2n"],
    [true, "boolean", "true"],
    [null, "null", "null"],
    [undefined, "undefined", "undefined"],
    [Symbol("s"), "symbol", "Symbol(s)"],
    [() => {}, "function", "a function"],
    [Object.freeze({ code: 7 }), "Object", '{"code":7}'],
    [Object.freeze(new Error("frozen")), "Error", "frozen"],
    [[1, 2], "Array", "[1,2]"],
    [Object.create(null), "Object", "{}"],
    [new Error("about previous_context"), "Error", "about previous_context"],
    [{ message: "own", name: "Own" }, "Own", "own"],
    [{ message: 5, name: 6 }, "Object", '{"message":5,"name":6}'],
  ];
  for (const [value, exception, message] of cases) {
    const error = await thrown(value);
    assert.equal(error.attempt, 1);
    assert.equal(error.exception, exception);
    assert.equal(error.message, message);
    assert.equal(typeof error.traceback, "string");
    assert.doesNotThrow(() => JSON.stringify(error));
  }
});

test("task error: getters that throw hide nothing else", async () => {
  const error = await thrown({
    get name() {
      throw new Error("no name");
    },
    get message() {
      throw new Error("no message");
    },
    get stack() {
      throw new Error("no stack");
    },
    get cause() {
      throw new Error("no cause");
    },
    get constructor() {
      throw new Error("no class");
    },
  });
  assert.equal(error.exception, "Object");
  assert.equal(typeof error.message, "string");
  assert.equal(typeof error.traceback, "string");
});

test("task error: an object that cannot be touched is recorded", async () => {
  for (const retry of [1, 3]) {
    const value = untouchable();
    const workflow = new DotFlow();
    workflow.task.add(action("a", { retry, retryDelay: 0 }, () => {
      throw value;
    }));
    const run = await workflow.start();
    const { errors } = run.tasks[0];
    assert.equal(run.status, "Failed");
    assert.equal(errors.length, retry);
    for (const error of errors) {
      assert.ok(error.thrown === value);
      assert.equal(
        typeof error.message + typeof error.traceback,
        "stringstring",
      );
    }
  }
});

test("task error: causes are followed, also in a circle", async () => {
  const inner = new TypeError("inner");
  const outer = new Error("outer", { cause: inner });
  inner.cause = outer;
  const error = await thrown(outer);
  assert.match(error.traceback, /outer[^]*Caused by: [^]*inner/);
  assert.ok(error.traceback.length <= 33_000);
  const own = new Error("own");
  own.cause = own;
  assert.match((await thrown(own)).traceback, /own/);
});

test("task error: a chain of causes of any length is bounded", async () => {
  let error = new Error("root");
  for (let n = 0; n < 10_000; n++) error = new Error(`e${n}`, { cause: error });
  const { traceback } = await thrown(error);
  assert.ok(traceback.length <= 33_000);
  assert.match(traceback, /e9999/);
});

test("task error: a message of 10 MB is cut", async () => {
  const long = "x".repeat(10_000_000);
  for (const value of [new Error(long), long, { long }, { name: long }]) {
    const error = await thrown(value);
    assert.ok(error.message.length < 9_000, `${error.message.length}`);
    assert.ok(error.exception.length < 300);
    assert.ok(error.traceback.length < 34_000);
  }
  const error = await thrown(new Error(long));
  assert.match(error.message, /^x{8192}… \(10000000 characters\)$/);
});

test("task error: the run record holds it within bounds", async () => {
  const storage = new StorageText();
  const workflow = flowOn(storage);
  workflow.task.add(action("a", { retry: 3, retryDelay: 0 }, () => {
    throw new Error("x".repeat(1_000_000));
  }));
  await workflow.start();
  const [record] = [...storage.texts.values()];
  assert.ok(record.length < 3 * 50_000, `${record.length} characters`);
});

test("task error: a JSON form holds all that can be stored", async () => {
  const before = Date.now();
  const error = await thrown(new RangeError("far"));
  const { traceback, failedMs, ...rest } = JSON.parse(JSON.stringify(error));
  assert.deepEqual(rest, {
    attempt: 1,
    exception: "RangeError",
    message: "far",
  });
  assert.match(traceback, /RangeError: far/);
  assert.ok(failedMs > before - 10 && failedMs < Date.now() + 10);
});

test("task error: no thrown value ends the process or hangs the run", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.anything({ withNullPrototype: true, withBigInt: true }),
      async (value) => {
        const error = await thrown(value);
        assert.equal(typeof error.exception, "string");
        assert.equal(typeof error.message, "string");
      },
    ),
    { numRuns: 50 * effort() },
  );
});
