import fc from "fast-check";
import assert from "node:assert/strict";
import { keyPart } from "../src/key.ts";
import { effort } from "./effort.ts";
import { test } from "./harness.ts";

/** Ids that file systems and object stores confuse, or that leave a folder. */
const id = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom(..."aAéÉ_-x6uU.%/\\:ßſK\u0301e\0") }),
  fc.array(fc.integer({ min: 0xd7fe, max: 0xe001 }), { maxLength: 4 })
    .map((units) => String.fromCharCode(...units)),
  fc.string({ minLength: 100, maxLength: 200 }),
  fc.constantFrom("con", "CON", "nul", "com1", "lpt9", "con.txt", "..", "."),
);

/** Ids that differ only in what a file system may ignore. */
const variant = fc.tuple(
  id,
  fc.constantFrom<(id: string) => string>(
    (id) => id.toUpperCase(),
    (id) => id.toLowerCase(),
    (id) => id.normalize("NFC"),
    (id) => id.normalize("NFD"),
    (id) => `${id} `,
    (id) => `${id}.`,
    (id) => `${id}/a`,
    (id) => id.replaceAll("_", "__"),
    (id) => id.slice(0, -1),
  ),
);

test("a key part stays in its place, whatever the id", () => {
  fc.assert(fc.property(id, (id) => {
    const part = keyPart(id);
    assert.match(part, /^[a-z0-9_-]{0,120}$/);
    assert.doesNotMatch(part, /^(con|prn|aux|nul|com\d|lpt\d)$/);
    assert.doesNotMatch(part, /^_[g-tvwyz-]/, "a name of our own");
    assert.equal(part === "", id === "");
  }));
});

test("two ids never have the same key part", () => {
  const differ = ([one, two]: [string, string]) =>
    assert.equal(keyPart(one) === keyPart(two), one === two);
  fc.assert(fc.property(fc.tuple(id, id), differ));
  fc.assert(
    fc.property(variant, ([id, change]) => differ([id, change(id)])),
    { numRuns: 500 * effort() },
  );
  // What an encoding looks like is an id too.
  fc.assert(fc.property(id, (id) => {
    const part = keyPart(id);
    if (part !== id) assert.notEqual(keyPart(part), part);
  }));
});

test("the ends of long ids count", () => {
  const heads = ["a".repeat(200), "é".repeat(60), "_".repeat(90)];
  const tails = ["", "a", "b", "A", "_", "\ud800", "\ud801", "é", "e\u0301"];
  const ids = heads.flatMap((head) => tails.map((tail) => head + tail));
  // Wherever the cut falls, no shorter id has the same encoding.
  for (const head of heads) {
    for (let at = 0; at < 8; at++) {
      const part = keyPart("a".repeat(at) + head);
      for (const shorter of [part, part.slice(0, 50) + part.slice(51)]) {
        ids.push(shorter, shorter.replaceAll("__", "_"));
      }
      ids.push("a".repeat(at) + head);
    }
  }
  const unique = new Set(ids);
  assert.equal(new Set([...unique].map(keyPart)).size, unique.size);
});

test("key parts are readable where they can be", () => {
  for (
    const [id, part] of [
      ["transform-2", "transform-2"],
      ["a".repeat(120), "a".repeat(120)],
      ["daily_users", "daily__users"],
      ["Éa", "_c3_89a"],
      ["A/B", "_41_2f_42"],
      ["..", "_2e_2e"],
      ["😀", "_f0_9f_98_80"],
      ["\ude00\ud83d", "_ude00_ud83d"],
      ["con", "_63on"],
      ["com1", "_63om1"],
      ["con1", "con1"],
      ["console", "console"],
      ["", ""],
    ]
  ) {
    assert.equal(keyPart(id), part);
  }
  assert.match(keyPart("a".repeat(121)), /^a{50}-_x[0-9a-f]{64}$/);
});
