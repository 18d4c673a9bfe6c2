/**
 * Something to dispatch. `payload` is called once for each session that the event concerns, at once, with the
 * session's intents; undefined = that session is not told.
 */
export interface GatewayEvent {
  t: string;
  /** The guild it happened in; without one, it goes to shard 0, as Discord does with direct messages. */
  guildId?: string;
  /** The session needs one of these intents; 0 = everybody is told. */
  intents: number;
  payload: (intents: number, largeThreshold: number) => unknown;
}
