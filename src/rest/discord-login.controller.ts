import { Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiFoundResponse, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type CookieOptions, type Response } from 'express';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { Public } from '../access/public.decorator.js';
import { Fault } from '../domain/fault.js';
import { DiscordLogin } from '../doors/discord-login.js';
import { cookieOf, loginCookieName, sessionCookieName } from '../doors/session-cookie.js';
import { ClientAdmission } from '../gateway/client-admission.js';
import { GuildDirectory } from '../gateway/guild-directory.js';
import { returnAddress } from './return-address.js';

/** Milliseconds for a browser to come back from Discord. */
const loginTime = 600_000;

class LoginQuery extends createZodDto(
  z.object({
    /** Id or alias of the guild that is to be entered. */
    guild: z.string().min(1).max(128).optional(),
    /** Where to go afterwards. */
    return: z.string().max(2_048).default('/'),
  }),
) {}

class CallbackQuery extends createZodDto(
  z.object({
    state: z.string().max(256).optional(),
    code: z.string().min(1).max(512).optional(),
    error: z.string().max(256).optional(),
  }),
) {}

/** Logging visitors in by Discord, and out again. */
@ApiTags('login')
@Public()
@Controller('auth/discord')
export class DiscordLoginController {
  constructor(
    private readonly login: DiscordLogin,
    private readonly admission: ClientAdmission,
    private readonly directory: GuildDirectory,
  ) {}

  @Get('login')
  @ApiOperation({
    summary: 'Log in with Discord',
    description:
      'For browsers: leads to Discord and back to `return`, a path of this service or an address at an origin in ' +
      '`CORS_ORIGINS`, with `login=done` or `login=refused` in its query. From then on a cookie opens the guilds whose member ' +
      'the visitor is.',
  })
  @ApiFoundResponse()
  async begin(@Query() query: LoginQuery, @Res() response: Response): Promise<void> {
    const { publicUrl } = this.login;
    const returnTo = returnAddress(query.return, publicUrl, this.admission.origins);
    if (query.guild !== undefined) await this.mustAskForLogins(query.guild);
    const { url, binder } = this.login.begin(returnTo);
    response.cookie(loginCookieName(publicUrl), binder, { ...this.cookie, maxAge: loginTime });
    redirect(response, url);
  }

  @Get('callback')
  @ApiOperation({ summary: 'Where Discord sends browsers back to', description: 'For Discord alone.' })
  @ApiFoundResponse()
  async finish(@Query() { state, code, error }: CallbackQuery, @Res() response: Response): Promise<void> {
    const { publicUrl } = this.login;
    const cookies = response.req.headers.cookie;
    const binder = cookieOf(cookies, loginCookieName(publicUrl));
    response.clearCookie(loginCookieName(publicUrl), this.cookie);
    if (code === undefined && error === undefined) {
      throw new Fault('request.invalid', 'Discord sent neither a code nor a refusal.');
    }
    const { returnTo, visitor } = await this.login.finish({
      state,
      code: error === undefined ? code : undefined,
      binder,
    });
    if (visitor) {
      const former = cookieOf(cookies, sessionCookieName(publicUrl));
      if (former !== undefined) await this.login.logOut(former);
      const { session } = visitor;
      response.cookie(sessionCookieName(publicUrl), session, { ...this.cookie, maxAge: this.login.lifetimeMs });
    }
    const target = new URL(returnTo);
    target.searchParams.set('login', visitor ? 'done' : 'refused');
    redirect(response, target.href);
  }

  @Post('logout')
  @HttpCode(204)
  @ApiOperation({ summary: 'Log out', description: 'Those who came in by this login are let out on every transport.' })
  @ApiNoContentResponse()
  async end(@Res({ passthrough: true }) response: Response): Promise<void> {
    const { publicUrl } = this.login;
    const { session } = this.admission.shownBy(response.req.headers);
    response.setHeader('Cache-Control', 'no-store');
    // Another site's page can make a browser ask for this: without the cookie that it may not use, nothing happens.
    if (session === undefined) return;
    await this.login.logOut(session);
    response.clearCookie(sessionCookieName(publicUrl), this.cookie);
  }

  /** Lax: sent along with an opened address, such as Discord's way back, and with nothing that another site's page asks for. */
  private get cookie(): CookieOptions {
    return { httpOnly: true, sameSite: 'lax', secure: this.login.publicUrl.startsWith('https:'), path: '/' };
  }

  private async mustAskForLogins(guild: string): Promise<void> {
    const entry = await this.directory.find(guild);
    if (entry?.door !== 'discord') throw new Fault('guild.not_found', 'There is no such guild behind a Discord login.');
  }
}

/** The address holds what is for this browser alone. */
function redirect(response: Response, url: string): void {
  response.setHeader('Cache-Control', 'no-store');
  response.redirect(302, url);
}
