import { Reflector } from '@nestjs/core';
import { Listener, type ListenerMeta } from 'necord';

const reflector = new Reflector();

/**
 * A listener whose decorated methods belong to its own app. necord keeps what a method is bound to in the decorator's
 * metadata, one for the whole process: a second app in the process would call the listeners of the first.
 */
export abstract class BoundListener {
  constructor() {
    for (const name of Object.getOwnPropertyNames(new.target.prototype)) {
      const method: unknown = Reflect.get(this, name);
      const shared = typeof method === 'function' ? reflector.get(Listener, method) : undefined;
      if (typeof method !== 'function' || shared === undefined) continue;
      const value = method.bind(this) as () => void;
      Listener(shared.toJSON() as ListenerMeta)(this, name, { value });
      Object.defineProperty(this, name, { value });
    }
  }
}
