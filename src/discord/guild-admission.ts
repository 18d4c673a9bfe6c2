/** Which guilds the operator shows. What it does not admit never leaves this folder. */
export class GuildAdmission {
  private readonly chosen: ReadonlySet<string>;

  /** `*` shows every guild the bot is in, undefined none. */
  constructor(private readonly guilds: '*' | readonly string[] | undefined) {
    this.chosen = new Set(guilds === '*' ? [] : guilds);
  }

  admits(guildId: string): boolean {
    return this.guilds === '*' || this.chosen.has(guildId);
  }
}
