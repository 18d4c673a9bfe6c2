import { randomBytes } from 'node:crypto';
import { type CommandOption, type RegisteredCommand } from './command-form.js';
import { FakeInteraction } from './fake-interaction.js';
import { type FakeGuild } from './fake-guild.js';
import { memberPayload } from './payloads.js';
import { may, permissions } from './permissions.js';
import { type GatewayEvent } from './gateway-event.js';
import { type Snowflakes } from './snowflakes.js';
import { type WireDmChannel, type WireUser } from './wire.js';

type OptionValue = string | number | boolean;

export interface InteractOptions {
  userId: string;
  /** Undefined: in the direct messages with the bot. */
  guildId?: string;
  /** The guild's first channel when not given. */
  channelId?: string;
  /** Its words, such as `settings set`, as they are called in English. */
  command: string;
  options?: Record<string, OptionValue>;
  /** Of the user; `en-US` when not given. */
  locale?: string;
  /** True: whether the command is registered, and for this user and place, is not asked. */
  force?: boolean;
}

/** Bits there may be: in a payload they are a number without a sign. */
const allBits = (1n << 53n) - 1n;

/** What interactions need of the world around them. */
export interface InteractionHost {
  readonly bot: WireUser;
  readonly snowflakes: Snowflakes;
  readonly users: ReadonlyMap<string, WireUser>;
  readonly guilds: ReadonlyMap<string, FakeGuild>;
  readonly commands: ReadonlyMap<string, readonly RegisteredCommand[]>;
  emit(event: GatewayEvent): void;
  dmWith(user: WireUser): WireDmChannel;
}

/** Commands as users give them. */
export class Interactions {
  private readonly given = new Map<string, FakeInteraction>();

  constructor(private readonly world: InteractionHost) {}

  /** Of an interaction that a bot was told of. */
  byToken(token: string | undefined): FakeInteraction | undefined {
    return this.given.get(token ?? '');
  }

  give(options: InteractOptions): FakeInteraction {
    const { world } = this;
    const words = options.command.split(' ');
    const command = world.commands.get('global')?.find(({ name }) => name === words[0]);
    const place = this.placeOf(options);
    if (!options.force) mustBeOffered(words.join(' '), command, place);
    const interaction = new FakeInteraction(
      world.snowflakes.next(),
      randomBytes(24).toString('base64url'),
      place.channelId,
    );
    this.given.set(interaction.token, interaction);
    const payload = {
      id: interaction.id,
      application_id: world.bot.id,
      type: 2,
      token: interaction.token,
      version: 1,
      data: {
        id: command?.id ?? world.snowflakes.next(),
        type: 1,
        name: words[0],
        options: optionsOf(words.slice(1), command?.options, options.options ?? {}),
      },
      locale: options.locale ?? 'en-US',
      entitlements: [],
      attachment_size_limit: 10_485_760,
      ...place.fields,
    };
    world.emit({ t: 'INTERACTION_CREATE', guildId: place.guild?.id, intents: 0, payload: () => payload });
    return interaction;
  }

  private placeOf({ userId, guildId, channelId }: InteractOptions): Place {
    const { world } = this;
    const user = world.users.get(userId);
    if (!user) throw new Error(`No user ${userId}`);
    if (guildId === undefined) {
      const channel = world.dmWith(user);
      const fields = { user, channel, channel_id: channel.id, context: 1, app_permissions: String(allBits) };
      return {
        fields: { ...fields, authorizing_integration_owners: { 1: userId } },
        bits: allBits,
        guild: undefined,
        channelId: channel.id,
      };
    }
    const guild = world.guilds.get(guildId);
    const member = guild?.members.get(userId);
    const channel = guild?.channels.get(channelId ?? guild.channels.keys().next().value ?? '');
    if (!guild || !member || !channel) throw new Error(`${userId} is in no channel of guild ${guildId}`);
    const bits = guild.permissionsOf(userId, channel.id) & allBits;
    const fields = {
      member: { ...memberPayload(member), permissions: String(bits) },
      guild_id: guildId,
      guild: { id: guildId, locale: 'en-US', features: [] },
      guild_locale: 'en-US',
      channel,
      channel_id: channel.id,
      context: 0,
      app_permissions: String(guild.permissionsOf(world.bot.id, channel.id) & allBits),
      authorizing_integration_owners: { 0: guildId },
    };
    return { fields, bits, guild, channelId: channel.id };
  }
}

interface Place {
  fields: object;
  /** The user's permissions there. */
  bits: bigint;
  guild: FakeGuild | undefined;
  channelId: string;
}

function mustBeOffered(words: string, command: RegisteredCommand | undefined, { bits, guild }: Place): void {
  if (!command) throw new Error(`No command /${words} is registered`);
  const { contexts, default_member_permissions: wanted } = command;
  if (contexts && !contexts.includes(guild ? 0 : 1)) throw new Error(`/${words} is not offered here`);
  if (guild && wanted !== null && !may(bits, BigInt(wanted)) && !may(bits, permissions.administrator)) {
    throw new Error(`/${words} is not offered to this user`);
  }
}

/** Words of a command lie in each other, the values in the last. */
function optionsOf(
  words: readonly string[],
  known: readonly CommandOption[] | undefined,
  values: Readonly<Record<string, OptionValue>>,
): object[] {
  const [word, ...rest] = words;
  if (word === undefined) {
    return Object.entries(values).map(([name, value]) => ({
      name,
      type: known?.find((option) => option.name === name)?.type ?? typeOf(value),
      value,
    }));
  }
  const within = known?.find(({ name }) => name === word);
  return [{ name: word, type: rest.length > 0 ? 2 : 1, options: optionsOf(rest, within?.options, values) }];
}

function typeOf(value: OptionValue): number {
  if (typeof value === 'boolean') return 5;
  return typeof value === 'number' ? 10 : 3;
}
