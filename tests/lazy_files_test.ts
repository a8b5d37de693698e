/**
 * Files that the npm package puts into one folder.
 *
 * @module
 */

import assert from "node:assert/strict";
import { refuseTwins } from "../scripts/lazy.ts";
import { test } from "./harness.ts";

test("lazy files: none takes the place of another of its name", () => {
  refuseTwins(["/a/one.js", "/b/two.js", "/a/one.js"]);
  assert.throws(
    () => refuseTwins(["/a/one.js", "/b/two.js", "/b/one.js"]),
    /Cannot put \/a\/one\.js and \/b\/one\.js into one folder/,
  );
});
