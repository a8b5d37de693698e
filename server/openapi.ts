/**
 * The OpenAPI document of the remote API.
 *
 * @module
 */

import {
  BODIES,
  ERRORS,
  type Operation,
  OPERATIONS,
  PARAMETERS,
} from "./openapi_operations.ts";
import { SCHEMAS } from "./openapi_schemas.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * Makes the document.
 *
 * @returns OpenAPI 3.1.
 */
export function openApi(): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [target, operation] of Object.entries(OPERATIONS)) {
    const [method, path] = target.split(" ");
    (paths[path] ??= {})[method.toLowerCase()] = describe(path, operation);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "dotflow",
      version: "1",
      description:
        "Takes what runs of workflows tell, and shows it. Errors are " +
        '{"detail": "Cannot …"}.',
    },
    paths,
    security: [{ token: [] }],
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: SCHEMAS,
    },
  };
}

function describe(path: string, operation: Operation): Json {
  const { summary, query = [], body, answer, open, errors = [] } = operation;
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const statuses = [
    ...open ? [] : [401],
    ...body === undefined ? [] : [400, 413, 415],
    ...errors,
    503,
  ];
  return {
    summary,
    ...open ? { security: [] } : {},
    parameters: [
      ...inPath,
      ...query.map((name) => ({ name, ...PARAMETERS[name] })),
    ],
    ...body === undefined ? {} : {
      requestBody: {
        required: true,
        content: { "application/json": { schema: BODIES[body] } },
      },
    },
    responses: {
      [answer.status ?? 200]: {
        description: answer.description,
        ...answer.schema === undefined ? {} : {
          content: {
            [answer.type ?? "application/json"]: { schema: answer.schema },
          },
        },
      },
      ...Object.fromEntries(
        [...new Set(statuses)].sort().map((status) => [status, {
          description: ERRORS[status],
          content: {
            "application/json": {
              schema: { $ref: "#/components/schemas/Problem" },
            },
          },
        }]),
      ),
    },
  };
}
