import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { type RawSnapshot } from '../data-provider.js';
import { readSnapshot } from '../read-snapshot.js';
import { GuildFile, sentence } from './guild-file.js';

const mostFiles = 10_000;

export interface GuildFilesOptions {
  /** A file, or a folder whose JSON and YAML files are read. */
  root: string;
  /** For all files together. */
  maxBytes: number;
  /** Hears of every fault once, in a sentence. */
  warn: (sentence: string) => void;
}

/** The guilds of a file or a folder of files, as they were last told without a fault. */
export class GuildFiles {
  /** Hears which guilds differ from before, once they have been read. */
  onChange: ((guildIds: string[]) => void) | undefined;
  private readonly files = new Map<string, GuildFile>();
  private guilds = new Map<string, RawSnapshot>();
  private prints = new Map<string, string>();
  private rootFault: string | undefined;
  private running: Promise<unknown> = Promise.resolve();
  private waiting: Promise<boolean> | undefined;

  constructor(private readonly options: GuildFilesOptions) {}

  /**
   * Takes up what has changed on the disk. Those who ask while a look is under way share the next one. True when a file
   * is being written, so that another look is due soon.
   */
  look(): Promise<boolean> {
    this.waiting ??= this.nextLook();
    return this.waiting;
  }

  /** @throws Error when nothing could be read yet */
  list(): RawSnapshot[] {
    const fault = this.firstFault();
    if (this.guilds.size === 0 && fault !== undefined) throw new Error(fault);
    return [...this.guilds.values()];
  }

  /** @throws Error when the guild is not known, and might be in a file that could not be read yet */
  get(guildId: string): RawSnapshot | undefined {
    const guild = this.guilds.get(guildId);
    const fault = guild ? undefined : this.firstFault();
    if (fault !== undefined) throw new Error(fault);
    return guild;
  }

  private nextLook(): Promise<boolean> {
    const next = this.running.then(() => {
      this.waiting = undefined;
      return this.lookOnce();
    });
    this.running = next.catch(() => undefined);
    return next;
  }

  private async lookOnce(): Promise<boolean> {
    let names: string[];
    try {
      names = await this.names();
      this.rootFault = undefined;
    } catch (error) {
      // What was read stays: a folder that is not there now is no folder without guilds.
      const fault = `${this.options.root}: ${sentence(error)}`;
      if (fault !== this.rootFault) this.warn(fault, this.guilds.size > 0);
      this.rootFault = fault;
      return false;
    }
    const gone = [...this.files.keys()].filter((name) => !names.includes(name));
    for (const name of gone) this.files.delete(name);
    let differs = gone.length > 0;
    let unsettled = false;
    let bytes = 0;
    for (const name of names) {
      const file = this.files.get(name) ?? new GuildFile(name);
      this.files.set(name, file);
      const look = await file.look(this.options.maxBytes - bytes);
      bytes += file.bytes;
      if (look === 'unsettled') unsettled = true;
      if (look !== 'read') continue;
      differs = true;
      if (file.fault !== undefined) this.warn(`${name}: ${file.fault}`, file.guilds !== undefined);
    }
    if (differs) this.takeUp(names);
    return unsettled;
  }

  /** The files by their names, so that it is always the same one that tells a guild first. */
  private async names(): Promise<string[]> {
    const { root } = this.options;
    if (!(await stat(root)).isDirectory()) return [root];
    const names = (await readdir(root)).filter((name) => /^[^.].*\.(json|ya?ml)$/i.test(name)).sort();
    if (names.length > mostFiles) throw new Error(`it has more than ${mostFiles} files`);
    return names.map((name) => path.join(root, name));
  }

  private takeUp(names: string[]): void {
    const guilds = new Map<string, RawSnapshot>();
    for (const name of names) {
      for (const [id, guild] of this.files.get(name)?.guilds ?? []) {
        if (guilds.has(id)) this.options.warn(`${name}: guild ${id} is told in another file too, which counts`);
        else guilds.set(id, guild);
      }
    }
    const prints = new Map<string, string>();
    for (const [id, guild] of guilds) {
      const known = this.guilds.get(id) === guild ? this.prints.get(id) : undefined;
      prints.set(id, known ?? fingerprint(id, guild));
    }
    const ids = new Set([...guilds.keys(), ...this.guilds.keys()]);
    const changed = [...ids].filter((id) => prints.get(id) !== this.prints.get(id));
    this.guilds = guilds;
    this.prints = prints;
    if (changed.length > 0) this.onChange?.(changed);
  }

  /** A fault that hides guilds: one of a file that was never read whole. */
  private firstFault(): string | undefined {
    if (this.rootFault !== undefined && this.files.size === 0) return this.rootFault;
    for (const [name, file] of this.files)
      if (!file.guilds && file.fault !== undefined) return `${name}: ${file.fault}`;
    return undefined;
  }

  private warn(fault: string, known: boolean): void {
    this.options.warn(known ? `${fault}; what was read before stays` : fault);
  }
}

/** The same for two contents that look the same to everybody: not order of keys, quotes or comments. */
function fingerprint(guildId: string, guild: RawSnapshot): string {
  const { snapshot } = readSnapshot(guild, guildId, Number.MAX_SAFE_INTEGER);
  return createHash('sha256').update(JSON.stringify(snapshot)).digest('base64');
}
