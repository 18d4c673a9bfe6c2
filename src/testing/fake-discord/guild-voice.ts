import { type GatewayEvent } from './gateway-event.js';
import { intents as bits } from './intents.js';
import { type GuildState, memberPayload } from './payloads.js';
import { type WireVoiceState } from './wire.js';

/** Who is in which voice channel of a guild. */
export class GuildVoice {
  private readonly present = new Map<string, WireVoiceState>();

  constructor(
    private readonly guild: GuildState & { readonly available: boolean },
    private readonly host: { emit(event: GatewayEvent): void },
  ) {}

  /** Of everybody who is in a channel. */
  get states(): readonly WireVoiceState[] {
    return [...this.present.values()];
  }

  /** A member enters a voice channel, or another one; with null they leave. */
  move(userId: string, channelId: string | null): void {
    const { guild } = this;
    const member = guild.members.get(userId);
    if (!member) throw new Error(`No member ${userId} in guild ${guild.id}`);
    if (channelId !== null && !guild.channels.has(channelId)) throw new Error(`No channel ${channelId}`);
    const state: WireVoiceState = {
      user_id: userId,
      channel_id: channelId,
      session_id: `voice-${userId}`,
      deaf: false,
      mute: false,
      self_deaf: false,
      self_mute: false,
      self_video: false,
      suppress: false,
      request_to_speak_timestamp: null,
    };
    if (channelId === null && !this.present.delete(userId)) return;
    if (channelId !== null) this.present.set(userId, state);
    if (!guild.available) return;
    const payload = { ...state, guild_id: guild.id, member: memberPayload(member) };
    this.host.emit({
      t: 'VOICE_STATE_UPDATE',
      guildId: guild.id,
      intents: bits.guildVoiceStates,
      payload: () => payload,
    });
  }

  /** A channel is gone, and nobody is in it any more. */
  empty(channelId: string): void {
    for (const { user_id, channel_id } of this.states) if (channel_id === channelId) this.move(user_id, null);
  }
}
