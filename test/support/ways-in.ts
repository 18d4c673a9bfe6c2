import { SocketIoClient } from './socket-io-client.js';
import { WebSocketClient } from './websocket-client.js';

/** What a visitor shows at a guild's door. */
export interface Shown {
  password?: string;
  discordToken?: string;
  discordUser?: { id: string; username: string };
  cookie?: string;
  key?: string;
  /** Where the visitor seems to be, behind a proxy that is trusted. */
  from?: string;
}

/** A visitor at a guild's door, or behind it. */
export interface Visitor {
  /** The code of the refusal; undefined for those inside. */
  refused: string | undefined;
  /** Why the stay is over, where the server has ended it. */
  letOut(): string | undefined;
  /** Everything that was heard, as text. */
  heard(): string;
  leave(): void;
}

type WayIn = (url: string, guildId: string, shown: Shown) => Promise<Visitor>;

/** What browsers and proxies add by themselves. */
function around({ cookie, from }: Shown): Record<string, string> {
  return { ...(cookie !== undefined && { cookie }), ...(from !== undefined && { 'x-forwarded-for': from }) };
}

function headersOf(shown: Shown): Record<string, string> {
  const { password, discordToken, key } = shown;
  return {
    ...around(shown),
    ...(password !== undefined && { 'x-guild-password': password }),
    ...(discordToken !== undefined && { 'x-discord-token': discordToken }),
    ...(key !== undefined && { authorization: `Bearer ${key}` }),
  };
}

async function bySocketIo(url: string, guildId: string, shown: Shown): Promise<Visitor> {
  const client = await SocketIoClient.open(url, { extraHeaders: around(shown) });
  const { password, discordToken, discordUser, key } = shown;
  const auth = { password, discordToken, discordUser, key };
  const { error } = await client.ask('join', { guildId, auth });
  return {
    refused: error?.code,
    letOut: () => {
      const end = client.events.find(({ type }) => type === 'guild.removed');
      return end && String((end.data as { reason?: string }).reason);
    },
    heard: () => JSON.stringify([client.events, client.errors, error]),
    leave: () => client.close(),
  };
}

const dZoneReasons: Record<string, string> = {
  'The password of this server was changed.': 'password-changed',
  'You are not a member of this Discord server any more.': 'not-a-member',
  'Your login is over. Please login with Discord again.': 'login-ended',
};

async function dZoneVisitor(client: WebSocketClient): Promise<Visitor> {
  const answered = () => client.frames.findIndex(({ type }) => type === 'server-join' || type === 'error');
  await client.until(() => answered() >= 0, 10_000);
  const at = answered();
  const answer = client.frames[at];
  return {
    refused: answer?.type === 'error' ? String(answer.data.code) : undefined,
    letOut: () => {
      const end = client.frames.slice(at + 1).find(({ type }) => type === 'error');
      return end && (dZoneReasons[String(end.data.message)] ?? String(end.data.message));
    },
    heard: () => JSON.stringify(client.frames),
    leave: () => client.socket.close(),
  };
}

async function byWebSocket(url: string, guildId: string, shown: Shown): Promise<Visitor> {
  const client = await WebSocketClient.open(url, '/ws', { headers: around(shown) });
  const { password, discordToken, discordUser } = shown;
  client.connect({ server: guildId, password, discordToken, discordUser });
  return dZoneVisitor(client);
}

async function byPath(url: string, guildId: string, shown: Shown): Promise<Visitor> {
  return dZoneVisitor(await WebSocketClient.open(url, `/ws/guilds/${guildId}`, { headers: headersOf(shown) }));
}

async function codeOf(response: Response): Promise<string | undefined> {
  return response.ok ? undefined : ((await response.json()) as { code: string }).code;
}

async function byStream(url: string, guildId: string, shown: Shown): Promise<Visitor> {
  const control = new AbortController();
  const headers = { ...headersOf(shown), accept: 'text/event-stream' };
  const response = await fetch(`${url}/api/v1/guilds/${guildId}/events`, { headers, signal: control.signal });
  const refused = await codeOf(response);
  let text = '';
  const read = async () => {
    if (refused !== undefined) return;
    const decoder = new TextDecoder();
    for await (const chunk of response.body as AsyncIterable<Uint8Array>)
      text += decoder.decode(chunk, { stream: true });
  };
  // Its end is the test's or the server's doing, and told by what was heard.
  void read().catch(() => undefined);
  return {
    refused,
    letOut: () => /event: guild\.removed\n.*\ndata: .*"reason":"([\w-]+)"/.exec(text)?.[1],
    heard: () => text,
    leave: () => control.abort(),
  };
}

/** One answer, and nothing more. */
function byRequest(path: (guildId: string) => string): WayIn {
  return async (url, guildId, shown) => {
    const response = await fetch(url + path(guildId), { headers: headersOf(shown) });
    const text = await response.clone().text();
    return { refused: await codeOf(response), letOut: () => undefined, heard: () => text, leave: () => undefined };
  };
}

export const staying = {
  'socket.io': bySocketIo,
  websocket: byWebSocket,
  'websocket path': byPath,
  sse: byStream,
} satisfies Record<string, WayIn>;

/** Every transport, and REST. */
export const waysIn: Record<string, WayIn> = {
  ...staying,
  'long poll': byRequest((guildId) => `/api/v1/guilds/${guildId}/events?wait=0`),
  rest: byRequest((guildId) => `/api/v1/guilds/${guildId}`),
  'rest members': byRequest((guildId) => `/api/v1/guilds/${guildId}/members`),
};
