import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, vi } from 'vitest';
import { type HttpProvider } from '../../../src/providers/http.provider.js';
import { HttpServer } from './http-server.js';
import { httpProvider } from './source-parts.js';

export interface HttpFixture {
  server: HttpServer;
  /** What was logged as a warning, instead of on the screen. */
  warnings: string[];
  /** Closed after the test. */
  provider(env?: Record<string, string>, at?: HttpServer): HttpProvider;
}

/** A fresh server, and sources that ask it, for each test of the file. */
export function useHttpSource(): HttpFixture {
  let providers: HttpProvider[] = [];
  const fixture: HttpFixture = {
    server: undefined as unknown as HttpServer,
    warnings: [],
    provider(env = {}, at = fixture.server) {
      const made = httpProvider(at, env);
      providers.push(made);
      return made;
    },
  };
  beforeEach(async () => {
    fixture.server = await HttpServer.start();
    fixture.warnings = [];
    vi.spyOn(Logger.prototype, 'warn').mockImplementation((text: unknown) => void fixture.warnings.push(String(text)));
  });
  afterEach(async () => {
    await Promise.all(providers.map((provider) => provider.onApplicationShutdown()));
    providers = [];
    await fixture.server.close();
    vi.restoreAllMocks();
  });
  return fixture;
}
