/**
 * Logins of command lines: a device asks for a code, somebody with a token
 * approves it, and the device is given a token of its own, of which no more is
 * stored than its SHA-256.
 *
 * @module
 */

import { sha256Hex } from "../src/sha256.ts";
import type { Places } from "./places.ts";
import { Problem } from "./problem.ts";
import type { Records } from "./records.ts";

/** For so long a code is good, in seconds. */
const LIFETIME_S = 900;
/** So often a device may ask, in seconds. */
const INTERVAL_S = 5;
/** So many codes wait at once. */
const MOST_WAITING = 100;
/** So many codes are given out within a minute. */
const MOST_PER_MINUTE = 30;
/** For so long a token is not looked up again, in milliseconds. */
const BELIEF_MS = 60_000;
/** So many tokens are kept in mind. */
const MOST_KNOWN = 1_000;

/** No vowels, so that no word comes up, and nothing that looks like another. */
const LETTERS = "BCDFGHJKLMNPQRSTVWXZ";
const TOKEN = /^dft_[\w-]{43}$/;

/** A login, as it is stored; the device's code is its key, as a hash. */
interface Login {
  readonly user_code: string;
  readonly state: "waiting" | "approved" | "refused" | "done";
  readonly expires: number;
  readonly asked: number;
  readonly created_at: string;
}

/** What a device is told. */
export interface DeviceCode {
  /** What the device asks with. */
  readonly device_code: string;
  /** What a person types. */
  readonly user_code: string;
  /** Where. */
  readonly verification_uri: string;
  /** How often the device may ask, in seconds. */
  readonly interval: number;
  /** For how long the code is good, in seconds. */
  readonly expires_in: number;
}

/** What waits for approval. */
export interface WaitingLogin {
  /** What a person types. */
  readonly user_code: string;
  /** Since when it waits, in ISO 8601. */
  readonly created_at: string;
  /** Until when it can be approved. */
  readonly expires_at: string;
}

/** All logins. */
export class Logins {
  readonly #records: Records;
  readonly #prefix: string;
  readonly #tokenMs: number;
  /** When codes were given out of late. */
  #given: number[] = [];
  /** Hashes of good tokens, and until when they are believed. */
  readonly #known = new Map<string, number>();

  /**
   * @param records The storage.
   * @param places Where is what.
   * @param tokenMs How long tokens are good, in milliseconds.
   */
  constructor(records: Records, places: Places, tokenMs: number) {
    this.#records = records;
    this.#tokenMs = tokenMs;
    this.#prefix = places.logins;
  }

  /**
   * Begins a login. How many begin is limited for each server, whoever asks.
   *
   * @param origin The address of this server.
   * @returns What the device is told.
   * @throws {Problem} 429 where there are too many.
   */
  async begin(origin: string): Promise<DeviceCode> {
    const now = Date.now();
    this.#given = this.#given.filter((at) => now - at < 60_000);
    if (this.#given.length >= MOST_PER_MINUTE) throw tooMany(60);
    this.#given.push(now);
    await this.#makeRoom(now);
    const device_code = randomText(32);
    const user_code = randomCode();
    const device = sha256Hex(device_code);
    const login: Login = {
      user_code,
      state: "waiting",
      expires: now + LIFETIME_S * 1000,
      asked: 0,
      created_at: new Date(now).toISOString(),
    };
    await this.#records.put(this.#deviceKey(device), login);
    await this.#records.put(this.#userKey(user_code), { device });
    return {
      device_code,
      user_code,
      verification_uri: `${origin}/device`,
      interval: INTERVAL_S,
      expires_in: LIFETIME_S,
    };
  }

  /**
   * Answers a device that asks for its token, which it is given once.
   *
   * @param deviceCode What it asks with.
   * @returns The token.
   * @throws {Problem} 400 while it has to wait, 410 when it is over.
   */
  async poll(deviceCode: string): Promise<string> {
    const device = sha256Hex(deviceCode);
    const key = this.#deviceKey(device);
    const now = Date.now();
    const { before, now: login } = await this.#records.change<Login>(
      key,
      (login) => {
        if (login === undefined || login.expires <= now) return undefined;
        if (login.state === "approved") return { ...login, state: "done" };
        return login.state === "waiting" && !isEarly(login, now)
          ? { ...login, asked: now }
          : undefined;
      },
    );
    if (before === undefined || before.expires <= now) {
      throw new Problem(410, "expired_token");
    }
    if (before.state === "refused") throw new Problem(410, "access_denied");
    if (login!.state === "waiting") {
      const detail = isEarly(before, now)
        ? "slow_down"
        : "authorization_pending";
      throw new Problem(400, detail);
    }
    if (before.state === "done") throw new Problem(410, "expired_token");
    const token = `dft_${randomText(32)}`;
    await this.#records.put(this.#tokenKey(sha256Hex(token)), {
      created_at: new Date(now).toISOString(),
    });
    return token;
  }

  /**
   * Tells what waits for approval.
   *
   * @param userCode What a person has typed.
   * @returns What waits.
   * @throws {Problem} 404 where nothing does.
   */
  async waiting(userCode: string): Promise<WaitingLogin> {
    const key = await this.#find(userCode);
    const login = await this.#records.get<Login>(key);
    if (login === undefined || !isWaiting(login)) throw notWaiting();
    const { user_code, created_at, expires } = login;
    return {
      user_code,
      created_at,
      expires_at: new Date(expires).toISOString(),
    };
  }

  /**
   * Approves or refuses a login.
   *
   * @param userCode What a person has typed.
   * @param approve Whether the device is given a token.
   * @throws {Problem} 404 where nothing waits under that code.
   */
  async decide(userCode: string, approve: boolean): Promise<void> {
    const state = approve ? "approved" : "refused";
    const { changed } = await this.#records.change<Login>(
      await this.#find(userCode),
      (login) =>
        login !== undefined && isWaiting(login)
          ? { ...login, state }
          : undefined,
    );
    if (!changed) throw notWaiting();
  }

  /**
   * Tells whether a token was given to a device.
   *
   * @param token The token.
   * @returns Whether it was.
   */
  async isIssued(token: string): Promise<boolean> {
    if (!TOKEN.test(token)) return false;
    const hash = sha256Hex(token);
    const now = Date.now();
    if ((this.#known.get(hash) ?? 0) > now) return true;
    const key = this.#tokenKey(hash);
    const found = await this.#records.get<{ created_at: string }>(key);
    if (found === undefined) return false;
    const expires = Date.parse(found.created_at) + this.#tokenMs;
    if (expires <= now) {
      await this.#records.removeOne(key);
      return false;
    }
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(hash, Math.min(now + BELIEF_MS, expires));
    return true;
  }

  async #find(userCode: string): Promise<string> {
    const code = userCode.toUpperCase().replace(/[^A-Z]/g, "");
    const found = code.length === 8
      ? await this.#records.get<{ device: string }>(this.#userKey(code))
      : undefined;
    if (found === undefined) throw notWaiting();
    return this.#deviceKey(found.device);
  }

  /** Removes what is over, where so many wait that it matters. */
  async #makeRoom(now: number): Promise<void> {
    const keys = await this.#records.list(`${this.#prefix}device/`);
    if (keys.length < MOST_WAITING) return;
    const logins = await this.#records.getAll<Login>(keys);
    let left = keys.length;
    for (const [at, login] of logins.entries()) {
      const isOver = login === undefined || login.expires <= now ||
        login.state === "done" || login.state === "refused";
      if (!isOver) continue;
      if (login) await this.#records.remove(this.#userKey(login.user_code));
      await this.#records.remove(keys[at]);
      left--;
    }
    if (left >= MOST_WAITING) throw tooMany(LIFETIME_S);
  }

  #deviceKey(hash: string): string {
    return `${this.#prefix}device/${hash}`;
  }

  #userKey(code: string): string {
    return `${this.#prefix}user/${code.replace("-", "").toLowerCase()}`;
  }

  #tokenKey(hash: string): string {
    return `${this.#prefix}token/${hash}`;
  }
}

/** Whether a device asks again too soon, for which nothing is written. */
function isEarly({ asked }: Login, now: number): boolean {
  return now - asked < (INTERVAL_S - 1) * 1000;
}

function isWaiting({ state, expires }: Login): boolean {
  return state === "waiting" && expires > Date.now();
}

function notWaiting(): Problem {
  return new Problem(404, "Cannot find the login: no such code waits");
}

function tooMany(seconds: number): Problem {
  return new Problem(429, "Cannot begin a login: there are too many", {
    "retry-after": String(seconds),
  });
}

function randomText(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return btoa(String.fromCharCode(...random)).replaceAll("+", "-")
    .replaceAll("/", "_").replace(/=+$/, "");
}

function randomCode(): string {
  let code = "";
  while (code.length < 8) {
    const [byte] = crypto.getRandomValues(new Uint8Array(1));
    // Of 256 values, 240 give each letter as often as any other.
    if (byte < 240) code += LETTERS[byte % LETTERS.length];
  }
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}
