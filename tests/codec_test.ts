import { Context, UnstorableValueError } from "@dotflow/dotflow";
import fc from "fast-check";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { fromBase64, toBase64 } from "../src/codec/base64.ts";
import { decode, encode } from "../src/codec.ts";
import { crc32 } from "../src/crc32.ts";
import { sha256Hex } from "../src/sha256.ts";
import { effort } from "./effort.ts";
import { test } from "./harness.ts";
import { assertSame } from "./same.ts";

// deno-lint-ignore no-explicit-any
type Any = any;

/** There and back through the public text form. */
function copy(value: unknown): Any {
  return Context.fromText(new Context({ storage: value }).toText()).storage;
}

/** Any text, also with halves of surrogate pairs, and the keys that bite. */
const text = fc.oneof(
  fc.string(),
  fc.array(fc.integer({ min: 0xd7fe, max: 0xe001 }), { maxLength: 4 })
    .map((units) => String.fromCharCode(...units)),
  fc.constantFrom("$", "__proto__", "toJSON", "constructor", "length", "0"),
);

const scalar = fc.oneof(
  text,
  fc.constantFrom(undefined, null, true, false, -0, NaN, Infinity, -Infinity),
  fc.double(),
  fc.bigInt(),
);

const anything = fc.anything({
  key: text,
  values: [
    scalar,
    fc.date({ noInvalidDate: false }),
    fc.constantFrom(/a\/b/giu, new RegExp(""), /[\n\u2028]/y).map((pattern) =>
      new RegExp(pattern)
    ),
    scalar.filter((value) => value !== undefined && value !== null)
      .map(Object),
  ],
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
});

type Make = () => object;
const makers: Record<string, Make> = {
  object: () => ({}),
  array: () => [],
  sparse: () => new Array(2),
  map: () => new Map(),
  set: () => new Set(),
  error: () => new Error("graph"),
};

/** Objects that hold each other in every possible way, cycles included. */
const graph = fc.record({
  kinds: fc.array(fc.constantFrom(...Object.keys(makers)), {
    minLength: 1,
    maxLength: 8,
  }),
  edges: fc.array(fc.tuple(fc.nat(), fc.nat(), text, scalar), {
    maxLength: 24,
  }),
}).map(({ kinds, edges }) => {
  const nodes: Any[] = kinds.map((kind) => makers[kind]());
  for (const [from, to, key, leaf] of edges) {
    const holder = nodes[from % nodes.length];
    const held = nodes[to % nodes.length];
    if (holder instanceof Map) holder.set(held, leaf).set(key, held);
    else if (holder instanceof Set) holder.add(held).add(leaf);
    else if (holder instanceof Error && key === "0") holder.cause = held;
    else if (Array.isArray(holder)) holder.push(held, leaf);
    else own(holder, key, held);
  }
  return nodes[0];
});

function own<T extends object>(object: T, key: string, value: unknown): T {
  return Object.defineProperty(object, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

test("any value of structured clone survives", () => {
  fc.assert(
    fc.property(anything, (value) => {
      const result = copy(value);
      assertSame(result, value);
      assertSame(result, structuredClone(value));
    }),
    { numRuns: 400 * effort() },
  );
});

test("cycles and shared references keep their identity", () => {
  fc.assert(
    fc.property(graph, (value) => assertSame(copy(value), value)),
    { numRuns: 400 * effort() },
  );
});

test("what JSON could write, but not give back, is no plain JSON", () => {
  const shared = { a: 1 };
  const loop: unknown[] = [];
  loop.push(loop);
  for (const value of [[shared, shared], loop, { a: shared, b: [shared] }]) {
    assertSame(copy(value), value);
    assert.equal(encode(value, "it").plain, false);
  }
  // A plain text may be decoded as well.
  for (const value of [{ $: 1 }, { $: ["undefined"] }, [{ a: { $: [] } }]]) {
    assertSame(decode(JSON.parse(encode(value, "it").text)), value);
  }
});

test("errors survive with message, stack, cause and their own properties", () => {
  const renamed = new TypeError("renamed");
  renamed.name = "RenamedError";
  const hiddenName = Object.defineProperty(new Error("x"), "name", {
    value: "Hidden",
    configurable: true,
    writable: true,
  });
  const circular = new Error("circular", { cause: {} });
  (circular.cause as Any).of = circular;
  for (
    const error of [
      new Error(),
      new Error(""),
      new RangeError("too far", { cause: new SyntaxError("inner") }),
      new Error("cause is undefined", { cause: undefined }),
      new EvalError("a"),
      new ReferenceError("b"),
      new URIError("c"),
      new AggregateError([new Error("one"), 2], "both"),
      Object.assign(new Error("denied"), { code: "EACCES", errno: -13 }),
      Object.assign(new Error("tag"), { $: ["Date", 0] }),
      own(new Error("proto"), "__proto__", 1),
      renamed,
      hiddenName,
      circular,
    ]
  ) {
    const result = copy({ error }).error;
    assertSame(result, error);
    assert.ok(result instanceof Error);
    assert.equal(String(result), String(error));
    assert.equal(result.stack, error.stack);
  }
  assertSame(copy(new Error("at the root")).message, "at the root");
});

test("buffers and their views survive, shared ones once", () => {
  const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]).buffer;
  const value = {
    all: new Uint8Array(buffer),
    part: new Uint16Array(buffer, 2, 3),
    view: new DataView(buffer, 1, 4),
    buffer,
    empty: new Uint8ClampedArray(),
    floats: new Float32Array([NaN, -0, Infinity]),
    doubles: new Float64Array([1 / 3]),
    bigs: [new BigInt64Array([-1n]), new BigUint64Array([2n ** 64n - 1n])],
    small: [new Int8Array([-1]), new Int16Array([-2]), new Int32Array([-3])],
    words: new Uint32Array([0xffffffff]),
    halves: "Float16Array" in globalThis
      ? new (globalThis as Any).Float16Array([1.5])
      : undefined,
    growing: new (ArrayBuffer as Any)(4, { maxByteLength: 16 }),
  };
  const result = copy(value);
  assertSame(result, value);
  assert.equal(result.part.buffer, result.buffer);
  assert.equal(result.growing.maxByteLength, 16);
  result.all[2] = 77;
  assert.equal(result.view.getUint8(1), 77);
});

test("ten million bytes survive in well under two seconds", () => {
  const bytes = new Uint8Array(1e7).map((_, at) => at * 7);
  const start = performance.now();
  const result = copy(bytes);
  assert.ok(performance.now() - start < 2_000);
  assert.equal(result.length, 1e7);
  assert.ok(bytes.every((byte, at) => byte === result[at]));
});

test("odd arrays and objects survive", () => {
  const far: Any[] = [];
  far[4e9] = 1;
  const match = /(?<word>b)/.exec("abc");
  const holes = [, 1, , undefined, ,]; // deno-lint-ignore-line no-sparse-arrays
  const named = Object.assign([1, 2], { note: "extra", $: 0 });
  const short = Object.assign([, 1], { x: 2 }); // deno-lint-ignore-line no-sparse-arrays
  const proto = own({}, "__proto__", { polluted: new Date(0) });
  const accessor = {
    get now() {
      return new Date(5);
    },
  };
  for (
    const value of [
      far,
      match,
      holes,
      named,
      short,
      new Array(3),
      own([], "__proto__", [undefined]),
      [],
      {},
      { $: ["undefined"] },
      { $: ["ref", 0] },
      { $: 1, a: undefined },
      { a: { $: { $: ["Date", 0] } } },
      proto,
      { toJSON: "no function" },
      new Map<unknown, unknown>([[NaN, -0], [{}, []], ["$", undefined]]),
      new Set([undefined, null, new Set()]),
      [Object(1n), Object("text"), Object(false), Object(-0)],
      new Date(NaN),
      "\ud800",
      { "\udfff": "\u2028\u0000" },
    ]
  ) {
    assertSame(copy(value), value);
  }
  assertSame(copy(accessor), { now: new Date(5) });
  assertSame(copy(Object.create(null, { a: { value: 1 } })), {});
  assert.equal(copy(Object.assign(/x/g, { lastIndex: 3 })).lastIndex, 0);
  assert.equal(({} as Any).polluted, undefined);
  assert.equal(copy(proto).polluted, undefined);
});

test("a toJSON that is not enumerable or inherited is not called", () => {
  const value = Object.defineProperty({ a: 1 }, "toJSON", {
    value: () => "called",
  });
  assertSame(copy(value), { a: 1 });
});

test("a Context inside a value survives, also inside itself", () => {
  const inner = new Context<Any>({
    storage: [undefined],
    taskId: "a",
    time: new Date(5),
  });
  const [first, second] = copy([inner, inner]);
  assert.ok(first instanceof Context);
  assert.equal(first, second);
  assert.deepEqual(first.storage, [undefined]);
  assert.equal(first.taskId, "a");
  assert.deepEqual(first.time, inner.time);

  inner.storage[0] = inner;
  const [round] = copy([inner]);
  assert.equal(round.storage[0], round);
});

test("objects lie up to 1,000 deep, and no deeper", () => {
  const wrappers: ((inner: Any) => unknown)[] = [
    (inner) => [inner],
    (inner) => ({ inner }),
    (inner) => [, inner], // deno-lint-ignore-line no-sparse-arrays
    (inner) => new Map([["inner", inner]]),
    (inner) => new Map([[inner, 1]]),
    (inner) => new Set([inner]),
    (inner) => new Error("", { cause: inner }),
    (inner) => ({ $: inner }),
  ];
  for (const wrap of wrappers) {
    for (const leaf of [1, undefined]) {
      let value: unknown = leaf;
      for (let depth = 0; depth < 1_000; depth++) value = wrap(value);
      assert.doesNotThrow(() => copy(value));
      assert.throws(() => copy(wrap(value)), /1000 deep/);
    }
  }
  let endless: unknown = [];
  for (let depth = 0; depth < 100_000; depth++) endless = [endless];
  assert.throws(() => copy(endless), UnstorableValueError);
});

test("what cannot be stored is refused by its path", () => {
  class Socket {
    port = 1;
  }
  class Names extends Array<string> {}
  class OwnMap extends Map<string, number> {}
  class OwnError extends Error {}
  const throws = {
    get token() {
      throw new Error("no token");
    },
  };
  const trap = new Proxy({}, {
    ownKeys() {
      throw new Error("trapped");
    },
  });
  const nameless = new (class {})();
  const cases: [unknown, string, RegExp][] = [
    [() => {}, "result", /a function cannot be stored/],
    [
      { users: [0, { socket: new Socket() }] },
      "result.users[1].socket",
      /an instance of Socket; return plain data, e\.g\. \{ \.\.\.value \}/,
    ],
    [{ "a b": Symbol("s") }, 'result["a b"]', /a symbol cannot/],
    [{ ünïcode: { 7: () => {} } }, "result.ünïcode[7]", /a function/],
    [new Map([["key", [() => {}]]]), 'result.get("key")[0]', /a function/],
    [new Map([[1, () => {}]]), "result.values()[0]", /a function/],
    [new Map([[{ f() {} }, 1]]), "result.keys()[0].f", /a function/],
    [new Set([1, () => {}]), "result.values()[1]", /a function/],
    [{ [Symbol("tag")]: 1 }, "result", /Symbol\(tag\)/],
    [Object.assign([1], { [Symbol("tag")]: 1 }), "result", /Symbol\(tag\)/],
    [Object.assign([1], { extra: () => {} }), "result.extra", /a function/],
    [[, { f() {} }], "result[1].f", /a function/], // deno-lint-ignore-line no-sparse-arrays
    [new Error("x", { cause: Symbol() }), "result.cause", /a symbol/],
    [{ a: new WeakMap() }, "result.a", /WeakMap/],
    [{ a: new WeakSet() }, "result.a", /WeakSet/],
    [[Promise.resolve()], "result[0]", /Promise; await it first/],
    [new URL("https://example.org"), "result", /URL/],
    [new Names(), "result", /Names/],
    [new OwnMap(), "result", /OwnMap/],
    [new OwnError(), "result", /OwnError/],
    [nameless, "result", /an instance of/],
    [Object.create(Date.prototype), "result", /an instance of Date/],
    [Object.create(Map.prototype), "result", /cannot be read/],
    [Object(Symbol()), "result", /Symbol/],
    [throws, "result.token", /cannot be read: no token/],
    [{ trap }, "result.trap", /cannot be read: trapped/],
    [(function* () {})(), "result", /an instance of/],
  ];
  if ("SharedArrayBuffer" in globalThis) {
    const view = new Uint8Array(new SharedArrayBuffer(8));
    cases.push([{ view }, "result.view.buffer", /SharedArrayBuffer/]);
  }
  cases.push([[Buffer.from("x")], "result[0]", /new Uint8Array\(buffer\)/]);
  for (const [value, path, reason] of cases) {
    assert.throws(() => copy(value), (error: unknown) => {
      assert.ok(error instanceof UnstorableValueError, String(error));
      assert.equal(error.code, "UNSTORABLE_VALUE");
      assert.equal(error.path, path);
      assert.ok(error.message.startsWith(`Cannot store ${path}: `));
      assert.match(error.message, reason);
      return true;
    });
  }
});

test("the path in a refusal is cut in the middle when it is long", () => {
  const key = "k".repeat(1e6);
  assert.throws(
    () => copy({ [key]: () => {} }),
    (error: Error) => error.message.length < 600,
  );
});

test(
  "an encoding decodes to what encodes to the same text",
  () => {
    fc.assert(
      fc.property(fc.oneof(anything, graph), (value) => {
        const { text, plain } = encode(value, "it");
        if (plain) assertSame(JSON.parse(text), value);
        assert.deepEqual(encode(decode(JSON.parse(text)), "it"), {
          text,
          plain,
        });
      }),
      { numRuns: 300 * effort() },
    );
  },
);

test("JSON values are stored as they are", () => {
  const noTag = fc.string().filter((key) => key !== "$" && key !== "toJSON");
  const value = fc.anything({ key: noTag }).map((value) =>
    JSON.parse(JSON.stringify(value) ?? "null")
  );
  fc.assert(fc.property(value, (value) => {
    assert.deepEqual(encode(value, "it"), {
      text: JSON.stringify(value),
      plain: true,
    });
  }));
});

test("sorted encodings do not depend on the order of keys", () => {
  const sorted = (value: unknown) => encode(value, "it", { sorted: true }).text;
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      scalar,
      fc.array(tie("value"), { maxLength: 4 }),
      fc.array(tie("value"), { maxLength: 3 }).map((list) => new Set(list)),
      fc.dictionary(text, tie("value"), { maxKeys: 6 }),
    ),
  })).value;
  fc.assert(fc.property(value, (value) => {
    assert.equal(sorted(value), sorted(reversed(value)));
  }));
  assert.equal(
    sorted({ b: 1, a: { d: 1, c: 1 } }),
    '{"a":{"c":1,"d":1},"b":1}',
  );
  assert.notEqual(sorted(new Set([1, 2])), sorted(new Set([2, 1])));
  assert.notEqual(sorted({ a: 1 }), sorted({ a: 2 }));
  assert.equal(sorted([new Error("x")]), sorted([new Error("x")]));
});

/** The same value, the keys of its objects added in reverse. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value instanceof Set) return new Set([...value].map(reversed));
  if (typeof value !== "object" || value === null) return value;
  return Object.keys(value).reverse().reduce(
    (object, key) => own(object, key, reversed((value as Any)[key])),
    {},
  );
}

test("what is no encoding is refused", () => {
  for (
    const tag of [
      ["Nothing"],
      ["Function", "return 1"],
      ["constructor"],
      ["__proto__"],
      ["ref", 0],
      ["ref", 1],
      ["ref", -1],
      ["ref", "length"],
      ["ref", "constructor"],
      ["Uint8Array", 4e9, 0, 4e9],
      ["Uint8Array", { $: ["ref", 0] }, 0, 1],
      ["Uint8Array", { $: ["ArrayBuffer", "AAAA"] }, 0, 4e9],
      ["Uint7Array", { $: ["ArrayBuffer", "AAAA"] }, 0, 1],
      ["ArrayBuffer", "*"],
      ["RegExp", "(", ""],
      ["Array", -1, {}],
      ["Array", 1.5, {}],
      ["Array", 2, { length: 1 }],
      ["bigint", "x"],
      ["Map"],
      ["Set"],
      ["TypeError"],
      [],
      "Date",
      null,
      7,
    ]
  ) {
    assert.throws(
      () => decode({ $: tag }),
      (error: Error) => {
        assert.match(error.message, /^Cannot read the stored value: ./);
        return error.constructor === Error;
      },
      JSON.stringify(tag),
    );
  }
  const deep = JSON.parse("[".repeat(20_000) + "]".repeat(20_000));
  assert.throws(() => decode(deep), /too deep/);
});

test(
  "decoding hostile input takes neither memory nor prototypes",
  () => {
    const arrays = Array.from({ length: 2_000 }, () => ({
      $: ["Array", 3e7, { 0: 1 }],
    }));
    assert.equal((decode(arrays) as Any)[1_999].length, 3e7);
    const proto = '{"__proto__":{"polluted":1}}';
    for (
      const text of [
        proto,
        `{"$":["Object",${proto}]}`,
        `{"$":["Array",0,${proto}]}`,
        `{"$":["Error",${proto},${proto}]}`,
        `{"$":["Map",["__proto__",${proto}]]}`,
      ]
    ) {
      const value = decode(JSON.parse(text)) as Any;
      assert.equal(value.polluted, undefined);
      assert.equal(({} as Any).polluted, undefined);
    }
  },
);

test(
  "base64 is the same with and without the runtime's own",
  () => {
    const natives: [object, string][] = [
      [Uint8Array.prototype, "toBase64"],
      [Uint8Array, "fromBase64"],
    ];
    for (const length of [0, 1, 2, 3, 24_575, 24_576, 24_577, 100_000]) {
      const bytes = new Uint8Array(length).map((_, at) => at * 31);
      const text = toBase64(bytes);
      assert.equal(text, Buffer.from(bytes).toString("base64"));
      const kept = natives.map(([of, name]) => {
        const native = Object.getOwnPropertyDescriptor(of, name);
        delete (of as Any)[name];
        return native;
      });
      try {
        assert.equal(toBase64(bytes), text);
        assert.deepEqual(fromBase64(text), bytes);
      } finally {
        natives.forEach(([of, name], at) => {
          if (kept[at]) Object.defineProperty(of, name, kept[at]);
        });
      }
      assert.deepEqual(fromBase64(text), bytes);
    }
  },
);

test("sha256Hex is SHA-256 of the UTF-8", () => {
  const expected = (text: string) =>
    createHash("sha256").update(text).digest("hex");
  for (let length = 0; length < 200; length++) {
    const text = "a".repeat(length);
    assert.equal(sha256Hex(text), expected(text));
  }
  const long = fc.string({ unit: "grapheme", maxLength: 500 });
  fc.assert(fc.property(long, (text) => {
    assert.equal(sha256Hex(text), expected(text));
  }));
});

test("crc32 is the CRC-32 of gzip", () => {
  const bitwise = (bytes: Uint8Array) => {
    let crc = 0xffffffff;
    for (const byte of bytes) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit++) {
        crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
      }
    }
    return ~crc >>> 0;
  };
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
  fc.assert(fc.property(
    fc.uint8Array({ maxLength: 64 }),
    fc.nat(64),
    fc.nat(64),
    (bytes, start, end) => {
      assert.equal(crc32(bytes), bitwise(bytes));
      end = Math.min(end, bytes.length);
      start = Math.min(start, end);
      assert.equal(crc32(bytes, start, end), bitwise(bytes.slice(start, end)));
    },
  ));
});
