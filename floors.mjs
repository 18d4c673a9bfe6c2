// The house, top floor first: a folder of src/ imports itself and lower floors only, and neighbours on one floor do
// not know each other. The rules of the floor checker are generated from this list and from nothing else.
export const floors = [
  [
    'main.ts',
    'app.main.ts',
    'app.open.ts',
    'app.setup.ts',
    'app.banner.ts',
    'app.module.ts',
    'app.config.ts',
    'testing.ts',
  ],
  ['rest', 'console', 'doctor'],
  ['gateway'],
  ['providers', 'queue', 'doors'],
  ['discord', 'store'],
  ['event-log', 'cache', 'rate-limit', 'access', 'guilds', 'outgoing'],
  ['database', 'telemetry'],
  ['domain'],
];

/** Outside the house: may import the domain alone. */
export const apart = ['testing', 'client', 'publisher'];

/** What browsers run, without a bundler: at run time it imports nothing else of ours, and no library but this one. */
export const forBrowsers = [
  'client',
  'domain/closing.ts',
  'domain/cursor.ts',
  'domain/guild-state.ts',
  'domain/role-color.ts',
];
export const browserLibraries = ['socket.io-client'];

/** Libraries that one folder alone may know. */
export const onlyIn = { discord: ['discord.js', 'necord'], database: ['pg'] };
