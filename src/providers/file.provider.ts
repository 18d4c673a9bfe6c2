import path from 'node:path';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { StartupError } from '../database/startup-error.js';
import { type SourceGuild } from '../domain/source-snapshot.js';
import { DataProvider, type RawSnapshot } from './data-provider.js';
import { type FileSettings } from './file/file-settings.js';
import { FolderWatch } from './file/folder-watch.js';
import { GuildFiles } from './file/guild-files.js';
import { SOURCE_SETTINGS } from './source-settings.js';

/** Guilds from JSON or YAML files, taken up again whenever they change. */
@Injectable()
export class FileProvider extends DataProvider {
  readonly name = 'file';
  private readonly logger = new Logger(FileProvider.name);
  private readonly root: string;
  private readonly files: GuildFiles;

  constructor(@Inject(SOURCE_SETTINGS) private readonly settings: FileSettings) {
    super();
    if (settings.FILE_SOURCE_PATH === undefined)
      throw new StartupError('DATA_PROVIDERS: file needs a file or a folder in FILE_SOURCE_PATH (see .env.example).');
    this.root = path.resolve(settings.FILE_SOURCE_PATH);
    this.files = new GuildFiles({
      root: this.root,
      maxBytes: settings.FILE_SOURCE_MAX_BYTES,
      warn: (sentence) => this.logger.warn(sentence),
    });
  }

  async listGuilds(): Promise<SourceGuild[]> {
    await this.files.look();
    return this.files.list().map(({ guild }) => guild);
  }

  async loadGuild(guildId: string): Promise<RawSnapshot | undefined> {
    await this.files.look();
    return this.files.get(guildId);
  }

  override async watch(changed: (guildId?: string) => void): Promise<() => Promise<void>> {
    // What is there now is no change.
    await this.files.look();
    this.files.onChange = (guildIds) => guildIds.forEach((id) => changed(id));
    const watch = await FolderWatch.start({
      root: this.root,
      pollMs: this.settings.FILE_SOURCE_POLL_SECONDS * 1_000,
      look: () => this.files.look(),
    });
    return async () => {
      this.files.onChange = undefined;
      await watch.close();
    };
  }
}
