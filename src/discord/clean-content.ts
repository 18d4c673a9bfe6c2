/** How ids inside a message become words; undefined where the name is not known or must not be told. */
interface Names {
  user(id: string): string | undefined;
  role(id: string): string | undefined;
  channel(id: string): string | undefined;
}

/** A message's text without Discord's ids: mentions, channels, commands and emojis are written as names. */
export function cleanContent(content: string, names: Names): string {
  return content
    .replace(/<@!?(\d{5,20})>/g, (_, id: string) => `@${names.user(id) ?? 'unknown-user'}`)
    .replace(/<@&(\d{5,20})>/g, (_, id: string) => `@${names.role(id) ?? 'unknown-role'}`)
    .replace(/<#(\d{5,20})>/g, (_, id: string) => `#${names.channel(id) ?? 'unknown'}`)
    .replace(/<\/([^<>:]{1,100}):\d{5,20}>/g, (_, command: string) => `/${command}`)
    .replace(/<a?:(\w{1,32}):\d{5,20}>/g, (_, emoji: string) => `:${emoji}:`);
}
