/** What a figure shows now. `atLeast`: not everything was heard yet, so the truth may be higher, but never lower. */
export interface Reading {
  value: number;
  atLeast: boolean;
}

/** What is known of a guild whose source is well. */
export interface FigureSource {
  room: { readonly onlineCount: number; readonly memberCount: number };
  /** Messages of the last 60 seconds. */
  lastMinute: Reading;
  /** Seconds since the last message; since the guild is listened to when there was none. */
  silence: Reading;
}

/** A number of a guild that alert rules may watch. */
export interface Figure {
  /** For the description of the HTTP interface. */
  meaning: string;
  read(guild: FigureSource): Reading;
}
