// Reads the body of an answer piece by piece, so that what has come so far can be told.

/** `progress` has the bytes so far and how many there will be; 0: not known. */
export async function readBody(response: Response, progress: (done: number, total: number) => void): Promise<ArrayBuffer> {
  if (!response.body) return response.arrayBuffer();
  // The length of a compressed answer says nothing about what comes out of it.
  const total = response.headers.get('Content-Encoding') ? 0 : Number(response.headers.get('Content-Length') ?? 0);
  let all = new Uint8Array(total || 65536), done = 0;
  for (const reader = response.body.getReader(); ;) {
    const piece = await reader.read();
    if (piece.done) break;
    if (done + piece.value.length > all.length) {
      const larger = new Uint8Array(Math.max(done + piece.value.length, 2 * all.length));
      larger.set(all.subarray(0, done));
      all = larger;
    }
    all.set(piece.value, done);
    done += piece.value.length;
    progress(done, total);
  }
  return done === all.length ? all.buffer : all.buffer.slice(0, done);
}
