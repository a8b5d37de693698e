/**
 * The options of `MetricsStatsd`, checked.
 *
 * @module
 */

import { toMilliseconds } from "../../src/duration.ts";
import { toHost, toPort } from "../../src/http/address.ts";
import {
  type Check,
  expect,
  kindOf,
  optional,
  readOptions,
  toFlag,
} from "../../src/options.ts";
import { type LineFormat, longestLine, toTag } from "./lines.ts";
import type { SenderSettings } from "./sender.ts";

/** What the options mean. */
export interface Settings {
  /** What all lines have in common. */
  readonly format: LineFormat;
  /** Whether lines have tags with ids. */
  readonly idTags: boolean;
  /** Where lines go. */
  readonly sender: SenderSettings;
}

/** The most bytes that IPv4 takes in a packet of UDP. */
const LARGEST_PACKET = 65_507;

/** The keys of tags that lines have anyway. */
const OWN_KEYS = ["status", "workflow_id", "task_id"];

const toTags: Check<string[]> = (value, option) => {
  const isObject = typeof value === "object" && value !== null &&
    !Array.isArray(value);
  expect(isObject, value, option, 'an object such as { env: "production" }');
  return Object.entries(value as object).map(([key, text]) => {
    expect(
      /^[a-z][\w\-./]{0,99}$/i.test(key) && !OWN_KEYS.includes(key),
      key,
      `a key of ${option}`,
      "a letter with up to 99 letters, digits and _ - . / behind it, but none " +
        `of ${OWN_KEYS.join(", ")}`,
    );
    expect(
      typeof text === "string" && text !== "",
      text,
      `${option}.${key}`,
      "a text that is not empty",
    );
    return toTag(key, text);
  });
};

const toInterval: Check<number> = (value, option) => {
  const ms = toMilliseconds(value, option);
  expect(ms <= 60_000, value, option, "a minute or less");
  return ms;
};

const CHECKS = {
  host: optional(toHost, "127.0.0.1"),
  port: optional(toPort, 8_125),
  prefix: optional(
    kindOf<string>(
      (value) =>
        typeof value === "string" && value.length <= 100 &&
        /^[a-z]\w*(\.\w+)*$/i.test(value),
      'a text such as "dotflow": a letter, then letters, digits, _ and dots ' +
        "between them, at most 100",
    ),
    "dotflow",
  ),
  tags: optional(toTags, []),
  idTags: optional(toFlag, false),
  distribution: optional(toFlag, false),
  packetSize: optional(
    kindOf<number>(
      (value) =>
        Number.isInteger(value) && value as number > 0 &&
        value as number <= LARGEST_PACKET,
      "a number of bytes from 1 to 65507",
    ),
    1_432,
  ),
  interval: optional(toInterval, 1_000),
};

/**
 * Checks the options.
 *
 * @param options What was given.
 * @returns What they mean.
 * @throws {InvalidOptionError} If one is unknown or not allowed, or if a line
 * might not fit into a packet.
 */
export function readSettings(options: object): Settings {
  const given = readOptions(options, "MetricsStatsd", CHECKS);
  const { host, port, prefix, tags, idTags, packetSize, interval } = given;
  const timeType = given.distribution ? "d" : "ms";
  const format: LineFormat = { prefix, tags, timeType };
  const longest = longestLine(format, idTags);
  expect(
    longest <= packetSize,
    packetSize,
    "packetSize",
    `${longest} bytes or more, or fewer tags: so long may a line be`,
  );
  const sender = { host, port, packetSize, intervalMs: interval };
  return { format, idTags, sender };
}
