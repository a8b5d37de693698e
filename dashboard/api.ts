/**
 * The calls to the server. The page reads; only the answer to a login is
 * written.
 *
 * @module
 */

const TOKEN = "dotflow-token";
/** A clock that is off by less is not told from the time of the way, in ms. */
const SKEW_MS = 2_000;

/** An answer that is not what was asked for. */
export class ApiError extends Error {
  /** The name of the class. */
  override readonly name = "ApiError";
  /** The status of the answer; 0 where there was none. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Parameters of a call; empty ones are left out. */
export type Params = Readonly<Record<string, string | number | undefined>>;

/** The server, with the token of this tab. */
export class Api {
  /** Called when the server wants a token, or another one. */
  onDenied: () => void = () => {};
  #token = sessionStorage.getItem(TOKEN) ?? "";
  #skewMs = 0;

  /** Whether there is a token. */
  get signedIn(): boolean {
    return this.#token !== "";
  }

  /**
   * Takes the token of an address such as `…#token=…`, and takes it out there.
   *
   * @returns Whether there was one.
   */
  readAddress(): boolean {
    const given = new URLSearchParams(location.hash.slice(1)).get("token");
    if (given === null) return false;
    history.replaceState(null, "", location.pathname + location.search);
    this.signIn(given);
    return true;
  }

  /**
   * Takes a token, for as long as the tab is open.
   *
   * @param token The token; an empty one signs out.
   */
  signIn(token: string): void {
    this.#token = token;
    if (token === "") sessionStorage.removeItem(TOKEN);
    else sessionStorage.setItem(TOKEN, token);
  }

  /**
   * Tells the time of the server, as far as it is known.
   *
   * @returns Milliseconds since 1970.
   */
  now(): number {
    return Date.now() + this.#skewMs;
  }

  /**
   * Reads something.
   *
   * @param path Its path, relative to the page.
   * @param params The parameters.
   * @param signal Ends the call.
   * @returns What the server says.
   * @throws {ApiError} When it does not give it.
   */
  async get<Value>(
    path: string,
    params: Params = {},
    signal?: AbortSignal,
  ): Promise<Value> {
    const response = await this.open(path, params, { signal });
    return await response.json() as Value;
  }

  /**
   * Answers a login.
   *
   * @param path Its path, relative to the page.
   * @param body What to say.
   * @throws {ApiError} When the server does not take it.
   */
  async post(path: string, body: unknown): Promise<void> {
    await this.open(path, {}, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  /**
   * Makes a call.
   *
   * @param path Its path, relative to the page.
   * @param params The parameters.
   * @param init The method, headers and body.
   * @returns The answer, whose status is a good one.
   * @throws {ApiError} When it is not, or there is none.
   */
  async open(
    path: string,
    params: Params,
    init: RequestInit = {},
  ): Promise<Response> {
    const url = new URL(path, document.baseURI);
    url.hash = "";
    for (const [name, value] of Object.entries(params)) {
      if (value !== undefined && value !== "") {
        url.searchParams.set(name, String(value));
      }
    }
    const headers = new Headers(init.headers);
    const token = this.#token;
    if (token !== "") headers.set("authorization", `Bearer ${token}`);
    const response = await this.#send(url, { ...init, headers });
    this.#readClock(response);
    if (response.ok) return response;
    // An answer to a token that has been replaced meanwhile says nothing.
    if (response.status === 401 && token === this.#token) this.onDenied();
    throw new ApiError(response.status, await readDetail(response));
  }

  async #send(url: URL, init: RequestInit): Promise<Response> {
    try {
      return await fetch(url, { cache: "no-store", ...init });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new ApiError(0, "Cannot reach the server");
    }
  }

  #readClock({ headers }: Response): void {
    const skew = Date.parse(headers.get("date") ?? "") - Date.now();
    this.#skewMs = Math.abs(skew) > SKEW_MS ? skew : 0;
  }
}

async function readDetail(response: Response): Promise<string> {
  try {
    const { detail } = await response.json();
    if (typeof detail === "string") return detail;
  } catch {
    // It is no JSON: the status has to do.
  }
  return `Cannot get an answer: the server said ${response.status}`;
}
