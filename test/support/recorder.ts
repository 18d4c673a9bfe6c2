import { io } from 'socket.io-client';
import { WebSocketClient } from './websocket-client.js';

/** Keeps every byte that a server lets out to those who ask it, by where it came from. */
export class Recorder {
  readonly said: { from: string; text: string }[] = [];

  keep(from: string, text: string): void {
    this.said.push({ from, text });
  }

  /** Headers and body of an answer; what is not over within `patience` is cut off. */
  async ask(url: string, path: string, init: RequestInit = {}, patience = 3_000): Promise<number> {
    const from = `${init.method ?? 'GET'} ${path}`;
    const response = await fetch(url + path, { redirect: 'manual', ...init, signal: AbortSignal.timeout(patience) });
    this.keep(from, JSON.stringify([...response.headers]));
    try {
      for await (const chunk of response.body ?? []) this.keep(from, Buffer.from(chunk as Uint8Array).toString());
    } catch {
      // An event stream never ends by itself.
    }
    return response.status;
  }

  /**
   * A d-zone client that sends `messages` and keeps all frames for as long as `during` takes, but for the password
   * that it sent itself: the dialect says it back to the one who sent it.
   */
  async listen(url: string, messages: unknown[], during: () => Promise<unknown>): Promise<void> {
    const client = await WebSocketClient.open(url);
    for (const message of messages) client.send(message);
    await during();
    await client.settled();
    await client.close();
    for (const { data } of client.frames) delete (data.request as { password?: string } | undefined)?.password;
    this.keep('WebSocket', JSON.stringify([client.frames, client.closed]));
  }

  /** The same over socket.io, whose messages are pairs of name and body. */
  async listenSocketIo(url: string, messages: [string, unknown][], during: () => Promise<unknown>): Promise<void> {
    const socket = io(url, { transports: ['websocket'], reconnection: false, forceNew: true });
    socket.onAny((...frame: unknown[]) => this.keep('socket.io', JSON.stringify(frame)));
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    for (const [name, body] of messages) {
      const answer: unknown = await socket
        .timeout(5_000)
        .emitWithAck(name, body)
        .catch((error: unknown) => String(error));
      this.keep(`socket.io ${name}`, JSON.stringify(answer));
    }
    await during();
    socket.close();
  }

  /** Where one of `secrets` was said, in any of the forms in which it travels. */
  leaks(secrets: Record<string, string>): string[] {
    const forms = Object.entries(secrets).flatMap(([name, secret]) => formsOf(secret).map((form) => ({ name, form })));
    return this.said.flatMap(({ from, text }) =>
      forms.filter(({ form }) => text.includes(form)).map(({ name }) => `${name} in ${from}`),
    );
  }
}

/** As it is, as in an address, and inside base64 wherever it begins there: what comes before moves its bits. */
function formsOf(secret: string): string[] {
  const encoded = ['', 'x', 'xx'].map((before) =>
    Buffer.from(before + secret)
      .toString('base64')
      .slice(Math.ceil((before.length * 8) / 6), -4),
  );
  return [secret, encodeURIComponent(secret), ...encoded];
}
