import { constants, deflateRawSync } from 'node:zlib';

/** Text that many clients get, as bytes that are made once: plain, and deflated for those who take that. */
export class SharedBytes {
  readonly plain: Buffer;
  private packed: Buffer | undefined;

  constructor(text: string) {
    this.plain = Buffer.from(text);
  }

  /**
   * Whole raw deflate blocks (RFC 1951), none of them the last, ending on a byte: they can stand between other blocks.
   * Made when first asked for, at the cost of some milliseconds for each megabyte.
   */
  get deflated(): Buffer {
    return (this.packed ??= deflateRawSync(this.plain, {
      level: constants.Z_BEST_SPEED,
      finishFlush: constants.Z_SYNC_FLUSH,
    }));
  }
}

/** Makes bytes of a value once, for as long as the value lives. It must not change meanwhile. */
export function sharedBytesOf<T extends object>(encode: (value: T) => string): (value: T) => SharedBytes {
  const made = new WeakMap<T, SharedBytes>();
  return (value) => {
    let bytes = made.get(value);
    if (!bytes) made.set(value, (bytes = new SharedBytes(encode(value))));
    return bytes;
  };
}
