/** `CORS_ORIGINS` in the form that CORS libraries take. */
export function corsOrigin(setting: string): string | string[] {
  const origins = setting
    .split(',')
    .map((origin) => origin.trim())
    .filter((origin) => origin !== '');
  return origins.includes('*') ? '*' : origins;
}
