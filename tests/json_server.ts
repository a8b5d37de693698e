/**
 * A small server of JSON.
 *
 * @module
 */

import { cleanup } from "./harness.ts";

/**
 * Serves JSON to what is posted, on a free port, until the test ends.
 *
 * @param answer Gives status and body by path and posted text.
 * @returns The address.
 */
export async function serveJson(
  answer: (path: string, text: string) => Promise<[number, object]>,
): Promise<string> {
  const { createServer } = await import("node:http");
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const [status, body] = await answer(request.url!, text);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve())
  );
  cleanup(() => {
    server.closeAllConnections?.();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return `http://127.0.0.1:${port}`;
}
