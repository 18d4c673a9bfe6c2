type Listener<T> = (value: T) => void;

/** Typed events, each with one value. Listeners run in the order in which they were added. */
export class Emitter<Events extends object> {
  private readonly listeners = new Map<keyof Events, Set<Listener<never>>>();

  /** Answers a function that takes the listener away again. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    const listeners = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  protected emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    // Looked at again before each call: a listener may end what others listen to.
    const listeners = this.listeners.get(name) as Set<Listener<Events[Name]>> | undefined;
    for (const listener of [...(listeners ?? [])]) if (listeners?.has(listener)) listener(value);
  }

  protected silence(): void {
    for (const listeners of this.listeners.values()) listeners.clear();
  }
}
