import path from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take long, so that none of them is left alone at the end. Those that keep a core busy and those that wait
 * for something else take turns: what runs at the same time should not be all of one kind. Vitest remembers what files
 * took, but not in a fresh copy of the project.
 */
export const longFiles: readonly string[] = [
  'test/contract/discord/members.test.ts',
  'test/property/rooms.test.ts',
  'test/e2e/start.test.ts',
  'test/e2e/notification-crashes.test.ts',
  'test/e2e/remote-sources-crashes.test.ts',
  'test/e2e/testing-package.test.ts',
  'test/e2e/half-open.test.ts',
  'test/e2e/secrets.test.ts',
  'test/e2e/slow-readers.test.ts',
  'test/e2e/remote-sources.test.ts',
  'test/contract/discord/sending.test.ts',
  'test/e2e/bench-sources.test.ts',
  'test/e2e/discord.test.ts',
  'test/e2e/flood.test.ts',
  'test/integration/queue/long-outage.test.ts',
  'test/integration/queue/confirmation.test.ts',
  'test/browser/console.test.ts',
  'test/integration/database/embedded-postgres.test.ts',
  'test/integration/queue/delivery-worker.test.ts',
  'test/e2e/many-rooms.test.ts',
  'test/e2e/client.test.ts',
  'test/e2e/client-package.test.ts',
  'test/integration/guilds/guild-settings.test.ts',
  'test/integration/database/embedded-user.test.ts',
  'test/e2e/notifications.test.ts',
  'test/browser/console-closing.test.ts',
  'test/e2e/guesses.test.ts',
  'test/e2e/drain.test.ts',
  'test/e2e/discord-door.test.ts',
  'test/contract/discord/closes.test.ts',
  'test/e2e/discord-dialect-crashes.test.ts',
  'test/contract/discord/shards.test.ts',
  'test/e2e/alerts.test.ts',
  'test/integration/doctor/discord-faults.test.ts',
  'test/e2e/doctor.test.ts',
  'test/contract/discord/webhooks.test.ts',
  'test/integration/gateway/alert-watch.test.ts',
  'test/integration/providers/postgres-rooms.test.ts',
  'test/integration/guilds/hidden-members.test.ts',
  'test/integration/discord/command-registration.test.ts',
  'test/integration/queue/delivery-targets.test.ts',
];

/** The files above in their order, then all others in Vitest's. */
export class LongestFirstSequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId }: TestSpecification) => {
      const place = longFiles.indexOf(path.relative(this.ctx.config.root, moduleId));
      return place === -1 ? longFiles.length : place;
    };
    return (await super.sort(files)).sort((one, other) => placeOf(one) - placeOf(other));
  }
}
