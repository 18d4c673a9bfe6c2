/** Members who do not want to be shown. Both are done when they resolve, and change nothing the second time. */
export abstract class MemberHiding {
  /** Nothing of the member leaves for the web from then on. @throws Fault `service.unavailable` */
  abstract hide(guildId: string, userId: string): Promise<void>;

  /** @throws Fault `service.unavailable` */
  abstract show(guildId: string, userId: string): Promise<void>;
}
