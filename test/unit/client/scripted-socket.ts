import { type ClientSocket } from '../../../src/client/client-socket.js';

type Acknowledge = (failure: unknown, answer?: unknown) => void;

export interface Question {
  event: string;
  content: Record<string, unknown>;
  answer(answer: unknown): void;
}

/** A socket whose server is the test: it says when the connection is there, answers, sends and cuts. */
export class ScriptedSocket implements ClientSocket {
  connected = false;
  /** How often a connection was asked for. */
  tries = 0;
  options: Record<string, unknown> = {};
  /** Not answered yet. */
  readonly questions: Question[] = [];
  private readonly listeners = new Map<string, ((content?: unknown) => void)[]>();
  private readonly hearers: ((event: string, content?: unknown) => void)[] = [];
  private readonly pending = new Set<Acknowledge>();

  readonly io = (_url: string | undefined, options: Record<string, unknown>): this => {
    this.options = options;
    return this;
  };

  connect(): void {
    this.tries += 1;
  }

  disconnect(): void {
    if (this.connected) this.cut();
  }

  on(event: string, listener: (content?: unknown) => void): void {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  }

  onAny(hearer: (event: string, content?: unknown) => void): void {
    this.hearers.push(hearer);
  }

  timeout(ms: number) {
    return {
      emit: (event: string, content: unknown, acknowledge: Acknowledge) => {
        const settle: Acknowledge = (failure, answer) => {
          if (!this.pending.delete(settle)) return;
          clearTimeout(timer);
          this.questions.splice(this.questions.indexOf(question), 1);
          acknowledge(failure, answer);
        };
        const timer = setTimeout(() => settle(new Error('no answer')), ms);
        const question = {
          event,
          content: content as Record<string, unknown>,
          answer: (answer: unknown) => settle(null, answer),
        };
        this.pending.add(settle);
        this.questions.push(question);
      },
    };
  }

  arrive(): void {
    this.connected = true;
    this.hear('connect');
  }

  /** As socket.io does: first the word of it, then every question fails. */
  cut(): void {
    this.connected = false;
    this.hear('disconnect', 'transport close');
    for (const settle of [...this.pending]) settle(new Error('socket has been disconnected'));
  }

  fail(): void {
    this.hear('connect_error', new Error('refused'));
  }

  send(event: string, content: unknown): void {
    this.hear(event, content);
    for (const hearer of this.hearers) hearer(event, content);
  }

  /** The only question that waits for an answer. */
  get question(): Question {
    const [first, ...more] = this.questions;
    if (!first || more.length > 0) throw new Error(`${this.questions.length} questions`);
    return first;
  }

  private hear(event: string, content?: unknown): void {
    for (const listener of this.listeners.get(event) ?? []) listener(content);
  }
}
