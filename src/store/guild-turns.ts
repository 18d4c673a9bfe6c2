/** Lets what is done to one guild happen one after the other, and to different guilds at the same time. */
export class GuildTurns {
  /** The last turn of each guild; only while there is one. */
  private readonly last = new Map<string, Promise<void>>();

  next<T>(guildId: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.last.get(guildId) ?? Promise.resolve()).then(work);
    const over = turn
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => {
        if (this.last.get(guildId) === over) this.last.delete(guildId);
      });
    this.last.set(guildId, over);
    return turn;
  }
}
