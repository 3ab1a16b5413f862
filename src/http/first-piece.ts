type Pieces = AsyncGenerator<Uint8Array, void>;

/**
 * The same pieces once the first of them is there; rejects with the signal's reason. A connection that was taken
 * before it would be silent for as long as the source needs to begin, and servers close silent ones (uvicorn after 5 s).
 */
export async function withFirstPiece(pieces: Pieces, signal: AbortSignal): Promise<Pieces> {
  const first = pieces.next();
  first.catch(() => undefined);
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  aborted.catch(() => undefined);
  return continued(await Promise.race([first, aborted]), pieces);
}

async function* continued(first: IteratorResult<Uint8Array, void>, rest: Pieces): Pieces {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}
