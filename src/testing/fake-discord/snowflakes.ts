const discordEpoch = 1_420_070_400_000n;

/** Makes ids as Discord does: time in the upper bits, so that clients can read from them when a thing was made. */
export class Snowflakes {
  private last = 0n;

  /** Ids of one source grow strictly. */
  next(now = Date.now()): string {
    const stamped = (BigInt(now) - discordEpoch) << 22n;
    this.last = stamped > this.last ? stamped : this.last + 1n;
    return this.last.toString();
  }
}

/** Milliseconds since 1970. */
export function timeOf(id: string): number {
  return Number((BigInt(id) >> 22n) + discordEpoch);
}
