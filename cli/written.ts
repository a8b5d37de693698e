/**
 * Whether all that was written has reached its reader.
 *
 * @module
 */

/** What was written to a stream. */
export interface Writes {
  /** Waits until it is taken, or never will be. */
  flush(): Promise<void>;
  /** Whether some of it is lost, and not because its reader has gone. */
  isLost(): boolean;
}

/**
 * Watches what is written. The stream may be shared: it is not ended.
 *
 * @param stream The stream.
 * @returns What tells when all is written.
 */
export function watchWrites(stream: NodeJS.WriteStream): Writes {
  const reasons: unknown[] = [];
  let isFull = false;
  let wake = () => {};
  stream.on("error", (error) => {
    reasons.push((error as NodeJS.ErrnoException).code);
    wake();
  });
  stream.on("drain", () => {
    isFull = false;
    wake();
  });
  const write = stream.write;
  stream.write = ((...args: Parameters<typeof write>) => {
    try {
      const isTaken = write.apply(stream, args);
      isFull = !isTaken;
      return isTaken;
    } catch (error) {
      // Deno throws where the others tell of an error.
      reasons.push((error as NodeJS.ErrnoException).code);
      throw error;
    }
  }) as typeof write;
  const flush = async () => {
    // In Bun, only this tells that a pipe has not taken all.
    while (isFull && reasons.length === 0) {
      await new Promise<void>((resolve) => wake = resolve);
    }
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (reasons.length > 0) resolve();
      else stream.write("", () => resolve());
    });
  };
  // A reader that has gone, as in `dotflow runs list | head`, is no failure.
  const isLost = () =>
    reasons.some((code) => code !== "EPIPE" && code !== "ERR_STREAM_DESTROYED");
  return { flush, isLost };
}
