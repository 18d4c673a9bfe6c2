/** Told when something cached is no longer true. The app connects it with what happens in the house. */
export abstract class CacheInvalidation {
  /** Throws away every answer with this tag, also one that is being made right now. Never throws. */
  abstract invalidate(tag: string): Promise<void>;
}
