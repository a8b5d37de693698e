/**
 * The files of the dashboard, by path.
 *
 * @module
 */

/** A file, as it is served. */
export interface Asset {
  /** Its media type. */
  readonly type: string;
  /** What is in it. */
  readonly body: string;
}

/** The files. */
export const ASSETS: Readonly<Record<string, Asset>> = {
  "/": {
    type: "text/html; charset=utf-8",
    body: '<!doctype html><html lang="en"><title>dotflow</title><p>dotflow\n',
  },
};
