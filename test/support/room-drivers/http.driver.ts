import { get, type IncomingMessage } from 'node:http';
import { type Ask, RoomDriver } from './room-driver.js';

/** The address of a guild's events, and a request to it over the driver's own connections. */
export abstract class HttpDriver extends RoomDriver {
  open(): Promise<void> {
    return Promise.resolve();
  }

  barrier(): Promise<void> {
    return Promise.resolve();
  }

  protected request(
    { guildId }: Ask,
    query: Record<string, string>,
    headers: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    const address = new URL(`/api/v1/guilds/${guildId}/events`, this.url);
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
    return new Promise((resolve, reject) => {
      get(address, { agent: this.agent, headers, ...(signal && { signal }) }, resolve).on('error', reject);
    });
  }
}

export async function textOf(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) text += chunk as string;
  return text;
}
