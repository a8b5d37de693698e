/**
 * What a swap does at the server.
 *
 * @module
 */

import { LONGEST_LINE } from "../../src/nonces.ts";

/** Where the first line of a text ends at the latest, for GETRANGE. */
export const END: string = String(LONGEST_LINE - 1);

/**
 * Replaces a text if its first line is the one that is expected. Where the new
 * number is in that line already, it was this very write, whose reply was lost;
 * others may have swapped since.
 */
export const SWAP: string = `
local line = redis.call("GETRANGE", KEYS[1], 0, ${END})
line = string.match(line, "^[^\\n]*\\n") or ""
if string.find(line, string.sub(ARGV[2], 1, 32), 1, true) then return 1 end
if line ~= ARGV[1] then return 0 end
redis.call("SET", KEYS[1], ARGV[2], unpack(ARGV, 3))
return 1`;
