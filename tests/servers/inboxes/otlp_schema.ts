/**
 * The messages of OTLP that an exporter sends, and how JSON writes them: names in
 * lowerCamelCase, ids in hexadecimal digits, enumerations as numbers, other bytes
 * in base64. A reader of OTLP ignores what it does not know; this one refuses it,
 * so that a slip shows.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 * @see https://github.com/open-telemetry/opentelemetry-proto
 * @module
 */

/** Says what is wrong with a value; undefined: nothing. */
type Check = (value: unknown, path: string) => string | undefined;

/** The fields of a message; those that end with "!" must be there. */
type Fields = Record<string, Check>;

const LONGEST_INT = 2n ** 63n;
const LONGEST_UINT = 2n ** 64n;

function valued(is: (value: unknown) => boolean, expected: string): Check {
  return (value, path) =>
    is(value) ? undefined : `${path}: ${JSON.stringify(value)} is ${expected}`;
}

const text = valued((value) => typeof value === "string", "no text");
const flag = valued((value) => typeof value === "boolean", "no bool");
const uint32 = valued(
  (value) => Number.isInteger(value) && value as number >= 0,
  "no uint32",
);
const int32 = valued(Number.isInteger, "no int32");
const double = valued(
  (value) =>
    typeof value === "number" ||
    ["NaN", "Infinity", "-Infinity"].includes(value as string),
  "no double",
);
const base64 = valued(
  (value) => typeof value === "string" && /^[\w+/]*={0,2}$/.test(value),
  "no base64",
);

/**
 * 64 bits are a text; a number is taken where it is exact, since the official
 * exporter sends such.
 */
function whole(least: bigint, above: bigint): Check {
  return valued((value) => {
    const isText = typeof value === "string" && /^-?\d+$/.test(value);
    if (!isText && !Number.isSafeInteger(value)) return false;
    const number = BigInt(value as string | number);
    return number >= least && number < above;
  }, "no whole number of 64 bits");
}

const int64 = whole(-LONGEST_INT, LONGEST_INT);
const uint64 = whole(0n, LONGEST_UINT);

/** As a number, a time would not be exact. */
const time = valued(
  (value) => typeof value === "string" && /^[1-9]\d{18}$/.test(value),
  "no time in nanoseconds since the epoch",
);

function id(bytes: number): Check {
  const digits = new RegExp(`^[0-9a-f]{${bytes * 2}}$`, "i");
  return valued(
    (value) =>
      typeof value === "string" && digits.test(value) && !/^0+$/.test(value),
    `no id of ${bytes} bytes in hexadecimal digits`,
  );
}

const traceId = id(16);
const spanId = id(8);

/** Deno writes an id that is not there as an empty text. */
function orEmpty(check: Check): Check {
  return (value, path) => value === "" ? undefined : check(value, path);
}

function oneOf(...numbers: number[]): Check {
  return valued(
    (value) => numbers.includes(value as number),
    `none of ${numbers.join(", ")}`,
  );
}

function list(check: Check): Check {
  return (value, path) => {
    if (!Array.isArray(value)) return `${path}: it is no list`;
    for (const [index, item] of value.entries()) {
      const problem = check(item, `${path}[${index}]`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}

function message(fields: Fields): Check {
  return (value, path) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return `${path}: it is no message`;
    }
    const given = value as Record<string, unknown>;
    for (const name in fields) {
      const isNeeded = name.endsWith("!");
      if (isNeeded && given[name.slice(0, -1)] === undefined) {
        return `${path}: it has no ${name.slice(0, -1)}`;
      }
    }
    for (const [name, item] of Object.entries(given)) {
      const check = fields[name] ?? fields[`${name}!`];
      if (check === undefined) return `${path}: there is no field ${name}`;
      const problem = check(item, `${path}.${name}`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}

/** No more than one field of a message. */
function only(fields: Fields): Check {
  const check = message(fields);
  return (value, path) =>
    check(value, path) ??
      (Object.keys(value as object).length > 1
        ? `${path}: it has more than one value`
        : undefined);
}

const anyValue: Check = (value, path) =>
  only({
    stringValue: text,
    boolValue: flag,
    intValue: int64,
    doubleValue: double,
    bytesValue: base64,
    arrayValue: message({ values: list(anyValue) }),
    kvlistValue: message({ values: attributes }),
  })(value, path);

const keyValue = message({ "key!": text, "value!": anyValue });

/** Attributes, of which no two may have one name. */
const attributes: Check = (value, path) => {
  const problem = list(keyValue)(value, path);
  if (problem !== undefined) return problem;
  const keys = (value as { key: string }[]).map(({ key }) => key);
  return keys.includes("") || new Set(keys).size < keys.length
    ? `${path}: a name is empty, or there twice`
    : undefined;
};

const resource = message({
  attributes,
  droppedAttributesCount: uint32,
  entityRefs: list(message({
    schemaUrl: text,
    "type!": text,
    idKeys: list(text),
    descriptionKeys: list(text),
  })),
});
const scope = message({
  name: text,
  version: text,
  attributes,
  droppedAttributesCount: uint32,
});

const span = message({
  "traceId!": traceId,
  "spanId!": spanId,
  traceState: text,
  parentSpanId: orEmpty(spanId),
  flags: uint32,
  "name!": text,
  "kind!": oneOf(0, 1, 2, 3, 4, 5),
  "startTimeUnixNano!": time,
  "endTimeUnixNano!": time,
  attributes,
  droppedAttributesCount: uint32,
  events: list(message({
    "timeUnixNano!": time,
    "name!": text,
    attributes,
    droppedAttributesCount: uint32,
  })),
  droppedEventsCount: uint32,
  links: list(message({
    "traceId!": traceId,
    "spanId!": spanId,
    traceState: text,
    attributes,
    droppedAttributesCount: uint32,
    flags: uint32,
  })),
  droppedLinksCount: uint32,
  status: message({ message: text, code: oneOf(0, 1, 2) }),
});

const exemplars = list(message({
  filteredAttributes: attributes,
  timeUnixNano: time,
  asDouble: double,
  asInt: int64,
  spanId,
  traceId,
}));
const point = { attributes, startTimeUnixNano: time, "timeUnixNano!": time };
const numberPoints = list(message({
  ...point,
  asDouble: double,
  asInt: int64,
  exemplars,
  flags: uint32,
}));
const temporality = oneOf(1, 2);

const metric = message({
  "name!": text,
  description: text,
  unit: text,
  metadata: attributes,
  gauge: message({ dataPoints: numberPoints }),
  sum: message({
    dataPoints: numberPoints,
    "aggregationTemporality!": temporality,
    isMonotonic: flag,
  }),
  histogram: message({
    dataPoints: list(message({
      ...point,
      "count!": uint64,
      sum: double,
      bucketCounts: list(uint64),
      explicitBounds: list(double),
      min: double,
      max: double,
      exemplars,
      flags: uint32,
    })),
    "aggregationTemporality!": temporality,
  }),
});

const logRecord = message({
  timeUnixNano: time,
  "observedTimeUnixNano!": time,
  severityNumber: valued(
    (value) => int32(value, "") === undefined && value as number <= 24,
    "no severity",
  ),
  severityText: text,
  body: anyValue,
  attributes,
  droppedAttributesCount: uint32,
  flags: uint32,
  traceId: orEmpty(traceId),
  spanId: orEmpty(spanId),
  eventName: text,
});

const within = (scopes: string, items: string, item: Check) =>
  list(message({
    "resource!": resource,
    schemaUrl: text,
    [`${scopes}!`]: list(message({
      scope,
      schemaUrl: text,
      [`${items}!`]: list(item),
    })),
  }));

/** What may be sent to each path. */
export const REQUESTS: Readonly<Record<string, Check>> = {
  "/v1/traces": message({
    "resourceSpans!": within("scopeSpans", "spans", span),
  }),
  "/v1/metrics": message({
    "resourceMetrics!": within("scopeMetrics", "metrics", metric),
  }),
  "/v1/logs": message({
    "resourceLogs!": within("scopeLogs", "logRecords", logRecord),
  }),
};
