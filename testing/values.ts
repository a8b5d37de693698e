/**
 * The values that a storage has to give back exactly.
 *
 * @module
 */

/**
 * Makes the values, each with a name: what JSON loses, and what trips stores.
 *
 * @returns New ones with each call.
 */
export function specialValues(): [name: string, value: unknown][] {
  const shared = { n: 1 };
  const cycle: Record<string, unknown> = { name: "cycle" };
  cycle.self = cycle;
  const sparse: unknown[] = [];
  sparse[2] = "third";
  const cause = new TypeError("inner");
  const bytes = new Uint8Array([0, 127, 128, 255]);
  return [
    ["undefined", undefined],
    ["null", null],
    ["false", false],
    ["an empty text", ""],
    ["0", 0],
    ["-0", -0],
    ["NaN", NaN],
    ["-Infinity", -Infinity],
    ["a BigInt", 2n ** 70n],
    ["a Date", new Date(86_400_000)],
    ["an invalid Date", new Date(NaN)],
    ["a Map", new Map<unknown, unknown>([["a", 1], [{ b: 2 }, new Map()]])],
    ["a Set", new Set([1, "1", NaN])],
    ["a RegExp", /a\/b\n/giu],
    ["bytes", bytes],
    ["a view into a buffer", new Uint16Array(bytes.buffer, 2, 1)],
    ["an ArrayBuffer", bytes.buffer.slice(0)],
    ["a list", [1, [2, [3, []]]]],
    ["an object", { a: { b: [{ c: undefined }] }, $: ["Date", 0] }],
    ["a cycle", cycle],
    ["shared references", [shared, shared, { again: shared }]],
    ["an Error with cause", new RangeError("outer", { cause })],
    ["a sparse array", sparse],
    ["a __proto__ key", JSON.parse('{"__proto__": {"polluted": true}}')],
    ["halves of a surrogate pair", ["\ud83d", "\ude00", "\ude00\ud83d"]],
    ["control characters", "\0\b\r\n\u2028\x1b[31m"],
    ["emoji and scripts", "😀 né e\u0301 ﷽ 漢字"],
    ["what looks like a checkpoint", '{"dotflow":1,"crc":"00000000","time":0}'],
  ];
}
