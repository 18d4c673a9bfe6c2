import { ApiError } from './api-error.js';
import { type Route } from './rest-router.js';

/** What applications ask in the name of people who logged in with them. */
export const oauthRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/oauth2/token',
    open: true,
    form: true,
    handle: ({ world, body }) => ({
      status: 200,
      body: world.logins.redeem((body ?? {}) as Readonly<Record<string, unknown>>),
    }),
  },
  {
    method: 'GET',
    path: '/oauth2/@me',
    open: true,
    handle: ({ world, bearer }) => {
      const { applicationId, scopes, expiresAt, user } = world.logins.holder(bearer);
      const application = { id: applicationId, name: 'An application', icon: null, description: '', hook: true };
      const told = scopes.includes('identify') ? { user } : {};
      return { status: 200, body: { application, scopes, expires: new Date(expiresAt).toISOString(), ...told } };
    },
  },
  {
    method: 'GET',
    path: '/users/@me',
    bearer: true,
    handle: ({ world, bearer }) => {
      if (bearer === undefined) return { status: 200, body: world.bot };
      const { scopes, user } = world.logins.holder(bearer);
      if (!scopes.includes('identify')) throw new ApiError(403, 50025, 'Invalid OAuth2 access token');
      return { status: 200, body: user };
    },
  },
];
