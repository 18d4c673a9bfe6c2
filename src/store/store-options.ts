/** What the store has to know of its surroundings. */
export interface StoreOptions {
  /** Whether the data source `store` is asked about a guild. If not, nobody sees it, and nobody is told of its changes. */
  speaksFor(guildId: string): boolean;
}

export const STORE_OPTIONS = Symbol('STORE_OPTIONS');
