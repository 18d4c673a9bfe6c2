import { randomBytes } from 'node:crypto';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Client, Events, GatewayDispatchEvents, GatewayIntentBits, GatewayOpcodes, type Guild } from 'discord.js';
import { z } from 'zod';

/** Milliseconds without a chunk after which an answer is given up. */
const patience = 30_000;

const refusedPacket = z.object({ retry_after: z.number().nonnegative(), meta: z.object({ nonce: z.string() }) });

/** Discord answers later. `retryAfter` is in milliseconds. */
export class MembersRefused extends Error {
  constructor(readonly retryAfter: number) {
    super(`Discord asks to wait ${(retryAfter / 1000).toFixed(1)} s`);
    this.name = 'MembersRefused';
  }
}

/** The answer was to come in a session that is over; the next one may be asked. */
export class MembersCutOff extends Error {
  constructor() {
    super('another session began');
    this.name = 'MembersCutOff';
  }
}

interface Question {
  shardId: number;
  seen: Set<number>;
  timer: NodeJS.Timeout;
  end(error?: Error): void;
}

/**
 * Asks the Discord gateway for members; the answer goes into discord.js' cache, chunk by chunk. discord.js' own
 * question ends with the first chunk that is not full, whichever comes first, and outlives the session it was put in.
 */
@Injectable()
export class GatewayMembers implements OnModuleInit, OnApplicationShutdown {
  private readonly questions = new Map<string, Question>();

  constructor(private readonly client: Client) {}

  onModuleInit(): void {
    this.client.on(Events.GuildMembersChunk, (_members, _guild, { nonce, index, count }) => {
      const question = nonce === undefined ? undefined : this.questions.get(nonce);
      if (question === undefined) return;
      question.timer.refresh();
      question.seen.add(index);
      if (question.seen.size >= count) question.end();
    });
    this.client.ws.on(GatewayDispatchEvents.RateLimited, (packet: unknown) => {
      const told = refusedPacket.safeParse(packet);
      if (told.success) this.questions.get(told.data.meta.nonce)?.end(new MembersRefused(told.data.retry_after * 1000));
    });
    this.client.ws.on(GatewayDispatchEvents.Ready, (_packet: unknown, shardId) => {
      this.giveUp(({ shardId: asked }) => asked === shardId, new MembersCutOff());
    });
  }

  onApplicationShutdown(): void {
    this.giveUp(() => true, new Error('the program ends'));
  }

  /** All members, or those of `userIds` (at most 100). Resolves with the last chunk. */
  ask(guild: Guild, userIds?: readonly string[]): Promise<void> {
    // At most 32 bytes.
    const nonce = randomBytes(12).toString('hex');
    return new Promise((resolve, reject) => {
      const end = (error?: Error): void => {
        this.questions.delete(nonce);
        clearTimeout(timer);
        if (error === undefined) resolve();
        else reject(error);
      };
      const timer = setTimeout(() => end(new Error('no answer in time')), patience).unref();
      this.questions.set(nonce, { shardId: guild.shardId, seen: new Set(), timer, end });
      const presences = this.client.options.intents.has(GatewayIntentBits.GuildPresences);
      const whom = userIds === undefined ? { query: '' } : { user_ids: userIds };
      guild.shard.send({
        op: GatewayOpcodes.RequestGuildMembers,
        d: { guild_id: guild.id, presences, nonce, limit: 0, ...whom },
      });
    });
  }

  private giveUp(which: (question: Question) => boolean, why: Error): void {
    for (const question of this.questions.values()) if (which(question)) question.end(why);
  }
}
