/**
 * The OpenAPI document of the remote API says what the server does.
 *
 * @module
 */

import { StorageDefault } from "@dotflow/dotflow";
import assert from "node:assert/strict";
import { test } from "./harness.ts";
import { startServer } from "./server_contract.ts";

/** As much of the document as is looked at. */
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

interface Operation {
  security?: unknown[];
  parameters: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

interface Schema {
  $ref?: string;
  type?: string | string[];
  required?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  enum?: unknown[];
}

const start = () => startServer(new StorageDefault());

test("the document has every route, and no other", async () => {
  const { app, client } = start();
  const document: Document = await client.get("/openapi.json");
  assert.equal(document.openapi, "3.1.0");
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)
  );
  const routes = app.routes.filter(({ method, path }) =>
    method !== "ALL" && /^\/(api|cli|health|metrics|openapi)\b/.test(path)
  );
  assert.deepEqual(
    described.sort(),
    routes.map(({ method, path }) =>
      `${method} ${path.replace(/:(\w+)/g, "{$1}")}`
    ).sort(),
  );
});

test("what it says of tokens and errors holds", async () => {
  const { app, client } = start();
  const document: Document = await client.get("/openapi.json");
  for (const [path, methods] of Object.entries(document.paths)) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const target = path.replace(/\{\w+\}/g, "ABCDEFGH");
    for (const [name, operation] of Object.entries(methods)) {
      const method = name.toUpperCase();
      const inPath = operation.parameters.filter((one) => one.in === "path");
      assert.deepEqual(inPath.map((one) => one.name), names);
      const body = operation.requestBody && "{";
      const bare = await app.request(target, { method, body });
      await bare.body?.cancel();
      const needsToken = operation.security === undefined;
      assert.equal(bare.status === 401, needsToken, `${method} ${path}`);
      assert.equal("401" in operation.responses, needsToken);
      if (bare.headers.get("content-type") === "text/event-stream") continue;
      const answer = await client.raw(method, target, { body });
      await answer.body?.cancel();
      const said = Object.keys(operation.responses);
      assert.ok(said.includes(`${answer.status}`), `${method} ${path}`);
      if (body === undefined) continue;
      assert.equal(answer.status, 400);
      const other = await client.raw(method, target, {
        body,
        headers: { "content-type": "text/plain" },
      });
      await other.body?.cancel();
      assert.equal(other.status, 415);
      assert.ok(said.includes("415"));
    }
  }
});

test("answers are as its schemas say", async () => {
  const { client } = start();
  const document: Document = await client.get("/openapi.json");
  const run_id = "r";
  await client.tellRun("w", { status: "In progress", run_id });
  await client.tellTask("w", {
    task_id: "t",
    run_id,
    status: "Failed",
    errors: [{ attempt: 1, exception: "E", message: "m", traceback: "" }],
  });
  const targets = {
    "/api/runs": "/api/runs",
    "/api/workflows": "/api/workflows",
    "/api/workflows/{workflow_id}/runs/{run_id}": "/api/workflows/w/runs/r",
    "/api/workflows/{workflow_id}/runs/{run_id}/tasks":
      "/api/workflows/w/runs/r/tasks",
    "/api/workflows/{workflow_id}/runs/{run_id}/tasks/{task_id}":
      "/api/workflows/w/runs/r/tasks/t",
    "/health": "/health",
  };
  for (const [path, target] of Object.entries(targets)) {
    const { content } = document.paths[path].get.responses["200"];
    const { schema } = content!["application/json"];
    conform(await client.get(target), schema, document, path);
  }
});

/** Fails where a value is not as a schema says, or has more than it says. */
function conform(
  value: unknown,
  schema: Schema,
  document: Document,
  path: string,
): void {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1)!;
    return conform(value, document.components.schemas[name], document, path);
  }
  if (schema.anyOf !== undefined) {
    const fits = schema.anyOf.some((one) => {
      try {
        conform(value, one, document, path);
        return true;
      } catch {
        return false;
      }
    });
    return assert.ok(fits, `${path} fits none`);
  }
  if (schema.enum) assert.ok(schema.enum.includes(value), path);
  if (schema.type !== undefined) {
    const kind = value === null
      ? "null"
      : Array.isArray(value)
      ? "array"
      : typeof value;
    const kinds = [schema.type].flat().map((type) =>
      type === "integer" ? "number" : type
    );
    assert.ok(kinds.includes(kind), `${path} is ${kind}, not ${kinds}`);
  }
  if (schema.properties !== undefined) {
    const fields = value as Record<string, unknown>;
    for (const name of schema.required ?? []) {
      assert.ok(name in fields, `${path}.${name} is missing`);
    }
    for (const [name, field] of Object.entries(fields)) {
      const known = schema.properties[name];
      assert.ok(known !== undefined, `${path}.${name} is not described`);
      conform(field, known, document, `${path}.${name}`);
    }
  }
  if (schema.items !== undefined) {
    assert.ok((value as unknown[]).length > 0, `${path} is empty`);
    for (const item of value as unknown[]) {
      conform(item, schema.items, document, `${path}[]`);
    }
  }
}
