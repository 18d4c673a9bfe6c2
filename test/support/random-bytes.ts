/** Bytes that look random and are the same at each run (xorshift), so that a failure comes again. */
export function randomBytesOf(seed: number): (length: number) => Buffer {
  let state = seed | 1;
  return (length) => {
    const bytes = Buffer.alloc(length);
    for (let n = 0; n < length; n += 1) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      bytes[n] = state;
    }
    return bytes;
  };
}
