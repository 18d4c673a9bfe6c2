/** What went wrong in a few words, for logs and for reasons that clients read: without addresses of requests or bodies. */
export function faultText(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'no answer in time';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const text = error.message || code || error.name;
  return code !== undefined && !text.includes(code) ? `${code}: ${text}` : text;
}
