import { Logger } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type Client } from 'discord.js';
import { Listener, type ListenerMeta } from 'necord';

const reflector = new Reflector();

/**
 * Binds the methods that necord's `@On` marks; they are given the event's arguments as an array.
 *
 * Not left to necord, for two reasons. It calls a listener some turns after the event, when packets that came later
 * are applied already: a message would be judged by what its channel has become meanwhile. And it keeps what a method
 * is bound to in the decorator itself, so that a second app in the process would call the listeners of the first.
 */
export abstract class BoundListener {
  constructor(client: Client) {
    const logger = new Logger(new.target.name);
    for (const name of Object.getOwnPropertyNames(new.target.prototype)) {
      const method: unknown = Reflect.get(this, name);
      const mark = typeof method === 'function' ? reflector.get(Listener, method) : undefined;
      if (typeof method !== 'function' || mark === undefined) continue;
      const { event } = mark.toJSON() as ListenerMeta;
      const bound = method.bind(this) as (args: unknown[]) => void;
      // Without the mark: necord finds nothing to bind.
      Object.defineProperty(this, name, { value: bound });
      client.on(String(event), (...args: unknown[]) => {
        try {
          bound(args);
        } catch (error) {
          // discord.js hands packets out in promises that nobody awaits: a throw would end the process.
          logger.error(`${String(event)} could not be told: ${String(error)}`);
        }
      });
    }
  }
}
