import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Fault } from '../../../src/domain/fault.js';
import { DoorPass } from '../../../src/guilds/door-pass.js';
import { type DoorCredentials, type DoorKeeper, GuildDoors } from '../../../src/guilds/guild-doors.js';

const guild = { id: '90071992547409919', door: 'password', source: 'mock' } as const;

function keeper(overrides: Partial<DoorKeeper> = {}): DoorKeeper {
  return { door: 'password', admits: (_, { password }) => Promise.resolve(password === 'sesame'), ...overrides };
}

function doorsWith(...keepers: DoorKeeper[]): GuildDoors {
  const doors = new GuildDoors();
  for (const each of keepers) doors.register(each);
  return doors;
}

describe('GuildDoors', () => {
  afterEach(() => vi.restoreAllMocks());

  it('lets everybody through an open door, without asking', async () => {
    const admits = vi.fn(() => Promise.resolve(false));
    expect(await doorsWith(keeper({ admits })).admits({ ...guild, door: 'open' }, {})).toBe(true);
    expect(admits).not.toHaveBeenCalled();
  });

  it('lets nobody through a door that nobody keeps', async () => {
    expect(await doorsWith().admits(guild, { password: 'sesame' })).toBe(false);
    expect(await doorsWith(keeper()).admits({ ...guild, door: 'discord' }, { password: 'sesame' })).toBe(false);
  });

  it('asks the keeper of the door', async () => {
    const doors = doorsWith(keeper());
    expect(await doors.admits(guild, { password: 'sesame' })).toBe(true);
    expect(await doors.admits(guild, { password: 'other' })).toBe(false);
    expect(await doors.admits(guild, {})).toBe(false);
  });

  it('asks a keeper about the guilds of its own source alone', async () => {
    const doors = doorsWith(keeper({ source: 'mock' }));
    expect(await doors.admits(guild, { password: 'sesame' })).toBe(true);
    expect(await doors.admits({ ...guild, source: 'discord-gateway' }, { password: 'sesame' })).toBe(false);
  });

  it('needs one yes of all who keep the door', async () => {
    const never = keeper({ admits: () => Promise.resolve(false) });
    expect(await doorsWith(never, keeper()).admits(guild, { password: 'sesame' })).toBe(true);
    expect(await doorsWith(keeper(), never).admits(guild, { password: 'sesame' })).toBe(true);
  });

  it('keeps to one guild a keeper of that one alone', async () => {
    const doors = doorsWith(keeper({ guildId: guild.id }));
    expect(await doors.admits(guild, { password: 'sesame' })).toBe(true);
    expect(await doors.admits({ ...guild, id: '90071992547409920' }, { password: 'sesame' })).toBe(false);
  });

  it('hands on the pass that a keeper gives', async () => {
    const pass = new DoorPass({ lookEveryMs: 1, ending: () => Promise.resolve(undefined) });
    expect(await doorsWith(keeper({ admits: () => Promise.resolve(pass) })).admits(guild, {})).toBe(pass);
  });

  it('says that nothing can be told when a keeper cannot and none says yes', async () => {
    const fault = new Fault('service.unavailable', 'not now');
    const unsure = keeper({ admits: () => Promise.reject(fault) });
    await expect(doorsWith(unsure, keeper()).admits(guild, { password: 'other' })).rejects.toBe(fault);
    expect(await doorsWith(unsure, keeper()).admits(guild, { password: 'sesame' })).toBe(true);
  });

  it('explains a door that nobody keeps, and none that is kept', () => {
    const doors = doorsWith(keeper({ source: 'mock' }));
    doors.explainShut('discord', 'There is no application.');
    expect(doors.shutSentence(guild)).toBeUndefined();
    expect(doors.shutSentence({ ...guild, door: 'open', source: 'file' })).toBeUndefined();
    expect(doors.shutSentence({ ...guild, source: 'file' })).toBe(
      'Nobody keeps the door of this guild, so nobody enters.',
    );
    expect(doors.shutSentence({ ...guild, door: 'discord' })).toBe('There is no application.');
  });

  it('tells who wants to know that a pass is taken back, until they want no more', () => {
    const doors = doorsWith();
    const heard: string[] = [];
    const stop = doors.whenRevoked((key) => heard.push(key));
    doors.revoke('one');
    stop();
    doors.revoke('two');
    expect(heard).toEqual(['one']);
  });

  it('takes nothing but a plain yes', async () => {
    const vague = keeper({ admits: () => Promise.resolve('yes' as unknown as boolean) });
    expect(await doorsWith(vague).admits(guild, {})).toBe(false);
  });

  it('counts a keeper that fails as no, logs that it failed, and nothing of what it was shown', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const broken = [
      keeper({ admits: (_, shown: DoorCredentials) => Promise.reject(new Error(`refused ${shown.password}`)) }),
      keeper({
        admits: (_, shown) => {
          throw new TypeError(`no ${shown.discordToken}`);
        },
      }),
    ];
    expect(await doorsWith(...broken).admits(guild, { password: 'hunter2', discordToken: 'token-1' })).toBe(false);
    const logged = JSON.stringify(warn.mock.calls);
    expect(warn).toHaveBeenCalledTimes(2);
    expect(logged).toContain(guild.id);
    expect(logged).not.toMatch(/hunter2|token-1/);
    expect(await doorsWith(...broken, keeper()).admits(guild, { password: 'sesame' })).toBe(true);
  });
});
